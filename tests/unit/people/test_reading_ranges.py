"""Limits of plausible readings: what the documentation says is what is used."""

import re
from pathlib import Path

import duckdb

from beacon.people.reading_ranges import is_plausible_sql

DOCUMENT = Path(__file__).parents[3] / "docs" / "people.md"


def documented() -> list[tuple[str, float, float]]:
    rows = re.findall(
        r"^\| `(\S+)`[^|]*\| ([\d.]+) \| ([\d.]+) \|$", DOCUMENT.read_text(encoding="utf-8"), re.M
    )
    return [(unit, float(low), float(high)) for unit, low, high in rows]


def is_plausible(unit: str | None, value: float) -> bool:
    ((found,),) = duckdb.execute(
        f"select {is_plausible_sql()} from (select ?::varchar as unit, ?::double as value)",
        [unit, value],
    ).fetchall()
    return bool(found)


def test_documented_limits_are_those_that_are_used() -> None:
    assert len(documented()) == 7
    for unit, low, high in documented():
        judged = [is_plausible(unit, value) for value in (low - 0.01, low, high, high + 0.01)]
        assert judged == [False, True, True, False], unit


def test_every_unit_with_limits_is_documented() -> None:
    with_limits = set(re.findall(r"when '([^']+)'", is_plausible_sql()))
    assert with_limits == {unit for unit, _, _ in documented()}


def test_other_units_have_no_limits() -> None:
    assert is_plausible("L/min", 1e9)
    assert is_plausible(None, -1.0)
