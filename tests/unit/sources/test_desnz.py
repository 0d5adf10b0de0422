"""Sub-regional fuel poverty."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from beacon.core.errors import InputRefusedError
from beacon.registry.sources import SourceRegister
from beacon.sources.recognise import recognise
from tests.unit.sources.conftest import Read, given_sheet, messages, only, xlsx

COUNTS = [
    "Number of households",
    "Number of households in fuel poverty",
    "Proportion of households fuel poor (%)",
]
AUTHORITIES = "Proportion of households fuel poor (%)"
GIVEN = Path("other_official/sub-regional-fuel-poverty-2022-tables.xlsx")


def replica(path: Path, **change: Any) -> Path:
    """Title, blank row, header on row 3, indented names, notes below, as the publisher has it."""
    code = change.get("code_header", "Area Codes")
    share = change.get("share", 25.0)
    note = [None] * 6 + ["England"]
    authorities = [
        [change.get("title", "Table 2: Fuel poor households by administrative area, 2020 [Notes]")],
        [],
        [code, "Area names ", None, None, *COUNTS],
        ["E92000001", "ENGLAND", None, None, 1000, 130, 13.0],
        ["E11000002", None, "Merseyside (Met County)", None, 400, 60, 15.0],
        ["E08000012", None, None, "Liverpool ", 200, 50, share],
        note,
        [],
        ["Back to contents"],
    ]
    lsoas = [
        ["Table 3: Fuel Poverty by LSOA [Note A], 2020 [Notes 3 and 4]"],
        [],
        ["LSOA Code", "LSOA Name", "LA Code", "LA Name", "Region", *COUNTS],
        ["E01006512", "Liverpool 031A", "E08000012", "Liverpool", "North West", 80, 20, 25.0],
        [],
        ["Note A: Estimates at this level should be treated with caution."],
    ]
    order = {"Notes": [["Notes"]], "Table 9": lsoas, "Table 2": authorities}
    return xlsx(path / "fuel.xlsx", order)


def test_tables_are_found_by_their_headers_and_notes_are_left_out(
    tmp_path: Path, read_replica: Read
) -> None:
    frame = read_replica(replica(tmp_path))
    assert frame.height == 4
    liverpool = only(frame, area_code="E08000012", series=AUTHORITIES)
    assert (liverpool["value"], liverpool["numerator"], liverpool["denominator"]) == (25, 50, 200)
    assert (liverpool["area_name"], liverpool["period"]) == ("Liverpool", "2020")
    lsoa = only(frame, area_code="E01006512")
    assert lsoa["series"] == "Proportion of households fuel poor (%), LSOA 2011"


def test_the_part_is_the_year_of_the_data(tmp_path: Path, register: SourceRegister) -> None:
    found = recognise(replica(tmp_path), register)
    assert (found.key, found.part, found.members) == ("desnz_fuel_poverty/sub_regional", "2020", ())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"code_header": "Local codes"}, "column 'Area Codes?': the column is missing"),
        ({"share": 24.0}, "row 6, column 'Proportion of households fuel poor (%)': '24' does not"),
        ({"share": "n.k."}, "'n.k.' is neither a number nor a known marker"),
        ({"title": "Table 2: Fuel poor households"}, "does not say which period"),
    ],
)
def test_damage_is_refused(
    tmp_path: Path, read_replica: Read, change: dict[str, Any], said: str
) -> None:
    with pytest.raises(InputRefusedError) as error:
        read_replica(replica(tmp_path, **change))
    assert said in messages(error)


@pytest.mark.given
def test_published_figures_of_two_places(read_given: Read) -> None:
    frame = read_given(GIVEN)
    # DESNZ, Sub-regional fuel poverty 2022 (2020 data), Table 2.
    halton = only(frame, area_code="E06000006")
    assert (halton["numerator"], halton["denominator"]) == (7865, 57078)
    assert halton["value"] == pytest.approx(13.779389607204177)
    liverpool = only(frame, area_code="E08000012")
    assert (liverpool["numerator"], liverpool["denominator"]) == (41297, 221126)
    lsoas = {row[0]: row[5:8] for row in given_sheet(str(GIVEN), "Table 3")[3:]}
    read = frame.filter(frame["series"] != AUTHORITIES)
    assert read.height == 32844
    for code, value, poor, households in read.sample(200, seed=1).select(
        "area_code", "value", "numerator", "denominator"
    ).iter_rows():  # fmt: skip
        assert lsoas[code] == [households, poor, value]
