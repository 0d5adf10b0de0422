"""From small areas to larger ones."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from beacon.statistics.reasons import Reason


def share_in_most_deprived_decile(frame: pl.DataFrame, *, by: Sequence[str]) -> pl.DataFrame:
    """Share of a larger area's LSOAs in national decile 1, for every decile column.

    Args:
        frame: One row an LSOA: columns ending in _decile, or decile.
        by: Columns of the larger areas.

    Returns:
        One row a larger area: lsoas, X_prop_most_deprived_10pc for each X_decile, reason. An LSOA
        without a decile makes that share NULL.
    """
    names = [name for name in frame.columns if name == "decile" or name.endswith("_decile")]
    holes = pl.any_horizontal(pl.col(f"__hole_{name}") for name in names)
    return (
        frame.group_by(by)
        .agg(
            pl.len().cast(pl.Int64).alias("lsoas"),
            *(
                pl.when(pl.col(name).is_not_null().all())
                .then((pl.col(name) == 1).mean())
                .alias(name.removesuffix("decile") + "prop_most_deprived_10pc")
                for name in names
            ),
            *(pl.col(name).is_null().any().alias(f"__hole_{name}") for name in names),
        )
        .sort(by, nulls_last=True)
        .with_columns(
            pl.when(holes).then(pl.lit(str(Reason.MISSING_CHILD))).otherwise(None).alias("reason")
        )
        .select(pl.exclude("^__hole_.*$"))
    )


def sum_of_children(
    frame: pl.DataFrame, *, by: Sequence[str], columns: Sequence[str] = ("numerator", "denominator")
) -> pl.DataFrame:
    """Sums of counts over the areas of a larger one; never of rates, limits or rounded counts.

    Args:
        frame: One row a small area.
        by: Columns of the larger areas.
        columns: Counts to sum.

    Returns:
        One row a larger area: children, the sums, X_coverage (share of the children with a count)
        for each, reason. A child without a count makes the sum NULL: it may be suppressed, and is
        not zero.
    """
    summed = [
        pl.when(pl.col(name).is_not_null().all())
        .then(pl.col(name).sort().sum())
        .cast(pl.Float64)
        .alias(name)
        for name in columns
    ]
    coverage = [pl.col(name).is_not_null().mean().alias(f"{name}_coverage") for name in columns]
    holes = pl.any_horizontal(pl.col(f"{name}_coverage") < 1 for name in columns)
    return (
        frame.group_by(by)
        .agg(pl.len().cast(pl.Int64).alias("children"), *summed, *coverage)
        .sort(by, nulls_last=True)
        .with_columns(
            pl.when(holes).then(pl.lit(str(Reason.MISSING_CHILD))).otherwise(None).alias("reason")
        )
    )
