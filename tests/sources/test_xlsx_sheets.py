"""Sheets read from their bytes: as Calamine gives them, or not at all."""

from __future__ import annotations

import datetime as dt
import zipfile
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import xlsxwriter

from beacon.sources import tables, xlsx_rows
from beacon.sources.sheet_cells import SheetOfValues
from beacon.sources.tables import open_workbook, sheet_rows
from beacon.sources.xlsx_sheets import usual_sheets

ROWS: list[list[Any]] = [
    ["A title & more"],
    [],
    ["Code", " Name ", "Count", "Share", "Mixed"],
    *(
        [f"E{place:08d}", f" <Área> {place} 'x' ", place, place / 7, place if place % 3 else "[c]"]
        for place in range(60)
    ),
    [],
    ["", "", None, 5.0],
    ["Note: below"],
]


@pytest.fixture(params=[1 << 9, 1 << 21], ids=["many blocks", "one block"])
def block(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx_rows, "BLOCK_BYTES", request.param)


def _write(
    path: Path, rows: list[list[Any]], *, inline: bool = False, form: str | None = None
) -> Path:
    with xlsxwriter.Workbook(path, {"constant_memory": inline}) as book:
        sheet = book.add_worksheet("Data")
        style = book.add_format({"num_format": form, "bold": True}) if form else None
        for number, row in enumerate(rows):
            for place, cell in enumerate(row):
                sheet.write(number, place, cell, style)
    return path


def _below(path: Path, header_row: int, width: int) -> tuple[pl.DataFrame | None, pl.DataFrame]:
    """A table by the bytes and by Calamine."""
    sheets = usual_sheets(path)
    assert sheets is not None
    found = sheets[0][1]()
    by_calamine = SheetOfValues(sheet_rows(path, open_workbook(path), sheets[0][0]), 15)
    if found is None:
        return None, by_calamine.below(header_row, width)
    top = [[cell for cell in row if cell] for row in found.top]
    assert top == [[cell for cell in row if cell] for row in by_calamine.top]
    return found.below(header_row, width), by_calamine.below(header_row, width)


@pytest.mark.usefixtures("block")
@pytest.mark.parametrize("inline", [False, True])
@pytest.mark.parametrize("form", [None, "#,##0.00", "0.00E+00", '[Red]0"days"'])
@pytest.mark.parametrize("width", [3, 5, 7])
def test_a_usual_sheet_is_what_calamine_reads(
    tmp_path: Path, inline: bool, form: str | None, width: int
) -> None:
    found, expected = _below(_write(tmp_path / "a.xlsx", ROWS, inline=inline, form=form), 3, width)
    assert found is not None
    assert found.equals(expected)
    assert found.schema == expected.schema
    assert found.height == (62 if width > 3 else 61)


@pytest.mark.parametrize(
    "cell", [True, dt.date(2024, 4, 1), "=1+1", "=NA()", "='a'&\"b\""], ids=str
)
def test_a_sheet_with_another_kind_of_cell_is_left_to_calamine(tmp_path: Path, cell: Any) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path, {"default_date_format": "dd/mm/yyyy"}) as book:
        sheet = book.add_worksheet("Data")
        for number, row in enumerate([*ROWS, [cell]]):
            sheet.write_row(number, 0, row)
    assert _below(path, 3, 5)[0] is None


@pytest.mark.parametrize("form", ["[h]:mm", "yyyy", "mmm", "d", "[ss]"])
def test_numbers_shown_as_dates_or_times_are_left_to_calamine(tmp_path: Path, form: str) -> None:
    assert _below(_write(tmp_path / "a.xlsx", [["Day"], [45000.5]], form=form), 1, 1)[0] is None


def _with_sheet(path: Path, changed: Path, old: bytes, new: bytes) -> Path:
    """The workbook with bytes of its sheet replaced."""
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(changed, "w") as target:
        for item in source.infolist():
            content = source.read(item)
            if item.filename == "xl/worksheets/sheet1.xml":
                assert content.count(old) == 1
                content = content.replace(old, new)
            target.writestr(item, content)
    return changed


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'r="C7"', b'r="D7"'),  # Two cells in one place.
        (b'r="C7"', b'r="C8"'),  # A cell of another row.
        (b'<row r="7"', b'<row r="5"'),  # Rows out of order.
        (b'<c r="C7"><v>3</v></c>', b'<c r="C7"><v>3</v>'),  # A cell that does not end.
        (b'<c r="C7"><v>3</v></c>', b'<c r="C7"><v>0x3</v></c>'),  # No number.
        (b'<c r="C7"><v>3</v></c>', b'<c r="C7" t="s"><v>9999</v></c>'),  # No such string.
        (b'<c r="C7"><v>3</v></c>', b'<c r="C7" s="77"><v>3</v></c>'),  # No such style.
        (b'<c r="C7"><v>3</v></c>', b'<!-- c --><c r="C7"><v>3</v></c>'),
        (b"</sheetData>", b""),
    ],
)
def test_a_sheet_that_is_not_built_as_usual_is_left_to_calamine(
    tmp_path: Path, old: bytes, new: bytes
) -> None:
    usual = _write(tmp_path / "a.xlsx", ROWS)
    sheets = usual_sheets(_with_sheet(usual, tmp_path / "b.xlsx", old, new))
    assert sheets is not None
    assert sheets[0][1]() is None


def test_a_workbook_cut_short_is_left_to_calamine(tmp_path: Path) -> None:
    path = _write(tmp_path / "a.xlsx", ROWS)
    path.write_bytes(path.read_bytes()[:-100])
    assert usual_sheets(path) is None


def test_cells_without_a_value_are_empty(tmp_path: Path) -> None:
    usual = _write(tmp_path / "a.xlsx", ROWS)
    for number, form in enumerate([b'<c r="C7"/>', b'<c r="C7" s="0"></c>']):
        path = _with_sheet(usual, tmp_path / f"{number}.xlsx", b'<c r="C7"><v>3</v></c>', form)
        found, expected = _below(path, 3, 5)
        assert found is not None
        assert found.equals(expected)
        assert found["c2"][3] == ""


def test_sheets_left_to_calamine_are_read_from_a_workbook_opened_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        for name in ("One", "Two", "Three"):
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, ["Code", "Flag"])
            sheet.write_row(1, 0, ["E1", True])
    opened: list[Path] = []

    def watched(path: Path) -> Any:
        opened.append(path)
        return open_workbook(path)

    monkeypatch.setattr(tables, "open_workbook", watched)
    found = tables.read_sheets(path, lambda names: names[:1] == ["Code"])
    assert [table.frame["c1"].to_list() for table in found] == [["True"]] * 3
    assert opened == [path]
