"""Text cells as numbers, and as the reasons why there are none.

Nearly every cell of an official file is a plain number, so a column is cast as it stands, and only
the cells that this leaves over are stripped and looked at for commas, percent signs and markers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import polars as pl

PUBLISHED = "published"


def whole_numbers(text: pl.Series) -> pl.Series:
    """Whole numbers (Int64), thousands separators and a trailing ".00" allowed; null where none."""
    numbers = text.cast(pl.Int64, strict=False)
    if not numbers.null_count():
        return numbers
    places, cells = _left_over(text, numbers)
    cells = cells.str.replace_all(",", "", literal=True).str.replace(r"\.0+$", "")
    return numbers.scatter(places, cells.cast(pl.Int64, strict=False))


def decimals(text: pl.Series, markers: Mapping[str, str]) -> tuple[pl.Series, pl.Series]:
    """Numbers and, beside them, why a number is missing.

    Args:
        text: The cells.
        markers: What stands in a cell (stripped) in place of a number -> the status it means.

    Returns:
        The numbers (Float64, null where there is none), thousands separators and one percent sign
        allowed; and their status: `PUBLISHED`, what the marker means, or null for a cell that is
        neither.
    """
    numbers = text.cast(pl.Float64, strict=False)
    status = pl.Series([PUBLISHED]).new_from_index(0, len(text))
    if not numbers.null_count():
        return numbers, status
    places, cells = _left_over(text, numbers)
    # Markers are few and stand in many cells, so each is looked at once.
    kinds = cells.unique()
    plain = kinds.str.replace_all(",", "", literal=True).str.strip_suffix("%")
    values = plain.cast(pl.Float64, strict=False)
    meanings = [
        markers.get(kind) if value is None else PUBLISHED
        for kind, value in zip(kinds, values, strict=True)
    ]
    if values.null_count() < len(values):
        found = cells.replace_strict(kinds, values, return_dtype=pl.Float64)
        numbers = numbers.scatter(places, found)
    means = pl.Series(meanings, dtype=pl.String)
    if len(kinds) == 1:
        return numbers, status.scatter(places, means.new_from_index(0, len(cells)))
    return numbers, status.scatter(places, cells.replace_strict(kinds, means))


def all_finite(numbers: pl.Series) -> bool:
    """Whether no number is infinite or no number; without a mask where the sum already tells."""
    total = numbers.sum()
    return total is None or math.isfinite(total) or bool(numbers.is_finite().all(ignore_nulls=True))


def _left_over(text: pl.Series, numbers: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Places of the cells that are no plain number, and those cells, stripped."""
    places = numbers.is_null().arg_true()
    return places, text.gather(places).str.strip_chars()
