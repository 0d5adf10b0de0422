"""The release for people with a spreadsheet: `workbook.xlsx`, and each mart as CSV.

Each sheet holds one table with its title above it, no merged and no hidden cells, its header row
frozen and marked as such, following "Releasing statistics in spreadsheets" (Government Analysis
Function). The same release always gives the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from beacon.contracts import Column, Contract
from beacon.contracts.ddl import quote_identifier, quote_literal
from beacon.core.spreadsheet_text import csv_cell_sql
from beacon.release.manifest import FICTIONAL_NOTICE
from beacon.release.workbook_sheets import SHEETS, Sheet, place_sheets

if TYPE_CHECKING:
    import duckdb

WORKBOOK = "workbook.xlsx"
CSV_FOLDER = "csv"

_FIRST_TABLE_ROW = 4
_MOST_ROWS = 100_000


# As on the pages: blue, sand and rust, which people of any colour vision tell apart; the word in
# the cell says the same.
_JUDGEMENTS = {
    "better": ("#1D6FB0", "#FFFFFF"),
    "similar": ("#EFDCA6", "#3A2F0B"),
    "worse": ("#B0430D", "#FFFFFF"),
    "higher": ("#5D4B9A", "#FFFFFF"),
    "lower": ("#5D4B9A", "#FFFFFF"),
}
_A4 = 9
_FORMATS = {"value": "#,##0.00", "percent": "0.0", "people": "#,##0", "whole": "0"}


def write_csvs(folder: Path, contracts: Sequence[Contract]) -> None:
    """Write each mart of a release that is being built as a CSV, outlines left out.

    A file whose name ends in .gz is compressed. Text that a spreadsheet would run as a formula has
    an apostrophe before it.
    """
    import duckdb

    (folder / CSV_FOLDER).mkdir()
    with duckdb.connect() as con:
        for contract in contracts:
            columns = ", ".join(
                _csv_column(column)
                for column in contract.columns
                if column.duck_type.family != "binary"
            )
            source = quote_literal((folder / f"{contract.table}.parquet").as_posix())
            target = quote_literal((folder / CSV_FOLDER / contract.csv_name).as_posix())
            con.execute(
                f"copy (select {columns} from read_parquet({source})) to {target} "  # noqa: S608
                "(format csv, header true)"
            )


def _csv_column(column: Column) -> str:
    name = quote_identifier(column.name)
    return f"{csv_cell_sql(name)} as {name}" if column.duck_type.name == "VARCHAR" else name


def write_workbook(
    folder: Path, marts: Sequence[str], *, label: str, footprint: str, fictional: bool
) -> Path:
    """Write `workbook.xlsx` from the marts of a release that is being built.

    Args:
        folder: Holds the marts' Parquet files.
        marts: The marts that are there; sheets of others are left out.
        label: The release's label.
        footprint: Name of the area that is reported on.
        fictional: Puts the notice on every sheet.
    """
    import duckdb
    import xlsxwriter

    path = folder / WORKBOOK
    options = {"strings_to_urls": False, "strings_to_formulas": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(str(path), options)
    book.set_properties(
        {
            "title": f"Beacon {label}: {footprint}",
            "subject": "Population health and inequality",
            "comments": FICTIONAL_NOTICE if fictional else "",
            "created": _date_of(label),
        }
    )
    styles = {name: book.add_format({"num_format": code}) for name, code in _FORMATS.items()}
    styles["date"] = book.add_format({"num_format": "d mmm yyyy"})
    styles["text"] = book.add_format({})
    styles["title"] = book.add_format({"bold": True, "font_size": 14})
    styles["notice"] = book.add_format({"bold": True, "bg_color": "#FFEB3B"})
    styles["head"] = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
    styles["judgement"] = book.add_format({"font_color": "#4B5A68"})
    for word, (fill, ink) in _JUDGEMENTS.items():
        styles[word] = book.add_format({"bg_color": fill, "font_color": ink})
    with duckdb.connect() as con:
        for mart in marts:
            file = quote_literal((folder / f"{mart}.parquet").as_posix())
            con.execute(f"create view {quote_identifier(mart)} as from read_parquet({file})")
        sheets = [sheet for sheet in SHEETS if sheet.mart in marts]
        if "scorecard" in marts:
            places = con.execute(
                "select distinct place_code, place_name from scorecard order by place_name"
            ).fetchall()
            sheets[1:1] = place_sheets(places)
        _write_readme(book, styles, sheets, label, footprint, fictional)
        for sheet in sheets:
            _write_sheet(con, book, styles, sheet, label, fictional)
    book.close()
    return path


def _date_of(label: str) -> datetime:
    year, month, day = (int(part) for part in re.findall(r"\d+", label)[:3])
    return datetime(year, month, day)


def _write_readme(
    book: Any, styles: dict[str, Any], sheets: list[Sheet], label: str, footprint: str, fict: bool
) -> None:
    page = book.add_worksheet("Read me")
    page.set_column(0, 0, 28)
    page.set_column(1, 1, 100)
    _set_up_print(page, f"Beacon {label}")
    lines: list[tuple[str, str, str]] = [("title", f"Beacon: {footprint}", "")]
    if fict:
        lines.append(("notice", FICTIONAL_NOTICE, ""))
    lines += [
        ("text", "Release", label),
        ("text", "Made by", "Beacon, from the publishers' files named on the sheet Sources."),
        ("text", "Missing values", "Empty cells have a status beside them: suppressed, not "
         "published, not supplied. They are never zero."),
        ("text", "Limits", "95 % limits are the publisher's where there are any, else computed "
         "from its counts."),
        ("text", "Judgements", "By 95 % limits, or in the publisher's own words where it prints no "
         "limits: the column By says which."),
        ("text", "Everything", "All columns of all tables are in the folder csv and in the "
         "Parquet files beside this workbook."),
        ("head", "Sheet", "What it shows"),
        *(("text", sheet.name, sheet.title) for sheet in sheets),
    ]  # fmt: skip
    for row, (style, first, second) in enumerate(lines):
        if style == "text" and first in {sheet.name for sheet in sheets}:
            page.write_url(row, 0, f"internal:'{first}'!A1", string=first)
        else:
            page.write_string(row, 0, first, styles[style])
        if second:
            page.write_string(row, 1, second, styles["head" if style == "head" else "text"])


def _write_sheet(
    con: duckdb.DuckDBPyConnection,
    book: Any,
    styles: dict[str, Any],
    sheet: Sheet,
    label: str,
    fictional: bool,
) -> None:
    select = ", ".join(sql for _, sql, _, _ in sheet.columns)
    rows = con.execute(f"select {select} from {sheet.mart} {sheet.rest}").fetchall()  # noqa: S608
    page = book.add_worksheet(sheet.name)
    page.write_string(0, 0, sheet.title, styles["title"])
    page.write_string(1, 0, sheet.note)
    more = len(rows) - _MOST_ROWS
    where = f"Release {label}."
    if more > 0:
        where += f" {more:,} more rows are in csv/{sheet.mart}.csv."
    page.write_string(2, 0, where)
    if fictional:
        page.write_string(3, 0, FICTIONAL_NOTICE, styles["notice"])
    rows = rows[:_MOST_ROWS]
    last = _FIRST_TABLE_ROW + max(len(rows), 1)
    page.add_table(
        _FIRST_TABLE_ROW,
        0,
        last,
        len(sheet.columns) - 1,
        {
            "name": re.sub(r"\W", "_", sheet.name),
            "style": "Table Style Light 1",
            "columns": [
                {"header": head, "header_format": styles["head"], "format": styles[kind]}
                for head, _, kind, _ in sheet.columns
            ],
        },
    )
    for index, (_, _, _, width) in enumerate(sheet.columns):
        page.set_column(index, index, width)
    for number, row in enumerate(rows, start=_FIRST_TABLE_ROW + 1):
        for index, value in enumerate(row):
            if value is not None:
                kind = sheet.columns[index][2]
                style = styles[value if kind == "judgement" and value in _JUDGEMENTS else kind]
                _write_cell(page, number, index, value, style)
    page.freeze_panes(_FIRST_TABLE_ROW + 1, 0)
    page.repeat_rows(_FIRST_TABLE_ROW)
    page.print_area(0, 0, last, (sheet.printed or len(sheet.columns)) - 1)
    _set_up_print(page, f"Beacon {label}")


def _set_up_print(page: Any, footer: str) -> None:
    """A4, landscape, as wide as the paper and as many pages down as it takes."""
    page.set_paper(_A4)
    page.set_landscape()
    page.fit_to_pages(1, 0)
    page.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    page.set_footer(f"&L{footer}&C&A&RPage &P of &N")


def _write_cell(page: Any, row: int, column: int, value: Any, style: Any) -> None:
    if isinstance(value, str):
        # Never a formula, whatever a publisher's cell begins with.
        page.write_string(row, column, value, style)
    elif isinstance(value, date):
        page.write_datetime(row, column, datetime(value.year, value.month, value.day), style)
    else:
        page.write_number(row, column, value, style)
