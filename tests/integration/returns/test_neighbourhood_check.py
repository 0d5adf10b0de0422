"""Each fault of a return of a neighbourhood programme is found at its cell; a good one has none."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from typer.testing import CliRunner

from beacon.cli.main import app
from beacon.ingest.landing_store import LandingStore
from beacon.registry.neighbourhood_forms import SmallNumbers
from beacon.returns import ReturnRefusedError
from beacon.returns.neighbourhood_accept import (
    accept_neighbourhood_return,
    accepted_neighbourhood_returns,
)
from beacon.returns.neighbourhood_check import check_neighbourhood_return, return_period
from beacon.returns.neighbourhood_context import (
    NeighbourhoodContext,
    load_neighbourhood_context,
    neighbourhood_workbook,
)
from beacon.returns.neighbourhood_table import collect_neighbourhood_returns
from beacon.returns.template import DATA_SHEET, LISTS_SHEET

from .conftest import BRACKENMOUTH, CAWLDERWICK, Row, write_text, write_workbook

NORTH, SOUTH = "brackenmouth_north", "brackenmouth_south"


@pytest.fixture(scope="module")
def programme() -> NeighbourhoodContext:
    return load_neighbourhood_context("sample")


def row(area: str = NORTH, **other: Any) -> Row:
    """A good row: everybody in one neighbourhood, or in the Place."""
    good: Row = {
        "return_id": "R1",
        "form_id": "neighbourhood_teams",
        "definition_version": "1",
        "organisation_code": BRACKENMOUTH,
        "organisation_name": "Brackenmouth Council (fictional)",
        "period_start": date(2023, 4, 1),
        "period_end": date(2024, 3, 31),
        "place_code": BRACKENMOUTH,
        "area_kind": "place" if area == BRACKENMOUTH else "neighbourhood",
        "area_code": area,
        "breakdown": "all",
        "breakdown_group": "All",
        "submitted_by_role": "Head of neighbourhoods",
        "approved_by_role": "Director",
        "submitted_at": date(2024, 6, 1),
        "n_eligible": 1000,
        "n_supported": 300,
        "n_care_plan": 200,
        "n_blood_pressure": 700,
        "n_stopped_smoking": 30,
        "n_emergency_admissions": 1200,
        "n_asked": 150,
        "percent_lonely": 20.0,
    }
    return {**good, **other}


CORE20 = {"breakdown": "deprivation", "breakdown_group": "Core20"}


@pytest.mark.parametrize("write", [write_workbook, write_text])
def test_good_returns_have_no_faults(
    programme: NeighbourhoodContext, tmp_path: Path, write: Callable[[Path, list[Row]], Path]
) -> None:
    rows = [row(), row(**CORE20, n_blood_pressure=None), row(SOUTH)]
    path = write(tmp_path / ("r.xlsx" if write is write_workbook else "r.csv"), rows)
    checked = check_neighbourhood_return(path, programme)
    assert checked.faults == ()
    assert checked.described() == (
        "form neighbourhood_teams, Brackenmouth Council (fictional) (Z06000001), 2023/24, 3 rows"
    )


# What is changed in a good row, the column at fault, and what is said.
SPOILED: list[tuple[Row, str, str]] = [
    ({"area_code": "brackenmouth_west"}, "area_code", "is no neighbourhood of the footprint"),
    ({"area_kind": "ward"}, "area_kind", "'ward' is not accepted here"),
    ({"area_kind": "place"}, "area_code", "is not the Place of place_code"),
    ({"place_code": CAWLDERWICK}, "place_code", "lies in 'Z06000001', not in 'Z06000002'"),
    ({"organisation_code": "E1"}, "organisation_code", "is not accepted here"),
    ({"definition_version": "2"}, "definition_version", "'2' is not accepted here; use 1"),
    ({"breakdown_group": "Core20"}, "breakdown_group", "'Core20' is no group of all"),
    ({"period_end": date(2024, 4, 30)}, "period_end", "is not one financial year"),
    ({"submitted_at": date(2024, 3, 1)}, "submitted_at", "is before the period has ended"),
    ({"n_care_plan": 301}, "n_care_plan", "301 is above n_supported, which is 300"),
    ({"percent_lonely": 101.0}, "percent_lonely", "is above 100 percent"),
    ({"n_asked": None}, "n_asked", "the cell is empty, and percent_lonely is of it"),
    ({"n_asked": 0}, "percent_lonely", "20 percent of nobody: n_asked is 0"),
    ({"n_eligible": 10.5}, "n_eligible", "is not a whole number"),
    ({"n_eligible": -3}, "n_eligible", "is below zero"),
    ({"return_id": "=1+1"}, "return_id", "as a formula does"),
    ({"approved_by_role": ""}, "approved_by_role", "is empty and is required"),
]


@pytest.mark.parametrize(("change", "column", "message"), SPOILED)
def test_each_fault_is_found_at_its_cell(
    programme: NeighbourhoodContext, tmp_path: Path, change: Row, column: str, message: str
) -> None:
    checked = check_neighbourhood_return(write_text(tmp_path / "r.csv", [row(**change)]), programme)
    found = [(fault.column, fault.row) for fault in checked.faults if message in fault.message]
    assert found == [(column, 2)], [str(fault) for fault in checked.faults]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([row(), row()], "the row repeats row 2"),
        ([row(**CORE20)], "has no row of breakdown 'all'"),
        (
            [row(), row(**CORE20), row(**{**CORE20, "breakdown_group": "Elsewhere"})],
            "come to 2,000, above the 1,000 of everybody (row 2)",
        ),
        ([row(), row(SOUTH, return_id="R2")], "must be the same in all rows"),
        ([row(form_id="another")], "'another' is no form of footprint 'sample'"),
    ],
)
def test_rows_are_held_against_each_other(
    programme: NeighbourhoodContext, tmp_path: Path, rows: list[Row], message: str
) -> None:
    checked = check_neighbourhood_return(write_text(tmp_path / "r.csv", rows), programme)
    assert any(message in fault.message for fault in checked.faults)


@pytest.mark.parametrize(
    ("everybody", "column"),
    [
        ({"breakdown_group": "all"}, "breakdown_group"),
        ({"breakdown": "All"}, "breakdown"),
        ({"breakdown": ""}, "breakdown"),
    ],
)
def test_a_misspelt_row_of_everybody_is_not_missed_as_well(
    programme: NeighbourhoodContext, tmp_path: Path, everybody: Row, column: str
) -> None:
    rows = [row(**everybody), row(**CORE20)]
    checked = check_neighbourhood_return(write_text(tmp_path / "r.csv", rows), programme)
    assert {(fault.row, fault.column) for fault in checked.faults} == {(2, column)}


def test_an_area_without_a_row_of_everybody_is_named_once(
    programme: NeighbourhoodContext, tmp_path: Path
) -> None:
    elsewhere = {**CORE20, "breakdown_group": "Elsewhere"}
    rows = [row(**CORE20), row(**elsewhere), row(SOUTH)]
    checked = check_neighbourhood_return(write_text(tmp_path / "r.csv", rows), programme)
    assert [(fault.row, fault.message) for fault in checked.faults] == [
        (2, "brackenmouth_north has no row of breakdown 'all'.")
    ]


def test_a_ward_is_known_from_a_release_or_said_to_be_unknown(
    programme: NeighbourhoodContext, tmp_path: Path
) -> None:
    form = programme.form("neighbourhood_teams")
    wards = form.model_copy(update={"area_kinds": (*form.area_kinds, "ward")})
    path = write_text(tmp_path / "r.csv", [row(area_kind="ward", area_code="Z05000001")])
    blind = NeighbourhoodContext({form.id: wards}, programme.footprint)
    (notice,) = check_neighbourhood_return(path, blind).notices
    assert "no release of this home says" in notice.message
    knowing = NeighbourhoodContext(
        {form.id: wards}, programme.footprint, {"ward": {"Z05000002": "B"}}
    )
    (fault,) = check_neighbourhood_return(path, knowing).faults
    assert "'Z05000001' is no ward" in fault.message


def test_periods_have_the_names_that_people_use() -> None:
    assert return_period(date(2024, 4, 1), date(2025, 3, 31)).label == "2024/25"
    assert return_period(date(2025, 1, 1), date(2025, 3, 31)).label == "2024/25 Q4"
    assert return_period(date(2025, 2, 1), date(2025, 2, 28)).label == "2025-02"


def test_the_form_has_its_columns_and_lists(programme: NeighbourhoodContext) -> None:
    form = programme.form("neighbourhood_teams")
    content = neighbourhood_workbook(programme, form)
    assert content == neighbourhood_workbook(programme, form)
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    assert book.get_sheet_by_name(DATA_SHEET).to_python() == [[field.name for field in form.fields]]
    lists = book.get_sheet_by_name(LISTS_SHEET).to_python()
    groups = [line[lists[0].index("breakdown_group")] for line in lists[1:]]
    assert [group for group in groups if group][:4] == [
        "All",
        "18 to 39",
        "40 to 64",
        "65 and over",
    ]


def test_a_correction_stands_in_place_of_what_it_corrects(
    programme: NeighbourhoodContext, tmp_path: Path
) -> None:
    store = LandingStore(tmp_path / "landing")
    first = write_text(tmp_path / "first.csv", [row(), row(SOUTH)])
    second = write_text(tmp_path / "second.csv", [row(n_supported=400), row(SOUTH)])
    for day, path in enumerate((first, second, second), start=1):
        accepted, _ = accept_neighbourhood_return(
            path, programme, store, now=datetime(2025, 1, day, tzinfo=UTC)
        )
        assert accepted.is_new == (day < 3)
    assert len(accepted_neighbourhood_returns(store, programme)) == 2
    (found,) = collect_neighbourhood_returns(programme, store, tmp_path)
    lines = found.path.read_text().splitlines()
    header = lines[0].split(",")
    reach = [
        dict(zip(header, line.split(","), strict=False)) for line in lines[1:] if ",reach," in line
    ]
    assert [one["numerator"] for one in reach if one["area_code"] == NORTH] == ["400"]
    with pytest.raises(ReturnRefusedError, match="and replaced since"):
        accept_neighbourhood_return(first, programme, store)


@pytest.mark.parametrize("percent", [None, 0])
def test_of_nobody_no_percentage_is_published(
    programme: NeighbourhoodContext, tmp_path: Path, percent: int | None
) -> None:
    store = LandingStore(tmp_path / "landing")
    nobody = row(SOUTH, n_asked=0, percent_lonely=percent)
    path = write_text(tmp_path / "r.csv", [row(percent_lonely=None), nobody])
    accept_neighbourhood_return(path, programme, store)
    (found,) = collect_neighbourhood_returns(programme, store, tmp_path)
    with found.path.open(newline="") as stream:
        lonely = {
            one["area_code"]: (one["value_status"], one["value"], one["denominator"])
            for one in csv.DictReader(stream)
            if one["metric"] == "lonely"
        }
    assert lonely[SOUTH] == ("not_applicable", "", "")
    # Where somebody was asked, an empty cell was left out.
    assert lonely[NORTH] == ("missing", "", "")


def test_no_percentage_stands_on_a_denominator_that_is_rounded_to_nobody(
    programme: NeighbourhoodContext, tmp_path: Path
) -> None:
    form = programme.form("neighbourhood_teams")
    rounded = form.model_copy(update={"small_numbers": SmallNumbers(rounding=20)})
    coarse = NeighbourhoodContext({form.id: rounded}, programme.footprint)
    store = LandingStore(tmp_path / "landing")
    path = write_text(tmp_path / "r.csv", [row(n_asked=7, percent_lonely=0)])
    accept_neighbourhood_return(path, coarse, store)
    (found,) = collect_neighbourhood_returns(coarse, store, tmp_path)
    with found.path.open(newline="") as stream:
        (lonely,) = (
            one
            for one in csv.DictReader(stream)
            if (one["metric"], one["area_code"]) == ("lonely", NORTH)
        )
    assert (lonely["value_status"], lonely["value"]) == ("not_applicable", "")


def test_two_organisations_do_not_return_the_same_area(
    programme: NeighbourhoodContext, tmp_path: Path
) -> None:
    store = LandingStore(tmp_path / "landing")
    accept_neighbourhood_return(write_text(tmp_path / "a.csv", [row()]), programme, store)
    other = {"organisation_code": "ZZ1", "organisation_name": "The board"}
    path = write_text(tmp_path / "b.csv", [row(**other)])
    with pytest.raises(ReturnRefusedError, match="was returned for this period by Brackenmouth"):
        accept_neighbourhood_return(path, programme, store)
    accept_neighbourhood_return(
        write_text(tmp_path / "c.csv", [row(SOUTH, **other)]), programme, store
    )
    assert len(accepted_neighbourhood_returns(store, programme)) == 2


def test_a_damaged_return_refuses_the_table(
    programme: NeighbourhoodContext, tmp_path: Path
) -> None:
    store = LandingStore(tmp_path / "landing")
    path = write_text(tmp_path / "a.csv", [row()])
    accepted, _ = accept_neighbourhood_return(path, programme, store)
    kept = store.path_of(accepted.landed)
    kept.chmod(0o644)
    kept.write_text(kept.read_text() + "\n")
    (found,) = collect_neighbourhood_returns(programme, store, tmp_path)
    assert "is missing or has changed" in found.recognition.problems[0].message


def test_the_commands_know_a_form_from_an_indicator(published_sample: Path, tmp_path: Path) -> None:
    runner = CliRunner()
    home = ["--home", str(published_sample)]
    made = runner.invoke(
        app,
        ["returns", "template", "neighbourhood_teams", "--out", str(tmp_path / "t.xlsx"), *home],
    )
    assert made.exit_code == 0, made.output
    assert (tmp_path / "t.xlsx").is_file()
    good = write_text(tmp_path / "good.csv", [row()])
    checked = runner.invoke(app, ["returns", "check", str(good), *home])
    assert checked.exit_code == 0, checked.output
    bad = write_text(tmp_path / "bad.csv", [row(n_care_plan=301)])
    refused = runner.invoke(app, ["returns", "add", str(bad), *home])
    assert refused.exit_code == 1
    assert "refused; nothing has changed" in refused.output
    listed = runner.invoke(app, ["returns", "list", "--json", *home])
    assert listed.output.count("neighbourhood_teams") >= 2
