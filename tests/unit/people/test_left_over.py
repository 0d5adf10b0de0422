"""What totals leave beside their parts, and standardised values, tell of no few people."""

from __future__ import annotations

import duckdb
import numpy as np
import pytest

from beacon.disclosure import Rule
from beacon.disclosure.linked_tables import Way
from beacon.people.flow import ITEMS
from beacon.people.protect_cells import Layout, protect_sizes, protect_split
from tests.unit.people.fixtures import PeopleRun
from tests.unit.people.test_attacker import DAYS

PLACES = ("p0", "p1", "p2", "p3")


def counts_of(run: PeopleRun, day: str) -> duckdb.DuckDBPyConnection:
    """Every shown count as (what, area, breakdown, group, n)."""
    con = duckdb.connect()
    people = run.ordinary / "people"
    con.execute(
        "create table shown as "
        "select cohort || ' ' || measure || ' ' || state as what, area_type, area_code, "
        "breakdown, breakdown_group, n from "
        f"(unpivot (from '{people}/care_gap/{day}.parquet') "
        "on eligible, done, not_done into name state value n) "
        "union all select cohort, area_type, area_code, breakdown, breakdown_group, people "
        f"from '{people}/cohort_size/{day}.parquet' where people is not null "
        "union all select segmentation || ' ' || segment, area_type, area_code, breakdown, "
        f"breakdown_group, people from '{people}/segment/{day}.parquet' where people is not null "
        "union all select cohort || ' ' || item, area_type, area_code, 'flow', 'All', n from "
        f"(unpivot (from '{people}/cohort_flow/{day}.parquet') on {', '.join(ITEMS)} "
        "into name item value n)"
    )
    return con


@pytest.mark.parametrize("day", DAYS)
def test_what_places_leave_of_the_board_is_of_no_few(people_run: PeopleRun, day: str) -> None:
    con = counts_of(people_run, day)
    places = len(people_run.around.places)
    found = con.execute(
        "select what, breakdown, breakdown_group, sum(if(area_type = 'icb', n, -n)) as rest "
        "from shown where area_type in ('icb', 'place') and breakdown not like '%_and_%' "
        f"group by all having count(*) = {places} + 1"
    ).fetchall()
    assert len(found) > 5
    assert [row for row in found if 0 < row[3] < 5] == []


@pytest.mark.parametrize("day", DAYS)
def test_what_groups_leave_of_everybody_is_of_no_few(people_run: PeopleRun, day: str) -> None:
    con = counts_of(people_run, day)
    # Of a breakdown whose groups are all shown; and of one group alone.
    whole = con.execute(
        "with everybody as (from shown where breakdown = 'all'), "
        "groups as (from shown where breakdown not in ('all') and breakdown not like '%_and_%'), "
        "there as (select breakdown, count(distinct breakdown_group) as n from groups group by all) "
        "select what, area_code, groups.breakdown, any_value(everybody.n) - sum(groups.n) as rest "
        "from groups join everybody using (what, area_code) join there on there.breakdown = groups.breakdown "
        "group by all having count(*) = any_value(there.n)"
    ).fetchall()
    assert len(whole) > 5
    assert [row for row in whole if 0 < row[3] < 5] == []
    alone = con.execute(
        "select what, area_code, groups.breakdown, groups.breakdown_group, everybody.n - groups.n "
        "from shown as groups join shown as everybody using (what, area_code) "
        "where everybody.breakdown = 'all' and groups.breakdown not like '%_and_%'"
    ).fetchall()
    assert [row for row in alone if 0 < row[4] < 5] == []


