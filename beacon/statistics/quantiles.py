"""Deprivation quantiles: the official national ones and local ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from beacon.statistics.frames import Reasons, floats, keyed, quietly, with_columns, without_key
from beacon.statistics.intervals import Floats
from beacon.statistics.reasons import Reason

LSOAS_IN_ENGLAND = {"lsoa11": 32_844, "lsoa21": 33_755}
"""LSOAs ranked by the IoD: 2015 and 2019 on 2011 boundaries, 2025 on 2021 boundaries."""

QUANTILE_WORDS = {3: "tertile", 4: "quartile", 5: "quintile", 10: "decile", 100: "percentile"}


def imd_quantile(rank: Floats, lsoas: int, quantiles: int) -> tuple[Floats, Reasons]:
    """Official quantiles of published ranks: ceil(rank Q / N), 1 the most deprived.

    Reproduces every published decile of the IoD 2019 and 2025. Never re-rank a published score:
    scores are rounded.

    Args:
        rank: Published ranks, 1 the most deprived.
        lsoas: N, number of LSOAs ranked.
        quantiles: Q, 10 for deciles.

    Returns:
        Quantiles (NaN where there is none) and reasons.
    """
    reasons = Reasons(len(rank))
    reasons.add(np.isnan(rank), Reason.MISSING_RANK)
    whole = (rank >= 1) & (rank <= lsoas) & (rank == np.floor(rank))
    reasons.add(~whole, Reason.RANK_OUT_OF_RANGE)
    # Whole numbers: the ceiling of a floating-point quotient can miss by one.
    ranks = np.where(reasons.none, rank, 1).astype(np.int64)
    quantile = (ranks * quantiles + lsoas - 1) // lsoas
    return np.where(reasons.none, quantile.astype(np.float64), np.nan), reasons


@quietly
def imd_quantiles(frame: pl.DataFrame, *, lsoas: int, quantiles: int = 10) -> pl.DataFrame:
    """Official quantiles of every rank column: IMD_rank -> IMD_decile, rank -> decile.

    Args:
        frame: One row an LSOA, columns named rank or ending in _rank.
        lsoas: N, number of LSOAs ranked: 32,844 (2011 LSOAs), 33,755 (2021 LSOAs).
        quantiles: Q.

    Returns:
        The rows with a column for each rank, and the first reason of the row.
    """
    word = QUANTILE_WORDS.get(quantiles, f"quantile_of_{quantiles}")
    names = [name for name in frame.columns if name.lower() == "rank" or name[-5:] == "_rank"]
    first = Reasons(frame.height)
    columns: dict[str, object] = {}
    for name in names:
        quantile, reasons = imd_quantile(floats(frame, name), lsoas, quantiles)
        columns[name[:-4] + word] = pl.Series(quantile).fill_nan(None).cast(pl.Int32)
        for reason in (Reason.MISSING_RANK, Reason.RANK_OUT_OF_RANGE):
            first.add(reasons.codes.eq_missing(reason.value).to_numpy(), reason)
    return with_columns(frame, {**columns, "reason": first.codes})


@quietly
def local_quantiles(frame: pl.DataFrame, *, by: Sequence[str] = ()) -> pl.DataFrame:
    """Quantiles of areas within a larger area (Fingertips technical guidance).

    q = floor((Q + 1) - ceil((n + 1 - rank) / (n / Q))), 0 becoming 1; minimum rank among the
    non-NULL values, n their number. Not the rule of the published IMD deciles.

    Args:
        frame: Columns value, nquantiles, and invert (true: the highest value is quantile 1).
            LSOAs within an area are best ranked by their national rank, not by a rounded score.
        by: Columns of the larger areas; none takes the whole frame.

    Returns:
        The rows in their order, with quantile and reason. Fewer values than quantiles: NULL.
    """
    frame, keys_by = keyed(frame, by)
    # Names of one's own: the frame is the analyst's and may hold any other column.
    ranked = frame.with_columns(
        pl.when(pl.col("invert")).then(-pl.col("value")).otherwise(pl.col("value")).alias("__v__")
    ).with_columns(
        pl.col("__v__").rank("min").over(keys_by).cast(pl.Float64).alias("__r__"),
        pl.col("__v__").count().over(keys_by).cast(pl.Float64).alias("__n__"),
    )
    rank, n, wanted = (floats(ranked, name) for name in ("__r__", "__n__", "nquantiles"))
    reasons = Reasons(frame.height)
    reasons.add(np.isnan(floats(frame, "value")), Reason.MISSING_VALUE)
    reasons.add(~(wanted >= 1) | (wanted != np.floor(wanted)), Reason.INVALID_VALUE_TYPE)
    reasons.add(n < wanted, Reason.FEWER_AREAS_THAN_QUANTILES)
    valid = reasons.none

    def whole(values: Floats) -> NDArray[np.int64]:
        return np.where(valid, values, 1).astype(np.int64)

    r, count, q = whole(rank), whole(n), whole(wanted)
    quantile = np.maximum(1, q + 1 - ((count + 1 - r) * q + count - 1) // count)
    result = pl.Series(np.where(valid, quantile.astype(np.float64), np.nan)).fill_nan(None)
    columns = {"quantile": result.cast(pl.Int32), "reason": reasons.codes}
    return without_key(with_columns(frame, columns))
