"""The series that indicators name are those that publishers' own files carry."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from beacon.registry import Selection, load_indicators

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
        series = {selection.series for selection in _selections(source)}
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
    assert checked >= 6
