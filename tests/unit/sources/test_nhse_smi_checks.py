"""Physical health checks of people with severe mental illness: columns by their words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from beacon.core.errors import InputRefusedError
from tests.unit.sources.conftest import Read, messages, only, xlsx

CHECKED = "Number of people who received the full list of physical checks"
REGISTER = "Number of people on the General Practice SMI registers"
NAME = "Physical-Health-Checks-SMI-Q4-2021-22-v1.1-1.xlsx"


def workbook(
    folder: Path, *, moved: bool = False, checked: Any = 60, name: str = NAME, word: str = CHECKED
) -> Path:
    numbers = [(word, checked), ("Of whom, skipped", 5)]
    if moved:
        numbers.reverse()
    header = ["Region Code", "Region Name", "CCG Code", "CCG Name", *(n for n, _ in numbers)]
    row = ["Y62", "North West", "27D", "NHS Cheshire CCG", *(value for _, value in numbers)]
    sheet = [
        [None, "Table 2"],
        [],
        [None, *header, REGISTER, "Alcohol"],
        [None, *row, 100, 70],
        [None, "Y62", "North West", "01F", "NHS Halton CCG", 30, 40, 50, 45],
        [],
        [None, "Notes: fictional"],
    ]
    return xlsx(folder / name, {"Cover": [["x"]], "Table 1": [["y"]], "Table 2": sheet})


@pytest.mark.parametrize("moved", [False, True])
def test_the_column_that_moved_is_found_by_its_words(
    tmp_path: Path, read_replica: Read, moved: bool
) -> None:
    row = only(read_replica(workbook(tmp_path, moved=moved)), area_code="27D")
    assert (row["value"], row["numerator"], row["denominator"]) == (60.0, 60, 100)
    assert (row["period"], str(row["period_start"]), str(row["period_end"])) == (
        "2021/22 Q4",
        "2021-04-01",
        "2022-03-31",
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"checked": 101}, "is more than the people on the register"),
        ({"word": "Something else"}, "missing from the header"),
        ({"checked": "soon"}, "neither a number nor a known marker"),
    ],
)
def test_damage_is_refused(
    tmp_path: Path, read_replica: Read, change: dict[str, Any], said: str
) -> None:
    with pytest.raises(InputRefusedError) as error:
        read_replica(workbook(tmp_path, **change))
    assert said in messages(error)


def test_the_quarter_must_be_in_the_name(tmp_path: Path, read_replica: Read) -> None:
    with pytest.raises(InputRefusedError, match="which quarter"):
        read_replica(workbook(tmp_path, name="download.xlsx"))
