"""Children in low income families."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from beacon.core.errors import InputRefusedError
from tests.unit.sources.conftest import Read, given_sheet, messages, ods, only

GIVEN = Path("other_official/Children_low_income_families.ods")


def sheet(kind: str, **change: Any) -> list[list[Any]]:
    return [
        [f"Table 1: Number and Percentage of Children (aged under 16) living in {kind} low income "
         "families, Local Authority, FYE 2020 to 2021, United Kingdom"],
        ["Back to Contents"],
        [change.get("name_header", "Local Authority [note 2]"), "Area Code",
         "Number of children \nFYE 2020", "Number of children \nFYE 2021 \n[p]",
         change.get("percent_2020", "Percentage of children \nFYE 2020 \n(%)\n[note 3]"),
         "Percentage of children \nFYE 2021 \n(%)\n[p] [note 3]"],
        ["United Kingdom [note 4]", "K02000001", 2454452, 2379590, 0.193, 0.187],
        ["Halton", change.get("code", "E06000006"), 4930, 4311, 0.19, change.get("share", 0.166)],
        ["Liverpool", "E08000012", "[low]", "[x]", "[low]", "[x]"],
    ]  # fmt: skip


def replica(path: Path, *, kind: str = "Absolute", **change: Any) -> Path:
    return ods(
        path / "families.ods",
        {
            "Notes": [["Notes"]],
            "1_Relative_Local_Authority": sheet("Relative"),
            "2_Absolute_Local_Authority": sheet(kind, **change),
            "5_Relative_Ward": [["Table 5"], ["Ward", "Area Code", "Local Authority", "Area Code"]],
        },
    )


def test_shares_become_percentages_and_provisional_years_say_so(
    tmp_path: Path, read_replica: Read
) -> None:
    frame = read_replica(replica(tmp_path))
    row = only(frame, series="absolute_bhc", area_code="E06000006", period="2020/21")
    assert (row["value"], row["numerator"], row["value_note"]) == (16.6, 4311, "Provisional")
    assert (str(row["period_start"]), str(row["period_end"])) == ("2020-04-01", "2021-03-31")
    earlier = only(frame, series="relative_bhc", area_code="K02000001", period="2019/20")
    assert (earlier["area_name"], earlier["value_note"]) == ("United Kingdom", None)


def test_marks_are_told_apart(tmp_path: Path, read_replica: Read) -> None:
    frame = read_replica(replica(tmp_path))
    low = only(frame, series="absolute_bhc", area_code="E08000012", period="2019/20")
    none = only(frame, series="absolute_bhc", area_code="E08000012", period="2020/21")
    assert (low["value"], low["value_status"]) == (None, "rounded_to_zero")
    assert (none["value"], none["value_status"]) == (None, "not_published")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kind": "Persistent"}, "says neither relative nor absolute"),
        (
            {"percent_2020": "Share FYE 2020"},
            "for the same years: [2020, 2021] and [2021]",
        ),
        ({"share": 16.6}, "'16.6' is above 1"),
        ({"code": "E0600006"}, "row 5, column 'Area Code': 'E0600006' is not a code"),
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
    # DWP, Children in low income families 2014/15 to 2020/21 (31 March 2022), table 2.
    row = only(frame, series="absolute_bhc", area_code="E06000006", period="2020/21")
    assert (row["value"], row["numerator"]) == (12.5, 3253)
    row = only(frame, series="absolute_bhc", area_code="E08000012", period="2014/15")
    assert (row["value"], row["numerator"]) == (20.3, 16218)
    raw = {row[1]: row for row in given_sheet(str(GIVEN), "1_Relative_Local_Authority")[10:]}
    read = frame.filter(frame["series"] == "relative_bhc")
    assert read.height == 7 * len(raw)
    for code, period, value, count in read.select(
        "area_code", "period", "value", "numerator"
    ).iter_rows():
        place = int(period[:4]) - 2014
        assert count == raw[code][2 + place]
        assert value == pytest.approx(raw[code][9 + place] * 100)
