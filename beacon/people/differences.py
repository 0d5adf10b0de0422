"""How many people came into each cell between two as-at dates, and how many went.

What belongs here: that count, for the guard of `protect_cells`. What does not: who came and went
(`flow`).

Who came are those of the later date less those who are in the same cell on both; who went those of
the earlier less the same. So only the people of both dates are counted anew, by the same cells as
those of one; where something of a person changed between the dates it is unknown here, and counts
in no cell that is divided by it.

What is not done, or who is not eligible, follows from what is published by subtraction. So these
are counted too, as a second measure beside each.
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
"""Cohort and `measure/state` to cell to the people who came into it and who went from it.

States are eligible, done, not_eligible and not_done.
"""

# Ends the name of the measure that counts who is not eligible, and not done.
_REST = "__rest"


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
            flags = ", ".join(_on_both_dates(measure.id) for measure in cohorts[name].care)
            before, now = _members(home, period, name)
            con.execute(
                f"create or replace temp table member as select person_range.*, {flags} "
                f"from (from {before} where {where}) as a "
                f"inner join (from {now} where {where}) as b using (person_id) "
                "inner join person_range using (person_id)"
            )
            count_members(con, _with_rests(cohorts[name]), engine)
    count_by_breakdown(con, "people_cell", "people_small_cell", areas, "counted_both")
    return _came_and_went(con)


def _on_both_dates(measure: str) -> str:
    """Flags of a measure and of its rest, of a person at dates `a` and `b`."""
    eligible = f"a.{measure}__eligible and b.{measure}__eligible"
    return (
        f"{eligible} as {measure}__eligible, "
        f"a.{measure}__done and b.{measure}__done as {measure}__done, "
        f"a.{measure}__eligible is not true and b.{measure}__eligible is not true "
        f"as {measure}{_REST}__eligible, "
        f"{eligible} and a.{measure}__done is not true and b.{measure}__done is not true "
        f"as {measure}{_REST}__done"
    )


def _with_rests(cohort: Cohort) -> Cohort:
    rests = [m.model_copy(update={"id": f"{m.id}{_REST}"}) for m in cohort.care]
    return cohort.model_copy(update={"care": (*cohort.care, *rests)})


def _parquet(path: object) -> str:
    return f"read_parquet({quote_literal(str(path))})"


def _members(home: SecureHome, period: Period, cohort: str) -> tuple[str, ...]:
    """Members at the earlier and the later date; nothing where one was not computed."""
    assert period.earlier is not None
    days = (period.earlier, period.as_at)
    found = tuple(f for day in days if (f := _files(home, day, f"cohort/{cohort}")))
    return found if len(found) == len(days) else ()


def _came_and_went(con: duckdb.DuckDBPyConnection) -> Differences:
    cell = "cohort, area_code, breakdown, member"
    side = (
        "(select one.*, one.eligible - one.done as not_done, "
        f"size.eligible - one.eligible as not_eligible from {{0}} as one "
        f"inner join (from {{0}} where measure = '') as size using ({cell}))"
    )
    changes = ", ".join(
        f"coalesce(now.{state}, 0) - coalesce({stayed}, 0), "
        f"coalesce(before.{state}, 0) - coalesce({stayed}, 0)"
        for state, stayed in _STATES.items()
    )
    rows = con.execute(
        f"""
        select {cell}, measure, {changes}
        from {side.format("counted")} as now
        full join {side.format("counted_before")} as before using ({cell}, measure)
        left join counted_both as both_dates using ({cell}, measure)
        left join (
            select * replace (left(measure, -{len(_REST)}) as measure)
            from counted_both where ends_with(measure, '{_REST}')
        ) as rest using ({cell}, measure)
        where cohort in (select cohort from counted)
            and cohort in (select cohort from counted_before)
        """
    ).fetchall()
    found: Differences = {}
    for cohort, area, breakdown, member, measure, *changed in rows:
        for state, came, went in zip(_STATES, changed[::2], changed[1::2], strict=True):
            of_state = found.setdefault((cohort, f"{measure}/{state}"), {})
            of_state[(area, group_of(breakdown, member))] = (came, went)
    return found


# Where the people are counted who are in a state on both dates.
_STATES = {
    "eligible": "both_dates.eligible",
    "done": "both_dates.done",
    "not_eligible": "rest.eligible",
    "not_done": "rest.done",
}
