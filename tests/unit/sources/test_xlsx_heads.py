"""The top of a workbook's sheets: as the full reader gives it, or not at all."""

from __future__ import annotations

import datetime as dt
import os
import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from beacon.sources.tabular.tables import open_workbook, sheet_rows, text_of
from beacon.sources.tabular.xlsx_heads import UnusualWorkbookError, xlsx_heads

ROWS = 15


def _by_calamine(path: Path) -> list[tuple[str, list[list[str]]]]:
    book = open_workbook(path)
    return [
        (name, [[text_of(cell) for cell in row] for row in sheet_rows(path, book, name, ROWS)])
        for name in book.sheet_names
    ]


def _filled(heads: list[tuple[str, list[list[str]]]]) -> list[tuple[str, list[list[str]]]]:
    """Without the empty cells at a row's end and rows at the end, which only one of them pads."""
    result = []
    for name, rows in heads:
        table = [list(row) for row in rows]
        for row in table:
            while row and row[-1] == "":
                row.pop()
        while table and not table[-1]:
            table.pop()
        result.append((name, table))
    return result


@pytest.fixture
def book(tmp_path: Path) -> Path:
    path = tmp_path / "book.xlsx"
    with xlsxwriter.Workbook(str(path)) as workbook:
        first = workbook.add_worksheet("Notes & <cover>")
        first.write(0, 0, "  A title ")
        first.write(3, 2, "cell C4")
        rich = workbook.add_format({"bold": True})
        first.write_rich_string(5, 0, "LSOA ", rich, "code (2021)")
        second = workbook.add_worksheet("Data")
        for place, text in enumerate(["Name", "2024", "A & B", "", "Größe"]):
            second.write_string(0, place, text)
        second.write_row(1, 0, [1, 2.5, -3, True, 2024])
        second.write_formula(2, 0, '="x"&"y"', None, "xy")
        second.write_number(20, 0, 1)
        workbook.add_worksheet("Empty")
    return path


def test_heads_equal_the_full_readers(book: Path) -> None:
    heads = xlsx_heads(book, ROWS)
    assert _filled(heads) == _filled(_by_calamine(book))
    assert dict(heads)["Notes & <cover>"][5] == ["LSOA code (2021)"]
    assert len(dict(heads)["Data"]) <= ROWS
    assert dict(heads)["Empty"] == []


def test_only_the_rows_asked_for_are_given(book: Path) -> None:
    assert dict(xlsx_heads(book, 1))["Data"] == [["Name", "2024", "A & B", "", "Größe"]]


def test_a_date_is_its_serial_number(tmp_path: Path) -> None:
    path = tmp_path / "dates.xlsx"
    with xlsxwriter.Workbook(str(path)) as workbook:
        style = workbook.add_format({"num_format": "d mmm yyyy"})
        workbook.add_worksheet().write_datetime(0, 0, dt.datetime(2026, 11, 22), style)
    assert xlsx_heads(path, 1)[0][1] == [["46348"]]


@pytest.mark.parametrize(
    "member", ["xl/sharedStrings.xml", "xl/workbook.xml", "xl/worksheets/sheet1.xml"]
)
@pytest.mark.parametrize("content", [None, b"<a><b></a>", b""])
def test_a_workbook_that_is_built_otherwise_is_left_to_the_full_reader(
    book: Path, tmp_path: Path, member: str, content: bytes | None
) -> None:
    path = tmp_path / "other.xlsx"
    with zipfile.ZipFile(book) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            if name != member:
                target.writestr(name, source.read(name))
            elif content is not None:
                target.writestr(name, content)
    with pytest.raises(UnusualWorkbookError):
        xlsx_heads(path, ROWS)


@pytest.mark.given
def test_heads_of_the_official_workbooks_equal_the_full_readers() -> None:
    folder = Path(os.environ.get("BEACON_TEST_INPUTS", "../shared/inputs"))
    paths = sorted(folder.rglob("*.xlsx"))
    if not paths:
        pytest.skip(f"no .xlsx below {folder} (set BEACON_TEST_INPUTS)")
    for path in paths:
        assert _filled(xlsx_heads(path, ROWS)) == _filled(_by_calamine(path)), path.name
