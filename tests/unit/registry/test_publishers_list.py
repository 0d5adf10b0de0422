"""Every Fingertips series that indicators name, against the publisher's own list of indicators."""

from __future__ import annotations

import gzip
import json
import re
from typing import Any

import pytest

from beacon.registry import Indicator, load_indicators
from beacon.registry.bindings import Selection, SourceBinding
from beacon.registry.sources import load_source_register
from tests.conftest import given_directory

pytestmark = pytest.mark.given

Listed = dict[str, dict[str, Any]]
Bound = tuple[Indicator, SourceBinding, Selection]

VALUE_TYPES = {
    "proportion": {"Proportion"},
    "modelled_proportion": {"Proportion"},
    "crude_rate": {"Crude rate"},
    "directly_standardised_rate": {"Directly standardised rate"},
    "indirectly_standardised_ratio": {"Indirectly standardised ratio"},
    "life_expectancy": {"Life expectancy"},
    "slope_index": {"Slope Index of Inequality"},
    # The publisher calls Attainment 8 a mean of scores.
    "score": {"Score", "Mean"},
    "mean": {"Mean"},
    "count": {"Count"},
    "ratio": {"Ratio"},
}

YEARS = {
    "Financial": "financial",
    "Financial year end point": "financial",
    "Academic": "academic",
    "November-November": "active_lives",
    "Calendar": "calendar",
}

# What Beacon computes itself must be what the publisher computes; its own limits are kept anyway.
METHODS = {
    "wilson": {"Wilson Score method"},
    "byar": {"Byar's method"},
    "dobson": {"Dobson & Byar's methods"},
}


@pytest.fixture(scope="module")
def listed() -> Listed:
    """The publisher's list by identifier."""
    folder = given_directory("BEACON_TEST_MORE_INPUTS", "more_inputs")
    (path,) = (folder / "reference").glob("fingertips_indicator_metadata_*.json.gz")
    found: Listed = json.loads(gzip.decompress(path.read_bytes()))
    assert len(found) > 1_500
    return found


def bound() -> list[Bound]:
    """Every series of Fingertips that some indicator names."""
    return [
        (indicator, binding, selection)
        for indicator in load_indicators().values()
        for binding in indicator.sources
        if binding.source in {"fingertips", "fingertips_next"}
        for selection in binding.select
    ]


def _named(item: Bound) -> str:
    indicator, binding, selection = item
    return f"{indicator.id} {binding.measure} {binding.source} {selection.series}"


@pytest.fixture(params=bound(), ids=_named)
def series(request: pytest.FixtureRequest) -> Bound:
    """One of them."""
    item: Bound = request.param
    return item


def test_an_identifier_is_in_the_list_or_said_to_be_withdrawn(series, listed):
    _, binding, selection = series
    assert (selection.series in listed) == (binding.withdrawn is None)


@pytest.fixture
def there(series: Bound, listed: Listed) -> tuple[Bound, dict[str, Any]]:
    """A series and its entry in the list."""
    if series[1].withdrawn:
        pytest.skip(f"{series[2].series} is withdrawn: the list has no entry to compare with")
    return series, listed[series[2].series]


def test_the_kind_of_value_and_its_unit_are_the_publishers(there):
    (indicator, binding, selection), entry = there
    assert entry["ValueType"]["Name"] in VALUE_TYPES[indicator.value_type_of(binding.measure)]
    ours = (indicator.multiplier_of(binding.measure) or 1.0) / (selection.scale or 1.0)
    assert entry["Unit"]["Value"] == ours
    # Words such as "per 1,000" must be in our unit too.
    per = re.search(r"per [\d,]+", entry["Unit"]["Label"])
    assert per is None or per[0] in indicator.unit_of(binding.measure)


def test_the_years_are_of_the_publishers_kind(there):
    (_, binding, selection), entry = there
    register = load_source_register()
    if binding.source == "fingertips":
        kinds = register.datasets["fingertips/indicator"].dataset.options["year_kinds"]
        # One calendar year or several are written without a stroke, so nothing is to be declared.
        declared = kinds.get(int(selection.series), "financial")
        wanted = YEARS[entry["YearType"]["Name"]]
        assert declared == ("financial" if wanted == "calendar" else wanted)
    else:
        options = register.datasets["fingertips_next/healthdata"].dataset.options["series"]
        assert options[selection.series]["years"] == YEARS[entry["YearType"]["Name"]]


def test_limits_that_beacon_would_compute_are_by_the_publishers_method(there):
    (indicator, _, _), entry = there
    method = entry["ConfidenceIntervalMethod"]["Name"]
    if indicator.ci_method in METHODS:
        assert method in METHODS[indicator.ci_method]


_WORDED = (
    (r"all ages", lambda _: "All ages"),
    (r"aged (\d+) (?:and over|years and over)", lambda m: (int(m[1]), None)),
    (r"(?:aged )?(\d+) to (\d+)(?: years| year olds|\b)", lambda m: (int(m[1]), int(m[2]))),
    (r"under (\d+)", lambda m: (0, int(m[1]) - 1)),
    (r"(\d+) year olds", lambda m: (int(m[1]), int(m[1]))),
)


def ages_in(name: str) -> Any:
    """The ages that an indicator's name holds: "All ages", (first, last), or None."""
    # Not an age group of the indicator: where the life table ends, and half years.
    if "upper age band" in name or "half year" in name:
        return None
    for pattern, made in _WORDED:
        if match := re.search(pattern, name, flags=re.IGNORECASE):
            return made(match)
    return None


def ages_of(age: str | None) -> Any:
    """The same of an age as the registry writes it."""
    if match := re.fullmatch(r"(\d+)\+ yrs", age or ""):
        return int(match[1]), None
    if match := re.fullmatch(r"<(\d+) yrs", age or ""):
        return 0, int(match[1]) - 1
    if match := re.fullmatch(r"(\d+)(?:-(\d+))? yrs", age or ""):
        return int(match[1]), int(match[2] or match[1])
    return age


def test_the_age_is_the_one_in_the_publishers_name(there):
    (indicator, binding, selection), entry = there
    wanted = ages_in(entry["Descriptive"]["Name"])
    if wanted is None:
        return
    assert ages_of(indicator.age_of(binding.measure)) == wanted
    for age in selection.where.get("age", ()):
        assert ages_of(age) == wanted


@pytest.mark.parametrize(
    ("name", "ages"),
    [
        ("Emergency hospital admissions for COPD, all ages", "All ages"),
        ("Emergency hospital admissions for COPD (aged 35 and over)", (35, None)),
        ("16 to 17 year olds not in education", (16, 17)),
        ("Hospital admissions for asthma (under 19 years)", (0, 18)),
        ("Percentage of 5 year olds with decay", (5, 5)),
        ("Life expectancy at birth, upper age band 90 and over", None),
    ],
)
def test_ages_are_read_from_names(name, ages):
    assert ages_in(name) == ages
