"""Local returns: accepted returns of organisations, put together, as totals of Places.

A total is the sum of numerators over the sum of denominators, never a mean of percentages. It is
shown only where all organisations counted by the same definition. An organisation that has not
returned is missing, and is never counted as zero.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import BaseModel, ConfigDict

from beacon.registry.sources import Container, Dataset, DatasetSpec
from beacon.sources.observations import to_observations
from beacon.sources.reading import read_table
from beacon.sources.tabular.columns import Columns
from beacon.sources.tabular.periods import crossing_year

COLLECTION_HEADER = (
    "indicator_id",
    "series",
    "multiplier",
    "period_start",
    "period_end",
    "row_kind",
    "icb_code",
    "area_code",
    "area_name",
    "organisation_code",
    "organisation_name",
    "is_expected",
    "level",
    "numerator",
    "denominator",
    "counted_by",
    "return_id",
    "return_sha256",
    "return_file",
    "return_row",
    "submitted_by_role",
    "approved_by_role",
    "accepted_at",
)
"""Columns of the table of accepted returns.

Rows are of three kinds: `returned`, one row of one organisation's return; `missing`, a return that
is expected and has not come; `total`, an area and level for which the others are to be summed, so
that every published figure has a row of its own to be traced to. A total with `[c]` in place of a
numerator is withheld, because of what earlier releases show beside it.
"""

RETURNED, MISSING, TOTAL = "returned", "missing", "total"
WITHHELD = "[c]"
"""What a sender writes in place of a count that it withholds."""

_EVERYBODY = ""


class _Rules(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ListedOrganisation(_Rules):
    """An organisation beyond the councils and the integrated care board of a footprint."""

    code: str
    name: str
    places: tuple[str, ...] = ()


class Level(_Rules):
    """A breakdown of the return that is shown beside its total."""

    column: str
    category_type: str
    label: str


class ReturnRules(_Rules):
    """What holds for the returns of one indicator, from `options` of its dataset.

    Attributes:
        series: Fields whose sum is the numerator, by series.
        row_key: Fields that tell the rows of one organisation, Place and period apart.
        sums: Field to the fields that it is the sum of.
        not_above: Field to a field that it may not exceed.
        people: Fields that count people or full-time equivalents of them.
        counts_people: Whether numerator and denominator count people, so that small ones are
            hidden.
        is_count: Whether the value is the numerator itself, and the denominator only says among how
            many it was counted.
        is_estimate: Whether the counts are estimates, of a survey say: they give the figure and
            stand in no column, since no limits follow from them.
        agree: Fields that must be the same in all returns before a total is shown.
        level: The breakdown that is shown.
        organisations: Further organisations by footprint.
    """

    series: dict[str, tuple[str, ...]]
    row_key: tuple[str, ...] = ()
    sums: dict[str, tuple[str, ...]] = {}
    not_above: dict[str, str] = {}
    people: tuple[str, ...] = ()
    counts_people: bool = False
    is_count: bool = False
    is_estimate: bool = False
    agree: tuple[str, ...]
    level: Level | None = None
    organisations: dict[str, tuple[ListedOrganisation, ...]] = {}


def rules_of(dataset: Dataset) -> ReturnRules:
    """The rules of a dataset of returns."""
    return ReturnRules.model_validate(dataset.options)


def period_label(start: date, end: date) -> str:
    """How a return's period is written: 2024/25 for a whole financial year, one day by its date."""
    year = crossing_year(start.year)
    if (start, end) == (year.start, year.end):
        return year.label
    return start.isoformat() if start == end else f"{start.isoformat()} to {end.isoformat()}"


@dataclass
class _Cell:
    """One total: an area, period, series and level."""

    area_code: str
    area_name: str
    start: date
    end: date
    series: str
    level: str
    numerator: float | None = None
    denominator: float | None = None
    is_board: bool = False
    multiplier: float = 1.0
    withheld: bool = False
    status: str = "published"
    note: str = ""
    source_row: int = 0


