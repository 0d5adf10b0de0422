"""Jobs paid below the Living Wage Foundation's rates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from beacon.core.errors import InputRefusedError
from beacon.registry.sources import SourceRegister
from beacon.sources.recognise import recognise
from tests.unit.sources.conftest import Read, given_sheet, messages, only, xlsx

GIVEN = "other_official/PROV*LWF.1a*.xls"


def sheet(what: str, halton: tuple[Any, Any], **change: Any) -> list[list[Any]]:
    title = f"Table 7 LWF.1 lwfmgx - For {what} employee jobsa: United Kingdom"
    return [
        [title + change.get("year", ", 2022")],
        [],
        [None, None, "% earning below Living Wage Foundation rates"],
        [None, None, "Jobs", change.get("percent_header", "Per cent")],
        ["Description", "Code", "(thousand)"],
        ["England", change.get("code", "E92000001"), 2900, 12.2, None, "CV <= 5%", "precise"],
        ["Halton UA", "E06000006", *halton],
        ["  Liverpool", "E08000012", 24, 11.1],
        ["Not Classified", None, ":", None],
        ["a  Employees on adult rates whose pay was not affected by absence"],
    ]


def replica(path: Path, *, without: str = "", **change: Any) -> Path:
    sheets = {
        "Notes": [["Guide to results"]],
        "All": sheet("all", (7, 13.4), **change),
        "Male": sheet("male", ("x", "x")),
        "Female": sheet("female", ("..", ":")),
    }
    sheets.pop(without, None)
    return xlsx(path / "lwf.xlsx", sheets)


def test_the_publishers_own_key_to_its_marks_is_used(tmp_path: Path, read_replica: Read) -> None:
    frame = read_replica(replica(tmp_path))
    assert frame.height == 9
    halton = only(frame, area_code="E06000006", sex="Persons")
    assert (halton["value"], halton["area_name"], halton["period"]) == (13.4, "Halton", "2022")
    # The publisher says that its counts of jobs are indicative only.
    assert halton["numerator"] is None
    unreliable = only(frame, area_code="E06000006", sex="Male")
    assert (unreliable["value"], unreliable["value_status"]) == (None, "suppressed_quality")
    assert "coefficient of variation" in unreliable["value_note"]
    assert only(frame, area_code="E06000006", sex="Female")["value_status"] == "not_applicable"


def test_the_part_is_the_year(tmp_path: Path, register: SourceRegister) -> None:
    found = recognise(replica(tmp_path), register)
    assert (found.key, found.part) == ("ons_ashe_lwf/table_7_lwf_1a", "2022")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"without": "Male"}, "column 'Male': the sheet is missing"),
        ({"percent_header": "Percent"}, "column 'Per cent': the column is missing"),
        ({"code": "England"}, "sheet 'All', row 6, column 'Code': 'England' is not a code"),
        ({"year": ""}, "does not say which period"),
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
    frame = read_given(Path(GIVEN))
    frame = frame.filter(frame["category"].is_null())
    # ONS, ASHE table LWF.1a by place of work, 2022 provisional, sheets All and Male.
    assert only(frame, area_code="E06000006", sex="Persons")["value"] == 13.4
    assert only(frame, area_code="E08000012", sex="Persons")["value"] == 11.1
    assert only(frame, area_code="E06000006", sex="Male")["value_status"] == "suppressed_quality"
    raw = {row[1]: row[3] for row in given_sheet(GIVEN, "All")[5:] if row[1] and row[3] != ":"}
    read = frame.filter(frame["sex"] == "Persons")
    assert dict(read.filter(read["value"].is_not_null()).select("area_code", "value").rows()) == {
        code: value for code, value in raw.items() if isinstance(value, float)
    }
