"""What the fictional publishers planted comes out of the whole run, to the digit."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from beacon.core.settings import Home
from beacon.release.layout import get_release
from beacon.release.query import connect_release

# Indicator: its latest period in the sample, and why a Place has no value in it.
LATEST = {
    "progress8": ("2023/24", "not_published"),
    "attainment8": ("2024/25", None),
    "below_real_living_wage": ("2025", "suppressed_quality"),
    "children_workless_households": ("2024", "suppressed_quality"),
    "active_travel": ("2023/24", None),
}


@pytest.fixture
def con(published: Path) -> duckdb.DuckDBPyConnection:
    return connect_release(get_release(Home(published)))


@pytest.fixture(scope="module")
def truths(_published_sample: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((_published_sample / "sample" / "TRUTHS.json").read_text())
    return found


@pytest.mark.parametrize("slug", LATEST)
def test_the_latest_value_of_each_place(
    con: duckdb.DuckDBPyConnection, truths: dict[str, Any], slug: str
) -> None:
    period, state = LATEST[slug]
    rows = con.execute(
        "select area_code, value, value_status from beacon_indicator where indicator_slug = ? "
        "and measure = 'main' and role = 'measure' and area_type = 'place' and sex = 'Persons' "
        "and category = 'All' qualify period_end = max(period_end) over () and period = ? "
        "order by area_code",
        [slug, period],
    ).fetchall()
    expected = {
        code: (value, "published" if value is not None else state)
        for code, value in truths["latest"][slug].items()
    }
    assert {code: (value, status) for code, value, status in rows} == expected
    assert len(rows) == 9
    missing = [code for code, (value, _) in expected.items() if value is None]
    assert len(missing) == (1 if state else 0)


def test_years_without_examinations_have_no_value(con: duckdb.DuckDBPyConnection) -> None:
    rows = con.execute(
        "select indicator_slug, value_status, count(value) from beacon_indicator "
        "where indicator_slug in ('progress8', 'attainment8') and area_type = 'place' "
        "and period in ('2019/20', '2020/21') group by all order by all"
    ).fetchall()
    assert rows == [("attainment8", "not_comparable", 0), ("progress8", "not_published", 0)]


def test_a_place_with_new_boundaries_has_no_figures_for_earlier_years(
    con: duckdb.DuckDBPyConnection,
) -> None:
    rows = con.execute(
        "select area_name, list(distinct period order by period) from beacon_indicator "
        "where indicator_slug = 'active_travel' and measure = 'main' and area_type = 'place' "
        "and value_status = 'not_published' group by all"
    ).fetchall()
    assert rows == [("Eskerdale East", ["2015/16", "2016/17", "2017/18", "2018/19"])]


def test_sixteen_beacons_have_figures(con: duckdb.DuckDBPyConnection) -> None:
    """The others are not published below region, or are returns that nobody has sent."""
    rows = con.execute(
        "select indicator_id, max(places_with_value) from indicator where role = 'measure' "
        "and programme = 'marmot_beacon' group by all order by all"
    ).fetchall()
    assert [number for number, places in rows if not places] == [8, 11, 12, 15, 20, 21]
    # Self-harm at 15 to 19: counts below 10 are suppressed.
    assert {number: places for number, places in rows if 0 < places < 8} == {7: 6}


# Fingertips indicator: the indicator that it is, and the mart that has it.
FINGERTIPS = {
    92302: ("copd_emergency_admissions", "core20plus5_indicator"),
    93085: ("smoking_at_delivery", "core20plus5_indicator"),
    90810: ("asthma_admissions_under_19", "core20plus5_indicator"),
    92622: ("diabetes_admissions_under_19", "core20plus5_indicator"),
    92623: ("epilepsy_admissions_under_19", "core20plus5_indicator"),
    90323: ("obesity_year6", "beacon_indicator"),
}


@pytest.mark.parametrize("number", FINGERTIPS)
def test_fingertips_values_and_judgements_of_each_place(
    con: duckdb.DuckDBPyConnection, truths: dict[str, Any], number: int
) -> None:
    slug, mart = FINGERTIPS[number]
    (planted,) = (one for one in truths["fingertips"] if one["indicator"] == number)
    ((sex, places),) = planted["places"].items()
    rows = con.execute(
        f"select area_code, value, value_status, compared_with_nation from {mart} "
        "where indicator_slug = ? and measure = 'main' and area_type = 'place' and sex = ? "
        "and category = 'All' and period = ?",
        [slug, sex, planted["latest"]],
    ).fetchall()
    assert {code: value for code, value, *_ in rows} == places
    withheld = {code for code, value in places.items() if value is None}
    assert withheld == ({"Z08000001"} if number == 92623 else set())
    assert {code for code, _, status, _ in rows if status == "suppressed"} == withheld
    told = {code: verdict for code, _, _, verdict in rows if code not in withheld}
    expected = planted["judgement"][sex]
    assert told == {code: expected[code].lower() for code in told}
