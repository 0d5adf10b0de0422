"""Early Years Foundation Stage Profile by characteristics of the child."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from beacon.core.errors import InputRefusedError
from tests.unit.sources.conftest import Read, ReadMore, csv, messages, only

HEADER = (
    "time_period,time_identifier,geographic_level,country_code,country_name,region_code,region_name,"
    "old_la_code,new_la_code,la_name,lad_code,lad_name,characteristic,characteristic_type,gender,"
    "children_number,average_elgs,elg_number,elg_percentage,comm_lang_lit_number,"
    "comm_lang_lit_percentage,gld_number,gld_percentage"
)
AREA = "202122,Academic year,Local authority,E92000001,England,E12000002,North West,876,E06000006,Halton,,,"


def _file(path: Path, *rows: str, index: bool = False) -> Path:
    lines = [HEADER, *(AREA + row for row in rows)]
    if index:
        lines = [f"{number if number else ''},{line}" for number, line in enumerate(lines)]
    return csv(path / "table.csv", *lines)


@pytest.mark.parametrize("index", [False, True])
def test_a_group_has_its_own_row_and_a_total_has_none(
    tmp_path: Path, read_replica: Read, *, index: bool
) -> None:
    """The publisher's file, and a copy with the numbers of pandas before it."""
    frame = read_replica(
        _file(
            tmp_path,
            "Total,Total,Total,1000,14,1,1,1,1,600,60.0",
            "Ethnic group: major,White,Girls,400,14,1,1,1,1,260,65.0",
            "Ethnic group: major,Black/African/Caribbean/Black British,Total,z,z,z,z,z,z,z,z",
            index=index,
        )
    )
    everybody = only(frame.filter(pl.col("category").is_null()), sex="Persons")
    assert (everybody["value"], everybody["numerator"], everybody["denominator"]) == (60, 600, 1000)
    girls = only(frame, sex="Female")
    assert (girls["category_type"], girls["category"]) == ("Ethnic group: major", "White")
    assert girls["series"] == "gld_by_characteristic"
    nobody = only(frame, category="Black/African/Caribbean/Black British")
    assert (nobody["value"], nobody["value_status"]) == (None, "not_applicable")


def test_a_percentage_that_does_not_follow_from_its_counts_is_refused(
    tmp_path: Path, read_replica: Read
) -> None:
    path = _file(tmp_path, "Total,Total,Total,1000,14,1,1,1,1,600,65.0")
    with pytest.raises(InputRefusedError) as error:
        read_replica(path)
    assert "does not follow from the counts" in messages(error)


@pytest.mark.given
def test_the_table_of_2022(read_more_given: ReadMore) -> None:
    frame = read_more_given(
        "dfe/nesta_eyfsp_2022_headline_by_characteristics_la.csv",
        "dfe_eyfsp/headline_by_characteristics",
    )
    assert frame.height == 9120
    # The publisher's `characteristic` is the kind of group, its `characteristic_type` the group.
    languages = frame.filter(pl.col("category_type") == "First language")["category"].unique()
    assert "Known or believed to be English" in languages
    everybody = frame.filter(pl.col("category").is_null())
    durham = only(everybody, area_code="E06000047", sex="Persons")
    assert (durham["numerator"], durham["denominator"], durham["value"]) == (3300, 5116, 64.5)
