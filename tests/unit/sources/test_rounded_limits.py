"""Limits beside values that a publisher prints rounded."""

from __future__ import annotations

import polars as pl
import pytest

from beacon.sources.observations import check_limits


class _Cells:
    """What `check_limits` needs of a table's columns."""

    def __init__(self) -> None:
        self.bad: list[bool | None] = []

    def fail_where(self, bad: pl.Series, header: str, message: str) -> None:
        self.bad = bad.to_list()


@pytest.mark.parametrize(
    ("value", "lower", "upper", "wrong"),
    [
        # Fingertips 93701, England 2022/23: printed to one decimal, limits to two.
        (15.6, 15.52, 15.59, False),
        (15.5, 15.52, 15.59, False),
        (15.4, 15.52, 15.59, True),
        (15.61234, 15.52, 15.59, True),
        (15.61, 15.52, 15.606, False),
        (15.6, 15.7, 15.8, True),
        (15.6, 15.7, 15.5, True),
    ],
)
def test_a_value_may_lie_half_of_its_last_decimal_outside(value, lower, upper, wrong):
    cells = _Cells()
    check_limits(cells, pl.Series([value]), pl.Series([lower]), pl.Series([upper]), "Lower")  # type: ignore[arg-type]
    assert cells.bad == [wrong]
