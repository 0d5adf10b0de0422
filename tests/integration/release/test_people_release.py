"""Local person-level data in a release: questions answered, and every row answered or said why not."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from typer.testing import CliRunner

from beacon.cli.main import app
from tests.fixtures.dom import parse
from tests.fixtures.sites import SmallRelease
from tests.integration.release.test_cookbook import build

RECIPES = build.recipes(build.PEOPLE.read_text(encoding="utf-8"))
PLACE = "Eskerdale East"
# Every clinical and every hospital, death, smoking and weight measure; what is not held on all four
# is of one group by its definition.
LOCAL: dict[str, dict[str, str]] = {
    "maternity_continuity_of_carer": {"sex": "one_group"},
    "smoking_at_delivery": {"sex": "one_group"},
    "obesity_year6": {"age": "one_group"},
    **{
        slug: {}
        for slug in (
            "smi_annual_health_checks", "copd_vaccination_uptake", "copd_emergency_admissions",
            "early_cancer_diagnosis", "hypertension_treated_to_threshold",
            "lipid_lowering_therapy", "smoking_prevalence", "asthma_admissions_under_19",
            "reliever_inhaler_overuse", "diabetes_technology_use", "type2_diabetes_health_checks",
            "diabetes_admissions_under_19", "epilepsy_specialist_nurse",
            "epilepsy_admissions_under_19", "tooth_extraction_backlog_under_10",
            "cyp_mental_health_access", "self_harm_15_19", "preventable_cardiovascular_mortality",
            "adult_obesity", "alcohol_related_mortality", "alcohol_specific_admissions_under_18",
            "injury_admissions_0_14",
        )
    },
}  # fmt: skip
MEASURE = "Last blood pressure in twelve months at or below the threshold for the person's age"


def test_there_are_seven_questions() -> None:
    assert [recipe.title.split(".")[0] for recipe in RECIPES] == list("1234567")


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.title.split(".")[0])
def test_the_answer_is_what_the_people_of_the_sample_say(recipe: Any, people_home: Path) -> None:
    assert build.answer(recipe, people_home) == recipe.answer, (
        "If the sample or a method was meant to change: docs/notebooks/build.py HOME PEOPLE_HOME"
    )


def test_page_workbook_and_query_say_the_same(
    people_home: Path, people_release: SmallRelease
) -> None:
    """Who in Core20 of a Place has untreated hypertension, and how many would close the gap."""
    asked = ["query", RECIPES[0].code, "--home", str(people_home), "--format", "json"]
    said = CliRunner().invoke(app, asked)
    assert said.exit_code == 0, said.output
    (row,) = json.loads(said.stdout)
    by_query = (row["eligible"], row["not_reached"], row["people_to_close_gap"])

    book = openpyxl.load_workbook(people_release.path / "workbook.xlsx", read_only=True)
    lines = list(book["People"].iter_rows(min_row=5, values_only=True))
    sheet = [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]
    (line,) = [
        found
        for found in sheet
        if (found["Area"], found["Measure"], found["Group"]) == (PLACE, MEASURE, "Core20")
    ]
    by_workbook = (line["Eligible"], line["Not reached"], line["People to close the gap"])

    page = parse(people_release.path / "site" / "people" / "eskerdale-east.html")
    details = page.one("details", id="hypertension-register-treated-to-target")
    body = [tr for tr in details.one("table").all("tr") if tr.all("td")]
    (shown,) = [tr for tr in body if tr.one("th").text == "Core20"]
    figures = [float(node.attributes["value"]) for node in shown.all("data")]
    by_page = (figures[0], figures[1], figures[3])

    assert by_query == by_workbook == by_page == (2625, 1176, 199)


def test_every_reach_is_answered_or_said_why_not(
    people_release: SmallRelease, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = people_release.rows("core20_reach")
    counts = Counter((row["area_type"], row["status"]) for row in rows)
    with capsys.disabled():
        answered = sum(row["status"] == "counted" for row in rows)
        print(f"\ncore20_reach: {answered} of {len(rows)} answered; {dict(counts)}")
    # A local extract says nothing of the nation; of the board every measure is answered.
    assert counts["icb", "counted"] == 18
    assert {row["status"] for row in rows if row["area_type"] == "place"} <= {
        "counted", "suppressed", "not_applicable",
    }  # fmt: skip
    assert answered >= 150
    local = [row for row in rows if row["basis"] == "local_person_level"]
    assert all("local person-level data" in row["measure_name"] for row in local)
    for row in rows:
        if row["status"] == "suppressed":
            assert "person-level" in row["status_note"]
            assert row["core20_numerator"] is None


def test_the_least_breakdown_takes_local_figures_or_says_suppressed(
    people_release: SmallRelease, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = people_release.rows("minimum_breakdown")
    counts = Counter((row["status"], row["basis"]) for row in rows)
    with capsys.disabled():
        held = sum(row["status"] == "places" for row in rows)
        print(f"\nminimum_breakdown: {held} of {len(rows)} held at Places; {dict(counts)}")
    assert held >= 110
    four = ("deprivation", "ethnicity", "age", "sex")
    for slug, where in LOCAL.items():
        found = {row["breakdown"]: row["status"] for row in rows if row["indicator_slug"] == slug}
        assert found == {each: where.get(each, "places") for each in four}, slug
