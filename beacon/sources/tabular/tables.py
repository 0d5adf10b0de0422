"""Tabular files as text: one header, rows of strings, and the row number each came from."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from beacon.core.errors import InputRefusedError, Problem
from beacon.registry.sources import Container
from beacon.sources.tabular.containers import read_text_bytes, read_text_prefix
from beacon.sources.tabular.csv_blocks import UnsoundCsvError, opened, read_body
from beacon.sources.tabular.sheet_cells import ROW as ROW
from beacon.sources.tabular.sheet_cells import text_below
from beacon.sources.tabular.sheet_cells import text_of as text_of

# Nomis puts 5 lines, ONS workbooks up to 10, above the header.
HEADER_SEARCH_ROWS = 15
# A header that is not within so many bytes is looked for in the whole file.
_TOP_BYTES = 1 << 18

HeaderTest = Callable[[list[str]], bool]


@dataclass(frozen=True)
class TextTable:
    """A table of strings.

    Attributes:
        file: Name of the file it came from.
        header: Column names as the publisher wrote them, stripped of outer white space.
        frame: One column a header, named `c0`, `c1` …, and the one-based file row in ROW. A column
            is of strings, or of Int32 where every cell is written as that number; `text` gives
            the strings of either.
        header_row: One-based row of the header in the file.
        sheet: The sheet, for spreadsheets.
        preamble: What stands above the header, one text a filled cell, from the top.
    """

    file: str
    header: list[str]
    frame: pl.DataFrame
    header_row: int
    sheet: str | None = None
    preamble: tuple[str, ...] = ()

    @staticmethod
    def text(place: int) -> pl.Expr:
        """The cells of a column of `frame` as they stand in the file."""
        return pl.col(f"c{place}").cast(pl.String)


def clean_header(cells: list[str]) -> list[str]:
    """Headers without the byte-order mark, outer white space and line breaks."""
    return [" ".join(cell.replace("\ufeff", "").split()) for cell in cells]


def peek_csv(path: Path, container: Container, rows: int = HEADER_SEARCH_ROWS) -> list[list[str]]:
    """The first rows of a CSV as lists of strings, for recognising it.

    Reads a bounded prefix only. Raises `InputRefusedError` where the text is not UTF-8.
    """
    if container == "csv":
        with path.open("rb") as stream:
            prefix = stream.read(1 << 16)
    else:
        prefix = read_text_prefix(path, 1 << 16)
    text = prefix.decode("utf-8-sig", errors="replace")
    found: list[list[str]] = []
    for cells in csv.reader(io.StringIO(text, newline="")):
        found.append(clean_header(cells))
        if len(found) == rows:
            break
    return found


def read_csv(path: Path, container: Container, is_header: HeaderTest) -> TextTable:
    """Read a CSV strictly: every row must have as many fields as the header.

    Raises:
        InputRefusedError: Naming the row that is ragged, or the header that was not found.
    """
    try:
        return _read_csv_in_blocks(path, container, is_header)
    except UnsoundCsvError:
        data = read_text_bytes(path, container)
    header, header_row, offset, blank_rows = _find_csv_header(path, data, is_header)
    frame = _parse_csv_body(path, data[offset:], len(header), header_row + blank_rows)
    return TextTable(path.name, header, frame, header_row)


def _read_csv_in_blocks(path: Path, container: Container, is_header: HeaderTest) -> TextTable:
    with opened(path, container) as stream:
        top = stream.read(_TOP_BYTES)
        try:
            header, header_row, offset, blank_rows = _find_csv_header(path, top, is_header)
        except InputRefusedError as error:
            raise UnsoundCsvError from error
        frame = read_body(top[offset:], stream, len(header))
    return TextTable(path.name, header, _numbered(frame, header_row + blank_rows), header_row)


def _numbered(frame: pl.DataFrame, rows_above: int) -> pl.DataFrame:
    rows = pl.int_range(rows_above + 1, rows_above + 1 + frame.height, dtype=pl.Int64, eager=True)
    return frame.with_columns(rows.alias(ROW))


def _find_csv_header(
    path: Path, data: bytes, is_header: HeaderTest
) -> tuple[list[str], int, int, int]:
    """The header, its row, the byte offset of what follows it, and blank lines just below it."""
    position = 3 if data.startswith(b"\xef\xbb\xbf") else 0
    fault = Problem(path.name, "the expected column headers were not found.", row=1)
    for number in range(1, HEADER_SEARCH_ROWS + 1):
        end = data.find(b"\n", position)
        line = data[position : end if end >= 0 else len(data)]
        try:
            cells = next(csv.reader([line.decode("utf-8", errors="replace").rstrip("\r")]), [])
        except csv.Error as error:
            # Perhaps a line above the header; if not, it is what is wrong with the file.
            cells = []
            fault = Problem(path.name, f"the line cannot be read as CSV ({error}).", row=number)
        names = clean_header(cells)
        if is_header(names):
            follows = len(data) if end < 0 else end + 1
            blank = 0
            while data[follows : follows + 1] in (b"\n", b"\r"):
                follows = data.find(b"\n", follows) + 1
                blank += 1
            return names, number, follows, blank
        if end < 0:
            break
        position = end + 1
    raise InputRefusedError([fault])


def _parse_csv_body(path: Path, body: bytes, width: int, rows_above: int) -> pl.DataFrame:
    import pyarrow as pa
    import pyarrow.csv as pacsv

    names = [f"c{index}" for index in range(width)]
    if not body.strip():
        raise InputRefusedError(
            [Problem(path.name, "the file has headers but no data.", row=rows_above)]
        )
    ragged: list[tuple[int, int]] = []

    def remember(row: Any) -> str:
        ragged.append((int(row.number or 0), int(row.actual_columns)))
        return "skip"

    try:
        table = pacsv.read_csv(
            pa.BufferReader(body),
            read_options=pacsv.ReadOptions(column_names=names, use_threads=False),
            parse_options=pacsv.ParseOptions(
                newlines_in_values=True, invalid_row_handler=remember, ignore_empty_lines=True
            ),
            convert_options=pacsv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
            ),
        )
    except (pa.ArrowInvalid, UnicodeDecodeError) as error:
        raise InputRefusedError(
            [Problem(path.name, f"the text cannot be read as CSV in UTF-8 ({error}).")]
        ) from error
    if ragged:
        raise InputRefusedError(_ragged_problems(path, ragged, width, rows_above))
    frame = pl.DataFrame(pl.from_arrow(table))
    return _numbered(frame, rows_above)


def _ragged_problems(
    path: Path, ragged: list[tuple[int, int]], width: int, rows_above: int
) -> Iterator[Problem]:
    for number, actual in ragged[:5]:
        yield Problem(
            path.name,
            f"the row has {actual} fields where the header has {width}; "
            "the file is cut short or damaged here.",
            row=number + rows_above,
            column=f"field {min(actual, width)} of {width}",
        )


def open_workbook(path: Path) -> Any:
    """Open a spreadsheet with Calamine.

    Raises:
        InputRefusedError: When the workbook is damaged.
    """
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        return CalamineWorkbook.from_path(str(path))
    except (CalamineError, OSError, ValueError) as error:
        raise InputRefusedError(
            [Problem(path.name, f"the spreadsheet cannot be opened ({error}).")]
        ) from error


def sheet_rows(path: Path, workbook: Any, sheet: str, limit: int | None = None) -> list[list[Any]]:
    """The rows of one sheet from its first row, empty cells as empty strings."""
    from python_calamine import CalamineError

    try:
        found = workbook.get_sheet_by_name(sheet)
        rows: list[list[Any]] = found.to_python(skip_empty_area=False, nrows=limit)
    except (CalamineError, OSError, ValueError) as error:
        raise InputRefusedError(
            [Problem(path.name, f"the sheet cannot be read ({error}).", column=sheet)]
        ) from error
    return rows


def join_header(rows: list[list[str]], index: int, count: int) -> list[str]:
    """The header that ends in row `index` and is spread over `count` rows, joined downwards."""
    if count == 1:
        return rows[index]
    above = rows[max(0, index - count + 1) : index + 1]
    width = max(len(row) for row in above)
    return [
        " ".join(row[place] for row in above if place < len(row) and row[place])
        for place in range(width)
    ]


def read_workbook(path: Path, is_header: HeaderTest, header_rows: int = 1) -> TextTable:
    """Read the first sheet of a workbook that holds the expected header.

    Raises:
        InputRefusedError: When no sheet holds it.
    """
    return next(_tables_with_header(path, is_header, header_rows, None))


def read_sheets(
    path: Path, is_header: HeaderTest, header_rows: int = 1, sheet_pattern: str | None = None
) -> list[TextTable]:
    """Read every sheet of a workbook that holds the expected header.

    Messages about these tables name the sheet beside the file.

    Raises:
        InputRefusedError: When no sheet holds it.
    """
    return [
        replace(table, file=f"{path.name}, sheet {table.sheet!r}")
        for table in _tables_with_header(path, is_header, header_rows, sheet_pattern)
    ]


def _tables_with_header(
    path: Path, is_header: HeaderTest, header_rows: int, sheet_pattern: str | None
) -> Iterator[TextTable]:
    workbook = open_workbook(path)
    found = False
    for sheet in workbook.sheet_names:
        if is_link_cache(sheet) or not (
            sheet_pattern is None or re.fullmatch(sheet_pattern, sheet)
        ):
            continue
        rows = sheet_rows(path, workbook, sheet)
        top = [clean_header(list(map(text_of, row))) for row in rows[:HEADER_SEARCH_ROWS]]
        for index in range(len(top)):
            names = join_header(top, index, header_rows)
            if is_header(names):
                found = True
                preamble = tuple(text for row in top[:index] for text in row if text)
                while names and not names[-1]:
                    names.pop()
                frame = text_below(rows, index + 1, len(names))
                yield TextTable(path.name, names, frame, index + 1, sheet, preamble)
                break
    if not found:
        wanted = f" named like {sheet_pattern!r}" if sheet_pattern else ""
        raise InputRefusedError(
            [Problem(path.name, f"no sheet{wanted} has the expected column headers.", row=1)]
        )


def is_link_cache(sheet: str) -> bool:
    """Whether a sheet is only what OpenDocument keeps of another workbook that formulas refer to.

    The homelessness workbook has 287 of them beside its 33 tables.
    """
    return sheet.startswith("'file:")


def without_notes(table: TextTable, least_filled: int = 3) -> TextTable:
    """Cut the notes below a spreadsheet's data: all after the last row with enough filled cells."""
    filled = pl.sum_horizontal((pl.exclude(ROW).cast(pl.String) != "").cast(pl.Int32))
    full = table.frame.select((filled >= least_filled).arg_true().max()).item()
    return replace(table, frame=table.frame.head(0 if full is None else int(full) + 1))
