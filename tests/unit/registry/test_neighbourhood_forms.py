"""Forms of neighbourhood programmes say what they ask for, and contradict themselves nowhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError
from typer.testing import CliRunner

from beacon.cli.main import app
from beacon.core.errors import BeaconError
from beacon.operations.definition_file import check_definition
from beacon.registry import NeighbourhoodForm, load_footprint, load_neighbourhood_forms
from beacon.registry.loading import RegistryError
from beacon.returns import neighbourhood_context
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


def _other(tmp_path: Path, **change: Any) -> Path:
    path = tmp_path / "my_form.yaml"
    path.write_text(yaml.safe_dump(_facts() | {"id": "my_form"} | change))
    return path


def _far_away() -> list[dict[str, Any]]:
    first, *rest = _facts()["neighbourhoods"]
    return [first | {"place_code": "Z06999999"}, *rest]


def test_a_neighbourhood_outside_the_footprint_is_found_before_a_run(tmp_path: Path) -> None:
    path = _other(tmp_path, neighbourhoods=_far_away())
    (fault,) = check_definition(path).faults
    assert fault.message == "'Z06999999' is no Place of footprint 'sample'"
    assert fault.field == "neighbourhoods.0.place_code"
    assert fault.line is not None
    assert "Z06999999" in path.read_text().splitlines()[fault.line - 1]


def test_a_run_refuses_that_form_in_the_same_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forms = load_neighbourhood_forms(_other(tmp_path, neighbourhoods=_far_away()).parent)
    monkeypatch.setattr(neighbourhood_context, "load_neighbourhood_forms", lambda: forms)
    with pytest.raises(BeaconError, match="'Z06999999' is no Place of footprint 'sample'"):
        load_neighbourhood_context("sample")


def test_a_footprint_that_nobody_has_is_found_before_the_form_vanishes(tmp_path: Path) -> None:
    path = _other(tmp_path, footprint="sampel")
    (fault,) = check_definition(path).faults
    assert fault.field == "footprint"
    assert fault.message == ("'sampel' is not a footprint that is known. Did you mean 'sample'?")


@pytest.mark.parametrize("beside", [True, False])
def test_a_footprint_of_the_home_or_beside_the_form_is_known(tmp_path: Path, beside: bool) -> None:
    folder = tmp_path if beside else tmp_path / "footprints"
    folder.mkdir(exist_ok=True)
    mine = load_footprint("sample").model_dump(mode="json") | {"id": "my_board"}
    (folder / "any_name.yaml").write_text(yaml.safe_dump(mine))
    path = _other(tmp_path, footprint="my_board")
    done = CliRunner().invoke(app, ["check", str(path), "--home", str(tmp_path), "--json"])
    (row,) = json.loads(done.stdout)
    assert (done.exit_code, row["message"]) == (0, "sound")
    # Its Places are held against the form too.
    path = _other(tmp_path, footprint="my_board", neighbourhoods=_far_away())
    (fault,) = check_definition(path, footprints=folder).faults
    assert fault.message == "'Z06999999' is no Place of footprint 'my_board'"


def test_every_fault_of_every_form_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(yaml.safe_dump(_facts()))
    (tmp_path / "b.yaml").write_text(yaml.safe_dump(_facts()))
    with pytest.raises(RegistryError, match="'neighbourhood_teams' is already used by"):
        load_neighbourhood_forms(tmp_path)


def test_a_form_is_of_its_own_footprint_only() -> None:
    context = load_neighbourhood_context("cheshire_merseyside")
    said = "has no form 'neighbourhood_teams'. It is a form of footprint 'sample'. Forms: none"
    with pytest.raises(BeaconError, match=said):
        context.form(EXAMPLE)


def test_a_template_of_another_footprints_form_is_not_taken_for_an_indicators(
    tmp_path: Path,
) -> None:
    options = ["--footprint", "cheshire_merseyside", "--home", str(tmp_path / "home")]
    done = CliRunner().invoke(app, ["returns", "template", EXAMPLE, *options])
    assert done.exit_code != 0
    assert "It is a form of footprint 'sample'" in f"{done.output}{done.exception}"
