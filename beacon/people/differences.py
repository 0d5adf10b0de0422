"""How many people came into each cell between two as-at dates, and how many went.

What belongs here: that count, for the guard of `protect_cells`. What does not: who came and went
(`flow`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from beacon.contracts.ddl import quote_literal
from beacon.people.breakdowns import (
    ALL,
    BREAKDOWNS,
    PAIRS,
    BoardAreas,
    group_of,
)
from beacon.people.cohort_definitions import Cohort
from beacon.people.evaluate import DIMENSIONS, EVERYBODY, SMALL_AREAS
from beacon.people.protect_cells import Key
from beacon.people.secure_home import SecureHome

if TYPE_CHECKING:
    import duckdb

    from beacon.people.protected_tables import Period

Differences = dict[tuple[str, str], dict[Key, tuple[int, int]]]
"""Cohort and `measure/state` to cell to the people who came into it and who went from it."""


def _files(home: SecureHome, day: str, what: str) -> str | None:
    folder = home.as_at(day) / what
    if not any(folder.glob("*.parquet")):
        return None
    return f"read_parquet({quote_literal(str(folder / '*.parquet'))})"


def differences(
    con: duckdb.DuckDBPyConnection,
    home: SecureHome,
    period: Period,
    areas: BoardAreas,
    cohorts: dict[str, Cohort],
) -> Differences:
    """People in a cell on one of two as-at dates and not on the other.

    Who came are those of the later date less those who are in the same cell on both; who went those
    of the earlier less the same.
    """
    assert period.earlier is not None
    found: Differences = {}
    persons = [_files(home, day, "person") for day in (period.earlier, period.as_at)]
    if None in persons:
        return found
    for name, cohort in {EVERYBODY: None, **cohorts}.items():
        states = {"/eligible": ("true", "true")}
        members = [persons[0], persons[1]]
        if cohort is not None:
            members = [_files(home, d, f"cohort/{name}") for d in (period.earlier, period.as_at)]
            for m in cohort.care:
                states[f"{m.id}/done"] = (f"{m.id}__done", f"{m.id}__done")
                if m.eligible is not None:
                    states[f"{m.id}/eligible"] = (f"{m.id}__eligible", f"{m.id}__eligible")
        if None in members:
            continue
        _add(con, found, name, states, persons, members, areas, cohort is None)
    return found


def _add(
    con: duckdb.DuckDBPyConnection,
    found: Differences,
    name: str,
    states: dict[str, tuple[str, str]],
    persons: list[str | None],
    members: list[str | None],
    areas: BoardAreas,
    everybody: bool,
) -> None:
    own = [*DIMENSIONS, *SMALL_AREAS.values()]
    for number in (0, 1):
        flags = ", ".join(f"{states[key][number]} as s{n}" for n, key in enumerate(states))
        source = (
            f"{persons[number]} where in_population"
            if everybody
            else f"{members[number]} as member inner join {persons[number]} as person "
            "using (person_id)"
        )
        columns = ", ".join(own)
        con.execute(
            f"create or replace temp table side_{number} as "
            f"select person_id, {columns}, {flags} from {source}"
        )
    same = ", ".join(f"if(a.{c} is not distinct from b.{c}, a.{c}, null) as {c}, "
                     f"a.{c} is not distinct from b.{c} as same_{c}" for c in own)  # fmt: skip
    both = ", ".join(f"a.s{n} and b.s{n} as s{n}" for n in range(len(states)))
    con.execute(
        f"create or replace temp table side_2 as select {same}, {both} "
        "from side_0 as a inner join side_1 as b using (person_id)"
    )
    for key in states:
        found[(name, key)] = {}
    for area_sql, breakdown, member, needed in _tables(areas):
        for number, came, went in ((0, 0, 1), (1, 1, 0), (2, -1, -1)):
            where = [f"{area_sql} is not null", f"({member}) is not null"]
            if number == 2:
                where += [f"same_{column}" for column in needed]
            sums = ", ".join(f"count(*) filter (s{n})" for n in range(len(states)))
            rows = con.execute(
                f"select {area_sql} as area, {member} as member, {sums} from side_{number} "
                f"where {' and '.join(where)} group by all"
            ).fetchall()
            for area, label, *counts in rows:
                cell = (area, group_of(breakdown, label))
                for key, count in zip(states, counts, strict=True):
                    cells = found[(name, key)]
                    before = cells.get(cell, (0, 0))
                    cells[cell] = before[0] + came * count, before[1] + went * count


def _tables(areas: BoardAreas) -> list[tuple[str, str, str, tuple[str, ...]]]:
    """Area, breakdown, member, and the columns that must be alike for a cell to be the same."""
    needs = {
        "imd_quintile": ("imd_quintile",),
        "core20": ("core20",),
        "ethnicity": ("ethnicity",),
        "sex": ("sex",),
        "age_band": ("age_band",),
        "core20_and_sex": ("core20", "sex"),
        "core20_and_ethnicity": ("core20", "ethnicity"),
    }
    tables: list[tuple[str, str, str, tuple[str, ...]]] = []
    for area, column in ((quote_literal(areas.board), ()), ("place_code", ("place_code",))):
        for breakdown, member in {ALL: "'All'", **BREAKDOWNS}.items():
            if not column or breakdown not in PAIRS:
                tables.append((area, breakdown, member, (*column, *needs.get(breakdown, ()))))
    tables += [(column, ALL, "'All'", (column,)) for column in SMALL_AREAS.values()]
    return tables
