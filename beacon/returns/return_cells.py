"""Reading one cell of a return as what its field holds, with what is wrong said at the cell."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from beacon.registry.local_returns import ReturnField
from beacon.returns.faults import SEND_AGAIN, FaultList
from beacon.returns.return_workbook import FRESH
from beacon.returns.table import ReturnTable
from beacon.returns.template import YES_NO
from beacon.sources.publishers.returned_tables import WITHHELD

MAX_TEXT = 500

Row = dict[str, Any]
"""A row's values by field: text, int, float, date, bool, WITHHELD, or None where empty or faulty;
`__row` is its number in the file."""

ROW = "__row"


def check_header(table: ReturnTable, names: Iterable[str], faults: FaultList) -> bool:
    """Note every column that is missing, repeated or not of the form; whether all are there."""
    header, names = table.header, tuple(names)
    missing = [name for name in names if name not in header]
    for name in missing:
        faults.add("the column is missing from the header.", FRESH, row=1, column=name)
    for name in dict.fromkeys(header):
        if not name:
            letter = faults.letters[""]
            faults.add("a column has no name.", "Remove the column.", row=1, letter=letter)
        elif name not in names:
            faults.add(
                "the column is not part of the template.", "Remove the column.", row=1, column=name
            )
        elif header.count(name) > 1:
            faults.add(f"the column occurs {header.count(name)} times.", FRESH, row=1, column=name)
    return not missing


def check_alike(rows: Iterable[Row], names: Iterable[str], faults: FaultList) -> None:
    """Note where a row differs from the first in what is said of the whole return."""
    rows = list(rows)
    for name in names:
        first: Row | None = None
        for row in rows:
            if row[name] is None:
                continue
            first = first or row
            if row[name] != first[name]:
                cell = f"{faults.letters.get(name, name)}{first[ROW]}"
                faults.add(
                    f"{str(row[name])!r} differs from {cell}, "
                    f"{str(first[name])!r}; it must be the same in all rows of a return.",
                    "Make the rows agree, or send a return for each.",
                    row=row[ROW],
                    column=name,
                )


class CellReader:
    """The cells of one return."""

    def __init__(self, faults: FaultList) -> None:
        self.faults = faults

    def row(
        self, number: int, cells: list[Any], header: list[str], fields: Mapping[str, ReturnField]
    ) -> Row:
        """A row's values."""
        row: Row = {ROW: number}
        for name, field in fields.items():
            row[name] = self.value(number, field, cells[header.index(name)])
        return row

    def value(self, row: int, field: ReturnField, cell: Any) -> Any:
        """A cell's value; None where it is empty or not what the field holds."""
        text = str(cell).strip()
        if not text:
            if field.required:
                self._fault(row, field.name, "the cell is empty and is required.", "Fill it in.")
            return None
        if self._looks_like_formula(row, field, cell, text):
            return None
        if field.type in ("integer", "number") and text == WITHHELD:
            return WITHHELD
        return getattr(self, f"_{field.type}")(row, field, cell, text)

    def _fault(self, row: int, column: str, message: str, remedy: str = SEND_AGAIN) -> None:
        self.faults.add(message, remedy, row=row, column=column)

    def _looks_like_formula(self, row: int, field: ReturnField, cell: Any, text: str) -> bool:
        if not isinstance(cell, str) or text[0] not in "=@+-":
            return False
        # A dash or a sign before a number is for the type to judge.
        if text[0] in "+-" and (field.type != "text" or len(text) == 1):
            return False
        self._fault(
            row,
            field.name,
            f"{text[:60]!r} begins with {text[0]!r}, as a formula does.",
            "Write the value itself; begin a text with a letter or a digit.",
        )
        return True

    def _text(self, row: int, field: ReturnField, cell: Any, text: str) -> str | None:
        if isinstance(cell, float) and cell.is_integer():
            text = str(int(cell))
        if isinstance(cell, datetime | date):
            self._fault(row, field.name, f"{text} is a day, where text is expected.")
            return None
        if len(text) > MAX_TEXT:
            self._fault(
                row, field.name, f"the text has {len(text):,} characters; at most {MAX_TEXT}."
            )
            return None
        if re.search(r"[\x00-\x08\x0b-\x1f\x7f]", text):
            self._fault(row, field.name, "the text holds control characters.", "Type it again.")
            return None
        return re.sub(r"\s+", " ", text)

    def _integer(self, row: int, field: ReturnField, cell: Any, text: str) -> int | None:
        value = self._number(row, field, cell, text)
        if value is None or value == int(value):
            return None if value is None else int(value)
        self._fault(row, field.name, f"{text} is not a whole number.")
        return None

    def _number(self, row: int, field: ReturnField, cell: Any, text: str) -> float | None:
        if isinstance(cell, bool | datetime | date):
            self._fault(row, field.name, f"{text} is not a number.")
            return None
        plain = re.fullmatch(r"[+-]?\d+(\.\d+)?([eE][+-]?\d{1,2})?", text)
        if plain is None and not isinstance(cell, float | int):
            hint = " Write it without thousands separators, signs or units."
            self._fault(row, field.name, f"{text!r} is not a number.{hint}")
            return None
        value = float(cell)
        if not math.isfinite(value) or value < 0 or value > 1e12:
            bound = "below zero" if value < 0 else "too large to be meant"
            self._fault(row, field.name, f"{text} is {bound}.")
            return None
        if field.name == "missing_pct" and value > 100:
            self._fault(row, field.name, f"{text} is above 100 percent.")
            return None
        return value

    def _date(self, row: int, field: ReturnField, cell: Any, text: str) -> date | None:
        if isinstance(cell, datetime):
            return cell.date()
        if isinstance(cell, date):
            return cell
        try:
            # Only one order is read: 04/05/2025 is two different days to two readers.
            if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
                return date.fromisoformat(text)
        except ValueError:
            pass
        self._fault(row, field.name, f"{text!r} is not a day.", "Write it as 2025-03-31.")
        return None

    def _boolean(self, row: int, field: ReturnField, cell: Any, text: str) -> bool | None:
        if isinstance(cell, bool):
            return cell
        if text.lower() in YES_NO:
            return text.lower() == "yes"
        if text.lower() in ("true", "false"):
            return text.lower() == "true"
        self._fault(row, field.name, f"{text!r} is neither yes nor no.")
        return None
