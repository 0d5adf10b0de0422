"""Series of sub-ICB locations reach the Places that locations make up, and the board."""

from __future__ import annotations

from typing import Any

import pytest

from beacon.contracts import create_table
from beacon.registry import load_indicators
from beacon.warehouse.registry_tables import _selection_rows, insert_rows
from tests.unit.marts.conftest import ICB, NATION, PLACE, SmallWarehouse

OTHER, SPLIT = "Z06000002", "Z06000003"

# LSOA: location and Place. 01F is one Place, 01T and 01V are one, 27D is in two.
LSOAS = {
    "Z01000001": ("01F", PLACE), "Z01000002": ("01F", PLACE), "Z01000003": ("01T", OTHER),
    "Z01000004": ("01V", OTHER), "Z01000005": ("27D", SPLIT), "Z01000006": ("27D", "Z06000004"),
}  # fmt: skip


@pytest.fixture
def located(small: SmallWarehouse) -> SmallWarehouse:
    """A board of four locations, and a location of another board."""
    for name in ("staging.lsoa21_icb24", "geography.lsoa21"):
        small.con.execute(create_table(small.contracts[name], name))
    for order, place in enumerate((OTHER, SPLIT, "Z06000004"), start=2):
        small.add("registry.place", place_code=place, place_name=place, sort_order=order)
    elsewhere = {"Z01000007": ("09X", None)}
    for lsoa, (code, place) in {**LSOAS, **elsewhere}.items():
        board = ICB if place else "Z54000002"
        small.add("staging.lsoa21_icb24", lsoa21_code=lsoa, sub_icb24_code=f"Z38{code}",
                  sub_icb24_ods_code=code, icb24_code=board)  # fmt: skip
        small.add("geography.lsoa21", lsoa21_code=lsoa, place_code=place, icb24_code=board)
    indicator = load_indicators()["smi_annual_health_checks"]
    insert_rows(small.con, "registry.selection", _selection_rows(indicator))
    return small


def observe(small: SmallWarehouse, **counts: tuple[float | None, float | None]) -> None:
    """Checks and people by location, as `_01F=(711, 1261)`."""
    for row, (code, (checked, register)) in enumerate(counts.items(), start=1):
        share = None if checked is None else 100 * checked / register
        small.observe("PHSMI:all_six", code[1:], share, source="nhse_smi_checks", dataset="sub_icb",
                      numerator=checked, denominator=register, age="All ages", source_row=row)  # fmt: skip


def made(small: SmallWarehouse) -> dict[str, dict[str, Any]]:
    return {row["area_code"]: row for row in small.make("indicators.sub_icb_observation")}


def test_a_place_takes_the_row_of_the_location_that_is_the_same_area(located):
    observe(located, _01F=(711, 1261), _01T=(377, 1969), _01V=(325, 1418), _27D=(4351, 6558))
    row = made(located)[PLACE]
    assert (row["value"], row["numerator"], row["source_row"]) == (100 * 711 / 1261, 711, 1)


def test_locations_that_make_up_a_place_are_added_up(located):
    observe(located, _01F=(711, 1261), _01T=(377, 1969), _01V=(325, 1418), _27D=(4351, 6558))
    row = made(located)[OTHER]
    assert (row["numerator"], row["denominator"]) == (702, 3387)
    assert row["value"] == pytest.approx(20.7263, abs=1e-4)
    # It is no row of the file.
    assert row["source_row"] is None


def test_a_location_in_two_places_gives_neither_a_value(located):
    observe(located, _01F=(711, 1261), _01T=(377, 1969), _01V=(325, 1418), _27D=(4351, 6558))
    assert SPLIT not in made(located)


def test_the_board_and_the_nation_are_sums_of_all_their_locations(located):
    observe(located, _01F=(711, 1261), _01T=(377, 1969), _01V=(325, 1418), _27D=(4351, 6558),
            _09X=(1000, 2000))  # fmt: skip
    rows = made(located)
    assert (rows[ICB]["numerator"], rows[ICB]["denominator"]) == (5764, 11206)
    assert (rows[NATION]["numerator"], rows[NATION]["denominator"]) == (6764, 13206)


def test_a_sum_that_lacks_a_location_is_none(located):
    observe(located, _01F=(711, 1261), _01T=(377, 1969), _27D=(None, None))
    rows = made(located)
    assert set(rows) == {PLACE}
