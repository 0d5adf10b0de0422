"""People of each ethnic group in Core20, against sums that a person can follow."""

from __future__ import annotations

import pytest

from beacon.contracts import create_table
from tests.unit.marts.conftest import NATION, PLACE, SmallWarehouse

GROUPS = ("Asian", "Black", "Mixed", "White", "Other")


@pytest.fixture(autouse=True)
def _tables(small: SmallWarehouse) -> None:
    for name in ("staging.ethnic_group_lsoa", "geography.lsoa21", "cohorts.lsoa_deprivation"):
        small.con.execute(create_table(small.contracts[name], name))


def _lsoa(
    small: SmallWarehouse, number: int, place: str | None, core20: bool, *people: int
) -> None:
    code = f"Z0100000{number}"
    small.add("geography.lsoa21", lsoa21_code=code, place_code=place)
    small.add(
        "cohorts.lsoa_deprivation",
        imd_vintage=2025,
        lsoa_vintage=2021,
        lsoa_code=code,
        core20=core20,
    )
    for group, count in zip(GROUPS, people, strict=True):
        small.add("staging.ethnic_group_lsoa", lsoa21_code=code, ethnic_group=group, people=count)


def test_shares_of_the_group_of_the_area_and_of_core20(small: SmallWarehouse) -> None:
    _lsoa(small, 1, PLACE, True, 300, 100, 0, 600, 0)
    _lsoa(small, 2, PLACE, False, 100, 0, 0, 900, 0)
    _lsoa(small, 3, None, False, 0, 0, 0, 2000, 0)
    rows = {
        (row["area_code"], row["ethnic_group"]): row for row in small.make("marts.core20_ethnicity")
    }
    asian = rows[PLACE, "Asian"]
    assert (asian["people"], asian["people_core20"]) == (400, 300)
    assert asian["core20_share_percent"] == pytest.approx(75)
    assert (asian["people_all_groups"], asian["people_core20_all_groups"]) == (2000, 1000)
    assert asian["share_of_area_percent"] == pytest.approx(20)
    assert asian["share_of_core20_percent"] == pytest.approx(30)
    nobody = rows[PLACE, "Mixed"]
    assert (nobody["people"], nobody["core20_share_percent"]) == (0, None)
    assert rows[NATION, "White"]["core20_share_percent"] == pytest.approx(100 * 600 / 3500)


def test_without_the_census_table_there_is_no_row(small: SmallWarehouse) -> None:
    small.add("geography.lsoa21", lsoa21_code="Z01000001", place_code=PLACE)
    assert small.make("marts.core20_ethnicity") == []
