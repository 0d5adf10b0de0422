"""Numbers from text: the quick way gives what looking at every cell gives."""

from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_series_equal

from beacon.sources.tabular.cell_numbers import all_finite, decimals, whole_numbers

MARKERS = {"": "not_published", "[c]": "suppressed", "x": "not_published"}
CELLS = st.sampled_from(
    ["0", "7", "-3", "1.5", "1,234", "1,234.00", "12.00", "12.", "5%", "5%%", " 8 ", "\u00a09",
     "+4", "1e3", "inf", "nan", "", " ", "[c]", " x ", "X", "abc", "99999999999999999999", "-0"]
)  # fmt: skip


@given(st.lists(CELLS, max_size=8))
def test_whole_numbers(cells: list[str]) -> None:
    text = pl.Series(cells, dtype=pl.String)
    plain = text.str.strip_chars().str.replace_all(",", "").str.replace(r"\.0+$", "")
    assert_series_equal(whole_numbers(text), plain.cast(pl.Int64, strict=False))


@given(st.lists(CELLS, max_size=8))
def test_decimals_and_why_they_are_missing(cells: list[str]) -> None:
    text = pl.Series(cells, dtype=pl.String).str.strip_chars()
    plain = text.str.replace_all(",", "").str.strip_suffix("%").cast(pl.Float64, strict=False)
    numbers, status = decimals(pl.Series(cells, dtype=pl.String), MARKERS)
    assert_series_equal(numbers, plain)
    assert status.to_list() == [
        MARKERS.get(cell) if number is None else "published"
        for cell, number in zip(text, plain, strict=True)
    ]


@given(st.lists(st.one_of(st.none(), st.floats())))
def test_all_finite(values: list[float | None]) -> None:
    numbers = pl.Series(values, dtype=pl.Float64)
    assert all_finite(numbers) == bool(numbers.is_finite().all(ignore_nulls=True))
