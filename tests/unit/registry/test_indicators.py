from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from beacon.registry import Indicator, load_indicators
from beacon.registry.indicators import SHORT_NAME_LENGTH

BEACONS = {slug: item for slug, item in load_indicators().items() if item.is_beacon}

# Written out by hand from the definitions of the indicators, not read from any file.
POLARITY = {
    ("life_expectancy", "main"): "high_is_good",
    ("healthy_life_expectancy", "main"): "high_is_good",
    ("gld_2_2half", "main"): "high_is_good",
    ("gld_reception", "main"): "high_is_good",
    ("progress8", "main"): "high_is_good",
    ("attainment8", "main"): "high_is_good",
    ("self_harm_15_19", "main"): "low_is_good",
    ("neet_18_24", "main"): "low_is_good",
    ("neet_18_24", "neet_or_not_known_16_17"): "low_is_good",
    ("neet_18_24", "neet_19_24"): "low_is_good",
    ("neet_18_24", "claimants_18_24"): "low_is_good",
    ("level2_at_19", "main"): "high_is_good",
    ("unemployment_16_64", "main"): "low_is_good",
    ("unemployment_16_64", "model_based"): "low_is_good",
    ("unemployment_16_64", "claimant_count"): "low_is_good",
    ("permanent_nonpermanent", "permanent"): "high_is_good",
    ("permanent_nonpermanent", "non_permanent"): "low_is_good",
    ("local_employees_fte", "main"): "high_is_good",
    ("below_real_living_wage", "main"): "low_is_good",
    ("children_workless_households", "main"): "low_is_good",
    ("absolute_poverty_ahc", "main"): "low_is_good",
    ("absolute_poverty_ahc", "children_absolute_bhc"): "low_is_good",
    ("absolute_poverty_ahc", "children_relative_ahc"): "low_is_good",
    ("fuel_poverty", "main"): "low_is_good",
    ("temporary_accommodation", "main"): "low_is_good",
    ("activity_levels", "active"): "high_is_good",
    ("activity_levels", "inactive"): "low_is_good",
    ("loneliness", "main"): "low_is_good",
    ("loneliness", "often_or_always"): "low_is_good",
    ("ethnic_minority_by_band", "main"): "no_judgement",
    ("local_supply_chain_spend", "main"): "high_is_good",
    ("active_travel", "main"): "high_is_good",
    ("active_travel", "walking"): "high_is_good",
    ("active_travel", "cycling"): "high_is_good",
    # Core20PLUS5 and context. Published flags are wrong for obesity and healthy life expectancy.
    ("obesity_year6", "main"): "low_is_good",
    ("adult_obesity", "main"): "low_is_good",
    ("inequality_in_life_expectancy", "main"): "low_is_good",
    ("preventable_cardiovascular_mortality", "main"): "low_is_good",
    ("alcohol_related_mortality", "main"): "low_is_good",
    ("alcohol_specific_admissions_under_18", "main"): "low_is_good",
    ("injury_admissions_0_14", "main"): "low_is_good",
    ("employment_rate", "main"): "high_is_good",
    ("maternity_continuity_of_carer", "main"): "high_is_good",
    ("smi_annual_health_checks", "main"): "high_is_good",
    ("copd_vaccination_uptake", "main"): "high_is_good",
    ("copd_emergency_admissions", "main"): "low_is_good",
    ("early_cancer_diagnosis", "main"): "high_is_good",
    ("hypertension_treated_to_threshold", "main"): "high_is_good",
    ("lipid_lowering_therapy", "main"): "high_is_good",
    ("smoking_prevalence", "main"): "low_is_good",
    ("smoking_at_delivery", "main"): "low_is_good",
    ("asthma_admissions_under_19", "main"): "low_is_good",
    ("reliever_inhaler_overuse", "main"): "low_is_good",
    ("diabetes_technology_use", "main"): "high_is_good",
    ("type2_diabetes_health_checks", "main"): "high_is_good",
    ("diabetes_admissions_under_19", "main"): "low_is_good",
    ("epilepsy_specialist_nurse", "main"): "high_is_good",
    ("epilepsy_admissions_under_19", "main"): "low_is_good",
    ("tooth_extraction_backlog_under_10", "main"): "low_is_good",
    ("cyp_mental_health_access", "main"): "high_is_good",
}


