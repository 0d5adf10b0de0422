"""The eleven clinical areas and smoking: in the register, in the marts, or with the reason why not."""

from __future__ import annotations

from pathlib import Path

import pytest

from beacon.core.home import Home
from beacon.registry import load_indicators
from beacon.release.layout import latest_release
from beacon.release.query import connect_release

# Areas as the register names them; the plan's wording: Joint Forward Plan 2023-28, lines 901-912.
ADULTS = {
    "Maternity", "Severe mental illness", "Chronic respiratory disease",
    "Early cancer diagnosis", "Cardiovascular disease", "Smoking cessation",
}  # fmt: skip
CHILDREN = {"Asthma", "Diabetes", "Epilepsy", "Oral health", "Mental health"}


@pytest.mark.parametrize(
    ("programme", "areas"), [("core20plus5_adults", ADULTS), ("core20plus5_children", CHILDREN)]
)
def test_every_area_is_in_the_register(programme: str, areas: set[str]) -> None:
    found = {i.theme for i in load_indicators().values() if i.programme == programme}
    assert found == areas


def test_every_measure_has_a_source_or_the_reason_why_not() -> None:
    for indicator in load_indicators().values():
        if indicator.programme.startswith("core20plus5"):
            assert indicator.sources or indicator.no_open_source, indicator.slug


def areas_shown(home: Path) -> None:
    release = latest_release(Home(home))
    assert release is not None
    con = connect_release(release)
    declared = {i.slug for i in load_indicators().values() if i.programme.startswith("core20plus5")}
    states = con.execute(
        "select indicator_slug, theme, status, status_note, latest_period from indicator "
        "where programme like 'core20plus5%' and role = 'measure'"
    ).fetchall()
    assert {slug for slug, *_ in states} == declared
    assert {theme for _, theme, *_ in states} == ADULTS | CHILDREN
    for slug, _, status, note, period in states:
        # A value, or a state that is none with its reason in words.
        assert (status in {"published", "nation_only"}) == (period is not None), slug
        assert period is not None or note, slug
    rows = con.execute(
        "select distinct indicator_slug, value is not null, value_status from core20plus5_indicator"
    ).fetchall()
    assert {slug for slug, *_ in rows} == declared
    valued = {slug for slug, has_value, _ in rows if has_value}
    assert valued >= {"early_cancer_diagnosis", "smoking_prevalence"}


def test_every_area_is_in_the_sample(sample_home: Path) -> None:
    areas_shown(sample_home)


@pytest.mark.given
def test_every_area_is_in_the_official_release(official_home: Path) -> None:
    areas_shown(official_home)
