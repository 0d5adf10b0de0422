"""Every cell of the workbook, read back as a stranger would, is what the mart holds.

The rest is the Analysis Function's guidance on spreadsheets: one table a sheet with its name, title
in the first cell, nothing hidden, no gap within a table.
"""

from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest

from beacon.core.home import Home
from beacon.release.layout import Release, get_release
from beacon.release.workbook_sheets import SHEETS

FIRST = 6
"""The first row below the heads."""


@pytest.fixture(scope="module")
def release(_published_sample: Path) -> Release:
    return get_release(Home(_published_sample))


@pytest.fixture(scope="module")
def book(release: Release) -> openpyxl.Workbook:
    return openpyxl.load_workbook(release.path / "workbook.xlsx")


def _same(shown: Any, held: Any) -> bool:
    if isinstance(held, date) and not isinstance(held, datetime):
        return isinstance(shown, datetime) and shown.date() == held
    if isinstance(held, float):
        # A spreadsheet keeps fifteen digits.
        return isinstance(shown, int | float) and shown == pytest.approx(held, rel=1e-14)
    return bool(shown == held)


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_every_cell_is_the_mart_s(book: openpyxl.Workbook, release: Release, sheet: Any) -> None:
    with duckdb.connect() as con:
        for file in release.path.glob("*.parquet"):
            con.execute(f"create view {file.stem} as from '{file}'")
        select = ", ".join(sql for _, sql, _, _ in sheet.columns)
        held = con.execute(f"select {select} from {sheet.mart} {sheet.rest}").fetchall()
    page = book[sheet.name]
    shown = [row[: len(sheet.columns)] for row in page.iter_rows(min_row=FIRST, values_only=True)][
        : max(len(held), 1)
    ]
    if not held:
        assert all(cell is None for row in shown for cell in row)
        return
    assert len(shown) == len(held)
    wrong = [
        (number, head, cell, value)
        for number, (row, values) in enumerate(zip(shown, held, strict=True), start=FIRST)
        for (head, *_), cell, value in zip(sheet.columns, row, values, strict=True)
        if not _same(cell, value)
    ]
    assert wrong == []


def test_sheets_are_as_the_guidance_asks(book: openpyxl.Workbook) -> None:
    for page in book:
        assert page.sheet_state == "visible"
        assert page["A1"].value
        assert not page.merged_cells.ranges
        for table in page.tables.values():
            assert not table.displayName.startswith("Table")
            heads = [cell.value for cell in page[FIRST - 1][: len(table.tableColumns)]]
            assert all(heads)
            assert len(set(heads)) == len(heads)
            # No row of the table is empty, unless it is the only one.
            rows = list(page.iter_rows(min_row=FIRST, values_only=True))
            assert len(rows) == 1 or all(any(c is not None for c in row) for row in rows)