@pytest.mark.parametrize(("slug", "measure"), sorted(POLARITY))
def test_polarity_is_ours(slug: str, measure: str) -> None:
    assert load_indicators()[slug].polarity_of(measure) == POLARITY[slug, measure]


def test_the_polarity_table_covers_every_measure_of_every_beacon() -> None:
    declared = {
        (slug, measure.id)
        for slug, item in BEACONS.items()
        for measure in item.measures
        if item.role_of(measure.id) != "context"
    }
    assert declared <= set(POLARITY)
    assert {slug for slug, _ in POLARITY} == set(load_indicators())


def test_there_are_22_beacons_numbered_1_to_22() -> None:
    assert [item.id for item in BEACONS.values()] == list(range(1, 23))


def test_names_of_14_are_confirmed_and_8_are_not() -> None:
    unconfirmed = {item.id for item in BEACONS.values() if item.name_status == "unconfirmed"}
    assert unconfirmed == {5, 6, 8, 12, 16, 17, 20, 21}
    assert len(BEACONS) - len(unconfirmed) == 14


def test_nobody_is_said_to_have_checked_a_definition() -> None:
    assert {item.checked_by for item in BEACONS.values()} == {None}


@pytest.mark.parametrize(
    ("slug", "periods", "status"),
    [
        ("gld_reception", ["2019/20", "2020/21"], "not_published"),
        ("progress8", ["2019/20", "2020/21", "2024/25", "2025/26"], "not_published"),
        ("attainment8", ["2019/20", "2020/21"], "not_comparable"),
    ],
)
def test_cancelled_periods(slug: str, periods: list[str], status: str) -> None:
    cancelled = BEACONS[slug].cancelled_periods
    assert [item.period for item in cancelled] == periods
    assert {item.status for item in cancelled} == {status}


def test_reception_breaks_with_the_reformed_framework() -> None:
    assert [item.period for item in BEACONS["gld_reception"].known_breaks] == ["2021/22"]


def test_no_trend_for_life_expectancy_scores_and_fuel_poverty() -> None:
    untrended = {item.slug for item in BEACONS.values() if not item.recent_trend}
    assert {
        "life_expectancy",
        "healthy_life_expectancy",
        "progress8",
        "attainment8",
        "fuel_poverty",
    } <= untrended


def test_region_only_indicators_have_only_stand_ins_below_region() -> None:
    assert {item.id for item in BEACONS.values() if item.region_only} == {8, 11, 15}
    for slug in ("neet_18_24", "absolute_poverty_ahc"):
        assert "proxy" in {binding.role for binding in BEACONS[slug].sources}
        assert not any("utla" in level for level in BEACONS[slug].levels_published)


def test_a_local_return_is_asked_for_where_nothing_is_published() -> None:
    needed = {item.id: item.local_return.needed for item in BEACONS.values() if item.local_return}
    assert needed == {
        8: "optional",
        11: "optional",
        12: "required",
        15: "optional",
        20: "for_part",
        21: "required",
    }
    clinical = {
        item.id: item.local_return.needed
        for item in load_indicators().values()
        if item.local_return and item.id not in needed
    }
    assert clinical == dict.fromkeys((201, 202, 203, 302, 303, 304, 306, 308, 309), "optional")
    assert {item.id for item in BEACONS.values() if item.no_open_source} == {12, 21}


def test_walking_and_cycling_are_apart_from_active_travel() -> None:
    item = BEACONS["active_travel"]
    assert item.role_of("walking") == item.role_of("cycling") == "context"
    assert item.measure_name("walking") != item.measure_name()


def test_every_clinical_area_is_declared() -> None:
    themes = {
        programme: {
            item.theme for item in load_indicators().values() if item.programme == programme
        }
        for programme in ("core20plus5_adults", "core20plus5_children")
    }
    assert themes == {
        "core20plus5_adults": {
            "Maternity",
            "Severe mental illness",
            "Chronic respiratory disease",
            "Early cancer diagnosis",
            "Cardiovascular disease",
            "Smoking cessation",
        },
        "core20plus5_children": {"Asthma", "Diabetes", "Epilepsy", "Oral health", "Mental health"},
    }


def _fails(facts: dict[str, Any], *changes: tuple[str, Any]) -> str:
    for key, value in changes:
        facts[key] = value
    with pytest.raises(ValidationError) as caught:
        Indicator.model_validate(facts)
    return str(caught.value)


def test_valid_facts_are_valid(facts: dict[str, Any]) -> None:
    assert Indicator.model_validate(facts).measures[0].id == "main"


