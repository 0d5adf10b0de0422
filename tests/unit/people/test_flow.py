"""Why each of some persons came into a cohort or left it, worked by hand."""

from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pytest

from beacon.disclosure import Rule
from beacon.people.breakdowns import BoardAreas
from beacon.people.flow import ITEMS, flow_sql, make_flow
from beacon.people.load_cohorts import load_cohorts
from beacon.people.protected_tables import Period
from beacon.people.secure_home import SecureHome

EARLIER, LATER = "2024-12-31", "2025-03-31"
EAST, WEST = "Z06000001", "Z06000002"
BOARD = "Z54000001"
AREAS = BoardAreas(BOARD, (EAST, WEST), {}, {})
Person = tuple[int, str | None, str | None, date | None, bool, bool]

# Died: before the year of the later date began, within it, and never. The year begins 2024-03-31.
BEFORE, WITHIN = date(2024, 3, 1), date(2025, 2, 1)
# Person, Place at each date (None: not in the population then), death, member at each date.
PERSONS: list[Person] = [
    (1, EAST, EAST, None, True, True),
    (2, EAST, EAST, WITHIN, True, True),
    (3, EAST, None, BEFORE, True, False),
    (4, EAST, WEST, None, True, True),
    # Moved, and died within the year: left by the move, and is in the cohort in the other Place.
    (5, EAST, WEST, WITHIN, True, True),
    # Belongs no more, and died within the year, which is not why.
    (6, EAST, EAST, WITHIN, True, False),
    (7, None, WEST, WITHIN, False, True),
]


def home_with(folder: Path, cohort: str, persons: list[Person]) -> SecureHome:
    """A secure home with persons of 50 years at both dates."""
    secure = SecureHome.open(folder / "secure", ordinary=folder / "home")
    for side, day in enumerate((EARLIER, LATER)):
        inside = [row[1 + side] is not None for row in persons]
        person = pl.DataFrame(
            {
                "person_id": [row[0] for row in persons],
                "age": [50] * len(persons),
                "place_code": [row[1 + side] or WEST for row in persons],
                "in_population": inside,
                "in_population_year_start": inside,
                "death_month": pl.Series([row[3] for row in persons], dtype=pl.Date),
            }
        )
        member = [row[0] for row in persons if row[4 + side]]
        for what, frame in (("person", person),
                            (f"cohort/{cohort}", pl.DataFrame({"person_id": member}))):  # fmt: skip
            (secure.as_at(day) / what).mkdir(parents=True)
            frame.write_parquet(secure.as_at(day) / what / "0.parquet")
    return secure


def flows(folder: Path, cohort: str) -> dict[str, dict[str, int]]:
    """Items other than zero by area."""
    sql = flow_sql(
        home_with(folder, cohort, PERSONS), Period(LATER, EARLIER), AREAS, load_cohorts()[cohort]
    )
    found = {
        area: dict(zip(ITEMS, items, strict=True)) for _, area, *items in duckdb.sql(sql).fetchall()
    }
    for row in found.values():
        came = sum(row[item] for item in ITEMS[:4])
        assert came == sum(row[item] for item in ITEMS[4:])
    return {area: {item: n for item, n in row.items() if n} for area, row in found.items()}


@pytest.mark.parametrize("cohort", ["people_at_year_start", "cancers_diagnosed"])
def test_who_moves_and_dies_within_the_year_left_by_the_move(tmp_path: Path, cohort: str) -> None:
    """Of cohorts that are taken at the start of a year, whose members may have died since."""
    assert flows(tmp_path, cohort) == {
        BOARD: {"people_at_start": 6, "moved_in": 1, "died": 1, "resolved": 1, "people_at_end": 5},
        EAST: {"people_at_start": 6, "moved_out": 2, "died": 1, "resolved": 1, "people_at_end": 2},
        WEST: {"moved_in": 3, "people_at_end": 3},
    }


def test_who_moves_and_dies_left_a_register_by_death(tmp_path: Path) -> None:
    """Of registers, which the dead are in no more (here: persons 3 and 6)."""
    found = flows(tmp_path, "hypertension_register")
    assert (found[BOARD]["died"], "resolved" in found[BOARD]) == (2, False)


def shown_flow(folder: Path, movers: int) -> dict[str, dict[str, int | None]]:
    """Counts that are published where so many moved from East to West."""
    cohort = "hypertension_register"
    moves: list[tuple[str | None, str | None, int]] = [
        (EAST, EAST, 100), (WEST, WEST, 80), (None, EAST, 30), (None, WEST, 20),
        (EAST, None, 12), (WEST, None, 11), (EAST, WEST, movers),
    ]  # fmt: skip
    persons: list[Person] = []
    for before, after, people in moves:
        persons += [
            (len(persons) + n, before, after, None, before is not None, after is not None)
            for n in range(people)
        ]
    secure = home_with(folder, cohort, persons)
    with duckdb.connect() as con:
        con.execute(
            "create table protected (hidden boolean, cohort varchar, measure varchar, "
            "breakdown varchar, area_code varchar)"
        )
        con.execute(
            "create table hidden_before (cohort varchar, measure varchar, "
            '"group" varchar, area_code varchar)'
        )
        chosen = {cohort: load_cohorts()[cohort]}
        make_flow(con, secure, Period(LATER, EARLIER), AREAS, chosen, Rule())
        rows = con.execute(f"select area_code, {', '.join(ITEMS)} from cohort_flow").fetchall()
    return {area: dict(zip(ITEMS, items, strict=True)) for area, *items in rows}


@pytest.mark.parametrize(("movers", "known"), [(3, False), (4, False), (5, True)])
def test_few_people_who_moved_between_places_cannot_be_counted(
    tmp_path: Path, movers: int, known: bool
) -> None:
    """They came into West and left East, and at the board did neither."""
    found = shown_flow(tmp_path, movers)
    for item in ("moved_in", "moved_out"):
        board, east, west = (found[area][item] for area in (BOARD, EAST, WEST))
        shown = None not in (board, east, west)
        assert shown is known
        if shown:
            assert east + west - board == movers  # type: ignore[operator]
    for area in (BOARD, EAST, WEST):
        assert None not in (found[area]["people_at_start"], found[area]["people_at_end"])
