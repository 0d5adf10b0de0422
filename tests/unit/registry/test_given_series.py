"""The series that indicators name are those that publishers' own files carry."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from beacon.registry import Selection, load_indicators
from tests.conftest import given_directory

INPUTS = Path(os.environ.get("BEACON_TEST_INPUTS", "../shared/inputs"))

pytestmark = pytest.mark.given


def _folder(name: str) -> Path:
    path = INPUTS / name
    if not path.exists():
        pytest.skip(f"{path} is missing (set BEACON_TEST_INPUTS)")
    return path


def _selections(source: str) -> Iterator[Selection]:
    for indicator in load_indicators().values():
        for binding in indicator.sources:
            if binding.source == source:
                yield from binding.select


def test_every_ons_series_is_in_a_file_by_that_name() -> None:
    published = {
        name
        for path in _folder("ons_els").glob("*.csv")
        for name in pl.read_csv(path, infer_schema=False)["indicator"].unique()
    }
    assert {selection.series for selection in _selections("ons_els")} <= published


def test_every_lait_series_is_in_the_dataset() -> None:
    published = set(
        pl.read_parquet(_folder("dfe/lait_bds_long_0.parquet"), columns=["Short Desc"])[
            "Short Desc"
        ].unique()
    )
    selected = {selection.series for selection in _selections("dfe_lait")}
    assert selected
    assert selected <= published


def test_department_columns_exist() -> None:
    folder = _folder("dfe")
    for source, pattern in (
        ("dfe_eyfsp", "EYFSP_*.csv"),
        ("dfe_level2_at_19", "L2_L3_*.csv"),
        ("dfe_neet", "UD_NEETNK_*.csv"),
    ):
        # One table has a series that the source register names, and no column of that name.
        series = {selection.series for selection in _selections(source)} - {"gld_by_characteristic"}
        assert series
        for path in folder.glob(pattern):
            assert series <= set(pl.read_csv(path, infer_schema=False, n_rows=1).columns)


def test_fingertips_names_ages_and_sexes_are_as_expected() -> None:
    published = pl.concat(
        pl.read_csv(path, infer_schema=False).select(
            series="Indicator ID", name="Indicator Name", sex="Sex", age="Age"
        )
        for path in _folder("fingertips").glob("*.csv")
    ).unique()
    seen = set()
    for selection in _selections("fingertips"):
        rows = published.filter(pl.col("series") == selection.series)
        if rows.is_empty():
            continue
        seen.add(selection.series)
        if selection.expected_name is not None:
            assert rows["name"].unique().to_list() == [selection.expected_name]
        for column in ("sex", "age"):
            for value in selection.where.get(column, ()):  # type: ignore[call-overload]
                assert value in rows[column].to_list(), (selection.series, column)
    assert {"90366", "92901", "92443", "93014", "90284"} <= seen


def test_reshaped_extract_has_the_ages_that_are_filtered_on() -> None:
    path = _folder("fingertips_reshaped") / "fingertipsnext_poc_healthdata.csv"
    published = pl.read_csv(path, infer_schema=False).select("IndicatorId", "Age").unique()
    ages = dict(published.group_by("IndicatorId").agg("Age").iter_rows())
    checked = 0
    for selection in _selections("fingertips"):
        for age in selection.where.get("age", ()):
            if selection.series in ages:
                assert age in ages[selection.series], selection.series
                checked += 1
    assert checked >= 5


# Words of the name that the publisher's own list of identifiers gives each series.
_WORDS = {
    "obesity_year6": ("Year 6", "obesity"),
    "smoking_at_delivery": ("Smoking", "delivery"),
    "alcohol_related_mortality": ("Alcohol-related mortality",),
    "alcohol_specific_admissions_under_18": ("alcohol-specific", "Under 18"),
    "self_harm_15_19": ("self-harm",),
    "injury_admissions_0_14": ("injuries", "0 to 14"),
    "early_cancer_diagnosis": ("stages 1 and 2",),
    "asthma_admissions_under_19": ("asthma", "under 19"),
    "diabetes_admissions_under_19": ("diabetes", "under 19"),
    "epilepsy_admissions_under_19": ("epilepsy", "under 19"),
}


def test_fingertips_identifiers_are_of_what_the_registry_says() -> None:
    """92033 pools five years and stood where 90323, the yearly one, belongs."""
    folder = given_directory("BEACON_TEST_API_SAMPLES", "api_samples") / "fingertips"
    (path,) = folder.glob("*IndicatorIDs.csv")
    names = dict(pl.read_csv(path, infer_schema=False).select(pl.nth(0, 1)).iter_rows())
    checked = set()
    for indicator in load_indicators().values():
        for binding in indicator.sources:
            for selection in binding.select if binding.source == "fingertips" else ():
                name = names.get(selection.series)
                if name is None:
                    continue
                assert "data combined" not in name, (indicator.slug, name)
                assert all(word in name for word in _WORDS.get(indicator.slug, ())), name
                checked.add(indicator.slug)
    assert checked >= set(_WORDS)
