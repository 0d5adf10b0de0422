"""A series over the years: a panel of each area, breaks, sums of predecessors and gaps."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from beacon.site import words
from beacon.site.charts import trend_chart as trend
from beacon.site.facts import ReleaseFacts
from beacon.site.figures import Figure, figure
from beacon.site.indicator_facts import IndicatorFacts, Row


@dataclass(frozen=True)
class Panel:
    """A trend panel with its heading."""

    name: str
    drawing: Markup


def _point(row: Row, told: str | None = None) -> trend.Point:
    state = words.state_of(row["value"], row["value_status"], row["compared_with_nation"])
    merged = row["value_method"] == "sum_of_predecessors"
    limits = row["lower_95"], row["upper_95"]
    return trend.Point(row["period"], row["value"], *limits, state.key, merged, told)


def trends_of(
    facts: ReleaseFacts, item: IndicatorFacts, rows: list[Row]
) -> tuple[tuple[Panel, ...], tuple[str, ...], tuple[tuple[str, tuple[Figure | None, ...]], ...]]:
    """Panels of the areas, the periods, and each area with its figures of these periods."""
    dated = [r for r in rows if trend.position_of(r["period"]) is not None]
    periods = sorted({r["period"] for r in dated}, key=lambda p: (trend.position_of(p), p))
    if len({r["period"] for r in dated if r["value"] is not None}) < 2:
        return (), (), ()
    measure = rows[0]["measure"]
    lines = {
        p.code: [
            _point(r, figure(facts, item, r, p.name).story)
            for r in dated
            if r["area_code"] == p.code
        ]
        for p in facts.places
    }
    nation = [_point(r) for r in dated if r["area_type"] == "nation"]
    suffix = "%" if words.is_percent(rows[0]["unit"]) else ""
    frame = trend.frame_for([*lines.values(), nation], _break_periods(item, measure), suffix)
    panels = tuple(
        Panel(p.name, trend.panel(frame, lines[p.code], nation, _trend_words(facts, item, p.name,
              [r for r in dated if r["area_code"] == p.code])))
        for p in facts.places
    )  # fmt: skip
    kinds = [(kind, facts.area_name(kind) or kind) for kind in facts.benchmark_kinds]
    found = []
    by_area: dict[str, dict[str, Row]] = {}
    for r in dated:
        key = r["area_code"] if r["area_type"] == "place" else r["area_type"]
        by_area.setdefault(key, {})[r["period"]] = r
    for key, name in [*kinds, *((p.code, p.name) for p in facts.places)]:
        cells = by_area.get(key, {})
        if cells and (
            key not in dict(kinds) or any(r["value"] is not None for r in cells.values())
        ):
            found.append(
                (name, tuple(figure(facts, item, cells[period], name) if period in cells else None
                             for period in periods))
            )  # fmt: skip
    return panels, tuple(words.period_text(p) for p in periods), tuple(found)


def _trend_words(facts: ReleaseFacts, item: IndicatorFacts, name: str, rows: list[Row]) -> str:
    known = [row for row in rows if row["value"] is not None]
    if not known:
        return f"{name}: no values."
    first, last = figure(facts, item, known[0], name), figure(facts, item, known[-1], name)
    return (
        f"{name}: {first.text} in {first.period}, {last.text} in {last.period}. "
        f"{words.plural(len(known), 'period')} with a value; all are in the table below."
    )


def _break_periods(item: IndicatorFacts, measure: str) -> list[str]:
    if item.registry is None:
        return []
    return [b.period for b in item.registry.known_breaks if b.measure in {None, measure}]


def breaks_of(item: IndicatorFacts, measure: str) -> tuple[str, ...]:
    """Where the definition of a measure changed, as the registry says."""
    if item.registry is None:
        return ()
    return tuple(
        f"From {words.period_text(b.period)}: {words.sentence(b.note)}"
        for b in item.registry.known_breaks
        if b.measure in {None, measure}
    )


def breaks_of_areas(rows: list[Row]) -> tuple[str, ...]:
    """Areas that were formed within the series, where what was before cannot be counted."""
    return tuple(
        f"{row['area_name']}, up to {words.period_text(row['period'])}: "
        f"{words.sentence(row['value_note'] or '')}"
        for row in rows
        if row["area_type"] == "place" and row["value_status"] == "not_comparable"
        and row["period"] != "none"
        and (row["value_note"] or "").startswith("The area was formed")
    )  # fmt: skip


def joined_of(rows: list[Row]) -> tuple[str, ...]:
    """Areas whose figures from before they were formed were added up from those of others."""
    found: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        if row["value_method"] == "sum_of_predecessors":
            key = (row["area_name"], words.sentence(row["value_note"] or ""))
            found.setdefault(key, []).append(row["period"])
    return tuple(
        f"{name}, {words.period_text(min(periods))} to {words.period_text(max(periods))}: {note}"
        for (name, note), periods in found.items()
    )


def gaps_of(rows: list[Row]) -> tuple[str, ...]:
    """Periods for which no area has a value, each with the reason that the mart gives."""
    with_value = {row["period"] for row in rows if row["value"] is not None}
    found = {}
    for row in rows:
        if row["period"] not in with_value and row["period"] != "none":
            state = words.state_of(None, row["value_status"], None)
            note = words.sentence(row["value_note"] or "")
            found[row["period"]] = f"{words.period_text(row['period'])}: {state.word}. {note}"
    return tuple(found[period].strip() for period in sorted(found))
