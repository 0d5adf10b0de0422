"""Spreadsheet cells by the column: the same text as cell by cell."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from beacon.sources.tabular.sheet_cells import text_column, text_of

NUMBERS = st.one_of(
    st.floats(),
    st.integers(-(10**6), 10**6).map(float),
    st.integers(-(10**6), 10**6).map(lambda number: number / 100),
    st.sampled_from([1e-7, 1e-4, 1e16, 1e22, 9.3e18, -0.0]),
)
TEXTS = st.one_of(st.text(max_size=4), st.sampled_from(["", " x ", "\u00a07\u00a0", "\x1f5"]))
OTHERS = st.sampled_from([True, None, 3, date(2020, 1, 1), datetime(2020, 1, 1, 3)])


@given(
    st.one_of(
        st.lists(NUMBERS), st.lists(TEXTS), st.lists(NUMBERS | TEXTS), st.lists(NUMBERS | OTHERS)
    )
)
def test_a_column_of_cells_is_the_text_of_each(cells: list[Any]) -> None:
    assert text_column(cells).to_list() == [text_of(cell) for cell in cells]
