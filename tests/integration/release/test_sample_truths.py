"""What the fictional publishers planted comes out of the whole run, to the digit."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from beacon.core.home import Home
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


# Indicators of returns: Places without a return that can be used.
RETURNED = {
    "neet_18_24": (),
    "permanent_nonpermanent": (),
    "local_employees_fte": ("Z08000005",),
    "absolute_poverty_ahc": (),
    "ethnic_minority_by_band": (),
    "local_supply_chain_spend": ("Z06000004",),
    "maternity_continuity_of_carer": (),
    "smi_annual_health_checks": (),
    "copd_vaccination_uptake": (),
    "reliever_inhaler_overuse": (),
    "diabetes_technology_use": (),
    "type2_diabetes_health_checks": (),
    "epilepsy_specialist_nurse": (),
    "tooth_extraction_backlog_under_10": (),
    "cyp_mental_health_access": (),
}


@pytest.mark.parametrize("slug", RETURNED)
def test_what_organisations_returned(
    con: duckdb.DuckDBPyConnection, truths: dict[str, Any], slug: str
) -> None:
    """The counts of what was accepted, and a state where none came or it was refused."""
    rows = con.execute(
        "select area_code, value, value_status, source from beacon_indicator "
        "where indicator_slug = ? and measure in ('main', 'permanent') and role = 'measure' "
        "and area_type = 'place' and category = 'All' and period = '2024/25' union all by name "
        "select area_code, value, value_status, source from core20plus5_indicator "
        "where indicator_slug = ? and measure = 'main' and role = 'measure' "
        "and area_type = 'place' and category = 'All' and period = '2024/25'",
        [slug, slug],
    ).fetchall()
    assert len(rows) == 9
    assert {code: value for code, value, *_ in rows} == truths["returned"][slug]
    assert {source for *_, source in rows} == {"local_return"}
    without = {code for code, _, status, _ in rows if status == "not_supplied"}
    assert without == set(RETURNED[slug])
    assert {code for code, value, *_ in rows if value is None} == without


def test_every_return_has_its_truth(truths: dict[str, Any]) -> None:
    assert set(truths["returned"]) == set(RETURNED)


def test_a_small_count_of_senior_staff_is_withheld(con: duckdb.DuckDBPyConnection) -> None:
    """With others by which it could be worked out, and never a whole level."""
    rows = con.execute(
        "select category, value_status, count(*), count(value) from beacon_indicator "
        "where indicator_slug = 'ethnic_minority_by_band' and area_type = 'place' "
        "and category_type = 'Pay level' and period = '2024/25' group by all order by all"
    ).fetchall()
    suppressed = {level: places for level, status, places, _ in rows if status == "suppressed"}
    assert suppressed
    assert set(suppressed) < {f"Level {number}" for number in range(1, 7)}
    assert all(not values for _, status, _, values in rows if status == "suppressed")


def test_places_that_share_a_location_have_no_figure_of_the_national_workbook(
    con: duckdb.DuckDBPyConnection, truths: dict[str, Any]
) -> None:
    rows = con.execute(
        "select area_code, value, source from core20plus5_indicator where area_type = 'place' "
        "and indicator_slug = 'smi_annual_health_checks' and period = '2023/24 Q4'"
    ).fetchall()
    planted = truths["latest"]["smi_annual_health_checks"]
    assert {code: value for code, value, _ in rows} == {
        code: value for code, value in planted.items() if value is not None
    }
    assert len(rows) == 7
    assert {source for *_, source in rows} == {"nhse_smi_checks"}


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


@pytest.mark.parametrize(("programme", "measures"), [("marmot_beacon", 22), ("core20plus5%", 18)])
def test_every_beacon_and_clinical_measure_has_figures_for_eight_places_of_nine(
    con: duckdb.DuckDBPyConnection, programme: str, measures: int
) -> None:
    rows = con.execute(
        "select indicator_id, max(places_with_value) from indicator where role = 'measure' "
        "and programme like ? group by all order by all",
        [programme],
    ).fetchall()
    assert len(rows) == measures
    assert [number for number, places in rows if places < 8] == []
    # Withheld, late and refused ones are still to be seen.
    assert any(places == 8 for _, places in rows)


# Fingertips indicator: the indicator that it is, and the mart that has it.
FINGERTIPS = {
    92302: ("copd_emergency_admissions", "core20plus5_indicator"),
    93085: ("smoking_at_delivery", "core20plus5_indicator"),
    90810: ("asthma_admissions_under_19", "core20plus5_indicator"),
    92622: ("diabetes_admissions_under_19", "core20plus5_indicator"),
    92623: ("epilepsy_admissions_under_19", "core20plus5_indicator"),
    90323: ("obesity_year6", "beacon_indicator"),
    94140: ("hypertension_treated_to_threshold", "core20plus5_indicator"),
    94141: ("lipid_lowering_therapy", "core20plus5_indicator"),
}
WITHHELD = {92623: ("Z08000001", "suppressed"), 90810: ("Z08000005", "not_published")}


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
    told = {(code, status) for code, _, status, _ in rows if status != "published"}
    assert told == ({WITHHELD[number]} if number in WITHHELD else set())
    assert {code for code, _ in told} == withheld
    judged = {code: verdict for code, _, _, verdict in rows if code not in withheld}
    expected = planted["judgement"][sex]
    assert judged == {code: expected[code].lower() for code in judged}


def test_patients_of_each_network(con: duckdb.DuckDBPyConnection, truths: dict[str, Any]) -> None:
    """Sums over practices are a network's own where all its practices are of the footprint."""
    rows = con.execute(
        "select pcn_code, pcn_practices, count(*), sum(patients_with_lsoa)::bigint, "
        "sum(patients_core20)::bigint, max(pcn_name) from gp_practice_core20 where sex = 'Persons' "
        "group by pcn_code, pcn_practices"
    ).fetchall()
    planted = {network["pcn_code"]: network for network in truths["networks"]}
    border = []
    for code, of_practices, practices, patients, core20, name in rows:
        truth = planted[code]
        assert (name, of_practices) == (truth["pcn_name"], truth["practices"])
        if practices < of_practices:
            border.append((practices, of_practices))
            assert patients < truth["patients_with_lsoa"]
            assert core20 <= truth["patients_core20"]
        else:
            assert (patients, core20) == (truth["patients_with_lsoa"], truth["patients_core20"])
    assert len(rows) == 19
    # Of one network, half of the practices are not in the table.
    assert border == [(3, 6)]
