"""The department's extract: only declared series, for everybody, with the periods declared."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from beacon.core.errors import InputRefusedError
from beacon.registry.sources import SourceRegister
from beacon.sources.readers import READERS
from beacon.sources.recognise import recognise
from tests.unit.sources.conftest import csv, given_path

HEADER = (
    "IndicatorId,Year,AgeID,SexID,AreaCode,Count,Value,LowerCI,UpperCI,Denominator,Trend,Sex,Age,"
    "CategoryType,Category"
)
BIRTHS = "93085,2023,1,2,Z08000001,10,5,2.7,8.9,200,,Female,All ages,,"
KEY = "fingertips_next/healthdata"


def _read(path: Path, register: SourceRegister, *, fictional: bool = True) -> pl.DataFrame:
    spec = register.datasets[KEY]
    return READERS[spec.dataset.reader](path, "csv", spec, fictional)


def test_years_become_the_periods_that_are_declared(
    tmp_path: Path, register: SourceRegister
) -> None:
    admissions = "92904,2020,173,4,Z08000001,60,20,15,26,300000,,Persons,<18 yrs,,"
    deaths = (
        "93763,2023,1,4,Z08000001,50.5,40,30,52,250000,No significant change,Persons,All ages,,"
    )
    path = csv(tmp_path / "healthdata.csv", HEADER, BIRTHS, deaths, admissions)
    assert recognise(path, register).key == KEY
    rows = {row["series"]: row for row in _read(path, register).to_dicts()}
    assert {
        series: (row["period"], row["period_start"], row["period_end"])
        for series, row in rows.items()
    } == {
        "93085": ("2023/24", date(2023, 4, 1), date(2024, 3, 31)),
        "93763": ("2023", date(2023, 1, 1), date(2023, 12, 31)),
        "92904": ("2020/21 to 2022/23", date(2020, 4, 1), date(2023, 3, 31)),
    }
    assert rows["93763"]["publisher_trend"] == "No significant change"
    assert rows["93085"]["source_row"] == 2
    assert rows["93085"]["series_name"] == "Smokers at time of childbirth delivery"


def test_breakdowns_and_other_series_are_left_out(tmp_path: Path, register: SourceRegister) -> None:
    decile = BIRTHS.removesuffix(",,") + ',Most deprived decile (IMD2019),"Deciles, in England"'
    pooled_obesity = "92033,2018,201,4,Z08000001,,21.5,21.5,21.6,,,Persons,10-11 yrs,,"
    path = csv(tmp_path / "healthdata.csv", HEADER, BIRTHS, decile, pooled_obesity)
    assert _read(path, register)["source_row"].to_list() == [2]


def test_a_missing_value_is_not_zero(tmp_path: Path, register: SourceRegister) -> None:
    path = csv(tmp_path / "x.csv", HEADER, BIRTHS.replace(",10,5,2.7,8.9,200,", ",,,,,,"))
    (row,) = _read(path, register).to_dicts()
    assert (row["value"], row["value_status"]) == (None, "not_published")


@pytest.mark.parametrize(
    ("old", "new", "column", "said"),
    [
        (",5,2.7", ",five,2.7", "Value", "neither a number nor a known marker"),
        (",2.7,", ",6.7,", "LowerCI", "wrong side"),
        (",2023,", ",2023/24,", "Year", "not a period"),
        ("Z08000001", "E08000001", "AreaCode", "E08000001"),
        ("Female", "Women", "Sex", "Women"),
    ],
)
def test_a_wrong_cell_is_named(
    tmp_path: Path, register: SourceRegister, old: str, new: str, column: str, said: str
) -> None:
    path = csv(tmp_path / "x.csv", HEADER, BIRTHS.replace(old, new, 1))
    with pytest.raises(InputRefusedError, match=said) as refused:
        _read(path, register)
    assert {(problem.row, problem.column) for problem in refused.value.problems} == {(2, column)}


def test_a_file_cut_short_is_refused(tmp_path: Path, register: SourceRegister) -> None:
    path = csv(tmp_path / "x.csv", HEADER, BIRTHS.replace("Z08", "E08"))
    with pytest.raises(InputRefusedError, match="cut short"):
        _read(path, register, fictional=False)


@pytest.mark.given
def test_the_extracts_own_arithmetic_holds(register: SourceRegister) -> None:
    """Shares are counts of denominators, which tells births of one year from those of several."""
    path = given_path("fingertips_reshaped/*healthdata.csv")
    found = _read(path, register, fictional=False)
    births = found.filter(pl.col("series") == "93085")
    assert births.height == 212
    # Districts have their county's share, rounded, and counts of their own.
    authorities = births.filter(~pl.col("area_code").str.starts_with("E07"))
    assert authorities.select(
        ((pl.col("numerator") / pl.col("denominator") * 100 - pl.col("value")).abs() < 0.06).all()
    ).item()
    england = found.filter((pl.col("area_code") == "E92000001") & (pl.col("sex") != "Male"))
    people = dict(england.group_by("series").agg(pl.col("denominator").max()).iter_rows())
    assert 500_000 < people["93085"] < 600_000, "births of one year"
    assert 57e6 < people["93763"] < 59e6, "everybody, of one year"
    assert 35e6 < people["92904"] < 36e6, "people under 18, three times"
