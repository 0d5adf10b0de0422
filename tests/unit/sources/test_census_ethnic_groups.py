"""Census 2021 TS021, usual residents by ethnic group, as Nomis exports it."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from beacon.core.errors import InputRefusedError
from tests.unit.sources.conftest import Read, ReadMore, messages

HEADER = (
    '"2021 super output area - lower layer","mnemonic","Total: All usual residents",'
    '"Asian, Asian British or Asian Welsh","Black, Black British, Black Welsh, Caribbean or African",'
    '"Mixed or Multiple ethnic groups","White","Other ethnic group"'
)


def _file(folder: Path, *rows: str) -> Path:
    path = folder / "export.csv"
    before = ["", '"TS021 - Ethnic group"', '"Units      :","Persons"', "", HEADER, ""]
    path.write_text("\n".join([*before, *rows, "", "", '"","In order to protect"', ""]))
    return path


def test_a_row_for_each_group_of_each_lsoa(tmp_path: Path, read_replica: Read) -> None:
    frame = read_replica(_file(tmp_path, '"Hill 001A","E01011954",1500,100,50,60,1280,10'))
    assert frame["lsoa21_code"].unique().to_list() == ["E01011954"]
    assert dict(frame.select("ethnic_group", "people").iter_rows()) == {
        "Asian, Asian British or Asian Welsh": 100,
        "Black, Black British, Black Welsh, Caribbean or African": 50,
        "Mixed or Multiple ethnic groups": 60,
        "White": 1280,
        "Other ethnic group": 10,
    }


def test_the_census_may_differ_by_a_few_from_its_total(tmp_path: Path, read_replica: Read) -> None:
    frame = read_replica(_file(tmp_path, '"Hill 001A","E01011954",1503,100,50,60,1280,10'))
    assert frame["people"].sum() == 1500


def test_groups_far_from_the_total_are_refused(tmp_path: Path, read_replica: Read) -> None:
    path = _file(
        tmp_path,
        '"Hill 001A","E01011954",1500,100,50,60,1280,10',
        '"Hill 001B","E01011955",1500,100,50,60,12,10',
    )
    with pytest.raises(InputRefusedError) as error:
        read_replica(path)
    assert "is not the sum of the ethnic groups in the same row" in messages(error)
    assert [problem.row for problem in error.value.problems] == [8]


@pytest.mark.given
def test_the_export_of_april_2023(read_more_given: ReadMore) -> None:
    frame = read_more_given("population/TS021_ethnic_group_lsoa21.csv", "ons_census_2021/ts021")
    assert frame.height == 5 * 35_672
    # England and Wales, as published to the hundred thousand: 59.6 million, 48.7 million White.
    assert round(frame["people"].sum() / 1e5) == 596
    assert round(frame.filter(pl.col("ethnic_group") == "White")["people"].sum() / 1e5) == 487
