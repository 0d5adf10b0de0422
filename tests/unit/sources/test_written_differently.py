"""The same table, as other programs and other hands write it."""

from __future__ import annotations

import csv
import gzip
import re
from pathlib import Path

import pytest
import xlsxwriter

from beacon.ingest.check_files import check_file, is_needed, needed_and_refused
from beacon.sample import write_sample
from beacon.sources.publishers.nhs_qof import _year
from beacon.sources.tabular.periods import parse_compact_academic
from tests.fixtures.small_files import HEADER, lines, look, row, text_file

THREE = lines(row(1), row(2), row(3))


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder)
    return folder


@pytest.mark.parametrize(
    "content",
    [
        # As R, janitor and pandas write headers.
        THREE.replace(HEADER_LINE := ",".join(HEADER), re.sub("[ ]", ".", HEADER_LINE)),
        THREE.replace(HEADER_LINE, re.sub("[ .]", "_", HEADER_LINE).lower()),
        THREE + "\x1a",
        # Four columns of an analyst's own.
        "".join(f"{line},,,,\n" for line in THREE.splitlines()).replace(
            f"{HEADER_LINE},,,,", f"{HEADER_LINE},a,b,c,d"
        ),
    ],
)
def test_ways_to_write_a_table(tmp_path: Path, content: str) -> None:
    report, rows = look(text_file(tmp_path, content))
    assert rows is not None, report.problems
    assert rows["area_code"].to_list() == ["Z06000001", "Z06000002", "Z06000003"]
    assert rows["value"].to_list() == [15.5] * 3


@pytest.mark.parametrize("space", [" ", "\u00a0", "\u202f", "\u2009"])
def test_a_space_between_thousands_is_no_fault(tmp_path: Path, space: str) -> None:
    report, rows = look(text_file(tmp_path, lines(row(1, Denominator=f"1{space}234{space}567"))))
    assert rows is not None, report.problems
    assert rows["denominator"][0] == 1_234_567
    assert look(text_file(tmp_path, lines(row(1, Denominator=f"12{space}34"))))[1] is None


@pytest.mark.parametrize(
    ("marker", "status"),
    [
        ("Suppressed", "suppressed"),
        ("(c)", "suppressed"),
        ("[ c ]", "suppressed"),
        ("N.A.", "not_published"),
        ("NaN", "not_published"),
        ("None", "not_published"),
        ("Not available", "not_published"),
        ("Not applicable", "not_applicable"),
    ],
)
def test_markers_that_people_and_programs_write(tmp_path: Path, marker: str, status: str) -> None:
    report, rows = look(text_file(tmp_path, lines(row(1, Value=marker), row(2))))
    assert rows is not None, report.problems
    assert rows.select("value", "value_status").row(0) == (None, status)


@pytest.mark.parametrize(
    "change",
    [
        {"Area Code": "Z0600001"},
        {"Area Code": "Z06O00001"},
        {"Area Code": "Z06000001 Brackenmouth"},
        {"Area Code": "Z060000011"},
        {"Value": "<5"},
    ],
)
def test_a_code_that_is_nearly_one_is_refused(tmp_path: Path, change: dict[str, str]) -> None:
    report, _ = look(text_file(tmp_path, lines(row(1), row(2, **change))))
    ((column, _),) = change.items()
    assert report.status == "refused"
    assert [(p.row, p.column) for p in report.problems] == [(3, column)]


@pytest.mark.parametrize(
    "code", ["A81001", "E81046", "U12345", "nE38000010", "Cl_L4_2a1r", "E92000001"]
)
def test_codes_of_other_kinds_of_area_are_read(tmp_path: Path, code: str) -> None:
    official = [row(place, **{"Area Code": f"E0600{place:04}"}) for place in range(1, 120)]
    path = text_file(tmp_path, lines(*official, row(1, **{"Area Code": code})))
    report = check_file(path.name, path, allow_fictional=False)
    assert report.status == "read", report.problems


def test_a_series_in_other_capitals_is_that_series(sample: Path, tmp_path: Path) -> None:
    (source,) = sample.glob("ons_els/*healthy*.csv")
    name = "Male healthy life expectancy"
    text = source.read_text(encoding="utf-8-sig")
    report, rows = look(text_file(tmp_path, text.replace(name, name.upper())))
    assert rows is not None, report.problems
    assert set(rows["series"]) == set(rows["series_name"]) == {name, name.replace("Male", "Female")}


def test_a_file_of_no_use_says_so_and_what_is_near(sample: Path, tmp_path: Path) -> None:
    (source,) = sample.glob("ons_els/*healthy*.csv")
    text = source.read_text(encoding="utf-8-sig")
    changed = text.replace("healthy life expectancy", "health expectancy")
    report, rows = look(text_file(tmp_path, changed))
    assert rows is not None
    (problem,) = report.problems
    assert (problem.row, problem.column) == (2, "indicator")
    assert "the nearest that is used is 'Male healthy life expectancy'" in problem.message


