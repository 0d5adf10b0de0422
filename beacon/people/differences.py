"""How many people came into each cell between two as-at dates, and how many went.

What belongs here: that count, for the guard of `protect_cells`. What does not: who came and went
(`flow`).

Who came are those of the later date less those who are in the same cell on both; who went those of
the earlier less the same. So only the people of both dates are counted anew, by the same cells as
those of one; where something of a person changed between the dates it is unknown here, and counts
in no cell that is divided by it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from beacon.contracts.ddl import quote_literal
from beacon.engines import open_engine
from beacon.people.breakdowns import BoardAreas, count_by_breakdown, group_of
from beacon.people.cohort_definitions import Cohort
from beacon.people.evaluate import (
    DIMENSIONS,
    PERSONS_AT_ONCE,
    SMALL_AREAS,
    count_everybody,
    count_members,
    make_cells,
)
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
    *,
    persons_at_once: int = PERSONS_AT_ONCE,
) -> Differences:
    """People in a cell on one of two as-at dates and not on the other.

    Args:
        con: A connection that holds `counted`, the cells of the later date.
        home: The secure home, with what `evaluate` left of both dates.
        period: The two dates.
        areas: The areas.
        cohorts: The cohorts; one that was computed at one date only is left out.
        persons_at_once: Persons of one range.
    """
    assert period.earlier is not None
    earlier = home.as_at(period.earlier)
    persons = [_files(home, day, "person") for day in (period.earlier, period.as_at)]
    if None in persons:
        return {}
    count_by_breakdown(
        con, _parquet(earlier / "cell.parquet"), _parquet(earlier / "small_cell.parquet"), areas,
        "counted_before",
    )  # fmt: skip
    make_cells(con)
    engine = open_engine("duckdb", con)
    both_dates = [name for name in cohorts if _members(home, period, name)]
    ((most,),) = con.execute(f"select coalesce(max(person_id), 0) from {persons[1]}").fetchall()
    columns = (*DIMENSIONS, *SMALL_AREAS.values())
    same = ", ".join(f"if(a.{c} is not distinct from b.{c}, a.{c}, null) as {c}" for c in columns)
    for low in range(1, most + 1, persons_at_once):
        where = f"person_id between {low} and {low + persons_at_once - 1}"
        con.execute(
            f"create or replace temp table person_range as select person_id, {same}, "
            "a.in_population and b.in_population as in_population "
            f"from (from {persons[0]} where {where}) as a "
            f"inner join (from {persons[1]} where {where}) as b using (person_id)"
        )
        count_everybody(con, engine)
        for name in both_dates:
            flags = ", ".join(
                f"a.{m.id}__{state} and b.{m.id}__{state} as {m.id}__{state}"
                for m in cohorts[name].care
                for state in ("eligible", "done")
            )
            before, now = _members(home, period, name)
            con.execute(
                f"create or replace temp table member as select person_range.*, {flags} "
                f"from (from {before} where {where}) as a "
                f"inner join (from {now} where {where}) as b using (person_id) "
                "inner join person_range using (person_id)"
            )
            count_members(con, cohorts[name], engine)
    count_by_breakdown(con, "people_cell", "people_small_cell", areas, "counted_both")
    return _came_and_went(con)


def _parquet(path: object) -> str:
    return f"read_parquet({quote_literal(str(path))})"


def _members(home: SecureHome, period: Period, cohort: str) -> tuple[str, ...]:
    """Members at the earlier and the later date; nothing where one was not computed."""
    assert period.earlier is not None
    days = (period.earlier, period.as_at)
    found = tuple(f for day in days if (f := _files(home, day, f"cohort/{cohort}")))
    return found if len(found) == len(days) else ()


def _came_and_went(con: duckdb.DuckDBPyConnection) -> Differences:
    keys = "cohort, measure, area_code, breakdown, member"
    rows = con.execute(
        f"""
        select {keys},
            coalesce(now.eligible, 0) - coalesce(stayed.eligible, 0),
            coalesce(before.eligible, 0) - coalesce(stayed.eligible, 0),
            coalesce(now.done, 0) - coalesce(stayed.done, 0),
            coalesce(before.done, 0) - coalesce(stayed.done, 0)
        from counted as now
        full join counted_before as before using ({keys})
        left join counted_both as stayed using ({keys})
        where cohort in (select cohort from counted)
            and cohort in (select cohort from counted_before)
        """
    ).fetchall()
    found: Differences = {}
    for cohort, measure, area, breakdown, member, came, went, came_done, went_done in rows:
        cell = (area, group_of(breakdown, member))
        found.setdefault((cohort, f"{measure}/eligible"), {})[cell] = (came, went)
        found.setdefault((cohort, f"{measure}/done"), {})[cell] = (came_done, went_done)
    return found
