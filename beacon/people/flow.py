"""Who came into a cohort and who left it between two as-at dates; it adds up exactly.

What belongs here: reasons of coming and going, and their disclosure control. What does not: sizes
(`protected_tables`), which the ends of the flow are.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from beacon.contracts.ddl import quote_literal
from beacon.disclosure import Rule
from beacon.disclosure.left_over import Sums
from beacon.disclosure.linked_tables import Counts, Equations, hide_linked
from beacon.people.breakdowns import ALL, BoardAreas
from beacon.people.cohort_definitions import Cohort, PersonRule
from beacon.people.compile_cohort import months_before
from beacon.people.secure_home import SecureHome

if TYPE_CHECKING:
    import duckdb

    from beacon.people.protected_tables import Period

ENTERED = ("diagnosed", "moved_in", "aged_in")
LEFT = ("resolved", "moved_out", "died", "aged_out")
ITEMS = ("people_at_start", *ENTERED, *LEFT, "people_at_end")


def make_flow(
    con: duckdb.DuckDBPyConnection,
    home: SecureHome,
    period: Period,
    areas: BoardAreas,
    cohorts: dict[str, Cohort],
    rule: Rule,
) -> None:
    """Make table `cohort_flow` in a connection that holds `protected`.

    A person who is in the cohort on both dates and in another area on the second has left the one
    and come into the other. Without an earlier date the table is empty.
    """
    con.execute(
        "create or replace temp table cohort_flow (cohort varchar, cohort_name varchar, "
        "clinical_area varchar, area_type varchar, area_code varchar, as_at date, "
        f"earlier_as_at date, {', '.join(f'{item} bigint' for item in ITEMS)}, "
        "value_status varchar, value_note varchar)"
    )
    if period.earlier is None:
        return
    for name, cohort in cohorts.items():
        folders = [home.as_at(day) / "cohort" / name for day in (period.earlier, period.as_at)]
        if all(any(folder.glob("*.parquet")) for folder in folders):
            counted = con.execute(flow_sql(home, period, areas, cohort)).fetchall()
            _insert(con, period, cohort, areas, counted, rule)


def _ages(cohort: Cohort) -> PersonRule | None:
    """The rule of age that every member meets."""
    for condition in (cohort.member, *(cohort.member.all_of or ())):
        rule = condition.person
        if rule is not None and (rule.age_at_least is not None or rule.age_under is not None):
            return rule
    return None


def flow_sql(home: SecureHome, period: Period, areas: BoardAreas, cohort: Cohort) -> str:
    """Counts by area: area_type, area_code and the items, unprotected."""
    assert period.earlier is not None

    def files(day: str, what: str) -> str:
        return f"read_parquet({quote_literal(str(home.as_at(day) / what / '*.parquet'))})"

    judged_on, inside = date.fromisoformat(period.as_at), "in_population"
    if cohort.population == "year_start":
        # Who dies within the year is in the cohort all the same.
        judged_on, inside = months_before(judged_on, 12), "in_population_year_start"
    ages = _ages(cohort)

    def of_age(column: str) -> str:
        tests = [f"{column} is not null"]
        if ages is not None and ages.age_at_least is not None:
            tests.append(f"{column} >= {ages.age_at_least}")
        if ages is not None and ages.age_under is not None:
            tests.append(f"{column} < {ages.age_under}")
        return "(" + " and ".join(tests) + ")"

    sides = []
    for number, day in enumerate((period.earlier, period.as_at)):
        sides.append(
            f"side_{number} as (select person.person_id, person.age, person.place_code, "
            f"person.{inside} as inside, person.death_month, "
            "member.person_id is not null as member "
            f"from {files(day, 'person')} as person "
            f"left join {files(day, f'cohort/{cohort.cohort}')} as member using (person_id))"
        )
    places = ", ".join(map(quote_literal, areas.places))
    board = quote_literal(areas.board)
    parts = []
    for kind, a, b in (
        ("icb", f"if(inside_0, {board}, null)", f"if(inside_1, {board}, null)"),
        ("place", f"if(place_0 in ({places}), place_0, null)",
         f"if(place_1 in ({places}), place_1, null)"),
    ):  # fmt: skip
        stays = "member_0 and member_1 and area_0 = area_1"
        parts.append(
            f"""
            select '{kind}' as area_type, area_code,
                count(*) filter (side = 0) as people_at_start,
                count(*) filter (side = 1 and reason = 'diagnosed') as diagnosed,
                count(*) filter (side = 1 and reason = 'moved_in') as moved_in,
                count(*) filter (side = 1 and reason = 'aged_in') as aged_in,
                count(*) filter (side = 0 and reason = 'resolved') as resolved,
                count(*) filter (side = 0 and reason = 'moved_out') as moved_out,
                count(*) filter (side = 0 and reason = 'died') as died,
                count(*) filter (side = 0 and reason = 'aged_out') as aged_out,
                count(*) filter (side = 1) as people_at_end
            from (
                select 0 as side, area_0 as area_code, case
                    when coalesce({stays}, false) then 'stayed'
                    when death_1 <= date '{judged_on}' then 'died'
                    when inside_1 is not true or area_1 is distinct from area_0 then 'moved_out'
                    when not {of_age("age_1")} then 'aged_out'
                    else 'resolved' end as reason
                from (select *, {a} as area_0, {b} as area_1 from both_) where member_0
                union all
                select 1 as side, area_1 as area_code, case
                    when coalesce({stays}, false) then 'stayed'
                    when inside_0 is not true or area_1 is distinct from area_0 then 'moved_in'
                    when not {of_age("age_0")} then 'aged_in'
                    else 'diagnosed' end as reason
                from (select *, {a} as area_0, {b} as area_1 from both_) where member_1
            ) where area_code is not null group by all
            """
        )
    return f"""
        with {", ".join(sides)},
        both_ as (
            select side_0.member as member_0, side_1.member as member_1,
                side_0.inside as inside_0, side_1.inside as inside_1,
                side_0.age as age_0, side_1.age as age_1,
                side_0.place_code as place_0, side_1.place_code as place_1,
                side_1.death_month as death_1
            from side_0 full join side_1 using (person_id)
            where coalesce(side_0.member, false) or coalesce(side_1.member, false)
        )
        {" union all ".join(parts)} order by 1, 2
    """


def _insert(
    con: duckdb.DuckDBPyConnection,
    period: Period,
    cohort: Cohort,
    areas: BoardAreas,
    counted: list[tuple[Any, ...]],
    rule: Rule,
) -> None:
    """Protect the flow of a cohort and add its rows.

    The ends are those of `cohort_size`, hidden there or shown, and stay so. They and the items are
    tied by the people who were in the cohort at any time: start and entered, or end and left.
    """
    width = len(ITEMS) + 1
    values = np.array([[*row[2:], sum(row[2:6])] for row in counted], dtype=np.int64)
    ends = ((0, _hidden_before(con, cohort.cohort)), (len(ITEMS) - 1, _hidden(con, cohort.cohort)))
    index = {row[1]: number * width for number, row in enumerate(counted)}
    own = np.array([index[place] for place in areas.places if place in index], dtype=np.int64)
    items = range(width - 1) if areas.board in index else ()
    # Where people moved between Places, these have more comers and leavers than the board, and no
    # sum ties them: a part that is hidden for few such people may be any. Whoever lives in no
    # Place is left over.
    sums = Sums.closed(
        [index[areas.board] + item for item in items],
        [own + item for item in items],
        values.ravel(),
    )
    people = sums.fill(values.ravel())
    few = (people > 0) & (people < rule.smallest_shown)
    must = few & ~sums.left_over | sums.complements(people, rule)
    sums.hide_beside(few, must, people)
    sums.hide_counted_twice(must, people, rule)
    stays = np.zeros(len(people), dtype=np.bool_)
    unpublished = stays.copy()
    totals, parts = list(sums.total), list(sums.parts)
    for area, start in index.items():
        for item, areas_hidden in ends:
            must[start + item] = area in areas_hidden or few[start + item]
            stays[start + item] = not must[start + item]
        both = start + width - 1
        must[both], unpublished[both] = False, True
        last = start + 1 + len(ENTERED)
        totals += [both, both]
        parts += [np.arange(start, last), np.arange(last, both)]
    counts = Counts.of_people(people)
    counts = Counts(
        counts.values, np.where(stays, 0.0, counts.falls), np.where(stays, 0.0, counts.rises)
    )
    equations = Equations(tuple(totals), tuple(parts), len(people))
    try:
        hidden = hide_linked(counts, equations, must, unpublished, sums.left_over)
    except ValueError:
        hidden = ~stays
    flags = hidden[: values.size].reshape(values.shape)
    for number, row in enumerate(counted):
        shown = [
            None if flags[number, item] else int(values[number, item]) for item in range(len(ITEMS))
        ]
        some = any(value is None for value in shown)
        note = "Some counts are suppressed: small, or would let one be worked out."
        con.execute(
            f"insert into cohort_flow values ({', '.join('?' for _ in range(7 + len(ITEMS) + 2))})",
            [
                cohort.cohort, cohort.name, cohort.area, row[0], row[1], period.as_at,
                period.earlier, *shown, "suppressed" if some else "published",
                note if some else None,
            ],
        )  # fmt: skip


def _hidden(con: duckdb.DuckDBPyConnection, cohort: str) -> set[str]:
    rows = con.execute(
        "select area_code from protected where hidden and cohort = ? and measure = '' "
        f"and breakdown = '{ALL}'",
        [cohort],
    ).fetchall()
    return {str(row[0]) for row in rows}


def _hidden_before(con: duckdb.DuckDBPyConnection, cohort: str) -> set[str]:
    rows = con.execute(
        "select area_code from hidden_before where cohort = ? and measure = '' "
        f"and \"group\" = '{ALL}'",
        [cohort],
    ).fetchall()
    return {str(row[0]) for row in rows}
