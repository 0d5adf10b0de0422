from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from beacon.registry import RegistryError, load_indicators, load_targets

REGISTER: dict[str, Any] = {
    "as_of": "2026-11-22",
    "documents": [{"id": "plan", "title": "A plan", "publisher": "A partnership"}],
    "targets": [
        {
            "id": "smoking",
            "name": "Adults who smoke",
            "group": "Health",
            "kind": "level",
            "unit": "percent of adults",
            "direction": "low_is_good",
            "area": "Somewhere",
            "indicator": "smoking_prevalence",
            "status": "live",
            "stated": [
                {
                    "value": 5,
                    "due": "2030-12-31",
                    "cited": [{"document": "plan", "lines": [1]}],
                }
            ],
        }
    ],
}


def test_beacons_have_no_numeric_target() -> None:
    indicators = load_indicators()
    aimed = {target.indicator for target in load_targets().targets if target.indicator}
    assert aimed
    assert not any(indicators[slug].is_beacon for slug in aimed)


def test_contradictions_show_every_value_and_give_none() -> None:
    conflicting = {t.id: t for t in load_targets().targets if t.status == "conflicting"}
    values = {name: {item.value for item in t.stated} for name, t in conflicting.items()}
    assert values == {
        "dementia_diagnosis": {66, 66.7},
        "bed_occupancy": {94.3, 92},
        "virtual_ward_beds": {900, 899},
        "virtual_ward_occupancy": {85, 80},
        "social_value_weighting": {10, 15, 20},
    }
    assert {t.value for t in conflicting.values()} == {None}
    assert {t.due for t in conflicting.values()} == {None}


@pytest.mark.parametrize(
    ("name", "value", "due", "status", "baseline"),
    [
        ("smoking_cheshire_merseyside", 5, date(2030, 12, 31), "live", 12.5),
        ("hypertension_treated", 77, date(2024, 3, 31), "expired", None),
        ("lung_health_checks", 100, date(2025, 3, 31), "expired", 42),
        ("no_criteria_to_reside", 10, date(2028, 12, 31), "live", 22),
        ("smi_health_checks", 60, None, "no_due_date", None),
        ("life_expectancy_gap_men", None, None, "baseline_only", 14.3),
        ("life_expectancy_gap_women", None, None, "baseline_only", 15.8),
    ],
)
def test_values_dates_and_baselines(
    name: str, value: float | None, due: date | None, status: str, baseline: float | None
) -> None:
    target = {item.id: item for item in load_targets().targets}[name]
    assert (target.value, target.due, target.status) == (value, due, status)
    assert (target.baseline.value if target.baseline else None) == baseline


# Lines of the Joint Forward Plan 2023-28 that set an operational number.
_OPERATIONAL = [
    1226, 1590, 1597, 1620, 1702, 2004, 2079, 2080, 2081, 2082, 2083, 2393, 2433, 2447, 2682, 3306,
    3307, 3376,
]  # fmt: skip


def test_operational_numbers_of_the_forward_plan_are_in_the_register() -> None:
    cited = {
        line
        for target in load_targets().targets
        for item in target.stated
        for citation in item.cited
        if citation.document == "joint_forward_plan_2023"
        for line in citation.lines
    }
    assert set(_OPERATIONAL) <= cited


def test_a_number_with_several_dates_has_each() -> None:
    (target,) = (t for t in load_targets().targets if t.id == "virtual_ward_occupancy")
    assert [item.due for item in target.stated if item.value == 80] == [
        date(2023, 9, 30),
        date(2023, 11, 30),
        date(2024, 3, 31),
    ]


def test_what_the_register_holds_is_said_and_every_plan_is_in_it() -> None:
    register = load_targets()
    assert "as far as they were found" in register.holds
    assert "joint_forward_plan_2024_overview" in {document.id for document in register.documents}


def test_a_live_target_expires_with_its_date() -> None:
    target = {item.id: item for item in load_targets().targets}["smoking_cheshire_merseyside"]
    assert target.status_on(date(2030, 12, 31)) == "live"
    assert target.status_on(date(2031, 1, 1)) == "expired"


def test_every_target_is_cited() -> None:
    for target in load_targets().targets:
        assert all(item.cited for item in target.stated)
        assert target.stated or (target.baseline and target.baseline.cited)


def test_a_valid_register_is_valid(write_yaml: Callable[[str, Any], Path]) -> None:
    assert load_targets(write_yaml("targets.yaml", REGISTER)).targets[0].value == 5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"indicator": "activity_levels"}, "has a direction, no target"),
        ({"indicator": "nothing"}, "'nothing' is not an indicator"),
        ({"related": ["nothing"]}, "'nothing' is not an indicator"),
        ({"unit": "percent of people"}, "is not the unit of smoking_prevalence"),
        ({"indicator": None}, "why_not_measured says why"),
        ({"why_not_measured": "local_record"}, "why_not_measured says why"),
        (
            {"indicator": None, "why_not_measured": "source_not_taken"},
            "source_not_taken needs could_come_from",
        ),
        ({"status": "conflicting"}, "at least two different values"),
        ({"status": "baseline_only"}, "exactly when kind is baseline"),
        ({"status": "expired"}, "is expired but due on 2030-12-31"),
        ({"also": ["live"]}, "both status and also"),
        ({"stated": []}, "stated is empty"),
        (
            {"stated": [{"value": 5, "cited": [{"document": "plan", "lines": [1]}]}]},
            "a live target has a due date",
        ),
        (
            {
                "stated": [
                    {
                        "value": None,
                        "due": "2030-12-31",
                        "cited": [{"document": "plan", "lines": [1]}],
                    }
                ]
            },
            "only a milestone",
        ),
        (
            {
                "stated": [
                    {"value": 5, "due": "2025-12-31", "cited": [{"document": "plan", "lines": [1]}]}
                ]
            },
            "is live but was due on 2025-12-31",
        ),
        (
            {
                "stated": [
                    {
                        "value": 5,
                        "due": "2030-12-31",
                        "cited": [{"document": "other", "lines": [1]}],
                    }
                ]
            },
            "cites unknown document other",
        ),
    ],
)
def test_a_wrong_target_is_refused(
    change: dict[str, Any], message: str, write_yaml: Callable[[str, Any], Path]
) -> None:
    register = deepcopy(REGISTER)
    register["targets"][0].update(change)
    with pytest.raises(RegistryError) as caught:
        load_targets(write_yaml("targets.yaml", register))
    assert message in str(caught.value)


def test_a_target_listed_twice_is_refused(write_yaml: Callable[[str, Any], Path]) -> None:
    register = deepcopy(REGISTER)
    register["targets"] *= 2
    with pytest.raises(RegistryError, match="target smoking twice"):
        load_targets(write_yaml("targets.yaml", register))
