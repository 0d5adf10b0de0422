"""What is wrong with a return, each fault at its cell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from beacon.core.errors import BeaconError, Problem

Severity = Literal["fault", "notice"]

SEND_AGAIN = "Correct it and check the return again."


def column_letter(index: int) -> str:
    """The letter of a column, counted from 0: A, B … Z, AA and so on."""
    letters = ""
    index += 1
    while index:
        index, remainder = divmod(index - 1, 26)
        letters = chr(ord("A") + remainder) + letters
    return letters


@dataclass(frozen=True)
class Fault:
    """One fault of a return, or one thing to know about it.

    Attributes:
        file: Name of the file.
        message: What is wrong.
        remedy: What to do.
        sheet: The sheet; None for CSV, or where the whole file is at fault.
        row: One-based row.
        letter: Letter of the column.
        column: Name of the column.
        severity: A fault refuses the return; a notice does not.
    """

    file: str
    message: str
    remedy: str = SEND_AGAIN
    sheet: str | None = None
    row: int | None = None
    letter: str | None = None
    column: str | None = None
    severity: Severity = "fault"

    @property
    def cell(self) -> str:
        """The cell as a spreadsheet names it, such as `Return!H7`; empty for the whole file."""
        place = f"{self.letter or ''}{self.row or ''}"
        return f"{self.sheet}!{place}" if self.sheet and place else (self.sheet or place)

    def __str__(self) -> str:
        column = f" ({self.column})" if self.column else ""
        place = f", {self.cell}{column}" if self.cell else column
        return f"{self.file}{place}: {self.message} {self.remedy}".strip()

    def as_problem(self) -> Problem:
        """The fault in the form of all other inputs'."""
        name = " ".join(part for part in (self.letter, self.column) if part) or None
        file = f"{self.file}, sheet {self.sheet!r}" if self.sheet else self.file
        return Problem(file, self.message, self.row, name, self.remedy)


class ReturnRefusedError(BeaconError):
    """A return cannot be used. Nothing of it has been kept."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults: tuple[Fault, ...] = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


@dataclass
class FaultList:
    """Faults and notices of one file as they are found."""

    file: str
    sheet: str | None = None
    letters: dict[str, str] = field(default_factory=dict)
    found: list[Fault] = field(default_factory=list)

    def add(
        self,
        message: str,
        remedy: str = SEND_AGAIN,
        *,
        row: int | None = None,
        column: str | None = None,
        letter: str | None = None,
        severity: Severity = "fault",
    ) -> None:
        """Note a fault of a cell, a row or the whole file."""
        letter = letter or self.letters.get(column or "")
        self.found.append(
            Fault(self.file, message, remedy, self.sheet, row, letter, column, severity)
        )
