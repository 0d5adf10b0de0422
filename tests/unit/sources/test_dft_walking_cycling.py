"""Walking and cycling by local authority."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from beacon.core.errors import InputRefusedError
from tests.unit.sources.conftest import Read, given_sheet, messages, ods, only

GIVEN = Path("other_official/cw0302.ods")
TRAVEL = "CW0302:Cycling:Travel:At least 3 times per week"


def sheet(purpose: str, **change: Any) -> list[list[Any]]:
    often = change.get("frequency", "At least 3 times per week")
    return [
        [f"Table CW0302: Proportion of adults who cycle [note 1], by {purpose} purpose"],
        ["Notes are used throughout this table"],
        [change.get("code_header", "ONS Code"), "Area name", "Mode", "Purpose", "Frequency",
         *change.get("years", ("2021", "2020"))],
        ["E92000001", "England", "Cycling", purpose, often, 1.9562903233129, 2.3296],
        ["E07000246", "Somerset West and Taunton", "Cycling", purpose, often, 2.06, "[note 6]"],
    ]  # fmt: skip


def replica(path: Path, **change: Any) -> Path:
    return ods(
        path / "table.ods",
        {"Notes": [["Notes"]], "Any": sheet("Any"), "Travel": sheet("Travel", **change)},
    )


def test_a_year_runs_from_november_to_november(tmp_path: Path, read_replica: Read) -> None:
    frame = read_replica(replica(tmp_path))
    assert frame.height == 8
    row = only(frame, series=TRAVEL, area_code="E92000001", period="2020/21")
    assert row["value"] == 1.9562903233129
    assert (str(row["period_start"]), str(row["period_end"])) == ("2020-11-16", "2021-11-15")


def test_a_year_before_a_boundary_change_is_not_published(
    tmp_path: Path, read_replica: Read
) -> None:
    frame = read_replica(replica(tmp_path))
    row = only(frame, series=TRAVEL, area_code="E07000246", period="2019/20")
    assert (row["value"], row["value_status"]) == (None, "not_published")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"frequency": "Daily"}, "'Daily' is none of"),
        ({"years": ("latest", "before")}, "sheet 'Travel', row 3: no column is a year"),
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
    # DfT, CW0302 (31 August 2022), sheet CW0302_Travel, at least 3 times per week.
    row = only(frame, series=TRAVEL, area_code="E06000006", period="2020/21")
    assert row["value"] == pytest.approx(1.13094349388069)
    row = only(frame, series=TRAVEL, area_code="E08000012", period="2015/16")
    assert row["value"] == pytest.approx(3.9432)
    raw = {
        (cells[0], year): value
        for cells in given_sheet(str(GIVEN), "CW0302_Travel")[8:]
        if cells[4] == "At least 3 times per week"
        for year, value in zip(range(2021, 2015, -1), cells[5:], strict=True)
    }
    read = frame.filter(frame["series"] == TRAVEL)
    assert read.height == len(raw)
    for code, period, value in read.select("area_code", "period", "value").iter_rows():
        cell = raw[code, int(period[:4]) + 1]
        assert cell == ("[note 6]" if value is None else value)
