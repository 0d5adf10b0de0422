"""Patients registered at a practice by LSOA: vintages, markers and damage."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from beacon.core.errors import InputRefusedError
from beacon.registry.sources import SourceRegister
from beacon.sources.publishers.nhs_gp_patients import parse_extract_date, read_gp_patients
from beacon.sources.recognise import recognise
from tests.unit.sample.conftest import Sample, sample  # noqa: F401
from tests.unit.sources.conftest import Read, csv, messages, only

OLD = "PUBLICATION,EXTRACT_DATE,PRACTICE_CODE,PRACTICE_NAME,LSOA_CODE,SEX,Number of Patients"
NEW = OLD.replace("Number of Patients", "NUMBER_OF_PATIENTS")


def replica(
    folder: Path, *rows: str, header: str = NEW, name: str = "gp-reg-pat-prac-lsoa-all.csv"
) -> Path:
    return csv(folder / name, header, *rows)


def row(lsoa: str, patients: int, practice: str = "N81001", day: str = "01JUL2026") -> str:
    return f'GP_PRAC_PAT_LIST,{day},{practice},"SMITH, JONES & PARTNERS",{lsoa},ALL,{patients}'


def test_codes_decide_the_vintage(tmp_path: Path, read_replica: Read) -> None:
    old = read_replica(
        replica(tmp_path, row("E01006512", 7), row("E01033768", 1), header=OLD, name="a.csv")
    )
    assert old["lsoa_vintage"].unique().to_list() == [2011]
    assert old["lsoa11_code"].to_list() == ["E01006512", "E01033768"]
    assert old["lsoa21_code"].null_count() == 2
    new = read_replica(replica(tmp_path, row("E01006512", 7), row("E01033769", 1)))
    assert new["lsoa21_code"].to_list() == ["E01006512", "E01033769"]
    assert new["lsoa11_code"].null_count() == 2
    assert new["extract_date"].to_list() == [date(2026, 7, 1)] * 2


def test_patients_without_an_lsoa_stay_on_the_list(tmp_path: Path, read_replica: Read) -> None:
    frame = read_replica(
        replica(
            tmp_path,
            row("E01006512", 7),
            row("NO2011", 3),
            row("S01006506", 2),
            row("W01000001", 5),
            row("CLOSED", 40, "N81999"),
        )
    )
    assert frame["patients"].sum() == 57
    assert only(frame, lsoa_status="closed_practice")["lsoa11_code"] is None
    assert sorted(frame.filter(pl.col("lsoa_status") == "no_lsoa")["patients"]) == [2, 3]
    assert only(frame, lsoa11_code="W01000001")["lsoa_status"] == "known"


def test_each_extract_and_sex_is_a_part(tmp_path: Path, register: SourceRegister) -> None:
    women = replica(tmp_path, row("E01006512", 7).replace(",ALL,", ",FEMALE,"))
    found = recognise(women, register)
    assert (found.key, found.part) == ("nhs_gp_patients/by_lsoa", "01jul2026-female")
    assert found.members == ()


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ((row("E0100651", 7),), "'E0100651' is not a code of the expected form"),
        ((row("E01006512", 7), row("E01006512", 8)), "occurs in more than one row"),
        ((row("E01006512", -7),), "is below 0"),
        ((row("E01006512", 7, "N8100"),), "'N8100' is not a code"),
        ((row("E01006512", 7, day="32JUL2026"),), "is not a date such as 01JUL2026"),
        ((row("E01006512", 7).replace(",ALL,", ",BOTH,"),), "'BOTH' is none of"),
        (
            (row("E01006512", 7), row("E01006513", 7, day="01APR2026")),
            "row 3, column 'EXTRACT_DATE': '01APR2026' is another extract",
        ),
    ],
)
def test_damage_is_refused(
    tmp_path: Path, read_replica: Read, rows: tuple[str, ...], said: str
) -> None:
    with pytest.raises(InputRefusedError) as error:
        read_replica(replica(tmp_path, *rows))
    assert said in messages(error)


def test_a_cut_national_file_is_refused(tmp_path: Path, register: SourceRegister) -> None:
    spec = register.datasets["nhs_gp_patients/by_lsoa"]
    with pytest.raises(InputRefusedError, match="at least 500,000 are expected"):
        read_gp_patients(replica(tmp_path, row("E01006512", 7)), "csv", spec, False)


@pytest.mark.parametrize("text", ["01JUL2026", "1-Jul-26", "01 July 2026", "2026-07-01"])
def test_dates_of_all_issues_are_read(text: str) -> None:
    assert parse_extract_date(text) == date(2026, 7, 1)


def test_the_sample_registers_everybody(sample: Sample, register: SourceRegister) -> None:  # noqa: F811
    path = next((sample.root / "gp").glob("*lsoa-all.csv"))
    found = recognise(path, register)
    assert (found.key, found.part) == ("nhs_gp_patients/by_lsoa", "01oct2025-all")
    frame = read_gp_patients(path, "csv", register.datasets[str(found.key)], True)
    lookup = pl.read_csv(sample.root / "lookups/FICTIONAL_LSOA21_WD24_LAD24_EW_LU.csv")
    known = frame.filter(pl.col("lsoa_status") == "known")
    assert set(known["lsoa21_code"]) == set(lookup["LSOA21CD"])
    assert known["patients"].sum() < frame["patients"].sum()
    with pytest.raises(InputRefusedError, match="not a code of the expected form"):
        read_gp_patients(path, "csv", register.datasets[str(found.key)], False)
