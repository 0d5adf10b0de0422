"""Grouping and shaping of Polars frames for the statistics."""

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
    return frame[column].cast(pl.Float64).fill_null(float("nan")).to_numpy(writable=True)


def nullable(values: Floats) -> pl.Series:
    """A float series in which everything not finite is NULL.

    It may share the memory of the values, which are not to be changed any more.
    """
    if np.isinf(values).any():
        values = np.where(np.isfinite(values), values, np.nan)
    return pl.Series(np.ascontiguousarray(values), dtype=pl.Float64).fill_nan(None)


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
        self.none: NDArray[np.bool_] = np.ones(size, dtype=np.bool_)
        """The rows without any reason."""
        self._numbers: NDArray[np.int16] = np.zeros(size, dtype=np.int16)
        self._given: list[Reason] = []

    def add(self, applies: ArrayLike, reason: Reason) -> None:
        """Give a reason to the rows where it applies and that have none yet."""
        new = np.asarray(applies, dtype=np.bool_) & self.none
        if new.any():
            self._given.append(reason)
            self._numbers[new] = len(self._given)
            self.none = self.none & ~new

    def repeated(self, times: int) -> Reasons:
        """The reasons of rows that each stand for a number of rows in a row."""
        result = Reasons(0)
        result.none, result._numbers = np.repeat(self.none, times), np.repeat(self._numbers, times)
        result._given = list(self._given)
        return result

    @property
    def codes(self) -> pl.Series:
        """The code of each row, NULL where there is none."""
        if not self._given:
            return pl.repeat(None, len(self.none), dtype=pl.String, eager=True)
        words = pl.Series([None, *(str(reason) for reason in self._given)], dtype=pl.String)
        return words.gather(self._numbers)


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


def ranks(frame: pl.DataFrame, names: Sequence[str]) -> NDArray[np.int64] | None:
    """A number for each row that sorts as the columns do, NULL last; equal for equal keys only.

    Returns:
        None where a column is neither text nor whole numbers, or there are too many combinations.
    """
    codes, combinations = np.zeros(frame.height, dtype=np.int64), 1
    for name in names:
        column = frame[name]
        if not (column.dtype == pl.String or column.dtype.is_integer()):
            return None
        found, distinct = _ranks_of(column)
        combinations *= distinct
        if combinations > np.iinfo(np.int64).max:
            return None
        codes = codes * distinct + found
    return codes


def _ranks_of(column: pl.Series) -> tuple[NDArray[np.int64], int]:
    """Dense ranks from 0 of one column, NULL last, and how many there are."""
    # Keys mostly come in runs, and then one row of each run says it all.
    runs = column.rle_id().to_numpy().astype(np.int64)
    starts = np.flatnonzero(np.diff(runs, prepend=-1))
    heads = column.gather(starts)
    if heads.is_sorted(nulls_last=True):
        return runs, len(starts)
    if 2 * len(starts) <= len(column):
        found, distinct = _ranks_of_few(heads)
        return found[runs], distinct
    return _ranks_of_few(column)


def _ranks_of_few(column: pl.Series) -> tuple[NDArray[np.int64], int]:
    distinct = column.unique().drop_nulls().sort()
    if column.dtype == pl.String:
        codes = column.cast(pl.Enum(distinct)).to_physical().cast(pl.Int64)
        codes = codes.fill_null(len(distinct))
    else:
        codes = column.rank("dense").cast(pl.Int64).fill_null(len(distinct) + 1) - 1
    return codes.to_numpy(), len(distinct) + 1


def one_row_each(
    frame: pl.DataFrame, by: Sequence[str], band: str
) -> Iterator[tuple[pl.DataFrame, NDArray[np.int64]]] | None:
    """Groups of equal size as `batches` gives them, where no band of a group has two rows.

    Yields:
        The keys (one row a group), and the places of the groups' rows in the frame, an array of
        (groups x bands), groups and bands in their order.

    Returns:
        None where a band has two rows, or keys that `ranks` does not know; `batches` does.
    """
    groups, bands = ranks(frame, by), ranks(frame, [band])
    if groups is None or bands is None or not frame.height:
        return None
    several = int(bands.max()) + 1
    if int(groups.max()) >= np.iinfo(np.int64).max // several:
        return None
    codes = groups * several + bands
    order = np.argsort(codes, kind="stable")
    if (np.diff(codes[order]) == 0).any():
        return None
    groups = groups[order]
    starts = np.flatnonzero(np.diff(groups, prepend=-1))
    sizes = np.diff(starts, append=len(groups))
    keys = frame.select(by)[order[starts]]
    return (
        (keys.filter(chosen), order[starts[chosen][:, None] + np.arange(size)])
        for size in np.unique(sizes)
        for chosen in (sizes == size,)
    )


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