def read_local_returns(
    path: Path, container: Container, spec: DatasetSpec, fictional: bool
) -> pl.DataFrame:
    """Read the accepted returns of one indicator, and total them by Place and for the board.

    Returns:
        Observations: value = numerator / denominator x the indicator's multiplier, or the numerator
        of a count, which then has no denominator. `not_supplied`
        where nobody returned for a Place; `not_comparable` where definitions differ; `suppressed`
        where a count of people is from 1 to 4, where it would give such a count away, or where a
        sender withheld it. The note says who has returned.

    Raises:
        InputRefusedError: For a cell that is none of what its column may hold.
    """
    rules = rules_of(spec.dataset)
    columns = Columns(read_table(path, container, spec.dataset), spec.dataset, fictional=fictional)
    rows = _rows(columns, rules)
    columns.raise_if_problems()
    cells = _total(rows)
    if rules.counts_people:
        cells = _hide_small_counts(cells)
    return _observations(cells, spec.dataset, rules)


def _rows(columns: Columns, rules: ReturnRules) -> pl.DataFrame:
    columns.check_row_count()
    kind = columns.allowed("row_kind", (RETURNED, MISSING, TOTAL))
    returned = kind == RETURNED
    numerator, numerator_status = columns.number("numerator", 0)
    denominator, denominator_status = columns.number("denominator", 0)
    multiplier, _ = columns.number("multiplier", 0, blank_status=None)
    series = columns.allowed("series", tuple(rules.series))
    columns.fail_where(numerator > denominator, "numerator", "is above the denominator")
    for name, status in (("numerator", numerator_status), ("denominator", denominator_status)):
        columns.fail_where(
            returned & ~status.is_in(["published", "suppressed"]), name, "is no count"
        )
    expected = columns.allowed("is_expected", ("yes", "no", ""))
    days = {name: columns.text(name).str.to_date(strict=False) for name in _DAYS}
    for name, day in days.items():
        columns.fail_where(day.is_null(), name, "is not a day")
    names = (
        "icb_code", "area_code", "area_name", "organisation_code", "organisation_name", "level",
        "counted_by",
    )  # fmt: skip
    return pl.DataFrame(
        {
            "series": series,
            "kind": kind,
            "expected": expected == "yes",
            "numerator": numerator,
            "denominator": denominator,
            "withheld": (kind == TOTAL) & (numerator_status == "suppressed"),
            "multiplier": multiplier,
            **days,
            **{name: columns.text(name) for name in names},
            "source_row": columns.rows,
        }
    )


_DAYS = ("period_start", "period_end")


def _total(rows: pl.DataFrame) -> list[_Cell]:
    """Every total that the table asks for."""
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in rows.sort("source_row").to_dicts():
        groups.setdefault((row["series"], *(row[day] for day in _DAYS)), []).append(row)
    return [
        _one_total(row, [other for other in group if _is_part(other, row)])
        for group in groups.values()
        for row in group
        if row["kind"] == TOTAL
    ]


def _is_part(row: dict[str, Any], total: dict[str, Any]) -> bool:
    is_board = total["area_code"] == total["icb_code"]
    is_in_area: bool = is_board or row["area_code"] == total["area_code"]
    return is_in_area and row["kind"] != TOTAL


