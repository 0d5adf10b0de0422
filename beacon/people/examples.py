"""The example persons of a cohort, run through the same query as real ones.

What belongs here: laying examples out as an extract's tables and comparing answers. What does not:
the definitions.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from beacon.people.cohort_definitions import Cohort, Example
from beacon.people.compile_cohort import cohort_sql
from beacon.people.contract import person_tables
from beacon.people.person_at import AreaTables, person_at_sql

if TYPE_CHECKING:
    import duckdb


class _ExampleTables:
    """Tables of the examples in the current database."""

    def relation(self, table: str, cluster: str | None = None) -> str:
        name = f"example_{table}"
        return f"(select * from {name} where cluster = '{cluster}')" if cluster else name


@dataclass(frozen=True)
class Disagreement:
    """An example of which the query says something else.

    Attributes:
        cohort: The cohort.
        says: The example.
        what: `member` or a measure.
        expected: What the example says.
        found: What the query gave.
    """

    cohort: str
    says: str
    what: str
    expected: bool | None
    found: bool | None

    def __str__(self) -> str:
        return (
            f"{self.cohort}: {self.says}: {self.what} is {self.found}, "
            f"the example says {self.expected}"
        )


def check_examples(
    con: duckdb.DuckDBPyConnection, cohort: Cohort, *, seed: int | None = None
) -> list[Disagreement]:
    """Run a cohort over its examples.

    Args:
        con: A connection; tables named `example_…` are replaced.
        cohort: The cohort.
        seed: Shuffles the rows of every table by this; None leaves them as declared.

    Returns:
        What disagrees; nothing where every example holds.
    """
    rows = _rows(cohort)
    for table, contract in person_tables().items():
        columns = ", ".join(f"{column.name} {column.type}" for column in contract.columns)
        con.execute(f"create or replace temp table example_{table} ({columns})")
        own = rows.get(table, [])
        if seed is not None:
            random.Random(seed).shuffle(own)  # noqa: S311 - an order, not a secret
        names = contract.column_names
        for row in own:
            if unknown := set(row) - set(names):
                raise ValueError(f"{cohort.cohort}: {table} has no column {sorted(unknown)}")
            marks = ", ".join("?" for _ in names)
            values = [row.get(name) for name in names]
            con.execute(f"insert into example_{table} values ({marks})", values)
    deciles = ", ".join(
        f"('Z0100{decile:04d}', null, null, {decile}, {(decile + 1) // 2}, {decile <= 2})"
        for decile in range(1, 11)
    )
    areas = AreaTables(
        f"(from (values {deciles}) as a(lsoa21_code, ward24_code, place_code, imd_decile, "
        "imd_quintile, core20))",
        2025,
    )
    tables = _ExampleTables()
    day = cohort.examples_as_at
    persons = f"({person_at_sql(tables, areas, as_at=day)})"
    result = con.execute(cohort_sql(cohort, tables, as_at=day, persons=persons))
    titles = [column[0] for column in result.description or []]
    found = {row[0]: dict(zip(titles, row, strict=True)) for row in result.fetchall()}
    return _compare(cohort, found)


def _compare(cohort: Cohort, found: dict[Any, dict[str, Any]]) -> list[Disagreement]:
    wrong = []
    for number, example in enumerate(cohort.examples, start=1):
        row = found.get(number)
        if (row is not None) != example.member:
            wrong.append(
                Disagreement(cohort.cohort, example.says, "member", example.member, row is not None)
            )
        for measure, expected in example.care.items():
            answer = None
            if row is not None and row[f"{measure}__eligible"]:
                answer = bool(row[f"{measure}__done"])
            if answer is not expected:
                wrong.append(Disagreement(cohort.cohort, example.says, measure, expected, answer))
    return wrong


def _rows(cohort: Cohort) -> dict[str, list[dict[str, Any]]]:
    rows: dict[str, list[dict[str, Any]]] = {}

    def add(table: str, number: int, **values: Any) -> None:
        rows.setdefault(table, []).append({"person_id": number, **values})

    for number, example in enumerate(cohort.examples, start=1):
        add(
            "person",
            number,
            birth_month=_day(f"{example.born}-01"),
            sex=example.sex,
            ethnicity_16=example.ethnicity,
            lsoa21_code=f"Z0100{example.imd_decile:04d}",
            death_month=_day(f"{example.died}-01") if example.died else None,
        )
        if example.registered:
            add("registration", number, practice_code="Z00001", start_date=date(1990, 1, 1))
        _add_entries(add, number, example)
    return rows


def _add_entries(add: Any, number: int, example: Example) -> None:
    for cluster, day, *values in example.events:
        numbers = dict(zip(("value", "value_2"), values, strict=False))
        add("event", number, cluster=cluster, event_date=_day(day), code=1, **numbers)
    for cluster, day in example.medicines:
        add("medication", number, cluster=cluster, issue_date=_day(day), dmd_code=1)
    for table in ("hospital", "community", "cancer"):
        for item in getattr(example, table):
            add(table, number, **{name: _day(value) for name, value in item.items()})
    for group in example.groups:
        add("group_membership", number, plus_group=group, from_date=date(2000, 1, 1))


def _day(value: Any) -> Any:
    """A date for text that is one; YAML gives dates already."""
    if isinstance(value, str) and len(value) == 10 and value[4:5] == "-":
        return date.fromisoformat(value)
    return value


__all__ = ["Disagreement", "check_examples"]
