"""Text cells as numbers, and as the reasons why there are none.

Nearly every cell of an official file is a plain number, so a column is cast as it stands, and only
the different texts that this leaves over are looked at one by one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from beacon.sources.tabular.tidy_text import fold, hyphened, tidy

PUBLISHED = "published"

# A comma or a space is a thousands mark only where it stands like one: "15,2" is no number.
_NUMBER = re.compile(
    r"[+-]?(?:\d+|\d{1,3}(?:,\d{3})+|\d{1,3}(?: \d{3})+)(?:\.\d+)?(?:[eE][+-]?\d+)? ?%?"
)
# At most 15 digits, which a floating-point number holds exactly.
_USUAL = r"^[+-]?(?:\d{1,15}|\d{1,3}(?:,\d{3}){1,4})(?:\.0+)?$"
# Excel writes whole numbers with an exponent when it has cut digits off.
_CUT = re.compile(r"[eE%]")
_FLAG = re.compile(r"(.*\S)\s*(?:\[([rpbeuf])\]|\(([rpbeuf])\))", re.IGNORECASE)
# Source: GSS guidance on symbols in tables, for the letters in brackets behind a number.
_FLAG_NOTES = {
    "r": "Revised",
    "p": "Provisional",
    "b": "Break in the series",
    "e": "Estimated",
    "u": "Low reliability",
    "f": "Forecast",
}


@dataclass(frozen=True)
class Cell:
    """What one text stands for: a number, or why there is none, and the publisher's flag.

    Attributes:
        value: The number; None where there is none.
        status: `PUBLISHED`, what a marker means, or None for a text that is neither.
        note: What a letter in brackets behind the number means.
    """

    value: float | None
    status: str | None
    note: str | None = None


def read_cell(text: str, markers: Mapping[str, str]) -> Cell:
    """Read one text, by markers in the spelling of `fold`."""
    meaning = markers.get(fold(text))
    if meaning is not None:
        return Cell(None, meaning)
    rest = hyphened(tidy(text))
    notes: list[str] = []
    while (found := _FLAG.fullmatch(rest)) is not None:
        rest = found[1].strip()
        notes.insert(0, _FLAG_NOTES[(found[2] or found[3]).lower()])
    if _NUMBER.fullmatch(rest) is None:
        return Cell(None, None)
    value = float(re.sub("[, ]", "", rest).rstrip("%"))
    return Cell(value, PUBLISHED, ", ".join(notes) or None)


def whole_numbers(text: pl.Series) -> pl.Series:
    """Whole numbers (Int64), thousands separators and a trailing ".00" allowed; null where none."""
    numbers = text.cast(pl.Int64, strict=False)
    if not numbers.null_count():
        return numbers
    # "29,199" or "29199.00" in every row of a file is met a column at a time.
    usual = text.str.contains(_USUAL)
    bare = text.str.replace_all(",", "", literal=True).str.replace(r"\.0+$", "")
    numbers = numbers.fill_null(bare.cast(pl.Int64, strict=False).set(~usual, None))
    if not numbers.null_count():
        return numbers
    places, cells = _left_over(text, numbers)
    found: dict[str, int | None] = {}
    for kind in cells.unique():
        value = read_cell(kind, {}).value
        whole = value is not None and abs(value) < 2**53 and value == int(value)
        digits = _FLAG.sub(r"\1", kind)
        found[kind] = (
            int(value) if value is not None and whole and not _CUT.search(digits) else None
        )
    return numbers.scatter(places, cells.replace_strict(found, return_dtype=pl.Int64))


def decimals(text: pl.Series, markers: Mapping[str, str]) -> tuple[pl.Series, pl.Series, pl.Series]:
    """Numbers and, beside them, why a number is missing and what its publisher says of it.

    Args:
        text: The cells.
        markers: What stands in a cell in place of a number, in any case -> the status it means.

    Returns:
        The numbers (Float64, null where there is none), thousands separators and one percent sign
        allowed; their status: `PUBLISHED`, what the marker means, or null for a cell that is
        neither; and the note that a flag such as "[r]" means, null where there is none.
    """
    # "NaN" is what programs write where there is no number.
    numbers = text.cast(pl.Float64, strict=False).fill_nan(None)
    status = pl.Series([PUBLISHED]).new_from_index(0, len(text))
    notes = pl.Series([None], dtype=pl.String).new_from_index(0, len(text))
    if not numbers.null_count():
        return numbers, status, notes
    places, cells = _left_over(text, numbers)
    folded = {fold(marker): meaning for marker, meaning in markers.items()}
    kinds = {kind: read_cell(kind, folded) for kind in cells.unique()}

    def of_each(part: str, dtype: type[pl.DataType]) -> pl.Series:
        found = {kind: getattr(cell, part) for kind, cell in kinds.items()}
        return cells.replace_strict(found, return_dtype=dtype)

    return (
        numbers.scatter(places, of_each("value", pl.Float64)),
        status.scatter(places, of_each("status", pl.String)),
        notes.scatter(places, of_each("note", pl.String)),
    )


def all_finite(numbers: pl.Series) -> bool:
    """Whether no number is infinite or no number; without a mask where the sum already tells."""
    total = numbers.sum()
    return total is None or math.isfinite(total) or bool(numbers.is_finite().all(ignore_nulls=True))


def _left_over(text: pl.Series, numbers: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Places of the cells that are no plain number, and those cells."""
    places = numbers.is_null().arg_true()
    return places, text.gather(places).fill_null("")
