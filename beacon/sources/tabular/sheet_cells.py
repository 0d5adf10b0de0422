"""Spreadsheet cells as the text that a person reads, a whole column at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

ROW = "__row"

# Between these, Polars and Python write a fraction in the same digits without an exponent.
_LEAST_PLAIN, _MOST_PLAIN = 1e-4, 1e16


def text_of(cell: Any) -> str:
    """A spreadsheet cell as the text a person reads: whole numbers without a decimal point."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell).strip()


def text_column(cells: Sequence[Any]) -> pl.Series:
    """`text_of` of every cell, as a column of text.

    Columns of texts, of numbers, or of both are converted without a step in Python for each
    number; others, and fractions that need an exponent, cell by cell.
    """
    kinds = set(map(type, cells))
    if kinds <= {str}:
        return pl.Series(list(map(str.strip, cells)), dtype=pl.String)
    numbers = _text_of_numbers(cells, kinds) if kinds <= {str, float} else None
    if numbers is None:
        return pl.Series([text_of(cell) for cell in cells], dtype=pl.String)
    if kinds == {float}:
        return numbers
    texts = [cell.strip() if type(cell) is str else None for cell in cells]
    return pl.Series(texts, dtype=pl.String).zip_with(numbers.is_null(), numbers)


def _text_of_numbers(cells: Sequence[Any], kinds: set[type]) -> pl.Series | None:
    """The numbers among cells as text, null elsewhere; None where only Python can write them."""
    if kinds == {float}:
        numbers = pl.Series(cells, dtype=pl.Float64)
    else:
        numbers = pl.Series([c if type(c) is float else None for c in cells], dtype=pl.Float64)
    whole = numbers.cast(pl.Int64, strict=False)
    fraction = numbers.filter((whole.cast(pl.Float64) != numbers).fill_null(value=True))
    fraction = fraction.drop_nulls()
    if not len(fraction):
        return whole.cast(pl.String)
    size = fraction.abs()
    if not size.is_between(_LEAST_PLAIN, _MOST_PLAIN, closed="left").all():
        return None
    is_whole = (whole.cast(pl.Float64) == numbers).fill_null(value=False)
    return whole.cast(pl.String).zip_with(is_whole, numbers.cast(pl.String))


def text_below(rows: Sequence[Sequence[Any]], header_row: int, width: int) -> pl.DataFrame:
    """The rows of a sheet below its header as text, without those with nothing in them.

    A sheet with a note beside the table is wider than its header, one cut short narrower.

    Args:
        rows: The values of all rows of the sheet.
        header_row: One-based row of the header.
        width: Number of columns of the table.

    Returns:
        A string column for each of `width` places, named `c0`, `c1` …, and the one-based row
        in ROW.
    """
    body = rows[header_row:]
    columns = list(zip(*body, strict=False))[:width] if body else []
    columns += [("",) * len(body)] * (width - len(columns))
    frame = pl.DataFrame(
        {f"c{place}": text_column(cells) for place, cells in enumerate(columns)}
    ).with_columns((pl.int_range(1, pl.len() + 1, dtype=pl.Int64) + header_row).alias(ROW))
    return frame.filter(~pl.all_horizontal(pl.exclude(ROW) == ""))
