"""Numbers from text: every way that official files and Excel write one, and nothing else."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beacon.sources.tabular.cell_numbers import all_finite, decimals, whole_numbers

MARKERS = {"": "not_published", "[c]": "suppressed", "x": "not_published", "-": "suppressed"}

# text -> value, status, note
CELLS: dict[str, tuple[float | None, str | None, str | None]] = {
    "0": (0, "published", None),
    "-3": (-3, "published", None),
    "\u22123.5": (-3.5, "published", None),
    "1,234": (1234, "published", None),
    "1,234,567.5": (1234567.5, "published", None),
    "5%": (5, "published", None),
    "5 %": (5, "published", None),
    " 8 ": (8, "published", None),
    "\u00a09": (9, "published", None),
    "15.2 [r]": (15.2, "published", "Revised"),
    "15.2[P]": (15.2, "published", "Provisional"),
    "1,234 (e)": (1234, "published", "Estimated"),
    "15.2 [p] [r]": (15.2, "published", "Provisional, Revised"),
    "": (None, "not_published", None),
    " ": (None, "not_published", None),
    "[C]": (None, "suppressed", None),
    " X ": (None, "not_published", None),
    "\u2013": (None, "suppressed", None),
    "15,2": (None, None, None),
    "1,23": (None, None, None),
    "12,34,567": (None, None, None),
    ",123": (None, None, None),
    "1.234,5": (None, None, None),
    "5%%": (None, None, None),
    "abc": (None, None, None),
    "15.2 [q]": (None, None, None),
    "[r]": (None, None, None),
}
WHOLE = {
    "7": 7, "1,234": 1234, "12.00": 12, " 8 ": 8, "-0": 0, "1,234.00": 1234, "120 [r]": 120,
    "1.5": None, "5%": None, "": None, "x": None, "1,23": None, "1.2E+05": None,
    "99999999999999999999": None,
}  # fmt: skip


@given(st.lists(st.sampled_from(sorted(CELLS)), max_size=8))
def test_decimals_and_why_they_are_missing(cells: list[str]) -> None:
    numbers, status, notes = decimals(pl.Series(cells, dtype=pl.String), MARKERS)
    assert list(zip(numbers, status, notes, strict=True)) == [CELLS[cell] for cell in cells]


@given(st.lists(st.sampled_from(sorted(WHOLE)), max_size=8))
def test_whole_numbers(cells: list[str]) -> None:
    numbers = whole_numbers(pl.Series(cells, dtype=pl.String))
    assert numbers.to_list() == [WHOLE[cell] for cell in cells]


@pytest.mark.parametrize("text", ["1e5", "1.5E-3"])
def test_an_exponent_is_a_number_of_a_measure(text: str) -> None:
    assert decimals(pl.Series([text]), {})[0].to_list() == [float(text)]


@given(st.lists(st.one_of(st.none(), st.floats())))
def test_all_finite(values: list[float | None]) -> None:
    numbers = pl.Series(values, dtype=pl.Float64)
    assert all_finite(numbers) == bool(numbers.is_finite().all(ignore_nulls=True))
