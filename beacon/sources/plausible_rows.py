"""Observations that cannot be true: implausible by themselves, or by what else the file says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl

from beacon.core.errors import InputRefusedError, Problem
from beacon.registry.sources import DatasetSpec
from beacon.sources.remarks import remark

_SHOWN = 5
# Fewer values may all be small, or fit their counts, by chance.
_FEWEST = 10
# Percentages, and rates a thousand, ten thousand and a hundred thousand.
_FACTORS = (100, 1_000, 10_000, 100_000)
# How far a value may lie from its counts: publishers round either.
_SHARE_OFF, _LEAST_OFF = 0.02, 0.15
# From here on it is no rounding and no revision of one of them: the file is at fault.
_GROSS = 0.5
# Counts of admissions are published to the nearest five, their rates from the true counts.
_ROUNDED_TO, _MOSTLY = 5, 0.8


def refuse_implausible(path: Path, spec: DatasetSpec, frame: pl.DataFrame) -> None:
    """Refuse values that no area can have.

    These are values outside the bounds of the indicators that use a series, percentages that are
    all fractions, and values that do not follow from the counts beside them where others do.

    Raises:
        InputRefusedError: Naming the rows.
    """
    rows = [(series, found.min, found.max) for series, found in (spec.series_in_use or {}).items()]
    schema = {"series": pl.String, "least": pl.Float64, "most": pl.Float64}
    judged = frame.select("series", "value", "numerator", "denominator", "source_row").join(
        pl.DataFrame(rows, schema=schema, orient="row"), on="series", maintain_order="left"
    )
    problems = [
        *_fractions(path, spec, judged),
        *_outside(path, spec, judged),
        *_not_from_counts(path, spec, judged),
    ]
    if problems:
        raise InputRefusedError(problems)


def _outside(path: Path, spec: DatasetSpec, judged: pl.DataFrame) -> list[Problem]:
    outside = judged.filter(
        (pl.col("value") < pl.col("least")) | (pl.col("value") > pl.col("most"))
    )
    return [
        Problem(
            path.name,
            f"{value:g} is {'above' if most is not None and value > most else 'below'} "
            f"{most if most is not None and value > most else least:g}, "
            f"which no true value of {series!r} is{_in_all(outside)}.",
            row,
            spec.dataset.value_column or series,
        )
        for series, value, _, _, row, least, most in outside.head(_SHOWN).iter_rows()
    ]


def _fractions(path: Path, spec: DatasetSpec, judged: pl.DataFrame) -> list[Problem]:
    """A whole series of percentages that are fractions: 0.152 in place of 15.2."""
    found = (
        judged.filter(
            pl.col("least").is_between(0, 50),
            pl.col("most").is_between(50, 100),
            pl.col("value").is_not_null(),
        )
        .group_by("series")
        .agg(pl.len(), pl.col("value").max(), pl.col("source_row").min())
        .filter(pl.col("len") >= _FEWEST, pl.col("value").is_between(0, 1, closed="right"))
        .sort("source_row")
    )
    return [
        Problem(
            path.name,
            f"no value of {series!r} is above 1, where percentages are expected: these look like "
            "fractions.",
            row,
            spec.dataset.value_column or series,
        )
        for series, _, _, row in found.iter_rows()
    ]


def _not_from_counts(path: Path, spec: DatasetSpec, judged: pl.DataFrame) -> list[Problem]:
    """Values that are far from numerator over denominator in a series where most are that.

    Of a small difference there is a remark. Standardised rates do not follow from their counts, so
    such a series is not judged.
    """
    counted = judged.filter(
        pl.col("least").is_not_null() | pl.col("most").is_not_null(),
        pl.col("value").is_not_null() & pl.col("numerator").is_not_null(),
        pl.col("denominator").is_not_null(),
    ).with_columns((pl.col("value") * pl.col("denominator") / pl.col("numerator")).alias("ratio"))
    if counted.is_empty():
        return []
    usual = (
        counted.group_by("series")
        .agg(
            pl.len(),
            pl.col("ratio").filter(pl.col("ratio").is_finite()).median(),
            (pl.col("numerator") % _ROUNDED_TO == 0).mean().alias("rounded"),
        )
        .filter(pl.col("len") >= _FEWEST)
        .with_columns(
            pl.coalesce(
                pl.when((pl.col("ratio") / factor - 1).abs() < 0.005).then(factor)
                for factor in _FACTORS
            ).alias("factor")
        )
        .drop_nulls("factor")
    )
    followed = pl.col("factor") * pl.col("numerator") / pl.col("denominator")
    count_off = pl.when(pl.col("rounded") >= _MOSTLY).then(_ROUNDED_TO / 2).otherwise(0)
    off = (pl.col("value") - followed).abs() - pl.col("factor") * count_off / pl.col("denominator")
    apart = (
        counted.join(
            usual.select("series", "factor", "rounded"), on="series", maintain_order="left"
        )
        .with_columns(
            (
                (pl.col("denominator") <= 0)
                | (off > pl.max_horizontal("value", followed) * _GROSS)
                | ((pl.col("factor") == 100) & (pl.col("numerator") > pl.col("denominator")))
            ).alias("gross")
        )
        .filter(
            pl.col("gross") | (off > pl.max_horizontal(_LEAST_OFF, pl.col("value") * _SHARE_OFF))
        )
        .sort("source_row")
    )
    gross, slight = apart.filter("gross"), apart.filter(~pl.col("gross"))
    for problem in _told(path, spec, slight)[:1]:
        remark(replace(problem, remedy=""))
    return _told(path, spec, gross)


def _told(path: Path, spec: DatasetSpec, rows: pl.DataFrame) -> list[Problem]:
    return [
        Problem(
            path.name,
            f"{value:g} does not follow from the count {numerator:,.10g} and the denominator "
            f"{denominator:,.10g} in the same row, as other values of {series!r} do"
            f"{_in_all(rows)}.",
            row,
            spec.dataset.value_column or series,
        )
        for series, value, numerator, denominator, row in rows.select(
            "series", "value", "numerator", "denominator", "source_row"
        )
        .head(_SHOWN)
        .iter_rows()
    ]


def _in_all(rows: pl.DataFrame) -> str:
    return f" ({rows.height:,} rows in all)" if rows.height > 1 else ""
