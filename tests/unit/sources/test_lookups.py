"""Lookups of two years beside each other: boards of 2024 (42) and of 2026 (36)."""

from __future__ import annotations

from pathlib import Path

import pytest

from beacon.core.errors import InputRefusedError
from beacon.registry.sources import SourceRegister
from beacon.sources.recognise import recognise
from tests.unit.sources.conftest import Read, csv, messages, only


def lookup(folder: Path, year: str, *rows: str, more: str = "") -> Path:
    """A fabricated lookup; its codes are of the official form, its areas are nobody's."""
    header = (
        f"LSOA21CD,LSOA21NM,SICBL{year}CD,SICBL{year}CDH,SICBL{year}NM,"
        f"ICB{year}CD,ICB{year}CDH,ICB{year}NM{more}"
    )
    return csv(folder / f"lookup{year}.csv", header, *rows)


ROW24 = "E01006512,Liverpool 031A,E38000101,99A,Board A - 99A,E54000008,QYG,Board A"
ROW26 = "E01006512,Liverpool 031A,E38000301,99A,Board B - 99A,E54000071,QZZ,Board B"


def test_each_year_is_a_dataset_of_its_own(
    tmp_path: Path, register: SourceRegister, read_replica: Read
) -> None:
    old, new = lookup(tmp_path, "24", ROW24), lookup(tmp_path, "26", ROW26)
    assert recognise(old, register).key == "ons_open_geography/lsoa21_icb24"
    assert recognise(new, register).key == "ons_open_geography/lsoa21_icb26"
    assert only(read_replica(old), lsoa21_code="E01006512")["icb24_code"] == "E54000008"
    row = only(read_replica(new), lsoa21_code="E01006512")
    assert (row["icb26_code"], row["icb26_ods_code"]) == ("E54000071", "QZZ")
    assert "icb24_code" not in row


def test_further_columns_of_2026_are_known(tmp_path: Path, read_replica: Read) -> None:
    more = ",NHSER26CD,NHSER26CDH,NHSER26NM,LAD26CD,LAD26NM,ObjectId"
    path = lookup(
        tmp_path, "26", ROW26 + ",E40000010,Y62,North West,E08000012,Liverpool,1", more=more
    )
    assert read_replica(path).height == 1


def test_headers_of_two_years_in_one_file_are_refused(tmp_path: Path, read_replica: Read) -> None:
    path = lookup(tmp_path, "26", ROW26)
    path.write_text(path.read_text().replace("ICB26CD,", "ICB24CD,", 1))
    with pytest.raises(InputRefusedError) as error:
        read_replica(path)
    assert "missing from the header" in messages(error)


def test_both_go_to_tables_of_their_own(register: SourceRegister) -> None:
    tables = [
        register.datasets[f"ons_open_geography/lsoa21_icb{year}"].dataset.staging
        for year in ("24", "26")
    ]
    assert tables == ["lsoa21_icb24", "lsoa21_icb26"]