def _one_total(total: dict[str, Any], parts: Sequence[dict[str, Any]]) -> _Cell:
    level = total["level"]
    cell = _Cell(
        total["area_code"],
        total["area_name"],
        total["period_start"],
        total["period_end"],
        total["series"],
        level,
        is_board=total["area_code"] == total["icb_code"],
        multiplier=total["multiplier"],
        withheld=bool(total["withheld"]),
        source_row=total["source_row"],
        note=_who_returned(parts),
    )
    returned = [row for row in parts if row["kind"] == RETURNED]
    counted = [row for row in returned if level in (_EVERYBODY, row["level"])]
    if not returned:
        cell.status = "not_supplied"
    elif len(definitions := _definitions(returned)) > 1:
        cell.status = "not_comparable"
        described = "; ".join(f"{who}: {what}" for what, who in definitions.items())
        cell.note += f" No total, because organisations counted differently. {described}."
    elif not counted:
        cell.status = "not_applicable"
        cell.note += " The returns have nobody at this level."
    elif any(row["numerator"] is None or row["denominator"] is None for row in counted):
        cell.status = "suppressed"
        cell.note += " Withheld: a sender withheld a small count."
    else:
        cell.numerator = math.fsum(row["numerator"] for row in counted)
        cell.denominator = math.fsum(row["denominator"] for row in counted)
        if not cell.denominator:
            cell.status = "not_applicable"
    return cell


def _definitions(returned: Iterable[dict[str, Any]]) -> dict[str, str]:
    """Each way of counting, and which organisations counted so."""
    found: dict[str, dict[str, None]] = {}
    for row in returned:
        found.setdefault(row["counted_by"], {})[row["organisation_name"]] = None
    return {what: ", ".join(who) for what, who in sorted(found.items())}


def _who_returned(records: Sequence[dict[str, Any]]) -> str:
    """The share of the expected returns that have come, and whose have not."""
    # One organisation may be expected in several Places, and return for some of them.
    key = ("area_code", "organisation_code")
    expected = {tuple(row[part] for part in key) for row in records if row["expected"]}
    returned = {tuple(row[part] for part in key) for row in records if row["kind"] == RETURNED}
    others = len(returned - expected)
    extra = f" and {others} other{'s' if others > 1 else ''}" if expected and others else ""
    if not expected:
        count = len({organisation for _, organisation in returned})
        return f"Local returns: {count} organisation{'' if count == 1 else 's'}; none is required."
    come = len(returned & expected)
    share = f"{100 * come / len(expected):.0f}%"
    note = f"Local returns: {come} of {len(expected)} expected ({share}){extra}."
    late = sorted({row["organisation_name"] for row in records if row["kind"] == MISSING})
    if late:
        shown = ", ".join(late[:5]) + (f" and {len(late) - 5} more" if len(late) > 5 else "")
        note += f" Not returned: {shown}."
    return note


_ALL = "all"
_NUMERATOR, _REST = "numerator", "rest"


def _hide_small_counts(cells: list[_Cell]) -> list[_Cell]:
    """Hide counts of 1 to 4 people, and what would give them away.

    The numerator, the rest of the denominator, the levels and the Places add up to totals that are
    shown too, so they are protected together, period by period. Where a return has two series, each
    is the other's rest: the first decides for both. Full-time equivalents are taken down to whole
    people for this and count as one person at least.
    """
    from beacon.disclosure import Breakdown, protect

    icb = next(cell.area_code for cell in cells if cell.is_board)
    frame = _with_sums(_people_table([c for c in cells if c.series == cells[0].series]), icb)
    areas = sorted(set(frame["area"].to_list()) - {icb})
    levels = sorted(set(frame["level"].to_list()) - {_ALL})
    hidden = protect(
        frame,
        count="count",
        breakdowns=(
            Breakdown.flat("area", areas, icb),
            Breakdown.flat("level", levels, _ALL),
            Breakdown.flat("member", (_NUMERATOR, _REST), _ALL),
        ),
        by=_DAYS,
        withheld="withheld",
    ).table.filter(pl.col("suppressed"))
    keys = set(hidden.select(*_DAYS, "area", "level").iter_rows())
    for cell in cells:
        if (cell.start, cell.end, cell.area_code, cell.level or _ALL) in keys:
            cell.status, cell.numerator, cell.denominator = "suppressed", None, None
            cell.note += " Withheld: a count is below 5, or would give one away."
    return cells


