"""Putting the accepted returns of a home together for a run: one table per indicator.

The table is made anew in each run from the returns' own bytes, and equal returns give equal bytes.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from beacon.core.errors import Problem
from beacon.core.files import sha256_of, write_atomically
from beacon.disclosure.returned_counts import ReturnedTable, read_lines
from beacon.ingest.landing_store import LandingStore
from beacon.ingest.scan import FoundFile
from beacon.returns.accept import AcceptedReturn, accepted_returns
from beacon.returns.check import check_return
from beacon.returns.context import ReturnContext, ReturnKind
from beacon.returns.return_cells import ROW, Row
from beacon.returns.withholding import with_withheld_totals
from beacon.sources.publishers.returned_tables import (
    COLLECTION_HEADER,
    MISSING,
    RETURNED,
    TOTAL,
    WITHHELD,
)
from beacon.sources.recognition import Recognition

Line = dict[str, Any]
Earlier = Callable[[ReturnKind], Sequence[ReturnedTable]]
"""Gives the tables of a kind of return that earlier releases showed, oldest first."""


def collect_returns(
    context: ReturnContext,
    store: LandingStore,
    directory: Path,
    earlier: Earlier = lambda _: (),
) -> list[FoundFile]:
    """One file per indicator that has accepted returns, written to a directory.

    Totals are withheld with regard to what earlier releases show. A return that the rules no
    longer accept refuses its whole table, and the last good one stays in use: a total never loses
    an organisation in silence.
    """
    by_indicator: dict[int, list[AcceptedReturn]] = {}
    for accepted in accepted_returns(store, context):
        by_indicator.setdefault(accepted.acceptance.indicator_id, []).append(accepted)
    found: list[FoundFile] = []
    for kind in context.ordered:
        returns = by_indicator.get(kind.indicator.id, [])
        if not returns:
            continue
        problems: list[Problem] = []
        lines = _lines(context, kind, returns, store, problems)
        path = directory / f"local_return_{kind.indicator.id:02d}_{kind.indicator.slug}.csv"
        content = _csv(lines)
        if kind.rules.counts_people:
            content = _withheld(content, kind, earlier)
        if not path.is_file() or path.read_bytes() != content:
            write_atomically(path, content)
        found.append(
            FoundFile(
                path,
                f"accepted returns/{path.name}",
                sha256_of(path),
                Recognition(kind.spec.key, container="csv", problems=tuple(problems)),
            )
        )
    return found


def _withheld(content: bytes, kind: ReturnKind, earlier: Earlier) -> bytes:
    smallest = kind.indicator.disclosure.smallest_shown
    lines = read_lines(content)
    return _csv(with_withheld_totals(lines, earlier(kind), smallest_shown=smallest))


def _csv(lines: Iterable[Line]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLLECTION_HEADER, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue().encode()


def _lines(
    context: ReturnContext,
    kind: ReturnKind,
    returns: list[AcceptedReturn],
    store: LandingStore,
    problems: list[Problem],
) -> Iterator[Line]:
    periods: dict[tuple[Any, Any], list[Line]] = {}
    for accepted in returns:
        path = store.path_of(accepted.landed)
        if not path.is_file() or sha256_of(path) != accepted.landed.sha256:
            problems.append(
                Problem(
                    accepted.landed.file,
                    "the accepted return is missing or has changed since it was accepted.",
                    remedy="Restore it from a backup, or accept the return again.",
                )
            )
            continue
        checked = check_return(path, context)
        problems += [fault.as_problem() for fault in checked.faults]
        if not checked.is_good:
            continue
        for row in checked.rows:
            period = (row["period_start"], row["period_end"])
            periods.setdefault(period, []).extend(_returned(context, kind, row, accepted))
    for (start, end), lines in sorted(periods.items()):
        common = {
            "indicator_id": kind.indicator.id,
            "multiplier": kind.indicator.multiplier or 1,
            "period_start": start,
            "period_end": end,
            "icb_code": context.footprint.icb.code,
        }
        lines += _missing(context, kind, lines)
        lines += _totals(context, kind, lines)
        order = (*kind.rules.series,)
        lines.sort(key=lambda line: order.index(line["series"]))
        yield from ({**common, **line} for line in lines)


def _returned(
    context: ReturnContext, kind: ReturnKind, row: Row, accepted: AcceptedReturn
) -> Iterator[Line]:
    counted_by = "; ".join(f"{name} {_text(row[name])!r}" for name in kind.rules.agree)
    expected = context.expected(kind)[row["place_code"]]
    level = kind.rules.level
    for series, parts in kind.rules.series.items():
        yield {
            "series": series,
            "row_kind": RETURNED,
            "area_code": row["place_code"],
            "area_name": context.places[row["place_code"]],
            "organisation_code": row["organisation_code"],
            "organisation_name": row["organisation_name"],
            "is_expected": (
                "yes" if row["organisation_code"] in {one.code for one in expected} else "no"
            ),
            "level": row[level.column] if level else "",
            "numerator": _sum([row[part] for part in parts]),
            "denominator": _text(row[kind.template.denominator_field]),
            "counted_by": counted_by,
            "return_id": row["return_id"],
            "return_sha256": accepted.landed.sha256,
            "return_file": accepted.landed.file,
            "return_row": row[ROW],
            "submitted_by_role": row["submitted_by_role"],
            "approved_by_role": row["approved_by_role"],
            "accepted_at": accepted.acceptance.accepted_at,
        }


def _sum(values: list[Any]) -> str:
    return WITHHELD if WITHHELD in values else _text(sum(values))


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def _missing(context: ReturnContext, kind: ReturnKind, lines: list[Line]) -> list[Line]:
    """A row for each expected return that has not come for a period that somebody returned for."""
    come = {(line["area_code"], line["organisation_code"]) for line in lines}
    return [
        {
            "series": series,
            "row_kind": MISSING,
            "area_code": place,
            "area_name": context.places[place],
            "organisation_code": organisation.code,
            "organisation_name": organisation.name,
            "is_expected": "yes",
        }
        for series in kind.rules.series
        for place, organisations in context.expected(kind).items()
        for organisation in organisations
        if (place, organisation.code) not in come
    ]


def _totals(context: ReturnContext, kind: ReturnKind, lines: list[Line]) -> list[Line]:
    """A row for each figure to be made: of each Place reported or due, and of the board."""
    places = {line["area_code"]: None for line in lines}
    icb = context.footprint.icb
    areas = [(code, context.places[code]) for code in context.places if code in places]
    levels = sorted({line["level"] for line in lines if line.get("level", "") != ""})
    return [
        {
            "series": series,
            "row_kind": TOTAL,
            "area_code": code,
            "area_name": name,
            "level": level,
        }
        for series in kind.rules.series
        for code, name in (*areas, (icb.code, icb.name))
        for level in ("", *levels)
    ]
