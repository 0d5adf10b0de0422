"""The ODS's workbook of primary care networks: its first sheet, and nothing that is no network."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
import xlsxwriter

from beacon.core.errors import InputRefusedError
from beacon.registry.sources import SourceRegister
from beacon.sources.readers import read_rows
from beacon.sources.recognise import recognise
from tests.conftest import given_directory

KEY = "nhs_organisations/primary_care_networks"
HEADER = [
    "PCN Code", "PCN Name", "Current Clinical \nCommissioning \nGroup Code",
    "Clinical\nCommissioning\nGroup Name", "Open Date", "Close Date", "Postcode",
]  # fmt: skip


def workbook(path: Path, *rows: list[str]) -> Path:
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet("PCNDetails")
    for number, row in enumerate([HEADER, *rows]):
        sheet.write_row(number, 0, row)
    book.add_worksheet("PCN Core Partner Details").write_row(
        0, 0, ["Partner\nOrganisation\nCode", "Partner\nName", "PCN Code"]
    )
    book.close()
    return path


def read(path: Path, register: SourceRegister) -> pl.DataFrame:
    found = recognise(path, register)
    assert found.key == KEY
    assert found.container is not None
    return read_rows(path, found.container, register.datasets[KEY], fictional=False).rows.collect()


def test_networks_are_read_with_their_location(tmp_path: Path, register: SourceRegister) -> None:
    good = ["U16464", "A PCN", "02P", "A CCG", "20191001", "", "S70 3NE"]
    row = [f"U{n:05}" for n in range(1000)]
    rows = [[code, *good[1:]] for code in row]
    frame = read(workbook(tmp_path / "ePCN.xlsx", *rows), register)
    assert frame.height == 1000
    assert frame.row(0, named=True) == {
        "pcn_code": "U00000", "pcn_name": "A PCN", "sub_icb_ods_code": "02P",
        "opened": "20191001", "closed": "", "source_row": 2,
    }  # fmt: skip


def test_a_code_that_is_no_networks_is_refused(tmp_path: Path, register: SourceRegister) -> None:
    rows = [[f"U{n:05}", "A PCN", "02P", "A CCG", "20191001", "", "S70"] for n in range(1000)]
    rows[3][0] = "A81001"
    with pytest.raises(InputRefusedError, match="A81001"):
        read(workbook(tmp_path / "ePCN.xlsx", *rows), register)


@pytest.mark.given
def test_the_official_workbook_has_1260_open_networks(register: SourceRegister) -> None:
    frame = read(
        given_directory("BEACON_TEST_MORE_INPUTS", "more_inputs") / "gp" / "ePCN.xlsx", register
    )
    assert frame.height == 1318
    assert frame.filter(pl.col("closed") == "").height == 1260
    runcorn = frame.filter(pl.col("pcn_code") == "U09643").row(0, named=True)
    assert (runcorn["pcn_name"], runcorn["sub_icb_ods_code"]) == ("RUNCORN PCN", "01F")
