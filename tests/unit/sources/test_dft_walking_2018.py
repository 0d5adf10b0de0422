"""Walking by purpose, edition of 2018: a sheet a year, and one of half-widths."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from beacon.core.errors import InputRefusedError
from beacon.registry.sources import SourceRegister
from beacon.sources.recognise import recognise
from tests.conftest import given_directory
from tests.unit.sources.conftest import Read, ReadMore, messages, ods, only

TRAVEL = "walking_2018_travel_3_times_a_week"
OFTEN = ["Once per month", "Once per week", "Three times per week", "Five times per week"]
CODES = ("E92000001", "E06000006")


def _sheet(first: float, codes: tuple[str, ...] = CODES) -> list[list[Any]]:
    """Twelve figures an area, each one more than the one before."""
    figures = [first + step for step in range(12)]
    rows: list[list[Any]] = [
        ["Table CW0303"],
        ["", "", "", "Any walking", "", "", "", "", "Walking for leisure3", "", "", "", "",
         "Walking for travel", "", "", ""],
        ["LA code", "Local Authority4", "At least:", *OFTEN, "", *OFTEN, "", *OFTEN],
    ]  # fmt: skip
    for code in codes:
        rows.append([code, code, "", *figures[:4], "", *figures[4:8], "", *figures[8:]])
    return rows


def test_a_value_has_the_limits_of_its_half_width(tmp_path: Path, read_replica: Read) -> None:
    book = {"CW0303_1718": _sheet(20.0), "CW0303_CI_1718": _sheet(1.0)}
    frame = read_replica(ods(tmp_path / "table.ods", book))
    assert frame.height == 2 * 12
    row = only(frame, series=TRAVEL, area_code="E06000006")
    # The eleventh figure is walking for travel three times a week.
    assert (row["value"], row["lower_95"], row["upper_95"]) == (30.0, 19.0, 41.0)
    assert (str(row["period_start"]), str(row["period_end"])) == ("2017-11-16", "2018-11-15")
    assert "not to be taken for recent" in row["value_note"]
    leisure = only(frame, series=TRAVEL.replace("travel", "leisure"), area_code="E06000006")
    assert leisure["value"] == 26.0


@pytest.mark.parametrize(
    ("book", "said"),
    [
        ({"CW0303_1718": _sheet(20.0)}, "half-widths are missing for 2018"),
        (
            {"CW0303_1718": _sheet(20.0), "CW0303_CI_1718": _sheet(1.0, CODES[:1])},
            "E06000006 has values for 2017/18 and no half-widths",
        ),
        ({"CW0303_1718": _sheet(95.0), "CW0303_CI_1718": _sheet(1.0)}, "above"),
    ],
)
def test_what_has_no_limits_is_refused(
    tmp_path: Path, read_replica: Read, book: dict[str, list[list[Any]]], said: str
) -> None:
    with pytest.raises(InputRefusedError) as error:
        read_replica(ods(tmp_path / "table.ods", book))
    assert said in messages(error)


@pytest.mark.given
def test_the_official_tables_of_2018(register: SourceRegister, read_more_given: ReadMore) -> None:
    frame = read_more_given("other_official/CW0303.ods", "dft_walking_cycling/cw0303_2018")
    row = only(frame, series=TRAVEL, area_code="E92000001", period="2017/18")
    # England in the publisher's table: 23.1 %, half-width 0.31 points.
    assert [round(row[name], 2) for name in ("value", "lower_95", "upper_95")] == [
        23.11,
        22.80,
        23.41,
    ]
    folder = given_directory("BEACON_TEST_MORE_INPUTS", "more_inputs") / "other_official"
    for name in ("CW0301", "CW0302"):
        key = recognise(folder / f"{name}.ods", register).key
        assert key == f"dft_walking_cycling/{name.lower()}_2018"
        assert not register.datasets[key].dataset.is_read
