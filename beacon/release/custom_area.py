"""Figures of an area that somebody draws or lists, from the tables of a release."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from beacon.core.clock import now
from beacon.core.home import Home
from beacon.disclosure.area_differences import FEWEST_PEOPLE
from beacon.people.custom_cohorts import AreaCount, KnownAreas, cohorts_of_area
from beacon.people.secure_home import SecureHome
from beacon.people.without_values import without_values
from beacon.release.area_figures import (
    Figure,
    average_score,
    by_age,
    by_lsoa,
    domains,
    movement,
    pockets,
    without_small_areas,
)
from beacon.release.area_ledger import guard_and_remember
from beacon.release.area_members import Fit, Members, ReleaseLsoas
from beacon.release.area_plus import NOTE as PLUS_NOTE
from beacon.release.area_plus import plus_figures
from beacon.release.layout import Release
from beacon.release.query import connect_release
from beacon.sources.area_lists import DrawnArea, listed_codes, read_area
from beacon.sources.centroid_list import read_centroids

if TYPE_CHECKING:
    import duckdb

# Tables that newer releases have; where one is absent, its figures are, and a note says so.
_OPTIONAL = ("deprivation_domain", "core20_movement", "core20_pocket")

_COHORT_NOTE = (
    "Cohorts are of persons in the secure home at {day}, by where they live, rounded to 5. A "
    "count is hidden where it, or what it leaves of a count of another area, is of fewer than 10 "
    "people."
)


@dataclass(frozen=True)
class CustomArea:
    """A custom area and its figures.

    Attributes:
        name: What it is called.
        release: Label of the release.
        fictional: Whether all of it is made up.
        rule: How LSOAs were chosen.
        lsoas: Number of LSOAs.
        core20_lsoas: Number of them in Core20.
        people: Residents, of the population base.
        core20_people: Residents of Core20 LSOAs, by IMD 2025.
        core20_share_percent: Share of the residents.
        population_base: Which population: `census_2021` beside IMD 2025.
        imd_vintage: Year of the index.
        imd_average_score: Mean IMD score of the residents; None where the release has no scores.
        imd_average_decile: Mean decile of the residents; 1 is the most deprived.
        fit: How well an outline fits; None for lists.
        figures: All other figures, one a row.
        notes: What a reader must know.
        lsoa21_codes: The LSOAs.
    """

    name: str
    release: str
    fictional: bool
    rule: str
    lsoas: int
    core20_lsoas: int
    people: int
    core20_people: int
    core20_share_percent: float
    population_base: str
    imd_vintage: int
    imd_average_score: float | None
    imd_average_decile: float
    fit: Fit | None
    figures: tuple[Figure, ...]
    notes: tuple[str, ...]
    lsoa21_codes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """All of it as plain JSON values."""
        return {**asdict(self), "figures": [figure._asdict() for figure in self.figures]}

    def rows(self) -> list[Figure]:
        """All numbers, one a row, the main ones first."""
        main = [
            Figure("lsoas", "all", self.lsoas, "LSOAs"),
            Figure("core20_lsoas", "all", self.core20_lsoas, "LSOAs"),
            Figure("people", "all", self.people, "people"),
            Figure("core20_people", "all", self.core20_people, "people"),
            Figure("core20_share", "all", self.core20_share_percent, "percent"),
            Figure("imd_average_score", "imd 2025", self.imd_average_score, "score"),
            Figure("imd_average_decile", "imd 2025", self.imd_average_decile, "decile"),
        ]
        fit = asdict(self.fit) if self.fit else {}
        units = {"lsoas_cut": "LSOAs", "uncovered_percent": "percent"}
        main += [Figure("best_fit", key, n, units.get(key, "people")) for key, n in fit.items()]
        return [*main, *self.figures]


def custom_area(
    home: Home,
    release: Release,
    given: Path | Iterable[str],
    name: str | None = None,
    *,
    centroids: Path | None = None,
    secure: SecureHome | None = None,
    fewest: int = FEWEST_PEOPLE,
) -> CustomArea:
    """Figures of an area, and its entry in the home's ledger of custom areas.

    The release's tables are enough: `lsoa` and `core20_lsoa`, and those of other figures where the
    release has them.

    Args:
        home: The home; only its ledger is written.
        release: Where figures come from.
        given: A GeoJSON of polygons, a list of LSOAs 2021 or of wards, as a file; or codes.
        name: What to call the area; the file's name by default.
        centroids: A CSV of population-weighted centroids, by which an outline is then fitted.
        secure: A secure home, whose cohorts are then counted for the area, and guarded.
        fewest: Fewest people of the area, and of what it leaves between it and other areas.

    Raises:
        InputRefusedError: Naming file and line of what cannot be used.
        GuardedAreaError: When figures would tell of few people.
        BeaconError: When the release lacks what is needed.
    """
    fictional = bool(release.manifest["fictional"])
    if isinstance(given, Path):
        file, area = given.name, read_area(given, fictional=fictional)
    else:
        file, area = "list of codes", listed_codes(given)
    title = name or (Path(file).stem if isinstance(given, Path) else file)
    con = connect_release(release, sql="")
    try:
        points = None if centroids is None else read_centroids(centroids)
        lsoas = ReleaseLsoas(con, home, release.label, points)
        members = lsoas.members(file, area)
        codes = frozenset(each.code for each in members.lsoas)
        known = guard_and_remember(
            home, title, release.label, codes, lsoas.people, lsoas.published(), fewest=fewest
        )
        notes = []
        if isinstance(area, DrawnArea):
            if area.features > 1:
                notes.append(f"The file's {area.features} outlines were taken as one area.")
            if area.from_grid:
                notes.append("Converted from British National Grid, exact to a few metres.")
        elif area.repeated:
            notes.append(f"{area.repeated} codes that stand more than once were counted once.")
        described = _described(con, release, title, members, notes)
        if {"plus_lsoa", "plus_cohort"} <= _tables(release):
            plus = plus_figures(con, codes, lsoas.by_code, fewest)
            described = replace(described, figures=(*described.figures, *plus))
            if plus:
                described = replace(described, notes=(*described.notes, PLUS_NOTE))
        if secure is None:
            return described
        with without_values(secure):
            beside = KnownAreas(known, lsoas.codes(), lsoas.not_published(known))
            day, counts = cohorts_of_area(secure, title, codes, beside, now=now())
        return replace(
            described,
            figures=(*described.figures, *_of_cohorts(counts)),
            notes=(*described.notes, _COHORT_NOTE.format(day=day)),
        )
    finally:
        con.close()


def _tables(release: Release) -> set[str]:
    return {mart["name"] for mart in release.manifest["marts"]}


def _of_cohorts(counts: Iterable[AreaCount]) -> Iterator[Figure]:
    for count in counts:
        if not count.measure:
            yield Figure("cohort_people", count.cohort, count.eligible, "people")
            continue
        group = f"{count.cohort}: {count.measure}"
        yield Figure("cohort_eligible", group, count.eligible, "people")
        yield Figure("cohort_done", group, count.done, "people")


def _described(
    con: duckdb.DuckDBPyConnection,
    release: Release,
    name: str,
    members: Members,
    notes: list[str],
) -> CustomArea:
    chosen = members.lsoas
    counted = [(each, each.people or 0) for each in chosen]
    people = sum(n for _, n in counted)
    core20 = sum(n for each, n in counted if each.core20)
    con.execute(
        "create temp table chosen as select unnest($codes) as lsoa_code, unnest($people) as people",
        {"codes": [each.code for each in chosen], "people": [n for _, n in counted]},
    )
    has = _tables(release)
    figures = [*by_age(con), *by_lsoa(chosen)]
    score: float | None = None
    if "deprivation_domain" in has:
        figures += domains(con, len(chosen))
        score = average_score(con, len(chosen))
    if score is None:
        notes.append("The release does not have the IMD 2025 score of every LSOA of the area.")
    if "core20_movement" in has:
        figures += movement(con, len(chosen))
    if "core20_pocket" in has:
        figures += pockets(con)
    notes += [f"The release has no table {mart}." for mart in _OPTIONAL if mart not in has]
    if members.fit and members.fit.uncovered_percent >= 1:
        notes.append(
            f"{members.fit.uncovered_percent:g} % of the outline's surface is in no LSOA of the "
            "release: it is sea, or outside the footprint, whose people are not counted."
        )
    notes += [
        "Populations and deprivation are published by LSOA. ONS protects Census counts by swapping "
        "records and by small changes, so sums of LSOAs may differ a little from its other tables.",
        without_small_areas(con, has),
    ]
    if release.manifest["fictional"]:
        notes.insert(0, "Everything here is fictional.")
    return CustomArea(
        name=name,
        release=release.label,
        fictional=bool(release.manifest["fictional"]),
        rule=members.rule,
        lsoas=len(chosen),
        core20_lsoas=sum(each.core20 for each in chosen),
        people=people,
        core20_people=core20,
        core20_share_percent=100.0 * core20 / people,
        population_base=chosen[0].population_base or "",
        imd_vintage=2025,
        imd_average_score=score,
        imd_average_decile=sum(n * each.imd_decile for each, n in counted) / people,
        fit=members.fit,
        figures=tuple(figures),
        notes=tuple(note for note in notes if note),
        lsoa21_codes=tuple(each.code for each in chosen),
    )
