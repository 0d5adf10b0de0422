"""The cells of a return, each with its place."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from beacon.core.errors import InputRefusedError
from beacon.returns.faults import FaultList, column_letter
from beacon.returns.return_workbook import (
    FRESH,
    FileKind,
    decode_text,
    examine_workbook,
    kind_of_file,
)
from beacon.returns.template import DATA_SHEET, MAX_ROWS
from beacon.sources.tabular.spreadsheets import open_workbook

Cell = Any
"""Text, int, float, bool, date or datetime, as the file gives it; "" where the cell is empty."""

_HEADER_ROW = 1


@dataclass(frozen=True)
class ReturnTable:
    """A return's cells.

    Attributes:
        kind: Workbook or CSV.
        header: Names of the columns, in the file's order.
        rows: One-based row in the file, and its cells; rows that are empty are left out.
    """

    kind: FileKind
    header: list[str]
    rows: list[tuple[int, list[Cell]]]


def read_return(path: Path, faults: FaultList) -> ReturnTable | None:
    """The cells of a return, with every fault of the file itself noted; None if unreadable."""
    kind = kind_of_file(path, faults)
    if kind == "xlsx":
        if not examine_workbook(path, faults):
            return None
        faults.sheet = DATA_SHEET
        cells = _sheet_cells(path, faults)
    elif kind == "csv":
        cells = _csv_cells(path, faults)
    else:
        return None
    if not cells:
        if not faults.found:
            faults.add("the return has no header.", FRESH)
        return None
    header = [str(cell).strip() for cell in cells[0]]
    while header and not header[-1]:
        header.pop()
    faults.letters = {name: column_letter(i) for i, name in enumerate(header)}
    rows = []
    for number, row in enumerate(cells[1:], start=_HEADER_ROW + 1):
        beyond = [i for i in range(len(header), len(row)) if str(row[i]).strip()]
        if beyond:
            faults.add(
                "the cell stands outside the columns of the return.",
                "Remove it.",
                row=number,
                letter=column_letter(beyond[0]),
            )
        if any(str(cell).strip() for cell in row):
            rows.append((number, [*row, *[""] * (len(header) - len(row))]))
    return ReturnTable(kind, header, rows)


def _sheet_cells(path: Path, faults: FaultList) -> list[list[Cell]]:
    try:
        return open_workbook(path).rows(DATA_SHEET)
    except InputRefusedError as error:
        for problem in error.problems:
            faults.add(problem.message, FRESH)
        return []


def _csv_cells(path: Path, faults: FaultList) -> list[list[Cell]]:
    text = decode_text(path, faults)
    if text is None:
        return []
    cells: list[list[Cell]] = []
    try:
        for line in csv.reader(io.StringIO(text, newline=""), strict=True):
            cells.append(list(line))
            if len(cells) > MAX_ROWS + 1:
                faults.add(f"the return has more than {MAX_ROWS:,} rows.", FRESH)
                return []
    except csv.Error as error:
        faults.add(f"the text is not CSV ({error}).", FRESH, row=len(cells) + 1)
        return []
    width = len(cells[0]) if cells else 0
    for number, line in enumerate(cells[1:], start=2):
        if line and len(line) != width:
            faults.add(
                f"the row has {len(line)} fields where the header has {width}.",
                "Put text that holds a comma in double quotes.",
                row=number,
            )
    return cells
