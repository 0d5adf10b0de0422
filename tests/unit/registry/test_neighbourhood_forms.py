"""Forms of neighbourhood programmes say what they ask for, and contradict themselves nowhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from beacon.core.errors import BeaconError
from beacon.operations.definition_file import check_definition
from beacon.registry import NeighbourhoodForm, load_neighbourhood_forms
from beacon.registry.loading import RegistryError
from beacon.returns.neighbourhood_context import load_neighbourhood_context

EXAMPLE = "neighbourhood_teams"


def _facts() -> dict[str, Any]:
    return load_neighbourhood_forms()[EXAMPLE].model_dump(mode="json")


def test_the_example_has_seven_metrics_of_four_kinds() -> None:
    form = load_neighbourhood_forms()[EXAMPLE]
    kinds = {metric.id: form.kind_of(metric) for metric in form.metrics}
    assert kinds == {
        "people_supported": "count",
        "reach": "proportion",
        "care_plan": "proportion",
        "blood_pressure": "proportion",
        "stopped_smoking": "proportion",
        "emergency_admissions": "rate",
        "lonely": "percent",
    }
    assert set(form.groups) == {"all", "age", "ethnicity", "deprivation"}


def test_it_is_known_by_its_fields(tmp_path: Path) -> None:
    path = tmp_path / "my_form.yaml"
    path.write_text(yaml.safe_dump(_facts() | {"id": "my_form"}))
    checked = check_definition(path)
    assert (checked.kind, checked.name, checked.faults) == ("neighbourhood_return", "my_form", ())


@pytest.mark.parametrize(
    ("field", "change", "message"),
    [
        ("metrics", lambda m: m + m[:1], "metric 'people_supported' is declared twice"),
        ("metrics", lambda m: m[:-1], "column 'percent_lonely' is used by no metric"),
        ("metrics", lambda m: [{**m[0], "numerator": "x"}, *m[1:]], "'x' is no column"),
        ("metrics", lambda m: [{**m[0], "per": 1000}, *m[1:]], "a rate needs a denominator"),
        ("metrics", lambda m: [*m[:-1], {**m[-1], "per": 10}], "a percent column stands alone"),
        ("columns", lambda c: [*c[:-1], {**c[-1], "of": None}], "'of' is given exactly where"),
        ("columns", lambda c: [*c[:-1], {**c[-1], "of": "x"}], "'x' is no column of people"),
        ("neighbourhoods", lambda _: [], "neighbourhoods are listed exactly where"),
        (
            "neighbourhoods",
            lambda n: [{**n[0], "ward24_codes": n[1]["ward24_codes"]}, *n[1:]],
            "ward 'Z05000005' is declared twice",
        ),
        ("small_numbers", lambda _: {"smallest_shown": 3}, "greater than or equal to 5"),
    ],
)
def test_a_form_that_contradicts_itself_is_refused(field: str, change: Any, message: str) -> None:
    facts = _facts()
    facts[field] = change(facts[field])
    with pytest.raises(ValidationError) as caught:
        NeighbourhoodForm.model_validate(facts)
    assert message in str(caught.value)


def test_every_fault_of_every_form_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(yaml.safe_dump(_facts()))
    (tmp_path / "b.yaml").write_text(yaml.safe_dump(_facts()))
    with pytest.raises(RegistryError, match="'neighbourhood_teams' is already used by"):
        load_neighbourhood_forms(tmp_path)


def test_a_form_is_of_its_own_footprint_only() -> None:
    context = load_neighbourhood_context("cheshire_merseyside")
    with pytest.raises(BeaconError, match="has no form 'neighbourhood_teams'"):
        context.form(EXAMPLE)
