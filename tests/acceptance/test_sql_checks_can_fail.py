"""Each check in SQL is seen to fail: one edit of a sound table of the sample, and it finds rows."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from beacon.contracts import load_contracts
from beacon.contracts.ddl import quote_identifier
from beacon.core.home import Home
from beacon.statistics.macros import install_macros

_ONE = "rowid = (select min(rowid) from t where {})"


def _set(change: str, where: str = "true") -> str:
    """An edit of one row."""
    return f"update t set {change} where {_ONE.format(where)}"


def _row(**values: object) -> str:
    """A row of a table that the sample leaves empty; columns not named are null."""
    names = ", ".join(map(quote_identifier, values))
    return f"insert into t ({names}) values ({', '.join(map(repr, values.values()))})"


_MOVEMENT = {
    "every_person_moves_or_stays_once": _set("people_entered = people_entered + 1"),
    "movement_follows_from_the_flags": _set("core20_imd2025 = not core20_imd2025"),
    "an_lsoa_moves_whole_unless_its_origin_is_mixed": _set(
        "people = people + 1", "not is_mixed_origin"
    ),
}
_NEVER_A_NUMBER = {
    "missing_is_never_a_number": _set("value_status = 'suppressed'", "value is not null")
}
_INDICATOR = {
    **_NEVER_A_NUMBER,
    "values_are_plausible": _set("value = 1e12", "measure = 'main' and value is not null"),
}
_WHOLE = {
    "core20_and_rest_make_the_whole": _set("people = people + 1"),
    "ages_add_up_to_all_ages": _set("people = people + 1", "age_band = 'All ages'"),
}

EDITS: dict[str, dict[str, str]] = {
    "cohorts.lsoa_deprivation": {
        "core20_is_the_first_fifth": _set("core20 = not core20"),
        "core20_is_a_fifth_of_lsoas": _set("core20 = not core20"),
    },
    "cohorts.lsoa_movement": _MOVEMENT,
    "cohorts.lsoa_population": {
        # The sample has persons only.
        "women_and_men_make_persons": (
            "insert into t select * replace ('Female' as sex, people + 1 as people) from t limit 1"
        ),
    },
    "cohorts.plus_lsoa": {
        "every_group_in_use_has_areas": "insert into registry.plus_group (plus_group) values ('x')",
    },
    "geography.lsoa_crosswalk": {
        "weights_of_an_lsoa11_add_up_to_one": _set("weight_lsoa11_to_lsoa21 = 0.5"),
        "weights_of_an_lsoa21_add_up_to_one": _set("weight_lsoa21_to_lsoa11 = 0.5"),
        "people_of_an_lsoa11_are_all_shared_out": _set(
            "people_lsoa11_to_lsoa21 = people_lsoa11_to_lsoa21 + 1"
        ),
        "people_of_an_lsoa21_are_all_shared_out": _set(
            "people_lsoa21_from_lsoa11 = people_lsoa21_from_lsoa11 + 1"
        ),
    },
    "indicators.combined": {
        # The sample has no area that is put together from others.
        "missing_is_never_a_number": _row(indicator_slug="x", period="2024", value_status="published"),
    },
    "indicators.fact": _NEVER_A_NUMBER,
    "indicators.system": _NEVER_A_NUMBER,
    "indicators.unmatched_series": {
        "every_declared_series_is_in_the_files_supplied": _row(
            indicator_slug="life_expectancy", message="no such series"
        ),
    },
    "marts.aspiration": {
        "not_measured_says_what_is_needed": _set(
            "mapping = 'not_measured', could_come_from = null, needed = null"
        ),
    },
    "marts.beacon_indicator": _INDICATOR,
    "marts.area": {
        "boards_make_the_nation": _set("lsoas = lsoas + 1", "kind = 'board'"),
        "what_has_an_area_has_lsoas": _set("lsoas = null", "kind = 'ward'"),
    },
    "marts.area_deprivation": {
        "authorities_make_the_nation": _set("lsoas = lsoas + 1", "authorities is not null"),
        "most_concentrated_is_no_less_deprived": _set("local_concentration = average_rank - 1"),
        "extent_holds_the_most_deprived_tenth": _set("extent_percent = 50", "area_type = 'nation'"),
    },
    "marts.neighbour": {
        "nobody_is_a_neighbour_of_itself": _set("neighbour_code = place_code"),
        "ranks_follow_from_the_distance": _set("distance = distance + 100", "neighbour_rank = 1"),
    },
    "marts.neighbourhood_return": {
        **_NEVER_A_NUMBER,
        "no_small_counts": _set("denominator = numerator + 2", "metric_kind = 'proportion'"),
        "limits_hold_the_value": _set("lower_95 = value + 1", "lower_95 is not null"),
        "areas_are_known": _set("area_name = null"),
    },
    "marts.neighbour_comparison": {
        "rank_is_within_those_that_have_a_value": _set("rank_among_neighbours = 99"),
        "median_lies_within": _set(
            "neighbours_median = neighbours_highest + 1", "neighbours_median is not null"
        ),
    },
    "marts.observation": {
        **_INDICATOR,
        "places_are_all_there": "delete from t where area_code = (select min(area_code) from t where area_type = 'place')",
        "ages_are_in_order": _set("age_to = age_from - 1", "age_from is not null"),
        "an_area_has_one_name_and_kind": _set("area_name = 'Elsewhere'"),
    },
    "marts.care_gap": {
        "adds_up": _row(cohort="c", measure="m", eligible=30, done=10, not_done=10),
        "missing_says_why": _row(cohort="c", measure="m", value_status="suppressed"),
        "no_small_counts": _row(cohort="c", measure="m", eligible=30, done=26, not_done=4),
    },
    "marts.change": {
        "an_added_row_has_no_past": _row(mart="place", change="added", previous_value=1.0),
    },
    "marts.cohort_flow": {
        "adds_up": _row(
            cohort="c", people_at_start=10, diagnosed=5, moved_in=0, aged_in=0, resolved=0,
            moved_out=0, died=0, aged_out=0, people_at_end=10,
        ),
        "no_small_counts": _row(cohort="c", people_at_start=-1),
    },
    "marts.cohort_size": {
        "missing_says_why": _row(cohort="c", value_status="published"),
        "no_small_counts": _row(cohort="c", people=100, people_core20=3),
    },
    "marts.core20_cohort": _WHOLE,
    "marts.core20_ethnicity": {
        "core20_is_part_of_the_group": _set("people_core20 = people + 1"),
        "groups_make_the_whole": _set("people = people + 1"),
    },
    "marts.core20_movement": _MOVEMENT,
    "marts.core20_movement_area": {
        "movements_make_the_whole": _set("people = people + 1"),
    },
    "marts.core20_reach": {
        "counted_or_said_why_not": _set("status_note = null", "status <> 'counted'"),
    },
    "marts.core20_ward": _WHOLE,
    "marts.core20plus5_indicator": _INDICATOR,
    "marts.gp_practice_core20": {
        "parts_are_within_the_whole": _set("patients_core20 = patients + 1"),
        "a_network_has_its_practices": "update t set pcn_practices = 1 where pcn_code is not null",
    },
    "marts.inequality": {
        "direction_follows_polarity": _set(
            "direction = 'no_gap'", "absolute_gap <> 0 and polarity <> 'no_judgement'"
        ),
        "worst_is_not_better_than_best": _set(
            "breakdown = 'places_worst_to_best', direction = 'better_for_disadvantaged'"
        ),
    },
    "marts.inequality_trend": {
        "disadvantage_follows_direction": _set("direction = 'no_gap'", "disadvantage <> 0"),
    },
    "marts.life_and_health": {
        "a_difference_has_both_figures": _set(
            "healthy_life_expectancy = null", "years_not_in_good_health is not null"
        ),
    },
    "marts.minimum_breakdown": {
        "all_four_for_every_measure": f"delete from t where {_ONE.format('true')}",
        "what_is_missing_is_said": _set("status_note = null", "status <> 'places'"),
        "a_denominator_is_of_its_breakdown": _set(
            "denominator_mart = 'core20_ethnicity'", "breakdown = 'age'"
        ),
    },
    "marts.person_quality": {
        "no_small_counts": _row(practice_code="A81001", persons=30, entries=2),
    },
    "marts.plus_cohort": {
        "parts_make_the_whole": _row(plus_group="g", area_code="a", people=1, people_in_area=2),
    },
    "marts.scorecard": {
        "spread_is_in_order_and_holds_the_places_of_its_kind": _set(
            "nation_lowest = nation_highest + 1", "nation_lowest is not null"
        ),
        "spread_only_where_nearly_all_authorities_have_a_value": _set(
            "nation_areas_total = 2 * nation_areas", "nation_lowest is not null"
        ),
        "compared_or_with_a_reason": _set(
            "not_compared_reason = null", "compared_with_nation = 'not_compared'"
        ),
    },
    "marts.segment": {
        "adds_up": _row(
            segmentation="s", segment="a", people=10, people_in_all_segments=11,
            value_status="published",
        ),
        "missing_says_why": _row(segmentation="s", value_status="published"),
        "no_small_counts": _row(segmentation="s", people=3),
    },
    "marts.target": {
        "conflicts_are_not_resolved": _set("plan_status = 'conflicting', still_to_go = 1"),
        "no_beacon_has_a_target": _set("indicator_slug = 'life_expectancy'"),
        "met_is_reached": _set("status = 'met', plan_status = 'stated', still_to_go = 1"),
        "not_assessed_has_a_reason": _set(
            "reaches_in_time = 'not_assessed', reaches_reason = null, polarity = 'high_is_good'"
        ),
    },
    "staging.neighbour_list": {
        "ranks_are_whole_numbers": _row(
            area_code="Z06000001", neighbour_code="Z08000001", neighbour_rank="first",
            source_sha256="0" * 64,
        ),
    },
    "staging.nhs_primary_care_network": {
        "a_practice_belongs_to_one_open_network": _set(
            "practice_left = null", "practice_left is not null and closed is null"
        ),
        "a_network_is_the_same_in_all_its_rows": _set("pcn_name = 'ANOTHER'"),
        "an_end_is_not_before_its_start": _set("practice_left = date '2019-06-30'"),
    },
    "staging.nhs_gp_patients_by_lsoa": {
        "lsoa_of_its_vintage": _set("lsoa_vintage = 2011 + 2021 - lsoa_vintage"),
    },
}  # fmt: skip

DECLARED = {
    (table, check.name): check.sql
    for table, contract in load_contracts().items()
    for check in contract.sql_checks
}


@pytest.fixture(scope="module")
def warehouse(
    published_sample: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The sample's working database, to be changed at will."""
    file = tmp_path_factory.mktemp("warehouse") / "warehouse.duckdb"
    shutil.copy(Home(published_sample).warehouse, file)
    with duckdb.connect(str(file)) as con:
        install_macros(con)
        yield con


def test_every_check_in_sql_has_an_edit_that_breaks_it() -> None:
    assert {(table, name) for table, edits in EDITS.items() for name in edits} == set(DECLARED)


@pytest.mark.parametrize(("table", "name"), sorted(DECLARED))
def test_a_check_in_sql_finds_what_it_is_for(
    warehouse: duckdb.DuckDBPyConnection, table: str, name: str
) -> None:
    query = DECLARED[table, name].replace("{table}", "t")
    with warehouse.cursor() as con:
        con.begin()
        con.execute(f"create temp table t as from {table}")
        assert con.execute(query).fetchall() == []
        con.execute(EDITS[table][name])
        assert con.execute(query).fetchall() != []
        con.rollback()
