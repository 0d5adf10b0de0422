"""The deprivation score of general practices, from Fingertips' own export."""

from __future__ import annotations

from pathlib import Path

import pytest

from beacon.core.errors import InputRefusedError
from beacon.registry.sources import SourceRegister
from beacon.sources.recognise import recognise
from tests.unit.sources.conftest import Read, csv, only

HEADER = (
    "Indicator ID,Indicator Name,Parent Code,Parent Name,Area Code,Area Name,Area Type,Sex,Age,"
    "Category Type,Category,Time period,Value,Lower CI 95.0 limit,Upper CI 95.0 limit,"
    "Lower CI 99.8 limit,Upper CI 99.8 limit,Count,Denominator,Value note,Recent Trend,"
    "Compared to England value or percentiles,Compared to percentiles,Time period Sortable,"
    "New data,Compared to goal,Time period range"
)


def row(area: str, name: str, value: str, indicator: str = "93553") -> str:
    return (
        f"{indicator},Deprivation score,,,{area},{name},GPs,Persons,All ages,,,2019,{value},,,,,,,"
        ",,Not compared,Not compared,20190000,,,1y"
    )


def test_practices_are_kept_and_england_is_not(
    tmp_path: Path, read_replica: Read, register: SourceRegister
) -> None:
    path = csv(
        tmp_path / "indicators-GPs.data.csv",
        HEADER,
        row("E92000001", "England", "21.7"),
        row("N81001", "A Surgery", "29.1"),
        row("N81002", "Another Surgery", ""),
    )
    assert recognise(path, register).key == "fingertips/practice_deprivation"
    frame = read_replica(path)
    assert frame.height == 2
    assert only(frame, practice_code="N81001")["imd_score"] == 29.1
    none = only(frame, practice_code="N81002")
    assert (none["imd_score"], none["value_status"]) == (None, "not_published")


def test_other_indicators_stay_where_they_were(tmp_path: Path, register: SourceRegister) -> None:
    path = csv(tmp_path / "x.csv", HEADER, row("E92000001", "England", "21.7", "90366"))
    assert recognise(path, register).key == "fingertips/indicator"


def test_a_renamed_column_is_told_of_the_dataset_that_it_is(
    tmp_path: Path, register: SourceRegister
) -> None:
    for indicator, key in (("90366", "indicator"), ("93553", "practice_deprivation")):
        renamed = HEADER.replace(",Value,", ",Result,")
        path = csv(tmp_path / "x.csv", renamed, row("E92000001", "England", "21.7", indicator))
        found = recognise(path, register)
        assert found.key == f"fingertips/{key}"
        assert "missing from the header" in str(found.problems[0])


def test_an_export_without_practices_is_refused(tmp_path: Path, read_replica: Read) -> None:
    path = csv(tmp_path / "x.csv", HEADER, row("E92000001", "England", "21.7"))
    with pytest.raises(InputRefusedError, match="no row is of a general practice"):
        read_replica(path)
