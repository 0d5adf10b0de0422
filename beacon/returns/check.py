"""Checking a return: every fault with its cell, and what to do about it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from beacon.registry.local_returns import ReturnField
from beacon.returns.context import ReturnContext, ReturnKind
from beacon.returns.faults import SEND_AGAIN, Fault, FaultList
from beacon.returns.return_cells import ROW, CellReader, Row, check_alike, check_header
from beacon.returns.return_workbook import FRESH
from beacon.returns.table import ReturnTable, read_return
from beacon.returns.template import allowed_values
from beacon.sources.publishers.returned_tables import WITHHELD
from beacon.sources.tabular.periods import crossing_year

SMALL_COUNTS = range(1, 5)
"""Counts of people that totals withhold."""

_ONE_OF_A_RETURN = (
    "return_id",
    "indicator_id",
    "organisation_code",
    "organisation_name",
    "period_start",
    "period_end",
    "unit",
    "definition_version",
    "local_area_definition",
    "submitted_by_role",
    "approved_by_role",
    "submitted_at",
)
"""Fields that say what the whole return is, and so are the same in all its rows."""


@dataclass(frozen=True)
class CheckedReturn:
    """A return and what is wrong with it.

    Attributes:
        path: The file.
        kind: What it is a return of; None where that cannot be told.
        rows: Its rows, typed.
        faults: Why it cannot be accepted; empty where it can.
        notices: What its sender should know.
    """

    path: Path
    kind: ReturnKind | None
    rows: tuple[Row, ...]
    faults: tuple[Fault, ...]
    notices: tuple[Fault, ...]

    @property
    def is_good(self) -> bool:
        """Whether it can be accepted."""
        return not self.faults


def check_return(path: Path, context: ReturnContext) -> CheckedReturn:
    """Check a filled-in return, workbook or CSV, and find every fault in it.

    Raises:
        BeaconError: When the file cannot be opened.
    """
    faults = FaultList(path.name)
    table = read_return(path, faults)
    kind = _kind(table, context, faults) if table is not None else None
    rows: list[Row] = []
    if table is not None and kind is not None:
        rows = _Checker(table, context, kind, faults).check()
    found = sorted(faults.found, key=_place)
    return CheckedReturn(
        path,
        kind,
        tuple(rows),
        tuple(fault for fault in found if fault.severity == "fault"),
        tuple(fault for fault in found if fault.severity == "notice"),
    )


def _place(fault: Fault) -> tuple[int, int, str]:
    letter = fault.letter or ""
    return (fault.row or 0, len(letter), letter)


def _kind(table: ReturnTable, context: ReturnContext, faults: FaultList) -> ReturnKind | None:
    """What the return is of, by its first indicator number that is one."""
    if "indicator_id" not in table.header:
        faults.add("the column is missing from the header.", FRESH, row=1, column="indicator_id")
        return None
    place = table.header.index("indicator_id")
    for _, cells in table.rows:
        number = _whole(cells[place])
        if number in context.kinds:
            return context.kinds[number]
    if not table.rows:
        faults.add("the return has a header and no rows.", "Fill it in.", row=1)
        return None
    known = ", ".join(str(kind.indicator.id) for kind in context.ordered)
    number_row, cells = table.rows[0]
    faults.add(
        f"{cells[place]!r} is no indicator that a return is asked for; those are {known}.",
        row=number_row,
        column="indicator_id",
    )
    return None


def _whole(cell: Any) -> int | None:
    text = str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell).strip()
    return int(text) if re.fullmatch(r"\d{1,9}", text) else None


class _Checker:
    """The rules of one kind of return, applied to one file."""

    def __init__(
        self, table: ReturnTable, context: ReturnContext, kind: ReturnKind, faults: FaultList
    ) -> None:
        self.table = table
        self.context = context
        self.kind = kind
        self.faults = faults
        self.cells = CellReader(faults)
        self.fields = {field.name: field for field in kind.template.all_fields}
        self.allowed = {
            name: allowed_values(context, kind, field) for name, field in self.fields.items()
        }

    def check(self) -> list[Row]:
        if not check_header(self.table, self.fields, self.faults):
            return []
        rows = [self._typed(number, cells) for number, cells in self.table.rows]
        for row in rows:
            self._withholding(row)
            self._numbers(row)
            self._share(row)
            self._period(row)
            self._small_counts(row)
            self._reports_for(row)
        check_alike(rows, _ONE_OF_A_RETURN, self.faults)
        self._keys(rows)
        return rows

    def _fault(
        self, row: Row | int | None, column: str | None, message: str, remedy: str = SEND_AGAIN
    ) -> None:
        number = row[ROW] if isinstance(row, dict) else row
        self.faults.add(message, remedy, row=number, column=column)

    def _notice(self, row: Row, column: str, message: str, remedy: str) -> None:
        self.faults.add(message, remedy, row=row[ROW], column=column, severity="notice")

    # One cell

    def _typed(self, number: int, cells: list[Any]) -> Row:
        row: Row = {ROW: number}
        for name, field in self.fields.items():
            row[name] = self._value(number, field, cells[self.table.header.index(name)])
        return row

    def _value(self, row: int, field: ReturnField, cell: Any) -> Any:
        value = self.cells.value(row, field, cell)
        allowed = self.allowed[field.name]
        if value is None or not allowed or field.type == "boolean" or str(value) in allowed:
            return value
        if value == WITHHELD and field.type != "text":
            return value
        self._not_allowed(row, field, str(cell).strip(), allowed)
        return None

    def _not_allowed(
        self, row: int, field: ReturnField, text: str, allowed: tuple[str, ...]
    ) -> None:
        shown = ", ".join(allowed[:12]) + (" …" if len(allowed) > 12 else "")
        whose = f" of footprint {self.context.footprint.id!r}"
        if field.name == "organisation_code":
            self._fault(
                row,
                field.name,
                f"{text!r} is no known organisation{whose}; known are {shown}.",
                "Correct the code, give --footprint, or list the organisation under "
                "options.organisations in reference_data/sources/local_return.yaml.",
            )
        elif field.name == "place_code":
            self._fault(
                row,
                field.name,
                f"{text!r} is no Place{whose}; its Places are {shown}.",
                "Correct the code, or give --footprint.",
            )
        else:
            self._fault(row, field.name, f"{text!r} is not accepted here; use {shown}.")

    # One row

    def _withholding(self, row: Row) -> None:
        withheld = [name for name, value in row.items() if value == WITHHELD]
        for name in withheld:
            if name not in self._countable:
                self._fault(row, name, "only a count of people may be withheld.")
            elif row["suppression_applied"] is False:
                self._fault(
                    row,
                    name,
                    "the count is withheld, yet suppression_applied says no.",
                    "Write yes there, or the count here.",
                )

    @property
    def _countable(self) -> tuple[str, ...]:
        """Fields whose cells may be withheld; the common ones repeat the indicator's own."""
        people = self.kind.rules.people
        return (*people, "numerator", "denominator", "value") if people else ()

    def _numbers(self, row: Row) -> None:
        template, rules = self.kind.template, self.kind.rules
        self._not_above(row, "numerator", "denominator")
        for name, limit in rules.not_above.items():
            self._not_above(row, name, limit)
        pairs = (
            ("numerator", template.numerator_field),
            ("denominator", template.denominator_field),
        )
        for common, own in pairs:
            if row[common] is not None and row[own] is not None and row[common] != row[own]:
                self._fault(
                    row,
                    common,
                    f"{_shown(row[common])} is not what {self._cell(row, own)} says, "
                    f"{_shown(row[own])}; {common} repeats {own}.",
                )
        for name, parts in rules.sums.items():
            values = [row[part] for part in (name, *parts)]
            if all(isinstance(value, int | float) for value in values):
                total = math.fsum(values[1:])
                if not math.isclose(total, values[0], abs_tol=1e-6):
                    self._fault(
                        row,
                        name,
                        f"{_shown(values[0])} is not the sum of {', '.join(parts)}, which is "
                        f"{_shown(total)}.",
                    )

    def _not_above(self, row: Row, name: str, limit: str) -> None:
        value, bound = row[name], row[limit]
        if isinstance(value, int | float) and isinstance(bound, int | float) and value > bound:
            self._fault(
                row,
                name,
                f"{_shown(value)} is above {limit}, which is {_shown(bound)} "
                f"({self._cell(row, limit)}).",
            )

    def _cell(self, row: Row, column: str) -> str:
        return f"{self.faults.letters.get(column, column)}{row[ROW]}"

    def _share(self, row: Row) -> None:
        """The sender's own value must be what the counts give; it is not used."""
        value, top, bottom = row["value"], row["numerator"], row["denominator"]
        if not all(isinstance(item, int | float) for item in (value, top, bottom)):
            return
        if not bottom:
            self._fault(row, "value", "there is no value where the denominator is 0.", "Empty it.")
            return
        whole = 1 if self.kind.rules.is_count else bottom
        right = (self.kind.indicator.multiplier or 1) * top / whole
        if abs(right - value) > _half_a_digit(value) + 1e-9:
            self._fault(
                row,
                "value",
                f"{_shown(value)} is not what the counts give, {right:.6g} "
                f"({self.kind.indicator.unit}).",
                "Correct the counts or the value, or leave it empty: it is recomputed.",
            )

    def _period(self, row: Row) -> None:
        start, end = row["period_start"], row["period_end"]
        if start is None or end is None:
            return
        if end < start:
            self._fault(row, "period_end", f"{end} is before period_start, {start}.")
            return
        year = crossing_year(start.year if (start.month, start.day) >= (4, 1) else start.year - 1)
        if end > year.end:
            self._fault(
                row,
                "period_end",
                f"the period from {start} runs past {year.end}, the end of the financial year "
                f"{year.label}.",
                "Send one return for each financial year.",
            )
        submitted = row["submitted_at"]
        if submitted is not None and submitted < end:
            self._fault(row, "submitted_at", f"{submitted} is before the end of the period, {end}.")

    def _small_counts(self, row: Row) -> None:
        for name in self.kind.rules.people:
            value = row[name]
            # A full-time equivalent of 4.5 is five people at most, and perhaps fewer.
            if isinstance(value, int | float) and 0 < value < SMALL_COUNTS.stop:
                self._notice(
                    row,
                    name,
                    f"{_shown(value)} is a small count of people.",
                    "It is accepted, and withheld from every total that would show it.",
                )

    def _reports_for(self, row: Row) -> None:
        code = row["organisation_code"]
        known = self.context.organisations(self.kind).get(code or "")
        if known is None:
            return
        if known.expected_in and row["place_code"] not in (None, *known.expected_in):
            places = ", ".join(sorted(known.expected_in))
            self._notice(
                row,
                "place_code",
                f"{known.name} is expected to report for {places}.",
                "Correct it if it is not meant.",
            )

    # All rows

    def _keys(self, rows: list[Row]) -> None:
        key = ("organisation_code", "place_code", "period_start", "period_end")
        parts = (*key, *self.kind.rules.row_key)
        seen: dict[tuple[Any, ...], Row] = {}
        for row in rows:
            values = tuple(row[name] for name in parts)
            if None in values:
                continue
            first = seen.setdefault(values, row)
            if first is not row:
                told = ", ".join(self.kind.rules.row_key) or "place_code"
                self._fault(
                    row,
                    parts[-1] if self.kind.rules.row_key else "place_code",
                    f"the row repeats row {first[ROW]}: rows are told apart by {told}.",
                    "Remove one, or add them together.",
                )


def _shown(value: Any) -> str:
    return f"{value:,.15g}" if isinstance(value, int | float) else str(value)


def _half_a_digit(value: float) -> float:
    """Half a unit of the last digit that the sender gave."""
    decimals = str(value).partition(".")[2].rstrip("0") if value != int(value) else ""
    return 0.5 * 10.0 ** -len(decimals)


def described_rows(checked: CheckedReturn) -> Iterator[str]:
    """What a good return is, in a few words, for people."""
    if checked.kind is None or not checked.rows:
        return
    first = checked.rows[0]
    yield (
        f"indicator {checked.kind.indicator.id}, {first['organisation_name']} "
        f"({first['organisation_code']}), {first['period_start']} to {first['period_end']}, "
        f"{len(checked.rows)} rows"
    )
