"""Primary care networks and wards of 2025 among the areas, on rows that a person can follow."""

from __future__ import annotations

from typing import Any

import pytest

from beacon.contracts import create_table
from tests.unit.marts.conftest import ICB, PLACE, SmallWarehouse

OURS, OTHERS = "E38000001", "E38000002"
TABLES = (
    "geography.lsoa21", "cohorts.lsoa_deprivation", "cohorts.lsoa_population",
    "staging.ltla23_utla23", "staging.lad25_cauth25", "staging.lsoa21_pcon24",
    "staging.msoa11_msoa21", "staging.lsoa21_icb24", "staging.nhs_primary_care_network",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _tables(small: SmallWarehouse) -> None:
    for name in TABLES:
        small.con.execute(create_table(small.contracts[name], name))
    for number, (place, sub_icb, ods) in enumerate(
        [(PLACE, OURS, "01F"), (PLACE, OURS, "01F"), (None, OTHERS, "02P")], start=1
    ):
        code = f"Z0100000{number}"
        small.add("geography.lsoa21", lsoa21_code=code, lsoa21_name=f"Dunmarrow 001{number}",
                  place_code=place, lad24_code="Z06000001", lad24_name="Dunmarrow",
                  sub_icb24_code=sub_icb, sub_icb24_name=f"Location {ods}",
                  icb24_code=ICB, icb26_code=ICB)  # fmt: skip
        small.add("cohorts.lsoa_deprivation", imd_vintage=2025, lsoa_code=code, core20=True)
        small.add("cohorts.lsoa_population", imd_vintage=2025, lsoa_code=code, sex="Persons",
                  age_band="All ages", people=1000 * number, population_base="census_2021")  # fmt: skip
        small.add("staging.lsoa21_icb24", lsoa21_code=code, sub_icb24_ods_code=ods)


def network(
    small: SmallWarehouse, code: str, ods: str, opened: str, closed: str | None = None, **more: str
) -> None:
    row = small.con.execute("select count(*) from staging.nhs_primary_care_network").fetchall()
    small.add("staging.nhs_primary_care_network", pcn_code=code, pcn_name=f"NETWORK {code}",
              sub_icb_ods_code=ods, opened=opened, closed=closed, source_row=row[0][0],
              **more)  # fmt: skip


def areas(small: SmallWarehouse, kind: str, vintage: int) -> dict[str, dict[str, Any]]:
    rows = small.make("marts.area")
    return {
        row["area_code"]: row for row in rows if (row["kind"], row["vintage"]) == (kind, vintage)
    }


def test_an_open_network_has_its_location_and_no_lsoas(small: SmallWarehouse) -> None:
    network(small, "U00001", "01F", "2019-07-01")
    network(small, "U00002", "02P", "2020-04-01")
    network(small, "U00003", "01F", "2019-07-01", "2022-03-31")
    network(small, "U00004", "99Z", "2021-04-01")
    found = areas(small, "pcn", 2022)
    assert set(found) == {"U00001", "U00002", "U00004"}
    ours = found["U00001"]
    assert (ours["area_name"], ours["parent_kind"]) == ("NETWORK U00001", "sub_icb_location")
    assert (ours["parent_code"], ours["parent_name"]) == (OURS, "Location 01F")
    assert (ours["lsoas"], ours["people"], ours["people_core20"]) == (None, None, None)
    assert (ours["in_footprint"], found["U00002"]["in_footprint"]) == (True, False)
    # A location that has gone since: the network stays findable, and says of nobody that it is his.
    assert (found["U00004"]["parent_code"], found["U00004"]["in_footprint"]) == (None, False)


def test_a_network_is_one_area_however_many_practices_it_has(small: SmallWarehouse) -> None:
    network(small, "U00001", "01F", "2019-07-01", practice_code="A81001")
    network(
        small, "U00001", "01F", "2019-07-01", practice_code="A81002", practice_left="2020-03-31"
    )
    rows = [row for row in small.make("marts.area") if row["kind"] == "pcn"]
    assert [(row["area_code"], row["vintage"]) for row in rows] == [("U00001", 2019)]


def test_wards_of_2025_count_their_own_lsoas(small: SmallWarehouse) -> None:
    for number in (1, 2, 3):
        small.add("staging.lsoa21_pcon24", lsoa21_code=f"Z0100000{number}", ward25_code="Z05000009",
                  ward25_name="Quay", lad25_code="Z06000001", lad25_name="Dunmarrow")  # fmt: skip
    (ward,) = areas(small, "ward", 2025).values()
    assert (ward["area_name"], ward["parent_code"]) == ("Quay", "Z06000001")
    # The third LSOA is in no Place: of wards only what is in the footprint is counted.
    assert (ward["lsoas"], ward["people"]) == (2, 3000)


def test_without_the_files_there_are_none(small: SmallWarehouse) -> None:
    kinds = {row["kind"] for row in small.make("marts.area")}
    assert {"pcn", "constituency"}.isdisjoint(kinds)
    assert {"place", "board", "sub_icb_location"} <= kinds
