"""Cohorts and care of a custom area, counted in the secure home and guarded before they leave it.

What belongs here: counting a set of LSOAs, and hiding what would tell of few people. What does not:
which areas are published or were given out before, which the caller knows.

A count of a custom area can be taken away from those of the areas that are published, and of every
custom area given before. So each count is held to the rule for sets of LSOAs
(`beacon.disclosure.area_differences`) with the people of that very count, as if every figure of
those areas were known exactly, hidden ones too. It is shown only where neither it nor any
difference is a count of fewer people than may be shown, and then rounded to 5.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from beacon.core.errors import BeaconError
from beacon.disclosure import Rule
from beacon.disclosure.area_differences import Area, tells_of_few
from beacon.people.crossing import append_log
from beacon.people.gate import connect
from beacon.people.load_cohorts import load_cohorts
from beacon.people.secure_home import SecureHome

if TYPE_CHECKING:
    import duckdb

AREA_RULE = Rule(smallest_shown=10, rounding=5)
"""Stricter than that of published tables, as an area may be chosen to hold few people."""


class AreaCount(NamedTuple):
    """One count of a custom area; None where it is hidden.

    Attributes:
        cohort: The cohort.
        measure: Care measure; empty for the cohort's size.
        eligible: People of the cohort, or those of it that the care is for.
        done: For how many of them it was done; None for a size, or where it is hidden.
    """

    cohort: str
    measure: str
    eligible: int | None
    done: int | None


def cohorts_of_area(
    secure: SecureHome,
    name: str,
    area: Area,
    known: Sequence[Area],
    *,
    now: datetime,
    only: Collection[str] | None = None,
    rule: Rule = AREA_RULE,
) -> tuple[str, list[AreaCount]]:
    """Counts of every cohort and care measure of an area, at the latest as-at date.

    Args:
        secure: The secure home, after `beacon people run`.
        name: What the area is called, for the secure home's log.
        area: Its LSOAs 2021.
        known: Areas whose counts are known: published ones, and custom areas given before.
        now: The moment, for the log.
        only: Names of cohorts; all by default.
        rule: What may be shown.

    Returns:
        The as-at date, and the counts in the order of cohorts.

    Raises:
        BeaconError: When no extract was evaluated in the secure home.
    """
    days = sorted(path.parent.name for path in secure.as_at("").glob("*/cell.parquet"))
    if not days:
        raise BeaconError("No extract was evaluated in the secure home: `beacon people run` first.")
    day = days[-1]
    con = connect(secure)
    try:
        found = [
            count
            for cohort, measures in _measures(secure, day).items()
            if only is None or cohort in only
            for count in _counts(con, secure, day, cohort, measures, area, known, rule)
        ]
    finally:
        con.close()
    said = {
        "area": name,
        "as_at": day,
        "lsoas": sorted(area),
        "shown": sum(c.eligible is not None for c in found),
    }
    append_log(secure, "custom area", said, now)
    return day, found


def _measures(secure: SecureHome, day: str) -> dict[str, list[str]]:
    there = {path.name for path in (secure.as_at(day) / "cohort").glob("*") if path.is_dir()}
    return {
        name: [care.id for care in cohort.care]
        for name, cohort in load_cohorts().items()
        if name in there
    }


def _counts(
    con: duckdb.DuckDBPyConnection,
    secure: SecureHome,
    day: str,
    cohort: str,
    measures: list[str],
    area: Area,
    known: Sequence[Area],
    rule: Rule,
) -> list[AreaCount]:
    sums = "".join(
        f', count(*) filter ("{m}__eligible"), count(*) filter ("{m}__done")' for m in measures
    )
    rows = con.execute(
        f"select person.lsoa21_code, count(*){sums} "
        "from read_parquet($members) as member "
        "inner join read_parquet($persons) as person on member.person_id = person.person_id "
        "where person.lsoa21_code is not null group by all",
        {
            "members": str(secure.as_at(day) / "cohort" / cohort / "*.parquet"),
            "persons": str(secure.as_at(day) / "person" / "*.parquet"),
        },
    ).fetchall()
    columns = {
        at: {row[0]: int(row[at + 1]) for row in rows} for at in range(1 + 2 * len(measures))
    }
    size = columns[0]
    found = [AreaCount(cohort, "", _shown(size, area, known, rule), None)]
    for number, measure in enumerate(measures):
        eligible, done = columns[1 + 2 * number], columns[2 + 2 * number]
        rest = {code: n - done.get(code, 0) for code, n in eligible.items()}
        outside = {code: n - eligible.get(code, 0) for code, n in size.items()}
        # What one count leaves of another is a count too.
        may = all(
            _shown(part, area, known, rule) is not None for part in (eligible, done, rest, outside)
        )
        found.append(
            AreaCount(
                cohort,
                measure,
                _shown(eligible, area, known, rule) if may else None,
                _shown(done, area, known, rule) if may else None,
            )
        )
    return found


def _shown(people: Mapping[str, int], area: Area, known: Sequence[Area], rule: Rule) -> int | None:
    """The count of an area, rounded; None where it, or what it leaves, is of few people."""
    total = sum(people.get(code, 0) for code in area)
    if 0 < total < rule.smallest_shown or tells_of_few(people, known, area, rule.smallest_shown):
        return None
    return total if rule.rounding is None else rule.rounding * round(total / rule.rounding)