PROXY = {
    "source": "fingertips",
    "measure": "stand_in",
    "role": "proxy",
    "proxy_for": "the thing itself",
    "select": [{"series": "88888"}],
}
MEASURES = [{"id": "main"}, {"id": "stand_in", "name": "Another name"}]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ([("id", 101)], "a beacon's number is below"),
        ([("programme", "context")], "kept for beacons"),
        ([("recent_trend", False)], "recent_trend_reason is needed"),
        ([("value_type", "life_expectancy")], "recent_trend is not defined"),
        ([("benchmark_method", "none")], "benchmark_reason is needed"),
        ([("region_only", True)], "region_only_note"),
        ([("sources", [])], "no_open_source must say why"),
        ([("no_open_source", "None found")], "contradicts"),
        ([("measures", [{"id": "a"}])], "'main' is not declared"),
        ([("measures", [{"id": "main"}, {"id": "main"}])], "declared twice"),
        (
            [("measures", [{"id": "main", "alternative_to": "nothing"}])],
            "'nothing' is not declared",
        ),
        ([("cancelled_periods", [{"period": "2020-2021", "reason": "x"}])], "pattern"),
        (
            [("cancelled_periods", [{"period": "2020", "reason": "x", "measure": "other"}])],
            "cancelled_periods.0.measure",
        ),
    ],
)
def test_inconsistent_facts_are_refused(
    facts: dict[str, Any], changes: list[tuple[str, Any]], message: str
) -> None:
    assert message in _fails(facts, *changes)


def test_a_proxy_has_its_own_measure_name_and_series(facts: dict[str, Any]) -> None:
    own = facts["sources"]
    facts["measures"] = MEASURES
    facts["sources"] = [*own, PROXY]
    assert Indicator.model_validate(facts).role_of("stand_in") == "proxy"

    same_series = {**PROXY, "select": [{"series": "99999"}]}
    assert "both the measure and a stand-in" in _fails(facts, ("sources", [*own, same_series]))
    in_main = {**PROXY, "measure": "main"}
    assert "may not feed the measure 'main'" in _fails(facts, ("sources", [*own, in_main]))
    silent = {key: value for key, value in PROXY.items() if key != "proxy_for"}
    assert "proxy_for is given exactly" in _fails(facts, ("sources", [*own, silent]))
    nameless = [{"id": "main"}, {"id": "stand_in"}]
    assert "needs a name of its own" in _fails(
        facts, ("sources", [*own, PROXY]), ("measures", nameless)
    )
    mixed = {**PROXY, "role": "context", "proxy_for": None, "select": [{"series": "7"}]}
    assert "is fed as context and proxy" in _fails(
        facts, ("sources", [*own, PROXY, mixed]), ("measures", MEASURES)
    )


def test_a_return_names_fields_that_exist(facts: dict[str, Any]) -> None:
    template = {
        "needed": "required",
        "numerator_field": "local",
        "denominator_field": "total",
        "fields": [{"name": "total", "type": "number", "description": "All"}],
        "checks": [],
    }
    assert "numerator_field: 'local'" in _fails(facts, ("local_return", template))
    template["fields"] = [{"name": "numerator", "type": "number", "description": "Twice"}]
    assert "declared twice" in _fails(facts, ("local_return", template))


def test_an_indicator_cannot_be_changed(facts: dict[str, Any]) -> None:
    indicator = Indicator.model_validate(facts)
    with pytest.raises(ValidationError):
        indicator.polarity = "high_is_good"  # type: ignore[misc]


def test_every_measure_has_a_name_short_enough_for_a_column_head() -> None:
    for item in load_indicators().values():
        names = [item.short_name_of(measure.id) for measure in item.measures]
        assert item.short_name is not None, item.slug
        assert max(map(len, names)) <= SHORT_NAME_LENGTH, (item.slug, names)
        assert len(set(names)) == len(names), f"{item.slug}: two measures share a short name"
        assert not any("female" in name.lower() for name in names), item.slug


def test_a_long_short_name_is_refused(facts: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="short_name"):
        Indicator.model_validate(facts | {"short_name": "x" * (SHORT_NAME_LENGTH + 1)})


def test_a_measure_with_its_own_unit_has_no_declared_denominator() -> None:
    indicator = load_indicators()["gld_2_2half"]
    assert indicator.denominator_of() == "Children with a completed ASQ-3"
    assert indicator.denominator_of("asq3_use") is None
