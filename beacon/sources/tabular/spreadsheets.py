"""Spreadsheets (xlsx, xls, ods) as tables of text, read with Calamine."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum

from beacon.core.errors import InputRefusedError, Problem
from beacon.sources.remarks import remark
from beacon.sources.tabular.sheet_cells import text_below, text_of
from beacon.sources.tabular.sheet_extent import MOST_CELLS, Extent, sheet_extent, sheet_members
from beacon.sources.tabular.tables import (
    HEADER_SEARCH_ROWS,
    NO_HEADER,
    HeaderTest,
    TextTable,
    clean_header,
    join_header,
    without_lines_below,
)

# A sheet that says so itself is not the current one. A draft may be newer than what it is beside.
_SUPERSEDED = re.compile(
    r"(?i)\b(old|previous|superseded|archived?|withdrawn|back-?up|copy of .*|.* \(\d+\))\b.*"
)
_DAMAGE = (CalamineError, OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error)


@dataclass(frozen=True)
class Workbook:
    """An opened spreadsheet.

    Attributes:
        sheets: Names of the sheets, visible ones first, each in the workbook's order.
        hidden: Those of them that are hidden.
        members: The part of an Excel workbook that holds each sheet; empty for other formats.
    """

    path: Path
    calamine: Any
    sheets: tuple[str, ...]
    hidden: frozenset[str]
    members: dict[str, str]

    def rows(self, sheet: str, limit: int | None = None) -> list[list[Any]]:
        """The rows of one sheet from its first row, empty cells as empty strings.

        Raises:
            InputRefusedError: When the sheet is damaged, or a cell stands so far from the others
                that the sheet cannot be held.
        """
        try:
            if sheet in self.members:
                self._require_size(sheet, sheet_extent(self.path, self.members[sheet]))
            found = self.calamine.get_sheet_by_name(sheet)
            # What a document with repeated cells came to, before it becomes Python's.
            self._require_size(sheet, Extent(found.total_height, found.total_width))
            rows: list[list[Any]] = found.to_python(skip_empty_area=False, nrows=limit)
        except _DAMAGE as error:
            raise InputRefusedError(
                [Problem(self.path.name, f"the sheet cannot be read ({error}).", column=sheet)]
            ) from error
        return rows

    def _require_size(self, sheet: str, extent: Extent) -> None:
        if extent.cells <= MOST_CELLS:
            return
        message = (
            f"the sheet has filled cells as far as row {extent.rows:,} and column "
            f"{extent.columns:,}: more than can be read."
        )
        remedy = "Delete what stands far from the table, and save the workbook again."
        raise InputRefusedError([Problem(self.path.name, message, extent.rows, sheet, remedy)])


def open_workbook(path: Path) -> Workbook:
    """Open a spreadsheet.

    Raises:
        InputRefusedError: When the workbook is damaged.
    """
    try:
        calamine = CalamineWorkbook.from_path(str(path))
        members = sheet_members(path)
    except (*_DAMAGE, ElementTree.ParseError, StopIteration) as error:
        raise InputRefusedError(
            [Problem(path.name, f"the spreadsheet cannot be opened ({error}).")]
        ) from error
    known = [sheet for sheet in calamine.sheets_metadata if not is_link_cache(sheet.name)]
    hidden = [sheet.name for sheet in known if sheet.visible != SheetVisibleEnum.Visible]
    visible = [sheet.name for sheet in known if sheet.name not in hidden]
    return Workbook(path, calamine, (*visible, *hidden), frozenset(hidden), members)


def read_workbook(path: Path, is_header: HeaderTest, header_rows: int = 1) -> TextTable:
    """Read the sheet of a workbook that holds the expected header.

    Visible sheets come before hidden ones, and a sheet whose name says that it is an old one is
    passed over, with a remark.

    Raises:
        InputRefusedError: When no sheet holds it, or two do that differ.
    """
    tables = _current(_tables_with_header(path, is_header, header_rows, None))
    first, *others = tables
    differing = [table for table in others if not _same(table, first)]
    if differing:
        names = " and ".join(repr(table.sheet) for table in (first, *differing))
        raise InputRefusedError(
            [
                Problem(
                    path.name,
                    f"the sheets {names} both hold this table, and they differ.",
                    first.header_row,
                    remedy="Delete or hide the sheet that should not be used, and save it again.",
                )
            ]
        )
    return without_lines_below(first)


def _current(tables: list[TextTable]) -> list[TextTable]:
    old = [table for table in tables if _SUPERSEDED.fullmatch(table.sheet or "")]
    if not old or len(old) == len(tables):
        return tables
    for table in old:
        message = "the sheet holds the same table and is passed over, as its name says it is old."
        remark(Problem(table.file, message, column=table.sheet, remedy=""))
    return [table for table in tables if all(table is not other for other in old)]


def _same(one: TextTable, other: TextTable) -> bool:
    return one.header == other.header and one.frame.equals(other.frame)


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
) -> list[TextTable]:
    """The tables of visible sheets; those of hidden ones only where no visible sheet has one."""
    workbook = open_workbook(path)
    found: list[TextTable] = []
    for sheet in workbook.sheets:
        if found and sheet in workbook.hidden:
            break
        if sheet_pattern is None or re.fullmatch(sheet_pattern, sheet):
            found.extend(_table_of(workbook, sheet, is_header, header_rows))
    if found and found[0].sheet in workbook.hidden:
        message = "only this hidden sheet holds the table; it was read."
        remark(Problem(path.name, message, column=found[0].sheet, remedy=""))
    if not found:
        wanted = f"no sheet named like {sheet_pattern!r} has " if sheet_pattern else ""
        message = f"{wanted}the expected column headers." if wanted else NO_HEADER
        raise InputRefusedError([Problem(path.name, message, row=1)])
    return found


def _table_of(
    workbook: Workbook, sheet: str, is_header: HeaderTest, header_rows: int
) -> Iterator[TextTable]:
    rows = workbook.rows(sheet)
    top = [clean_header(list(map(text_of, row))) for row in rows[:HEADER_SEARCH_ROWS]]
    for index in range(len(top)):
        names = join_header(top, index, header_rows)
        if is_header(names):
            preamble = tuple(text for row in top[:index] for text in row if text)
            while names and not names[-1]:
                names.pop()
            frame = text_below(rows, index + 1, len(names))
            yield TextTable(workbook.path.name, names, frame, index + 1, sheet, preamble)
            return


def is_link_cache(sheet: str) -> bool:
    """Whether a sheet is only what OpenDocument keeps of another workbook that formulas refer to.

    The homelessness workbook has 287 of them beside its 33 tables.
    """
    return sheet.startswith("'file:")
