"""The release for people with a spreadsheet: `workbook.xlsx`, and each mart as CSV.

Each sheet holds one table with its title above it, no merged and no hidden cells, its header row
frozen and marked as such, following "Releasing statistics in spreadsheets" (Government Analysis
Function). The same release always gives the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from beacon.contracts import Column, Contract
from beacon.contracts.ddl import quote_identifier, quote_literal
from beacon.core.spreadsheet_text import csv_cell_sql
from beacon.release.manifest import FICTIONAL_NOTICE

if TYPE_CHECKING:
    import duckdb

WORKBOOK = "workbook.xlsx"
CSV_FOLDER = "csv"

_FIRST_TABLE_ROW = 4
_MOST_ROWS = 100_000


@dataclass(frozen=True)
class Sheet:
    """One sheet.

    Attributes:
        name: Name on its tab.
        title: First line.
        note: Second line: how to read it.
        mart: The mart it shows.
        columns: Heading, SQL, format (text, value, percent, people, whole, date) and width.
        rest: What follows `from` in SQL: conditions and order.
    """

    name: str
    title: str
    note: str
    mart: str
    columns: tuple[tuple[str, str, str, int], ...]
    rest: str = ""


_NUMBER = ("Number", "indicator_id", "whole", 8)
_LIMITS = (
    ("Value", "value", "value", 11),
    ("Lower 95 %", "lower_95", "value", 11),
    ("Upper 95 %", "upper_95", "value", 11),
    ("Unit", "unit", "text", 26),
)
_STATUS = (
    ("Status", "replace(value_status, '_', ' ')", "text", 15),
    ("Note", "value_note", "text", 60),
)
_SERIES = (
    _NUMBER,
    ("Indicator", "indicator_slug", "text", 28),
    ("Measure", "measure", "text", 20),
    ("Area", "area_name", "text", 26),
    ("Period", "period", "text", 11),
    ("Sex", "sex", "text", 9),
    ("Age", "age", "text", 13),
    ("Group", "if(category = 'All', 'All', category_type || ': ' || category)", "text", 28),
    *_LIMITS,
    ("Numerator", "numerator", "people", 12),
    ("Denominator", "denominator", "people", 12),
    ("Against the nation", "replace(compared_with_nation, '_', ' ')", "text", 18),
    ("Source", "source || '/' || dataset", "text", 26),
    *_STATUS,
)
SHEETS: tuple[Sheet, ...] = (
    Sheet(
        "Scorecard",
        "Each headline measure for each Place at its latest period",
        "Rank 1 is the best Place where the measure has a direction, else the highest. Against "
        "the nation: better, worse or similar by 95 % limits; not compared where there are none.",
        "scorecard",
        (
            _NUMBER,
            ("Indicator", "name", "text", 44),
            ("Measure", "measure_name", "text", 40),
            ("Place", "place_name", "text", 26),
            ("Sex", "sex", "text", 9),
            ("Age", "age", "text", 13),
            ("Period", "period", "text", 11),
            *_LIMITS,
            ("Nation", "nation_value", "value", 11),
            ("Against the nation", "replace(compared_with_nation, '_', ' ')", "text", 18),
            ("Rank", "rank_among_places", "whole", 7),
            ("of", "places_ranked", "whole", 6),
            *_STATUS,
        ),
        "order by indicator_id, measure, sex, place_name",
    ),
    Sheet(
        "Places",
        "The Places and their Core20 residents",
        "Core20: residents of the most deprived fifth of the nation's LSOAs.",
        "place",
        (
            ("Code", "place_code", "text", 12),
            ("Place", "place_name", "text", 28),
            ("Residents", "people", "people", 12),
            ("Core20 residents", "people_core20", "people", 16),
            ("Core20 share, %", "core20_share_percent", "percent", 15),
            ("LSOAs", "lsoas", "whole", 8),
            ("Core20 LSOAs", "lsoas_core20", "whole", 13),
            ("Population", "population_base", "text", 16),
            ("IMD", "imd_vintage", "whole", 8),
        ),
        "order by place_name",
    ),
    Sheet(
        "Core20",
        "People in and outside Core20 by area, age and sex",
        "Two vintages of the Indices of Deprivation stand beside each other; they count LSOAs of "
        "different censuses and are not a trend.",
        "core20_cohort",
        (
            ("Area", "area_name", "text", 40),
            ("IMD", "imd_vintage", "whole", 8),
            ("Sex", "sex", "text", 9),
            ("Age", "age_band", "text", 10),
            ("Group", "if(core20, 'Core20', 'Not Core20')", "text", 12),
            ("People", "people", "people", 12),
            ("Share of the area, %", "share_percent", "percent", 19),
            ("LSOAs", "lsoas", "whole", 8),
        ),
        "order by imd_vintage desc, area_name, sex, age_band, core20 desc",
    ),
    Sheet(
        "Inequality",
        "Gaps and slopes between the more and the less disadvantaged, latest period",
        "Gap: comparison less disadvantaged. Ratio: comparison over disadvantaged. SII and RII run "
        "from the most to the least deprived end. Ecological rows compare Places, not people.",
        "inequality",
        (
            _NUMBER,
            ("Indicator", "indicator_slug", "text", 28),
            ("Measure", "measure", "text", 20),
            ("Area", "area_name", "text", 34),
            ("Period", "period", "text", 11),
            ("Sex", "sex", "text", 9),
            ("Age", "age", "text", 13),
            ("Breakdown", "replace(breakdown, '_', ' ')", "text", 24),
            ("Disadvantaged", "disadvantaged_group", "text", 26),
            ("Its value", "disadvantaged_value", "value", 10),
            ("Comparison", "comparison_group", "text", 26),
            ("Its value ", "comparison_value", "value", 10),
            ("Gap", "absolute_gap", "value", 10),
            ("Gap lower 95 %", "absolute_gap_lower_95", "value", 14),
            ("Gap upper 95 %", "absolute_gap_upper_95", "value", 14),
            ("Ratio", "relative_gap", "value", 9),
            ("SII", "sii", "value", 10),
            ("SII lower 95 %", "sii_lower_95", "value", 14),
            ("SII upper 95 %", "sii_upper_95", "value", 14),
            ("RII", "rii", "value", 9),
            ("Direction", "replace(direction, '_', ' ')", "text", 26),
            ("Ecological", "if(ecological, 'yes', 'no')", "text", 11),
            ("Unit", "unit", "text", 26),
        ),
        "qualify dense_rank() over (partition by indicator_slug, measure, area_code, sex, "
        "breakdown order by period_end desc) = 1 "
        "order by indicator_id, measure, breakdown, area_name, sex, age",
    ),
    Sheet(
        "Beacons over time",
        "The beacon indicators and their context, all periods",
        "Periods of one series may differ in method; the Indicators sheet says where. A missing "
        "value has a status and is never zero.",
        "beacon_indicator",
        _SERIES,
        "order by indicator_id, measure, area_type, area_name, period_end, period, sex, age, "
        "category_type, category",
    ),
    Sheet(
        "Core20PLUS5 over time",
        "The clinical areas of Core20PLUS5, all periods",
        "A missing value has a status and is never zero.",
        "core20plus5_indicator",
        _SERIES,
        "order by indicator_id, measure, area_type, area_name, period_end, period, sex, age, "
        "category_type, category",
    ),
    Sheet(
        "Changes",
        "What differs from the previous release, and why",
        "Empty in a first release. A revision is the publisher's where its file differs, ours "
        "(method or code) where the same file gives another number.",
        "change",
        (
            ("Table", "mart", "text", 22),
            ("Change", "change", "text", 10),
            ("Reason", "replace(reason, '_', ' ')", "text", 26),
            ("Indicator", "indicator_slug", "text", 28),
            ("Measure", "measure", "text", 18),
            ("Area", "area_name", "text", 26),
            ("Period", "period", "text", 11),
            ("Sex", "sex", "text", 9),
            ("Age", "age", "text", 13),
            ("Group", "if(category = 'All', 'All', category_type || ': ' || category)", "text", 26),
            ("Before", "previous_value", "value", 11),
            ("Now", "value", "value", 11),
            ("Difference", "difference", "value", 11),
            ("Difference, %", "percent_difference", "percent", 13),
            ("Beyond tolerance", "if(beyond_tolerance, 'yes', 'no')", "text", 16),
            ("Note", "reason_note", "text", 60),
        ),
        "order by mart, indicator_slug, measure, area_name, period, sex, age, category",
    ),
    Sheet(
        "Indicators",
        "What is measured, and how",
        "Name status: unconfirmed names have not been checked against the partnership's report.",
        "indicator",
        (
            _NUMBER,
            ("Indicator", "name", "text", 44),
            ("Measure", "measure_name", "text", 40),
            ("Name status", "name_status", "text", 13),
            ("Programme", "replace(programme, '_', ' ')", "text", 18),
            ("Theme", "theme", "text", 40),
            ("Definition", "definition", "text", 70),
            ("Unit", "unit", "text", 26),
            ("Better", "case polarity when 'high_is_good' then 'high' "
             "when 'low_is_good' then 'low' else 'no judgement' end", "text", 13),
            ("Caveats", "caveats", "text", 70),
            ("Latest period", "latest_period", "text", 13),
            ("Status", "replace(status, '_', ' ')", "text", 15),
            ("Why", "status_note", "text", 60),
            ("Next review", "next_review", "date", 12),
        ),
        "order by indicator_id, measure",
    ),
    Sheet(
        "Sources",
        "Where the numbers come from",
        "SHA-256 names the publisher's file to the byte; `beacon trace` follows a number to it.",
        "source_status",
        (
            ("Publisher", "publisher", "text", 44),
            ("Title", "title", "text", 50),
            ("Part", "part", "text", 26),
            ("Vintage", "vintage", "text", 12),
            ("Status", "replace(status, '_', ' ')", "text", 16),
            ("Rows", "rows_staged", "people", 10),
            ("File", "original_name", "text", 44),
            ("Origin", "origin", "text", 60),
            ("SHA-256", "sha256", "text", 66),
            ("Licence", "licence", "text", 14),
            ("Attribution", "attribution", "text", 70),
        ),
        "order by source, dataset, part",
    ),
)  # fmt: skip

_FORMATS = {"value": "#,##0.00", "percent": "0.0", "people": "#,##0", "whole": "0"}


def write_csvs(folder: Path, contracts: Sequence[Contract]) -> None:
    """Write each mart of a release that is being built as `csv/<mart>.csv`, outlines left out.

    Text that a spreadsheet would run as a formula has an apostrophe before it.
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
            target = quote_literal((folder / CSV_FOLDER / f"{contract.table}.csv").as_posix())
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
    sheets = [sheet for sheet in SHEETS if sheet.mart in marts]
    _write_readme(book, styles, sheets, label, footprint, fictional)
    with duckdb.connect() as con:
        for sheet in sheets:
            _write_sheet(con, book, styles, sheet, folder, label, fictional)
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
    page.set_landscape()
    page.fit_to_pages(1, 0)
    lines: list[tuple[str, str, str]] = [("title", f"Beacon: {footprint}", "")]
    if fict:
        lines.append(("notice", FICTIONAL_NOTICE, ""))
    lines += [
        ("text", "Release", label),
        ("text", "Made by", "Beacon, from the publishers' files named on the sheet Sources."),
        ("text", "Missing values", "Empty cells have a status beside them: suppressed, not "
         "published, not supplied. They are never zero."),
        ("text", "Limits", "95 % limits are the publisher's where there are any, else computed "
         "from its counts (Wilson score)."),
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
    folder: Path,
    label: str,
    fictional: bool,
) -> None:
    source = quote_literal((folder / f"{sheet.mart}.parquet").as_posix())
    select = ", ".join(sql for _, sql, _, _ in sheet.columns)
    rows = con.execute(
        f"select {select} from read_parquet({source}) {sheet.rest}"  # noqa: S608
    ).fetchall()
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
                _write_cell(page, number, index, value, styles[sheet.columns[index][2]])
    page.freeze_panes(_FIRST_TABLE_ROW + 1, 0)
    page.set_landscape()
    page.fit_to_pages(1, 0)
    page.repeat_rows(_FIRST_TABLE_ROW)


def _write_cell(page: Any, row: int, column: int, value: Any, style: Any) -> None:
    if isinstance(value, str):
        # Never a formula, whatever a publisher's cell begins with.
        page.write_string(row, column, value, style)
    elif isinstance(value, date):
        page.write_datetime(row, column, datetime(value.year, value.month, value.day), style)
    else:
        page.write_number(row, column, value, style)
