"""Counts of people that a neighbourhood return tells, and what adds up among them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from beacon.disclosure.small_area_counts import Cell, Sum
from beacon.registry import NeighbourhoodForm
from beacon.registry.neighbourhood_forms import ALL, EVERYBODY, Metric, ReturnColumn
from beacon.returns.return_cells import Row
from beacon.sources.publishers.returned_tables import WITHHELD


def area_of(row: Row) -> tuple[str, str]:
    """Kind and code of the area of a row."""
    return row["area_kind"], row["area_code"]


def group_of(row: Row) -> tuple[str, str]:
    """Breakdown and group of a row."""
    return row["breakdown"], row["breakdown_group"]


def cell_of(column: str, row: Row) -> Cell:
    """A column's count of a row."""
    return (column, area_of(row), group_of(row))


def counts_of_people(form: NeighbourhoodForm, rows: Iterable[Row]) -> dict[Cell, int | None]:
    """Every count of people that the figures tell, None where its sender withheld it.

    A percentage of a known number of people tells how many they are: exactly, where its last digit
    is worth less than one of them, and then it adds up with others. Where it is worth more, the
    count is named `about` and only its own size matters.
    """
    counts: dict[Cell, int | None] = {}
    for row in rows:
        for column in form.columns:
            if row[column.name] is not None:
                counts[cell_of(_told(row, column), row)] = _count(row, column)
        for whole, part in _wholes_and_parts(form):
            told = _told(row, form.column[part])
            both = counts.get(cell_of(whole, row)), counts.get(cell_of(told, row))
            if both[0] is not None and both[1] is not None:
                counts[cell_of(f"{whole} less {told}", row)] = both[0] - both[1]
    return counts


def cells_of_metric(form: NeighbourhoodForm, metric: Metric, row: Row) -> list[Cell]:
    """The counts that a metric's figure tells of a row."""
    told = _told(row, form.column[metric.numerator])
    whole = metric.denominator or form.column[metric.numerator].of
    names = [told] if whole is None else [told, whole, f"{whole} less {told}"]
    return [cell_of(name, row) for name in names]


_ABOUT = "about "


def _told(row: Row, column: ReturnColumn) -> str:
    """The name of the count that a column tells of."""
    value, base = row[column.name], row[column.of] if column.of else None
    if not isinstance(value, float) or not isinstance(base, int):
        return column.name
    worth = base / 100 * 10.0 ** -len(f"{value:.10f}".rstrip("0").partition(".")[2])
    return column.name if worth < 1 else f"{_ABOUT}{column.name}"


def _count(row: Row, column: ReturnColumn) -> int | None:
    value = row[column.name]
    if column.of is None:
        return None if value == WITHHELD else int(value)
    base = row[column.of]
    return None if WITHHELD in (value, base) else round(value * base / 100)


def _wholes_and_parts(form: NeighbourhoodForm) -> list[tuple[str, str]]:
    """Columns of which one is a part of the other."""
    shares = [
        (metric.denominator, metric.numerator)
        for metric in form.metrics
        if metric.denominator is not None and form.kind_of(metric) == "proportion"
    ]
    percents = [(column.of, column.name) for column in form.columns if column.of is not None]
    return list(dict.fromkeys([*shares, *percents]))


def what_adds_up(
    form: NeighbourhoodForm, counts: Mapping[Cell, int | None], rows: list[Row]
) -> list[Sum]:
    """Areas to those around them, groups to everybody, parts of shares to their whole."""
    names = {str(cell[0]) for cell in counts if isinstance(cell, tuple)}
    names = {name for name in names if _ABOUT not in name}
    inside: dict[tuple[str, str], tuple[str, str]] = {}
    families: dict[tuple[tuple[str, str], str], set[tuple[str, str]]] = {}
    wards = {code: one.code for one in form.neighbourhoods for code in one.ward24_codes}
    for row in rows:
        kind, code = area_of(row)
        if kind != "place":
            families.setdefault((("place", row["place_code"]), kind), set()).add((kind, code))
        if kind == "ward" and code in wards:
            inside[kind, code] = ("neighbourhood", wards[code])
    for area, around in inside.items():
        families.setdefault((around, "ward"), set()).add(area)
    groups = sorted({group_of(row) for row in rows})
    areas = sorted({area_of(row) for row in rows})
    sums = [
        Sum(kind, (name, around, group), tuple((name, area, group) for area in sorted(members)))
        for (around, kind), members in sorted(families.items())
        for name in sorted(names)
        for group in groups
    ]
    sums += [
        Sum(breakdown.id, (name, area, (ALL, EVERYBODY)),
            tuple((name, area, (breakdown.id, group)) for group in breakdown.groups))
        for breakdown in form.breakdowns
        for name in sorted(names)
        for area in areas
    ]  # fmt: skip
    sums += [
        Sum(part, (whole, area, group),
            ((part, area, group), (f"{whole} less {part}", area, group)))
        for whole, part in _wholes_and_parts(form)
        for area in areas
        for group in groups
    ]  # fmt: skip
    return [one for one in sums if one.total in counts and any(p in counts for p in one.parts)]
