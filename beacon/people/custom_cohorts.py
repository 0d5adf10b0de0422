"""Cohorts and care of a custom area, counted in the secure home and guarded before they leave it.

What belongs here: counting a set of LSOAs, and hiding what would tell of few people. What does not:
which areas are published or were given out before, which the caller knows.

A count of a custom area can be taken away from those of the areas that are published, and of every
custom area given before. So each count is held to the rule for sets of LSOAs
(`beacon.disclosure.area_differences`) with the people of that very count, twice. Once as if every
figure of those areas were known exactly. Once as if only those were known that were shown: a hidden
count must not be taken for known already, or what gives it away would pass for nothing new. A count
is shown only where neither it nor any difference is a count of fewer people than may be shown, and
then rounded to 5.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from beacon.core.errors import BeaconError
from beacon.disclosure import Rule
from beacon.disclosure.area_differences import Area, tells_of_few
from beacon.people.breakdowns import ALL
from beacon.people.crossing import append_log
from beacon.people.gate import connect
from beacon.people.load_cohorts import load_cohorts
from beacon.people.secure_home import SecureHome

if TYPE_CHECKING:
    import duckdb

Key = tuple[str, str, str]
"""Cohort, measure and code of an area."""
Pair = tuple[str, str]
"""Cohort and measure."""

AREA_RULE = Rule(smallest_shown=10, rounding=5)
"""Stricter than that of published tables, as an area may be chosen to hold few people."""


@dataclass(frozen=True)
class KnownAreas:
    """Areas of which counts may be known.

    Attributes:
        areas: All of them.
        codes: Code of those whose counts are in the published tables, where some are hidden.
        custom: Custom areas given before; the secure home's log has what was shown of each.
    """

    areas: Sequence[Area]
    codes: Mapping[Area, str] = field(default_factory=dict)
    custom: frozenset[Area] = frozenset()

    def shown_of(
        self, cohort: str, measure: str, hidden: Collection[Key], given: Mapping[Area, set[Pair]]
    ) -> list[Area]:
        """The areas of which a count was shown."""
        return [
            area
            for area in self.areas
            if (
                (cohort, measure) in given.get(area, ())
                if area in self.custom
                else (cohort, measure, self.codes.get(area, "")) not in hidden
            )
        ]


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
    known: KnownAreas,
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
        known: Areas whose counts may be known: published ones, and custom areas given before. Those
            that the secure home's log has are added.
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
        hidden, given = _hidden(secure, day), _given(secure)
        # Areas that were counted from another home, or before its ledger was lost, are known too.
        others = [other for other in given if other != area and other not in known.areas]
        known = replace(
            known, areas=(*known.areas, *others), custom=known.custom | frozenset(others)
        )
        found: list[AreaCount] = []
        for cohort, measures in _measures(secure, day).items():
            if only is None or cohort in only:
                counted = _by_lsoa(con, secure, day, cohort, measures)

                def shown_of(measure: str, cohort: str = cohort) -> list[Area]:
                    return known.shown_of(cohort, measure, hidden, given)

                guard = _Guard(area, known.areas, shown_of, rule)
                found += _counts(cohort, measures, counted, guard)
    finally:
        con.close()
    said = {
        "area": name,
        "as_at": day,
        "lsoas": sorted(area),
        "shown": sum(c.eligible is not None for c in found),
        "counts": [[c.cohort, c.measure] for c in found if c.eligible is not None],
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


def _hidden(secure: SecureHome, day: str) -> frozenset[Key]:
    """Cohort, measure and area of the published counts of everybody that are hidden."""
    path = secure.as_at(day) / "hidden.parquet"
    if not path.is_file():
        return frozenset()
    rows = pl.read_parquet(path).filter(pl.col("group") == ALL)
    return frozenset(rows.select("cohort", "measure", "area_code").iter_rows())


def _given(secure: SecureHome) -> dict[Area, set[Pair]]:
    """Cohort and measure of every count that was shown of each custom area, by the log."""
    found: dict[Area, set[Pair]] = {}
    lines = secure.log.read_text(encoding="utf-8").splitlines() if secure.log.is_file() else []
    for line in lines:
        said = json.loads(line)
        if said.get("what") == "custom area":
            shown = {(cohort, measure) for cohort, measure in said.get("counts", ())}
            found.setdefault(Area(said["lsoas"]), set()).update(shown)
    return found


def _by_lsoa(
    con: duckdb.DuckDBPyConnection,
    secure: SecureHome,
    day: str,
    cohort: str,
    measures: list[str],
) -> list[dict[str, int]]:
    """Members by LSOA; then for each measure those it is for, and those for whom it was done."""
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
    return [{row[0]: int(row[at + 1]) for row in rows} for at in range(1 + 2 * len(measures))]


def _counts(
    cohort: str, measures: list[str], counted: list[dict[str, int]], guard: _Guard
) -> Iterator[AreaCount]:
    size = counted[0]
    yield AreaCount(cohort, "", guard.shown("", size), None)
    for number, measure in enumerate(measures):
        eligible, done = counted[1 + 2 * number], counted[2 + 2 * number]
        rest = {code: n - done.get(code, 0) for code, n in eligible.items()}
        outside = {code: n - eligible.get(code, 0) for code, n in size.items()}
        # What one count leaves of another is a count too.
        parts = (eligible, done, rest, outside)
        may = all(guard.shown(measure, part) is not None for part in parts)
        yield AreaCount(
            cohort,
            measure,
            guard.shown(measure, eligible) if may else None,
            guard.shown(measure, done) if may else None,
        )


@dataclass(frozen=True)
class _Guard:
    """The rule for one area and cohort."""

    area: Area
    known: Sequence[Area]
    shown_of: Callable[[str], list[Area]]
    rule: Rule

    def shown(self, measure: str, people: Mapping[str, int]) -> int | None:
        """The count, rounded; None where it, or what it leaves, is of few people."""
        total, fewest = sum(people.get(code, 0) for code in self.area), self.rule.smallest_shown
        if 0 < total < fewest:
            return None
        for known in (self.known, self.shown_of(measure)):
            if tells_of_few(people, known, self.area, fewest):
                return None
        rounding = self.rule.rounding
        return total if rounding is None else rounding * round(total / rounding)
