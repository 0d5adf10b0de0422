"""Each succession against the official lookups of the years around it, LSOA by LSOA.

What is compared: the LSOAs that the lookup before gives to the former areas, and those that the lookup
after gives to the new one. What no lookup at hand can tell is listed in `NOT_CHECKED`, by code.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import polars as pl
import pytest
from python_calamine import CalamineWorkbook

from beacon.registry import load_successions
from beacon.registry.successions import Succession
from tests.conftest import given_directory

pytestmark = pytest.mark.given

AUTHORITIES = [one for one in load_successions().successions if one.kind == "authority"]
BOARDS = [one for one in load_successions().successions if one.kind == "board"]

# The lookup of April 2026 is not at hand: that these codes are the new ones, and their names, is taken
# from the register's source alone. What they were made of is checked by the lookup of 2024.
NOT_CHECKED = {f"E540000{number}" for number in range(65, 72)}
# Buckinghamshire's districts went in 2020, before the list of districts and counties that is at hand: of
# its county only code and name are checked.
DISTRICTS_NOT_CHECKED = {"E10000002"}
# The board of Sussex took over four LSOAs from that of Surrey, which is why both have new codes.
MOVED_IN_2023 = {"E01031502", "E01031503", "E01031504", "E01031519"}


def _lookups() -> Path:
    return given_directory("BEACON_TEST_INPUTS", "inputs") / "lookups"


def _pairs(path: Path, lsoa: str, area: str, name: str) -> dict[str, tuple[str, str]]:
    frame = pl.read_csv(path, infer_schema_length=0, encoding="utf8-lossy")
    frame = frame.rename({column: column.strip("\ufeff") for column in frame.columns})
    return {row[0]: (row[1], row[2]) for row in frame.select(lsoa, area, name).iter_rows()}


@cache
def lad_of_lsoa11(year: int) -> dict[str, tuple[str, str]]:
    """Authority of each LSOA 2011: of 2013 in the index of 2015, of 2019 and of 2022 in lookups."""
    inputs = given_directory("BEACON_TEST_INPUTS", "inputs")
    if year == 2013:
        book = CalamineWorkbook.from_path(
            str(next((inputs / "imd2015").glob("File_1_ID_2015*.xlsx")))
        )
        rows = book.get_sheet_by_name(book.sheet_names[-1]).to_python()
        return {str(row[0]): (str(row[2]), str(row[3])) for row in rows[1:]}
    if year == 2019:
        path = next(_lookups().glob("Lower_Layer*_to_Ward_(2019)*"))
        return _pairs(path, "LSOA11CD", "LAD19CD", "LAD19NM")
    return _pairs(
        _lookups() / "LSOA11_SICBL22_ICB22_LAD22_EN_LU.csv", "LSOA11CD", "LAD22CD", "LAD22NM"
    )


@cache
def lad_of_lsoa21(year: int) -> dict[str, tuple[str, str]]:
    """Authority of each LSOA 2021: of 2022, 2024 and 2025."""
    if year == 2022:
        return _pairs(
            _lookups() / "LSOA11_LSOA21_LAD22_EW_LU.csv", "LSOA21CD", "LAD22CD", "LAD22NM"
        )
    if year == 2024:
        return _pairs(_lookups() / "LSOA21_WD24_LAD24_EW_LU.csv", "LSOA21CD", "LAD24CD", "LAD24NM")
    more = given_directory("BEACON_TEST_MORE_INPUTS", "more_inputs")
    book = CalamineWorkbook.from_path(
        str(more / "lookups" / "lsoa21_pcon22_pcon24_wd25_lad25.xlsx")
    )
    rows = book.get_sheet_by_index(0).to_python()
    return {str(row[0]): (str(row[7]), str(row[8])) for row in rows[1:]}


# First year of the succession: the lookup before it and the one after.
AROUND: dict[int, tuple[Callable[[int], dict[str, tuple[str, str]]], int, int]] = {
    2019: (lad_of_lsoa11, 2013, 2019),
    2020: (lad_of_lsoa11, 2019, 2022),
    2021: (lad_of_lsoa11, 2019, 2022),
    2023: (lad_of_lsoa21, 2022, 2024),
    2025: (lad_of_lsoa21, 2024, 2025),
}


@pytest.mark.parametrize("one", AUTHORITIES, ids=lambda one: f"{one.code} {one.name}")
def test_an_authority_has_the_lsoas_of_those_it_took_over_from(one: Succession) -> None:
    lookup, before, after = AROUND[one.valid_from.year]
    old, new = lookup(before), lookup(after)
    former = {part.code: part.name for part in one.made_of}
    was = {lsoa for lsoa, (code, _) in old.items() if code in former}
    is_now = {lsoa for lsoa, (code, _) in new.items() if code == one.code}
    assert was == is_now
    assert was
    assert {code: name for code, name in old.values() if code in former} == former
    assert {name for code, name in new.values() if code == one.code} == {one.name}
    assert not set(former) & {code for code, _ in new.values()}, "a former code is still in use"
    assert one.code not in {code for code, _ in old.values()}, "the new code was in use before"


def test_a_county_that_became_one_authority_had_its_districts() -> None:
    samples = given_directory("BEACON_TEST_API_SAMPLES", "api_samples") / "ons_geo"
    (path,) = samples.glob("hub_Ward_to_Local*_(December_2022)*.csv")
    rows = pl.read_csv(path, infer_schema_length=0).select("LAD22CD", "CTY22CD", "CTY22NM").rows()
    counties = {county: one for one in AUTHORITIES for county in one.same_area}
    assert set(counties) == {"E10000002", "E10000023", "E10000027"}
    for county, one in counties.items():
        districts = {lad for lad, code, _ in rows if code == county}
        if county in DISTRICTS_NOT_CHECKED:
            assert not districts
        else:
            assert districts == {part.code for part in one.made_of}
            assert {name for _, code, name in rows if code == county} == {one.name}
    published = given_directory("BEACON_TEST_INPUTS", "inputs") / "fingertips"
    named = pl.read_csv(published / "heec__smok_qof_prev.csv", infer_schema_length=0)
    for county in DISTRICTS_NOT_CHECKED:
        names = named.filter(pl.col("Area Code") == county)["Area Name"].unique().to_list()
        assert names == [counties[county].name]


@cache
def icb(year: int) -> pl.DataFrame:
    name = {
        2022: "LSOA11_SICBL22_ICB22_LAD22_EN_LU.csv",
        2024: "LSOA21_SICBL24_ICB24_EN_LU.csv",
    }[year]
    frame = pl.read_csv(_lookups() / name, infer_schema_length=0)
    two = str(year)[2:]
    return frame.select(
        pl.first().alias("lsoa"),
        pl.col(f"SICBL{two}CDH").alias("location"),
        pl.col(f"ICB{two}CD").alias("code"),
        pl.col(f"ICB{two}CDH").alias("ods"),
        pl.col(f"ICB{two}NM").alias("name"),
    )


@pytest.mark.parametrize(
    "one", [b for b in BOARDS if b.valid_from.year == 2023], ids=lambda one: one.code
)
def test_a_recoded_board_has_the_locations_and_lsoas_of_before(one: Succession) -> None:
    (part,) = one.made_of
    before, after = (
        icb(year).filter(pl.col("code") == code)
        for year, code in ((2022, part.code), (2024, one.code))
    )
    assert set(before["location"]) == set(after["location"])
    assert set(before["name"]) == {part.name}
    assert (set(after["name"]), set(after["ods"])) == ({one.name}, {one.ods_code})
    # Of LSOAs that both vintages have, all but those that passed to Sussex are the same.
    both = set(icb(2022)["lsoa"]) & set(icb(2024)["lsoa"])
    moved = (set(before["lsoa"]) & both) ^ (set(after["lsoa"]) & both)
    assert moved == MOVED_IN_2023
    is_sussex = one.ods_code == "QNX"
    assert moved <= set((after if is_sussex else before)["lsoa"])
    assert one.code not in set(icb(2022)["code"])
    assert part.code not in set(icb(2024)["code"])


@pytest.mark.parametrize(
    "one", [b for b in BOARDS if b.valid_from.year == 2026], ids=lambda one: one.code
)
def test_what_a_board_of_2026_is_made_of_was_there_in_2024(one: Succession) -> None:
    frame = icb(2024)
    lads = lad_of_lsoa21(2024)
    assert one.code not in set(frame["code"])
    for part in one.made_of:
        own = frame.filter(pl.col("code") == part.code)
        assert set(own["name"]) == {part.name}
        assert set(part.sub_icb_locations) <= set(own["location"])
        assert set(part.local_authorities) <= {lads[lsoa][0] for lsoa in own["lsoa"]}


def test_boards_that_were_divided_passed_on_whole() -> None:
    frame, lads = icb(2024), lad_of_lsoa21(2024)
    later = [one for one in BOARDS if one.valid_from.year == 2026]
    divided = {part.code for one in later for part in one.made_of if not part.is_whole}
    assert divided == {"E54000023", "E54000025", "E54000034"}
    for code in divided:
        own = frame.filter(pl.col("code") == code)
        taken: list[str] = []
        for part in (part for one in later for part in one.made_of if part.code == code):
            taken += [
                lsoa
                for lsoa, location in own.select("lsoa", "location").iter_rows()
                if location in part.sub_icb_locations or lads[lsoa][0] in part.local_authorities
            ]
        assert sorted(taken) == sorted(own["lsoa"]), code


def test_what_was_not_checked_is_the_codes_of_april_2026_alone() -> None:
    checked = {one.code for one in AUTHORITIES if one.valid_from.year in AROUND}
    checked |= {one.code for one in BOARDS if one.valid_from.year == 2023}
    assert {one.code for one in load_successions().successions} - checked == NOT_CHECKED
