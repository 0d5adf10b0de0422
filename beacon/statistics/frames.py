"""Grouping and shaping of Polars frames for the statistics.

What belongs here: sorting and batching of groups, NaN to NULL, names of limit columns, first
reason that applies. What does not: any formula.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from beacon.statistics.intervals import Floats
from beacon.statistics.reasons import Reason

CONFIDENCES = (0.95, 0.998)
"""The two levels Fingertips publishes."""

quietly = np.errstate(all="ignore")
"""Decorator: what cannot be computed becomes NULL with a reason, and warns nobody."""

_ALL = "__all__"
_SIZE = "__size__"


def limit_names(confidence: float) -> tuple[str, str]:
    """Column names of limits: 0.95 -> lower95_0cl, upper95_0cl."""
    level = f"{confidence * 100:.10g}"
    level = (level if "." in level else f"{level}.0").replace(".", "_")
    return f"lower{level}cl", f"upper{level}cl"


def floats(frame: pl.DataFrame, column: str) -> Floats:
    """A column as floats, NULL as NaN."""
    return frame[column].cast(pl.Float64).fill_null(float("nan")).to_numpy().copy()


def nullable(values: Floats) -> pl.Series:
    """A float series in which everything not finite is NULL."""
    finite = np.where(np.isfinite(values), values, np.nan)
    return pl.Series(np.ascontiguousarray(finite), dtype=pl.Float64).fill_nan(None)


def with_columns(frame: pl.DataFrame, columns: Mapping[str, Any]) -> pl.DataFrame:
    """The frame with result columns appended, replacing any of the same name."""
    series = []
    for name, values in columns.items():
        if isinstance(values, np.ndarray) and values.dtype == np.float64:
            series.append(nullable(values).alias(name))
        elif isinstance(values, np.ndarray) and values.dtype == object:
            text = [None if value is None else str(value) for value in values]
            series.append(pl.Series(name, text, dtype=pl.String))
        else:
            series.append(pl.Series(name, values))
    kept = [column for column in frame.columns if column not in columns]
    return frame.select(kept).with_columns(series)


class Reasons:
    """The first reason that applies to each of a number of rows.

    Args:
        size: Number of rows.
    """

    def __init__(self, size: int) -> None:
        self.codes: NDArray[Any] = np.full(size, None, dtype=object)
        self.none: NDArray[np.bool_] = np.ones(size, dtype=np.bool_)
        """The rows without any reason."""

    def add(self, applies: ArrayLike, reason: Reason) -> None:
        """Give a reason to the rows where it applies and that have none yet."""
        new = np.asarray(applies, dtype=np.bool_) & self.none
        self.codes[new] = reason
        self.none = self.none & ~new


def keyed(frame: pl.DataFrame, by: Sequence[str]) -> tuple[pl.DataFrame, list[str]]:
    """The frame with at least one key column, the keys, and NULL for every number not finite.

    `without_key` takes an invented key off again.
    """
    numbers = pl.selectors.float() - pl.selectors.by_name(*by)
    frame = frame.with_columns(pl.when(numbers.is_finite()).then(numbers).name.keep())
    return (frame, list(by)) if by else (frame.with_columns(pl.lit(0).alias(_ALL)), [_ALL])


def without_key(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame without the key that `keyed` invented."""
    return frame.drop(_ALL, strict=False)


def batches(
    frame: pl.DataFrame, by: Sequence[str], order: Sequence[str]
) -> Iterator[tuple[pl.DataFrame, pl.DataFrame, int]]:
    """Groups of equal size, so that each batch is one array of (groups x rows).

    Rows are sorted by the keys and the order, so that no sum depends on the order of the input.

    Yields:
        The keys (one row a group), the rows of these groups in the same order, rows per group.
    """
    everything = frame.sort([*by, *order], nulls_last=True, maintain_order=True)
    sized = everything.with_columns(pl.len().over(by).alias(_SIZE))
    for size in sorted(sized[_SIZE].unique().to_list()):
        rows = sized.filter(pl.col(_SIZE) == size).drop(_SIZE)
        yield rows.select(by).gather_every(size), rows, size


def by_group(rows: pl.DataFrame, column: str, size: int) -> Floats:
    """A column of a batch as (groups x rows)."""
    return floats(rows, column).reshape(-1, size)


def together(parts: Sequence[pl.DataFrame], by: Sequence[str]) -> pl.DataFrame:
    """Batches put together again, sorted by their keys."""
    if not parts:
        return pl.DataFrame()
    return without_key(pl.concat(parts).sort(by, nulls_last=True, maintain_order=True))