def test_a_csv_that_was_saved_as_a_workbook_is_named(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    workbook = xlsxwriter.Workbook(tmp_path / "export.xlsx")
    sheet = workbook.add_worksheet()
    for number, cells in enumerate([HEADER, row(1), row(2)]):
        sheet.write_row(number, 0, cells)
    workbook.close()
    (tmp_path / "export.xlsx").rename(path)
    report = check_file(path.name, path, allow_fictional=True)
    assert (report.status, report.dataset) == ("refused", "fingertips/indicator")
    assert "is xlsx, where csv" in report.problems[0].message
    assert "save this sheet as CSV UTF-8" in report.problems[0].remedy


def test_a_table_in_a_hidden_sheet_alone_is_read_and_said(sample: Path, tmp_path: Path) -> None:
    import openpyxl

    (source,) = sample.glob("imd2019/*File_1*.xlsx")
    workbook = openpyxl.load_workbook(source)
    workbook["IMD2019"].sheet_state = "hidden"
    workbook.save(tmp_path / source.name)
    report = check_file(source.name, tmp_path / source.name, allow_fictional=True)
    assert report.status == "read"
    assert [p.column for p in report.problems] == ["IMD2019"]
    assert "only this hidden sheet" in report.problems[0].message


def test_what_is_nothing_known_says_why(tmp_path: Path) -> None:
    report = check_file(
        "a.csv", text_file(tmp_path, "a,b,c\n1,2,3\n", "a.csv"), allow_fictional=True
    )
    assert report.status == "unrecognised"
    assert "no row near its top has the headers" in report.problems[0].message


def test_the_faults_told_are_those_of_the_data_as_what_they_are(tmp_path: Path) -> None:
    few = lines(*(row(place, **{"Area Code": f"E0600000{place}"}) for place in range(1, 6)))
    report, _ = look(text_file(tmp_path, few))
    assert "the file is cut short" in report.problems[0].message
    report, _ = look(text_file(tmp_path, lines(row(1), row(2), row(3, Value="abc"))))
    assert (report.problems[0].row, report.problems[0].column) == (4, "Value")


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("PREVALENCE_2425.csv", "2024/25"),
        ("PREVALENCE_24-25.csv", "2024/25"),
        ("PREVALENCE_2024-25.csv", "2024/25"),
        ("PREVALENCE_2024_2025 (1).csv", "2024/25"),
        ("PREVALENCE_2021_v2.csv", "2020/21"),
        ("PREVALENCE_2020-21.csv", "2020/21"),
    ],
)
def test_a_year_in_a_name_however_it_is_written(name: str, label: str) -> None:
    from beacon.ingest.check_files import register_in_use

    assert _year(Path(name), register_in_use().datasets["nhs_qof/prevalence"]).label == label


@pytest.mark.parametrize("text", ["202425", "2024/25", "2024-25"])
def test_an_academic_year_however_it_is_written(text: str) -> None:
    period = parse_compact_academic(text)
    assert period is not None
    assert period.label == "2024/25"


def test_girls_and_boys_may_be_called_female_and_male(sample: Path, tmp_path: Path) -> None:
    (source,) = sample.glob("dfe/*EYFSP*.csv")
    with source.open(encoding="utf-8-sig", newline="") as stream:
        records = list(csv.reader(stream))
    words = {"Girls": "Female", "Boys": "Male"}
    path = tmp_path / source.name
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([[words.get(cell, cell) for cell in r] for r in records])
    report, rows = look(path)
    assert rows is not None, report.problems
    assert set(rows["sex"]) == {"Persons", "Female", "Male"}


def test_a_file_that_is_cut_short_is_still_known_for_what_it_was(
    sample: Path, tmp_path: Path
) -> None:
    (outlines,) = sample.glob("boundaries/*.json")
    (export,) = sample.glob("fingertips/*92443*.csv")
    cut = {
        "a.json": (outlines.read_bytes()[:-300], "ons_boundaries/lad24"),
        "b.csv.gz": (gzip.compress(export.read_bytes())[:-200], "fingertips/indicator"),
    }
    for name, (data, dataset) in cut.items():
        report, _ = look(text_file(tmp_path, data, name))
        assert (report.status, report.dataset) == ("refused", dataset)
        assert is_needed(report)
        assert "cut short" in report.problems[0].message


def test_a_refused_copy_of_a_sound_file_is_not_missed(sample: Path, tmp_path: Path) -> None:
    (source,) = sample.glob("imd2025/*File_1*.xlsx")
    sound, cut = tmp_path / source.name, tmp_path / f"{source.stem} (1).xlsx"
    sound.write_bytes(source.read_bytes())
    cut.write_bytes(source.read_bytes()[:5000])
    reports = [check_file(path.name, path, allow_fictional=True) for path in (sound, cut)]
    assert [report.status for report in reports] == ["read", "refused"]
    assert needed_and_refused(reports) == []
    assert needed_and_refused(reports[1:]) == reports[1:]
