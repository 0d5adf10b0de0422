"""Putting the accepted returns of neighbourhood programmes together for a run, as one table.

Small counts are hidden here, so nothing after landing holds them. The states of a form's period are
gone through in the order in which its returns were accepted, and each is protected with regard to
those before it: a correction gives nothing away.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from beacon.core.errors import Problem
from beacon.core.files import sha256_of, write_atomically
from beacon.core.source_names import NEIGHBOURHOOD_RETURN
from beacon.disclosure import Rule
from beacon.disclosure.small_area_counts import State, protect_state
from beacon.ingest.landing_store import LandingStore
from beacon.ingest.scan import FoundFile
from beacon.registry import NeighbourhoodForm
from beacon.registry.neighbourhood_forms import ALL, EVERYBODY, Metric
from beacon.returns.neighbourhood_accept import (
    DATASET,
    AcceptedNeighbourhoodReturn,
    accepted_neighbourhood_returns,
)
from beacon.returns.neighbourhood_check import check_neighbourhood_return
from beacon.returns.neighbourhood_context import NeighbourhoodContext
from beacon.returns.neighbourhood_counts import (
    area_of,
    cells_of_metric,
    counts_of_people,
    group_of,
    what_adds_up,
)
from beacon.returns.return_cells import ROW, Row
from beacon.sources.publishers.neighbourhood_returns import COLLECTION_HEADER
from beacon.sources.recognition import Recognition

Line = dict[str, Any]
_SUPPRESSED = "Suppressed: it is a small number of people, or would let one be worked out."


@dataclass(frozen=True)
class _InUse:
    """A row of a return that is in use."""

    row: Row
    accepted: AcceptedNeighbourhoodReturn


def collect_neighbourhood_returns(
    context: NeighbourhoodContext, store: LandingStore, directory: Path
) -> list[FoundFile]:
    """The table of all accepted returns, written to a directory; nothing where there are none.

    A return that is damaged, or that its form no longer accepts, refuses the whole table, and the
    last good one stays in use.
    """
    every = accepted_neighbourhood_returns(store, context)
    if not every:
        return []
    problems: list[Problem] = []
    rows = {one.landed.sha256: _rows(one, context, store, problems) for one in every}
    lines: list[Line] = []
    for form_id, start in sorted({one.stands_for[:2] for one in every}):
        own = [one for one in every if one.stands_for[:2] == (form_id, start)]
        # A form that was taken away takes its returns with it.
        if form_id in context.forms:
            lines += _lines(context.forms[form_id], context, own, rows)
    if not lines and not problems:
        return []
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLLECTION_HEADER, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    path = directory / f"{NEIGHBOURHOOD_RETURN}s.csv"
    content = text.getvalue().encode()
    if not path.is_file() or path.read_bytes() != content:
        write_atomically(path, content)
    recognised = Recognition(DATASET, container="csv", problems=tuple(problems))
    return [FoundFile(path, f"accepted returns/{path.name}", sha256_of(path), recognised)]


def _rows(
    one: AcceptedNeighbourhoodReturn,
    context: NeighbourhoodContext,
    store: LandingStore,
    problems: list[Problem],
) -> tuple[Row, ...]:
    if one.acceptance.form_id not in context.forms:
        return ()
    path = store.path_of(one.landed)
    if not path.is_file() or sha256_of(path) != one.landed.sha256:
        message = "the accepted return is missing or has changed since it was accepted."
        remedy = "Restore it from a backup, or accept the return again."
        problems.append(Problem(one.landed.file, message, remedy=remedy))
        return ()
    checked = check_neighbourhood_return(path, context)
    problems += [fault.as_problem() for fault in checked.faults]
    return checked.rows if not checked.faults else ()


def _lines(
    form: NeighbourhoodForm,
    context: NeighbourhoodContext,
    own: list[AcceptedNeighbourhoodReturn],
    rows: Mapping[str, tuple[Row, ...]],
) -> Iterator[Line]:
    """The figures of one form and period, after the last of its returns."""
    rule = Rule(form.small_numbers.smallest_shown, form.small_numbers.rounding)
    in_use: dict[str, AcceptedNeighbourhoodReturn] = {}
    states: list[State] = []
    table: list[_InUse] = []
    for one in own:
        in_use[one.acceptance.organisation_code] = one
        table = [_InUse(row, each) for each in in_use.values() for row in rows[each.landed.sha256]]
        rows_in_use = [each.row for each in table]
        counts = counts_of_people(form, rows_in_use)
        states.append(protect_state(counts, what_adds_up(form, counts, rows_in_use), rule, states))
    if not table:
        return
    groups = {
        (b, g): n for n, (b, g) in enumerate((b, g) for b, gs in form.groups.items() for g in gs)
    }
    named = {one.id: one.name for one in form.breakdowns} | {ALL: "Everybody"}
    for each in sorted(table, key=lambda one: (area_of(one.row), groups[group_of(one.row)])):
        for order, metric in enumerate(form.metrics):
            yield {
                **_said(form, metric, order),
                **_of_return(form, context, each),
                "breakdown_name": named[each.row["breakdown"]],
                "group_order": groups[group_of(each.row)],
                **_figures(form, metric, each.row, states[-1], rule),
            }
    yield from _not_returned(form, table, named[ALL])


def _said(form: NeighbourhoodForm, metric: Metric, order: int) -> Line:
    return {
        "form_id": form.id,
        "form_name": form.name,
        "definition_version": form.version,
        "metric": metric.id,
        "metric_name": metric.name,
        "metric_kind": form.kind_of(metric),
        "metric_order": order,
        "polarity": metric.polarity,
        "unit": metric.unit,
        "per": metric.per or "",
        "smallest_shown": form.small_numbers.smallest_shown,
    }


def _of_return(form: NeighbourhoodForm, context: NeighbourhoodContext, each: _InUse) -> Line:
    row, said = each.row, each.accepted.acceptance
    names = context.area_names(form, row["area_kind"])
    return {
        **{
            name: row[name]
            for name in ("place_code", "area_kind", "area_code", "breakdown", "breakdown_group")
        },
        # Wards and the like have their names in the table of areas.
        "area_name": names.get(row["area_code"], "")
        if row["area_kind"] in ("place", "neighbourhood")
        else "",
        "organisation_code": said.organisation_code,
        "organisation_name": said.organisation_name,
        "period": said.period,
        "period_start": said.period_start,
        "period_end": said.period_end,
        "return_id": said.return_id,
        "return_sha256": each.accepted.landed.sha256,
        "return_row": row[ROW],
        "submitted_by_role": said.submitted_by_role,
        "approved_by_role": said.approved_by_role,
    }


def _figures(form: NeighbourhoodForm, metric: Metric, row: Row, state: State, rule: Rule) -> Line:
    names = [metric.numerator, metric.denominator or form.column[metric.numerator].of]
    columns = [name for name in names if name is not None]
    kind, value, whole = form.kind_of(metric), row[metric.numerator], row[columns[-1]]
    # Of nobody there is no percentage, so that its cell was rightly left empty.
    of_nobody = kind == "percent" and whole == 0
    if any(row[name] is None for name in columns) and not of_nobody:
        return {"value_status": "missing", "value_note": "The cell was left empty."}
    if not state.hidden.isdisjoint(cells_of_metric(form, metric, row)):
        return {"value_status": "suppressed", "value_note": _SUPPRESSED}
    if kind == "count":
        top = _rounded(value, rule)
        return {"numerator": top, "value": top, "value_status": "published"}
    bottom = _rounded(whole, rule)
    if not bottom:
        return {"value_status": "not_applicable", "value_note": "Nobody is in the denominator."}
    if kind == "percent":
        # Where counts are rounded, a percentage with decimals would tell the count all the same.
        shown = value if rule.rounding is None else round(value)
        return {"value": f"{shown:.15g}", "value_status": "published", "denominator": bottom}
    top = _rounded(value, rule)
    # Rounding may lift a part above its whole.
    top = min(top, bottom) if kind == "proportion" else top
    share = (metric.per or 100) * top / bottom
    return {
        "numerator": top,
        "denominator": bottom,
        "value": f"{share:.15g}",
        "value_status": "published",
    }


def _rounded(count: int, rule: Rule) -> int:
    return (
        count
        if rule.rounding is None
        else int(rule.rounding * ((count / rule.rounding + 0.5) // 1))
    )


def _not_returned(form: NeighbourhoodForm, table: list[_InUse], named: str) -> Iterator[Line]:
    """A line for each neighbourhood of the form's list for which nobody returned."""
    come = {area_of(each.row) for each in table}
    said = table[0].accepted.acceptance
    for one in form.neighbourhoods:
        if ("neighbourhood", one.code) in come:
            continue
        for order, metric in enumerate(form.metrics):
            yield {
                **_said(form, metric, order),
                "place_code": one.place_code,
                "area_kind": "neighbourhood",
                "area_code": one.code,
                "area_name": one.name,
                "period": said.period,
                "period_start": said.period_start,
                "period_end": said.period_end,
                "breakdown": ALL,
                "breakdown_name": named,
                "breakdown_group": EVERYBODY,
                "group_order": 0,
                "value_status": "not_supplied",
                "value_note": "No return for this neighbourhood has come.",
            }
