"""Households in temporary accommodation (TA1)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from beacon.core.errors import InputRefusedError
from beacon.registry.sources import SourceRegister
from beacon.sources.recognise import recognise
from tests.unit.sources.conftest import Read, given_sheet, messages, ods, only

GIVEN = Path("other_official/Detailed_LA_202212.ods")


def replica(path: Path, **change: Any) -> Path:
    title = change.get(
        "title",
        "Table TA1 - Number of households by type of temporary accommodation provided\n"
        "England, 31 December 2022",
    )
    header = [
        None, None, None, None,
        "Total number of households in TA1,2,3",
        "Number of households in area4 (000s)",
        change.get("rate_header", "Total number of households in TA per (000s)"),
        "Total number of households in TA with children",
        "Total number of children in TA",
        None,
        *(f"Kind of accommodation {number}" for number in range(8)),
    ]  # fmt: skip
    london = ["E12000007", "London", None, None, 58370, 3597.63, 58370 / 3597.63, 38480, 75580]
    again = [*london[:4], change.get("london_again", 58370), *london[5:]]
    rows = [
        [title],
        [None, None, None, None, "Grand Total"],
        [None, None, None, None, "Sum of Total households in TA"],
        header,
        [None] * 10 + ["Total number of households", "Total with children"],
        ["E92000001", "ENGLAND", None, None, 101300, 23868.496, 4.24407359350427, 62410, 127220],
        london,
        ["-", "Rest of England", None, None, 42930, 20270.866, 2.11794621046867, 23930, 51650],
        [],
        again,
        ["E06000006", "Halton", None, None, "..", 56.875, "..", "..", ".."],
        ["E08000012", "Liverpool", None, None, 572, 225.428, change.get("rate", 572 / 225.428)],
        [],
        [None, "Notes:"],
        [None, "1", None, None, "England and regional totals include imputations"],
    ]
    sheets = {
        "A1": [["Table A1"], [None, None, "Total", "Other"]],
        "TA1_": rows,
        "'file:///old.xlsx'#TA1": rows,
    }
    return ods(path / "detailed.ods", sheets)


def test_a_missing_return_is_not_published_and_never_zero(
    tmp_path: Path, read_replica: Read
) -> None:
    frame = read_replica(replica(tmp_path))
    assert frame["area_code"].to_list() == ["E92000001", "E12000007", "E06000006", "E08000012"]
    halton = only(frame, area_code="E06000006")
    assert (halton["value"], halton["numerator"]) == (None, None)
    assert halton["value_status"] == "not_published"
    assert halton["denominator"] == 56875
    liverpool = only(frame, area_code="E08000012")
    assert liverpool["value"] == pytest.approx(2.53739553205458)
    assert (liverpool["numerator"], liverpool["denominator"]) == (572, 225428)
    assert (liverpool["period"], str(liverpool["period_end"])) == ("2022-12-31", "2022-12-31")


def test_the_part_is_the_quarter(tmp_path: Path, register: SourceRegister) -> None:
    found = recognise(replica(tmp_path), register)
    assert (found.key, found.part) == ("mhclg_homelessness/detailed_la", "31-december-2022")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"rate_header": "Rate"}, "Total number of households in TA per"),
        ({"rate": 3.1}, "row 12, column 'Total number of households in TA per (000s)': '3.1' does"),
        ({"rate": None}, "is neither a number nor a known marker"),
        ({"london_again": 58360}, "has two different values for the same area"),
        ({"title": "Table TA1"}, "the title above the table does not say which period"),
    ],
)
def test_damage_is_refused(
    tmp_path: Path, read_replica: Read, change: dict[str, Any], said: str
) -> None:
    with pytest.raises(InputRefusedError) as error:
        read_replica(replica(tmp_path, **change))
    assert said in messages(error)


@pytest.mark.given
def test_published_figures_of_the_places(read_given: Read) -> None:
    frame = read_given(GIVEN)
    # DLUHC, Statutory homelessness, detailed local authority tables, October to December 2022, TA1.
    assert only(frame, area_code="E08000012")["numerator"] == 572
    assert only(frame, area_code="E06000049")["value"] == pytest.approx(0.139530827592221)
    assert only(frame, area_code="E06000006")["value_status"] == "not_published"
    assert only(frame, area_code="E92000001")["numerator"] == 101300
    raw = {row[0]: row for row in given_sheet(str(GIVEN), "TA1_") if str(row[0])[:1] == "E"}
    assert set(frame["area_code"]) == set(raw)
    for code, value in frame.select("area_code", "value").iter_rows():
        assert raw[code][6] == (".." if value is None else value)