def _people_table(cells: list[_Cell]) -> pl.DataFrame:
    """Numerator and rest of each total, in whole people; null where it is not known."""
    rows: list[dict[str, Any]] = []
    for cell in cells:
        numerator, rest = cell.numerator, None
        if numerator is not None and cell.denominator is not None:
            rest = cell.denominator - numerator
        elif cell.status in ("not_applicable", "not_supplied"):
            # Adds nothing to the totals shown: for this purpose a known zero.
            numerator = rest = 0.0
        for member, count in ((_NUMERATOR, numerator), (_REST, rest)):
            rows.append(
                {
                    "period_start": cell.start,
                    "period_end": cell.end,
                    "area": cell.area_code,
                    "level": cell.level or _ALL,
                    "member": member,
                    "count": _whole_people(count),
                    "withheld": cell.withheld,
                }
            )
    return pl.DataFrame(rows, schema_overrides={"count": pl.Int64}, infer_schema_length=None)


def _whole_people(count: float | None) -> int | None:
    if count is None:
        return None
    # Sums of fractions come a hair short of the whole number that they are.
    return 0 if count <= 0 else max(1, math.floor(count + 1e-9))


def _with_sums(frame: pl.DataFrame, icb: str) -> pl.DataFrame:
    """Make totals the sums of their parts in whole people, and add numerator and rest together.

    A total whose parts are not all known is left as it is: nothing exact follows from it.
    """
    frame = _resummed(frame, "level", _ALL, [*_DAYS, "area", "member"])
    frame = _resummed(frame, "area", icb, [*_DAYS, "level", "member"])
    both = frame.group_by([*_DAYS, "area", "level"], maintain_order=True).agg(
        pl.lit(_ALL).alias("member"),
        pl.when(pl.col("count").null_count() == 0).then(pl.col("count").sum()).alias("count"),
        pl.col("withheld").any(),
    )
    return pl.concat([frame, both.select(frame.columns)])


def _resummed(frame: pl.DataFrame, column: str, total: str, others: list[str]) -> pl.DataFrame:
    parts = (
        frame.filter(pl.col(column) != total)
        .group_by(others)
        .agg(
            pl.when(pl.col("count").null_count() == 0).then(pl.col("count").sum()).alias("sum"),
            pl.lit(total).alias(column),
        )
    )
    return (
        frame.join(parts, on=[*others, column], how="left", maintain_order="left")
        .with_columns(
            pl.when(pl.col("count").is_not_null()).then(pl.coalesce("sum", "count")).alias("count")
        )
        .drop("sum")
    )


def _observations(cells: list[_Cell], dataset: Dataset, rules: ReturnRules) -> pl.DataFrame:
    level = rules.level
    return to_observations(
        pl.DataFrame(
            [
                {
                    "series": cell.series,
                    "series_name": dataset.title,
                    "area_code": cell.area_code,
                    "area_name": cell.area_name,
                    "period": period_label(cell.start, cell.end),
                    "period_start": cell.start,
                    "period_end": cell.end,
                    "sex": "Persons",
                    "age": "",
                    "category_type": level.category_type if level and cell.level else None,
                    "category": level.label.format(cell.level) if level and cell.level else None,
                    "value": _value(cell, rules),
                    "numerator": None if rules.is_estimate else cell.numerator,
                    "denominator": (
                        None if rules.is_count or rules.is_estimate else cell.denominator
                    ),
                    "value_status": cell.status,
                    "value_note": cell.note,
                    "source_row": cell.source_row,
                }
                for cell in cells
            ],
            infer_schema_length=None,
        )
    )


def _value(cell: _Cell, rules: ReturnRules) -> float | None:
    if cell.status != "published" or cell.numerator is None or not cell.denominator:
        return None
    if rules.is_count:
        return cell.numerator
    return cell.multiplier * cell.numerator / cell.denominator
