"""Every table that crossed, of both as-at dates, attacked together: no small count is worked out.

With BEACON_TEST_PERSONS=300000 every cohort is attacked, in as many persons as the sample has.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from beacon.people.extract_store import read_extract
from beacon.people.secure_home import SecureHome
from beacon.people.segment_definitions import load_segmentations
from tests.attacker.people_tables import (
    Areas,
    Tables,
    cohort_tables,
    recovered,
    segment_tables,
)
from tests.unit.people.fixtures import COHORTS, PeopleRun

DAYS = ("2024-12-31", "2025-03-31")
SEGMENTATIONS = tuple(load_segmentations())


def areas_of(run: PeopleRun, day: str) -> Areas:
    """Wards, practices and their networks as the run's areas and the extract have them."""
    lsoa = duckdb.from_arrow(run.around.lsoa)
    wards = lsoa.query(
        "l", "select ward24_code, min(place_code) from l where place_code is not null group by 1"
    ).fetchall()
    extract = read_extract(SecureHome(run.secure.root), day)
    practices = duckdb.sql(
        f"select practice_code, pcn_code from {extract.relation('practice')}"
    ).fetchall()
    return Areas(frozenset(run.around.places), dict(wards), dict(practices))


def tables_of(run: PeopleRun, name: str, day: str) -> Tables:
    """Every table of a cohort or segmentation at a date."""
    people, folder = run.ordinary / "people", run.secure.as_at(day)
    make = segment_tables if name in SEGMENTATIONS else cohort_tables
    return make(people, folder, name, run.around.board, areas_of(run, day))


@pytest.mark.parametrize("day", DAYS)
@pytest.mark.parametrize("name", [*COHORTS, *SEGMENTATIONS])
def test_no_small_count_is_recovered(people_run: PeopleRun, name: str, day: str) -> None:
    """A hidden zero may follow from shown zeros: it is of nobody."""
    tables = tables_of(people_run, name, day)
    assert len(tables.shown) > 50
    assert [cell for cell, count in recovered(tables) if 0 < count < 5] == []


def test_the_attacker_succeeds_where_only_small_counts_are_hidden(people_run: PeopleRun) -> None:
    tables = tables_of(people_run, "bridges_to_health", DAYS[1])
    tables.shown = {cell: n for cell, n in tables.true.items() if not 0 < n < 5}
    found = recovered(tables)
    assert found
    assert all(0 < count < 5 for _, count in found)


@pytest.mark.parametrize("name", [*COHORTS, *SEGMENTATIONS])
def test_two_dates_do_not_tell_of_few(people_run: PeopleRun, name: str) -> None:
    """Where a count is shown on both, not one to four people only came, or only went."""
    few = list(few_between_dates(people_run, name))
    assert few == []


def few_between_dates(run: PeopleRun, name: str) -> list[tuple[str, ...]]:
    """Cells of everybody, Core20 and sex, by board and Place, that tell of few between the dates."""
    shown = [set(tables_of(run, name, day).shown) for day in DAYS]
    sides = []
    for day in DAYS:
        folder: Path = run.secure.as_at(day)
        sides.append(
            f"(select * from '{folder / 'cohort' / name / '*.parquet'}' "
            f"inner join '{folder / 'person' / '*.parquet'}' using (person_id))"
        )
    measures = [
        column.removesuffix("__done")
        for (column, *_) in duckdb.sql(f"describe from {sides[0]}").fetchall()
        if column.endswith("__done")
    ]
    core20 = "case when core20 then 'Core20' when not core20 then 'Not Core20' end"
    asked = {"people": "true"}
    for measure in measures:
        if name in SEGMENTATIONS:
            asked[measure] = f"{measure}__done"
            continue
        asked[f"{measure} eligible"] = f"{measure}__eligible"
        asked[f"{measure} done"] = f"{measure}__done"
        asked[f"{measure} not done"] = f"{measure}__eligible and {measure}__done is not true"
        asked[f"{measure} not eligible"] = f"{measure}__eligible is not true"
        for cells in shown:
            cells |= {
                (f"{measure} not eligible", *key)
                for what, *key in cells
                if what == f"{measure} eligible" and ("people", *key) in cells
            }
    found = []
    for what, where in asked.items():
        for area in (f"'{run.around.board}'", "place_code"):
            for breakdown, member in (("all", "'All'"), ("core20", core20), ("sex", "sex")):
                own = [
                    f"(select person_id, {area} as area, {member} as member from {side} "
                    f"where {where} and {area} is not null and ({member}) is not null)"
                    for side in sides
                ]
                rows = duckdb.sql(
                    "select area, member, count(*) filter (b.person_id is null) as went, "
                    "count(*) filter (a.person_id is null) as came "
                    f"from {own[0]} as a full join {own[1]} as b using (person_id, area, member) "
                    "group by all"
                ).fetchall()
                found += [
                    (what, area_code, breakdown, group)
                    for area_code, group, went, came in rows
                    if min(went, came) == 0
                    and 0 < max(went, came) < 5
                    and all((what, area_code, breakdown, group) in cells for cells in shown)
                ]
    return found
