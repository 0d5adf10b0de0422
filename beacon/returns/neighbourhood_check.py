"""Checking a return of a neighbourhood programme: every fault with its cell."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from beacon.registry import NeighbourhoodForm
from beacon.registry.neighbourhood_forms import ALL, EVERYBODY
from beacon.returns.faults import SEND_AGAIN, Fault, FaultList
from beacon.returns.neighbourhood_context import NeighbourhoodContext
from beacon.returns.neighbourhood_counts import area_of
from beacon.returns.return_cells import ROW, CellReader, Row, check_alike, check_header
from beacon.returns.table import ReturnTable, read_return
from beacon.sources.tabular.periods import Period, crossing_year

_ONE_OF_A_RETURN = (
    "return_id", "form_id", "definition_version", "organisation_code", "organisation_name",
    "period_start", "period_end", "submitted_by_role", "approved_by_role", "submitted_at",
)  # fmt: skip
_AREA_CODE = re.compile(r"[A-Z0-9]{3,9}")


@dataclass(frozen=True)
class CheckedNeighbourhoodReturn:
    """A return and what is wrong with it.

    Attributes:
        path: The file.
        form: Its form; None where that cannot be told.
        rows: Its rows, typed.
        faults: Why it cannot be accepted; empty where it can.
        notices: What its sender should know.
    """

    path: Path
    form: NeighbourhoodForm | None
    rows: tuple[Row, ...]
    faults: tuple[Fault, ...]
    notices: tuple[Fault, ...]

    @property
    def period(self) -> Period:
        """The period of a good return."""
        first = self.rows[0]
        return return_period(first["period_start"], first["period_end"])

    def described(self) -> str:
        """What a good return is, in a few words, for people."""
        first = self.rows[0]
        return (
            f"form {first['form_id']}, {first['organisation_name']} "
            f"({first['organisation_code']}), {self.period.label}, {len(self.rows)} rows"
        )


def is_neighbourhood_return(path: Path) -> bool:
    """Whether a file has a column that only returns of neighbourhood programmes have."""
    faults = FaultList(path.name)
    table = read_return(path, faults)
    return table is not None and "form_id" in table.header


def check_neighbourhood_return(
    path: Path, context: NeighbourhoodContext
) -> CheckedNeighbourhoodReturn:
    """Check a filled-in return, workbook or CSV, and find every fault in it.

    Raises:
        BeaconError: When the file cannot be opened.
    """
    faults = FaultList(path.name)
    table = read_return(path, faults)
    form = _form(table, context, faults) if table is not None else None
    rows: list[Row] = []
    if table is not None and form is not None:
        rows = _Checker(context, form, faults).check(table)
    found = sorted(
        faults.found,
        key=lambda fault: (fault.row or 0, len(fault.letter or ""), fault.letter or ""),
    )
    return CheckedNeighbourhoodReturn(
        path,
        form,
        tuple(rows),
        tuple(fault for fault in found if fault.severity == "fault"),
        tuple(fault for fault in found if fault.severity == "notice"),
    )


def return_period(start: date, end: date) -> Period:
    """The period between two days: a financial year, a quarter or a month."""
    year = crossing_year(start.year if start.month >= 4 else start.year - 1)
    if (start, end) == (year.start, year.end):
        return year
    if (end.year, end.month) == (start.year, start.month):
        return Period(f"{start:%Y-%m}", start, end)
    return Period(f"{year.label} Q{(start.month - 4) % 12 // 3 + 1}", start, end)


def _form(
    table: ReturnTable, context: NeighbourhoodContext, faults: FaultList
) -> NeighbourhoodForm | None:
    if "form_id" not in table.header:
        faults.add("the column is missing from the header.", row=1, column="form_id")
        return None
    if not table.rows:
        faults.add("the return has a header and no rows.", "Fill it in.", row=1)
        return None
    number, cells = table.rows[0]
    name = str(cells[table.header.index("form_id")]).strip()
    if name not in context.forms:
        known = ", ".join(context.forms) or "none"
        faults.add(
            f"{name!r} is no form of footprint {context.footprint.id!r}; its forms are {known}.",
            row=number,
            column="form_id",
        )
        return None
    return context.forms[name]


class _Checker:
    """The rules of one form, applied to one file."""

    def __init__(
        self, context: NeighbourhoodContext, form: NeighbourhoodForm, faults: FaultList
    ) -> None:
        self.context = context
        self.form = form
        self.faults = faults
        self.allowed = context.allowed(form)
        self.figures = tuple(form.column)

    def check(self, table: ReturnTable) -> list[Row]:
        fields = {field.name: field for field in self.form.fields}
        if not check_header(table, fields, self.faults):
            return []
        reader = CellReader(self.faults)
        rows = [reader.row(number, cells, table.header, fields) for number, cells in table.rows]
        for row in rows:
            self._listed(row)
            self._area(row)
            self._group(row)
            self._period(row)
            self._figures(row)
        check_alike(rows, _ONE_OF_A_RETURN, self.faults)
        self._together(rows)
        return rows

    def _fault(self, row: Row, column: str, message: str, remedy: str = SEND_AGAIN) -> None:
        self.faults.add(message, remedy, row=row[ROW], column=column)

    def _notice(self, row: Row, column: str, message: str, remedy: str) -> None:
        self.faults.add(message, remedy, row=row[ROW], column=column, severity="notice")

    def _listed(self, row: Row) -> None:
        for name, allowed in self.allowed.items():
            if name != "area_code" and row[name] is not None and row[name] not in allowed:
                shown = ", ".join(allowed[:12]) + (" …" if len(allowed) > 12 else "")
                self._fault(row, name, f"{row[name]!r} is not accepted here; use {shown}.")

    def _area(self, row: Row) -> None:
        kind, code, place = row["area_kind"], row["area_code"], row["place_code"]
        if kind not in self.form.area_kinds or code is None:
            return
        known = self.context.area_names(self.form, kind)
        if kind == "place" and place is not None and code != place:
            self._fault(row, "area_code", f"{code!r} is not the Place of place_code, {place!r}.")
        elif known and code not in known:
            self._fault(row, "area_code", f"{code!r} is no {kind} of the footprint or the form.")
        elif kind == "neighbourhood":
            own = {one.code: one.place_code for one in self.form.neighbourhoods}[code]
            if place is not None and own != place:
                self._fault(row, "place_code", f"{code!r} lies in {own!r}, not in {place!r}.")
        elif not known and not _AREA_CODE.fullmatch(code):
            self._fault(row, "area_code", f"{code!r} is no code of an area.")
        elif not known:
            self._notice(
                row,
                "area_code",
                f"no release of this home says whether {code!r} is a {kind} here.",
                "Check the code.",
            )

    def _group(self, row: Row) -> None:
        breakdown, group = row["breakdown"], row["breakdown_group"]
        groups = self.form.groups.get(breakdown, ())
        if groups and group is not None and group not in groups:
            self._fault(
                row,
                "breakdown_group",
                f"{group!r} is no group of {breakdown}: {', '.join(groups)}.",
            )

    def _period(self, row: Row) -> None:
        start, end, sent = row["period_start"], row["period_end"], row["submitted_at"]
        if start is None or end is None:
            return
        months = {"financial_year": 12, "quarter": 3, "month": 1}[self.form.period]
        first = (start.month - 4) % 12 % months == 0 and start.day == 1
        after = start.month - 1 + months
        ends = date(start.year + after // 12, after % 12 + 1, 1).toordinal() - 1
        if not first or end.toordinal() != ends:
            asked = self.form.period.replace("_", " ")
            self._fault(row, "period_end", f"{start} to {end} is not one {asked}.")
        elif sent is not None and sent <= end:
            self._fault(row, "submitted_at", f"{sent} is before the period has ended, {end}.")

    def _figures(self, row: Row) -> None:
        for metric in self.form.metrics:
            kind, value = self.form.kind_of(metric), row[metric.numerator]
            if kind == "percent" and _is_number(value) and value > 100:
                self._fault(row, metric.numerator, f"{value:g} is above 100 percent.")
            if kind == "percent" and value is not None:
                base = self.form.column[metric.numerator].of or ""
                if row[base] is None:
                    self._fault(row, base, f"the cell is empty, and {metric.numerator} is of it.")
                elif row[base] == 0 and _is_number(value) and value > 0:
                    self._fault(
                        row,
                        metric.numerator,
                        f"{value:g} percent of nobody: {base} is 0.",
                        f"Leave the cell empty, or correct {base}.",
                    )
            if kind == "proportion" and metric.denominator is not None:
                self._not_above(
                    row, metric.numerator, value, metric.denominator, row[metric.denominator]
                )
        small = self.form.small_numbers.smallest_shown
        for name in self.figures:
            if (
                self.form.column[name].kind != "percent"
                and _is_number(row[name])
                and 0 < row[name] < small
            ):
                self._notice(
                    row,
                    name,
                    f"{row[name]} is a small count of people.",
                    "It is accepted, and withheld.",
                )

    def _not_above(self, row: Row, name: str, value: Any, limit: str, most: Any) -> None:
        if _is_number(value) and _is_number(most) and value > most:
            self._fault(row, name, f"{value:,} is above {limit}, which is {most:,}.")

    def _together(self, rows: list[Row]) -> None:
        """No row twice, everybody in every area, and no more in the groups than in all."""
        cells: dict[tuple[Any, ...], Row] = {}
        for row in rows:
            key = tuple(
                row[name] for name in ("area_kind", "area_code", "breakdown", "breakdown_group")
            )
            if None in key:
                continue
            first = cells.setdefault(key, row)
            if first is not row:
                self._fault(
                    row, "breakdown_group", f"the row repeats row {first[ROW]}.", "Remove one."
                )
        # Where a row may have been meant for everybody, what is wrong with it is said at its cell.
        others = {one.id for one in self.form.breakdowns}
        said = {area_of(row) for row in rows if row["breakdown"] not in others}
        sums: dict[tuple[Any, ...], dict[str, int]] = {}
        for (kind, code, breakdown, _), row in cells.items():
            everybody = cells.get((kind, code, ALL, EVERYBODY))
            if everybody is None:
                if (kind, code) not in said:
                    self._fault(
                        row, "breakdown", f"{code} has no row of breakdown {ALL!r}.", "Add one."
                    )
                    said.add((kind, code))
                continue
            if breakdown == ALL:
                continue
            so_far = sums.setdefault((kind, code, breakdown), {})
            for name in self.figures:
                if self.form.column[name].kind == "percent" or not _is_number(row[name]):
                    continue
                so_far[name] = so_far.get(name, 0) + row[name]
                most = everybody[name]
                if _is_number(most) and so_far[name] > most:
                    self._fault(
                        row,
                        name,
                        f"the groups of {breakdown} come to {so_far[name]:,}, above the {most:,} "
                        f"of everybody (row {everybody[ROW]}).",
                    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float)