@pytest.mark.parametrize("day", DAYS)
def test_standardised_values_rest_on_no_few(people_run: PeopleRun, day: str) -> None:
    """Of two bands and sexes a value and its limits give every count, however many decimals."""
    file = people_run.ordinary / "people" / "care_gap" / f"{day}.parquet"
    cells = people_run.secure.as_at(day) / "cell.parquet"
    broad = {"0-4": 1, "5-9": 1, "10-17": 1, "18-24": 2, "25-39": 2, "40-49": 3, "50-59": 3,
             "60-69": 4, "70-79": 4, "80+": 5}  # fmt: skip
    con = duckdb.connect()
    con.execute("create table broad as select unnest(?) as age_band, unnest(?) as band",
                [list(broad), list(broad.values())])  # fmt: skip
    few = con.execute(
        "with stratum as (select cohort, measure, place_code as area_code, ethnicity, band, sex, "
        f"sum(eligible) as e, sum(done) as d from '{cells}' join broad using (age_band) "
        "where sex in ('Female', 'Male') group by all), "
        f"shown as (select * from '{file}' where standardised_value is not null "
        "and area_type = 'place' and breakdown = 'ethnicity') "
        "select count(*), count(*) filter (e between 1 and 4 or d between 1 and 4 "
        "or e - d between 1 and 4) from shown join stratum "
        "on (stratum.cohort, stratum.measure, stratum.area_code, stratum.ethnicity) "
        "= (shown.cohort, shown.measure, shown.area_code, shown.breakdown_group)"
    ).fetchall()
    assert few[0][0] > 0
    assert few[0][1] == 0
    digits = con.execute(
        f"select count(*) from '{file}' where standardised_value <> round(standardised_value, 1) "
        "or standardised_lower_95 <> round(standardised_lower_95, 1) "
        "or standardised_upper_95 <> round(standardised_upper_95, 1)"
    ).fetchall()
    assert digits == [(0,)]


def layout_of(people: dict[tuple[str, str], int]) -> Layout:
    return Layout.of(sorted(people), [Way(0, dict.fromkeys(PLACES, "board"))], [], people)


def test_few_people_of_no_place_hide_a_place() -> None:
    places = dict(zip(PLACES, (400, 300, 200, 100), strict=True))
    for left, hidden in ((0, 0), (3, 1), (5, 0)):
        people = {("board", "all"): 1000 + left} | {(p, "all"): n for p, n in places.items()}
        layout = layout_of(people)
        assert layout.left_over.sum() == (left > 0)
        flags = protect_sizes(layout, layout.counts(people), Rule())
        assert np.count_nonzero(flags & ~layout.left_over) == hidden


def wards_of(place: int, wards: dict[str, int]) -> tuple[Layout, dict[tuple[str, str], int]]:
    """A Place with wards, and people of it who are in none."""
    people = {("p0", "all"): place} | {(ward, "all"): n for ward, n in wards.items()}
    return Layout.of(sorted(people), [], [dict.fromkeys(wards, "p0")], people), people


def test_few_people_of_no_ward_hide_a_ward() -> None:
    wards = dict(zip(("w0", "w1", "w2"), (300, 200, 100), strict=True))
    for left, hidden in ((0, []), (3, ["w2"]), (5, [])):
        layout, people = wards_of(600 + left, wards)
        flags = protect_sizes(layout, layout.counts(people), Rule())
        shown = flags & ~layout.left_over
        assert [layout.cells[n][0] for n in np.flatnonzero(shown)] == hidden


def test_a_ward_is_not_worked_out_where_nobody_else_could_be_left_over() -> None:
    """All ten people of no ward have it done: who guesses so subtracts the wards' not done."""
    layout, people = wards_of(310, dict(zip(("w0", "w1", "w2"), (100, 100, 100), strict=True)))
    done = dict.fromkeys(people, 0) | {
        ("p0", "all"): 147, ("w0", "all"): 97, ("w1", "all"): 20, ("w2", "all"): 20
    }  # fmt: skip
    total = layout.counts(people)
    nobody = np.zeros(len(total), dtype=np.bool_)
    flags = protect_split(layout, total, nobody, layout.counts(done), Rule())
    # The first ward has 3 not done: one more is hidden, or 163 less 80 and 80 would be 3.
    assert flags[layout.cells.index(("w0", "all"))]
    assert np.count_nonzero(flags & ~layout.left_over) > 1


def test_a_hidden_count_is_not_bounded_from_above_by_its_total() -> None:
    """Nobody of no Place has it not done, so a hidden count is the board's less the other Places'."""
    places = dict(zip(PLACES, (50, 40, 40, 40), strict=True))
    people = {("board", "all"): 180} | {(p, "all"): n for p, n in places.items()}
    layout = layout_of(people)
    done = {("board", "all"): 72} | dict(
        zip(((p, "all") for p in PLACES), (47, 5, 5, 5), strict=True)
    )
    total = layout.counts(people)
    flags = protect_split(
        layout, total, np.zeros(len(total), dtype=np.bool_), layout.counts(done), Rule()
    )
    # The first Place has 3 not done, and all ten without a Place have it done: at least one more
    # Place is hidden, or 108 not done less 35, 35 and 35 would be 3.
    assert flags[layout.cells.index(("p0", "all"))]
    assert np.count_nonzero(flags & ~layout.left_over) > 1
