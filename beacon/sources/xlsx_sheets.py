"""Excel workbooks that are built as Excel builds them, sheet by sheet.

What belongs here: opening such a workbook, and putting the blocks of a sheet together. What does
not: the bytes of a sheet (`beacon.sources.xlsx_rows`), or workbooks of other kinds, which Calamine
reads (`beacon.sources.tables`).
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from xml.etree import ElementTree

import polars as pl

from beacon.sources.sheet_cells import ROW, SheetOfTexts
from beacon.sources.xlsx_heads import UnusualWorkbookError, worksheets
from beacon.sources.xlsx_rows import Flags, plain_styles, shared_strings, sheet_blocks

_TOP_ROWS = 15
_UNUSUAL = (
    UnusualWorkbookError, KeyError, ValueError, IndexError, OSError, EOFError,
    zipfile.BadZipFile, zlib.error, ElementTree.ParseError, pl.exceptions.PolarsError,
)  # fmt: skip

ReadSheet = Callable[[], SheetOfTexts | None]


def usual_sheets(path: Path) -> list[tuple[str, ReadSheet]] | None:
    """The worksheets of a workbook and how to read each; None where the workbook is unusual.

    A sheet that turns out to be unusual is read as None. What is wrong with an unusual workbook is
    for Calamine to find, so that it is always told in the same words.
    """
    if not zipfile.is_zipfile(path):
        return None
    try:
        with zipfile.ZipFile(path) as archive:
            sheets = list(worksheets(archive))
            styles = plain_styles(archive)
    except _UNUSUAL:
        return None

    @cache
    def strings() -> pl.Series:
        with zipfile.ZipFile(path) as archive:
            return shared_strings(archive)

    return [(name, partial(_read, path, member, strings, styles)) for name, member in sheets]


def _read(
    path: Path, member: str, strings: Callable[[], pl.Series], styles: Flags
) -> SheetOfTexts | None:
    try:
        with zipfile.ZipFile(path) as archive:
            blocks = list(sheet_blocks(archive, member, strings(), styles))
    except _UNUSUAL:
        return None
    if not blocks:
        return SheetOfTexts([], pl.DataFrame(schema={ROW: pl.Int64}))
    frame = pl.concat(blocks, how="diagonal")
    if len(blocks) > 1:
        frame = frame.with_columns(pl.col(pl.String).fill_null(""))
    return SheetOfTexts(_top(frame), frame)


def _top(frame: pl.DataFrame) -> list[list[str]]:
    """The first rows of a sheet, with those that are not stored."""
    stored = frame.filter(pl.col(ROW) <= _TOP_ROWS)
    places = [int(name[1:]) for name in stored.columns if name != ROW]
    width = max(places, default=-1) + 1
    top: list[list[str]] = []
    for row in stored.iter_rows(named=True):
        top.extend([""] * width for _ in range(row[ROW] - 1 - len(top)))
        cells = [""] * width
        for place in places:
            cells[place] = row[f"c{place}"]
        top.append(cells)
    return top
