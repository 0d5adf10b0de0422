"""Indicator pages and their index."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from beacon.site import words
from beacon.site.charts import strips
from beacon.site.charts import trend_chart as trend
from beacon.site.charts.scale import Scale, scale_for
from beacon.site.facts import PROGRAMMES, IndicatorFacts, ReleaseFacts, Row, Series
from beacon.site.figures import Figure, figure, series_name
from beacon.site.inequality_facts import Gap, gap_of, latest_gaps
from beacon.site.maps import Map, MapMaker
from beacon.site.page import Page, Shared
from beacon.site.pages.rugs import DIRECTIONS, badges_of

# Zero means something for these: a bar from zero is honest.
_BARS = {"proportion", "modelled_proportion", "crude_rate", "directly_standardised_rate", "count"}


@dataclass(frozen=True)
class BarRow:
    """A row of the latest-values table."""

    name: str
    kind: str
    place_slug: str | None
    figure: Figure
    strip: Markup | None
    trend: words.Trend | None


@dataclass(frozen=True)
class Panel:
    """A trend panel with its heading."""

    name: str
    drawing: Markup


@dataclass(frozen=True)
class Split:
    """A breakdown at its latest period: one row an area, one column a category."""

    title: str
    categories: tuple[str, ...]
    period: str
    axis: Markup | None
    rows: tuple[tuple[str, tuple[Figure, ...], Markup | None], ...]


@dataclass(frozen=True)
class SeriesView:
    """Everything shown of one series."""

    anchor: str
    title: str
    unit: str
    direction: str
    absence: str | None
    period: str | None = None
    badges: tuple[tuple[str, str], ...] = ()
    age: str | None = None
    axis: Markup | None = None
    bars: tuple[BarRow, ...] = ()
    compared: bool = False
    panels: tuple[Panel, ...] = ()
    trend_periods: tuple[str, ...] = ()
    trend_rows: tuple[tuple[str, tuple[Figure | None, ...]], ...] = ()
    breaks: tuple[str, ...] = ()
    joined: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()
    map: Map | None = None
    map_classes: tuple[tuple[str, str], ...] = ()
    darker: str = ""
    splits: tuple[Split, ...] = ()
    gaps_in_groups: tuple[Gap, ...] = ()
    gap_unit: str = ""
    issued: str | None = None

    @property
    def trended(self) -> bool:
        """Whether any recent trend was tested."""
        return any(bar.trend is not None and bar.trend.arrow for bar in self.bars)

    @property
    def untested(self) -> str | None:
        """Why no recent trend was tested, where that is one reason for all."""
        reasons = {bar.trend.reason for bar in self.bars if bar.trend is not None}
        return reasons.pop() if len(reasons) == 1 and not self.trended else None


def indicator_pages(shared: Shared, maps: MapMaker) -> Iterator[Page]:
    """A page for each indicator, and the index of them."""
    facts = shared.facts
    for item in facts.indicators:
        yield indicator_page(facts, item, maps)
    groups = [
        (title, [_listing(facts, item) for item in facts.of_programme(programme)])
        for programme, title in PROGRAMMES.items()
    ]
    yield Page(
        "indicators/index.html",
        "indicators.html.j2",
        "Indicators",
        "indicators",
        {"groups": [(title, rows) for title, rows in groups if rows]},
    )


_STATUS = {
    "published": "Published for Places",
    "nation_only": "Not for Places",
    "not_published": "Not published",
    "not_supplied": "Not supplied",
}


def _listing(facts: ReleaseFacts, item: IndicatorFacts) -> dict[str, Any]:
    heads = [m for m in item.measures if m["role"] == "measure"]
    best = max(heads, key=lambda m: m["places_with_value"], default=item.row)
    others = [m for m in item.measures if m["role"] != "measure" and m["places_with_value"]]
    status = str(best["status"] or "not_published")
    return {
        "item": item,
        "status": _STATUS.get(status, words.state_of(None, status, None).word),
        "state": status,
        "period": words.period_text(best["latest_period"]) if best["latest_period"] else "none",
        "places": f"{best['places_with_value']} of {best['places']}",
        "note": best["status_note"],
        "others": [f"{m['role']}: {m['measure_name']}" for m in others],
        "badges": badges_of(item, best["measure"], modelled=False),
    }


def indicator_page(facts: ReleaseFacts, item: IndicatorFacts, maps: MapMaker) -> Page:
    """The page of one indicator."""
    views: list[SeriesView] = []
    for measure in item.measures:
        series = facts.series_of(item.slug, measure["measure"])
        if not series and measure["role"] == "measure":
            views.append(_empty_view(item, measure))
        views += [_view(facts, item, key, maps) for key in series]
    with_values = [view for view in views if view.absence is None]
    without = [view for view in views if view.absence is not None]
    rows = facts.rows_of_indicator(item.slug)
    used = {(row["source"], row["dataset"]) for row in rows if row["value"] is not None}
    sources = [
        row for row in facts.rows("source_status")
        if (row["source"], row["dataset"]) in used and row["status"] != "not_supplied"
    ]  # fmt: skip
    targets = [
        target
        for target in facts.plan_targets
        if target.indicator == item.slug or item.slug in target.related
    ]
    return Page(
        f"indicators/{item.page}.html",
        "indicator.html.j2",
        item.title,
        "indicators",
        {
            "item": item,
            "programme": PROGRAMMES.get(item.row["programme"], item.row["programme"]),
            "views": with_values,
            "missing": without,
            "caveats": [c for c in str(item.row["caveats"] or "").splitlines() if c.strip()],
            "polarity": DIRECTIONS.get(item.row["polarity"], item.row["polarity"]),
            "sources": _sources(sources),
            "targets": targets,
            "rows": len(rows),
            "download": f"data/{item.page}.csv",
            "traced": next(
                (
                    r["area_name"]
                    for r in rows
                    if r["area_type"] == "place" and r["value"] is not None
                ),
                None,
            ),
            "badges_of_page": badges_of(item, item.row["measure"], modelled=False),
        },
    )


def _sources(rows: list[Row]) -> list[dict[str, Any]]:
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        entry = found.setdefault((row["source"], row["dataset"]), {"row": row, "files": 0})
        entry["files"] += 1
    return [found[key] for key in sorted(found)]


def _empty_view(item: IndicatorFacts, measure: Row) -> SeriesView:
    state = words.state_of(None, measure["status"], None)
    note = words.sentence(measure["status_note"] or "")
    return SeriesView(
        anchor=words.file_name(measure["measure"]) or "measure",
        title=item.measure_name(measure["measure"]),
        unit=words.unit_text(measure["unit"]),
        direction=DIRECTIONS.get(measure["polarity"], ""),
        absence=f"{state.word}. {note}",
    )


def _view(facts: ReleaseFacts, item: IndicatorFacts, series: Series, maps: MapMaker) -> SeriesView:
    rows = facts.series_rows(series)
    measure = item.measure(series.measure)
    latest_end = facts.latest_end(rows)
    latest = [r for r in rows if latest_end is not None and r["period_end"] == latest_end]
    bars, axis = _bars(facts, item, measure, latest)
    shown = _map(maps, bars, str(measure["polarity"]))
    panels, table_periods, table_rows = _trends(facts, item, rows)
    absence = None
    if latest_end is None:
        gap = next((row for row in rows if row["value"] is None), None)
        state = words.state_of(None, gap["value_status"] if gap else None, None)
        note = (gap["value_note"] if gap else None) or measure["status_note"] or ""
        absence = f"{state.word}. {words.sentence(note)}"
    return SeriesView(
        anchor=series.anchor,
        title=series_name(item, series),
        unit=words.unit_text(rows[0]["unit"] if rows else measure["unit"]),
        direction=DIRECTIONS.get(measure["polarity"], ""),
        period=words.period_text(latest[0]["period"]) if latest else None,
        badges=badges_of(item, series.measure, modelled=any(row["modelled"] for row in rows)),
        age=words.age_text(series.age) if series.age not in {"", "Not stated"} else None,
        axis=axis,
        bars=bars,
        compared=any(
            row.figure.state.key != "not_compared" and row.figure.value is not None for row in bars
        ),
        panels=panels,
        trend_periods=table_periods,
        trend_rows=table_rows,
        breaks=(*_breaks(item, series.measure), *_breaks_of_areas(rows)),
        joined=_joined(rows),
        gaps=_gaps(rows),
        map=shown[0],
        map_classes=shown[1],
        darker="higher" if measure["polarity"] == "no_judgement" else "worse",
        splits=tuple(_splits(facts, item, series)),
        gaps_in_groups=tuple(gap_of(item, row) for row in latest_gaps(facts, series)),
        gap_unit=words.difference_unit(measure["unit"]),
        absence=absence,
        issued=facts.issued(rows),
    )


def _bars(
    facts: ReleaseFacts, item: IndicatorFacts, measure: Row, latest: list[Row]
) -> tuple[tuple[BarRow, ...], Markup | None]:
    by_code = {row["area_code"]: row for row in latest}
    bar = measure["value_type"] in _BARS
    values = [v for r in latest for v in (r["value"], r["lower_95"], r["upper_95"])]
    scale = scale_for(values, strips.INSET, strips.WIDTH - strips.INSET, from_zero=bar)
    nation = next((r["value"] for r in latest if r["area_type"] == "nation"), None)
    found: list[BarRow] = []
    for kind in facts.benchmark_kinds:
        row = next((r for r in latest if r["area_type"] == kind), None)
        if row is not None:
            found.append(_bar(facts, item, row, scale, None, bar, row["area_name"], None))
    places = [
        _bar(facts, item, by_code.get(p.code), scale, nation, bar, p.name, p.slug)
        for p in facts.places
    ]
    places.sort(key=lambda row: -row.figure.order if row.figure.value is not None else float("inf"))
    suffix = "%" if words.is_percent(measure["unit"]) else ""
    axis = strips.axis(scale, suffix=suffix) if any(v is not None for v in values) else None
    return (*found, *places), axis


def _bar(
    facts: ReleaseFacts,
    item: IndicatorFacts,
    row: Row | None,
    scale: Scale,
    nation: float | None,
    bar: bool,
    name: str,
    slug: str | None,
) -> BarRow:
    placed = _scorecard_row(facts, row)
    if row is not None and placed is not None:
        row = {**row, "nation_quarter": placed.get("nation_quarter")}
    shown = figure(facts, item, row, name)
    strip = None
    if row is not None and row["value"] is not None:
        strip = strips.value_strip(
            scale, row["value"], lower=row["lower_95"], upper=row["upper_95"], reference=nation,
            state=shown.state.key if slug else "benchmark", bar=bar,
        )  # fmt: skip
    return BarRow(name, "place" if slug else "benchmark", slug, shown, strip, _trend_of(placed))


def _trend_of(row: Row | None) -> words.Trend | None:
    if row is None:
        return None
    return words.trend_of(row.get("recent_trend"), row.get("recent_trend_reason"))


def _scorecard_row(facts: ReleaseFacts, row: Row | None) -> Row | None:
    """The scorecard's row of a Place, where it shows the same period."""
    if row is None or row["area_type"] != "place":
        return None
    series = Series(row["indicator_slug"], row["measure"], row["sex"], row["age"] or "")
    shown = facts.scorecard(series).get(row["area_code"])
    return shown if shown is not None and shown["period"] == row["period"] else None


def _map(
    maps: MapMaker, bars: tuple[BarRow, ...], polarity: str
) -> tuple[Map | None, tuple[tuple[str, str], ...]]:
    places = {bar.place_slug: bar for bar in bars if bar.place_slug}
    valued = [bar for bar in places.values() if bar.figure.value is not None]
    if len(valued) < 2:
        return None, ()
    by_code = {p.code: places[p.slug] for p in maps.facts.places}
    judged = any(bar.figure.state.key != "not_compared" for bar in valued)
    classes: dict[str, str] = {}
    key: list[tuple[str, str]] = []
    if judged:
        for code, bar in by_code.items():
            classes[code] = bar.figure.state.key
        for state in (*words.JUDGEMENTS, *words.ABSENCES):
            if state.key in classes.values():
                key.append((state.key, state.word))
    else:
        classes, key = _classed(by_code, valued, polarity)
    titles = {code: bar.figure.story for code, bar in by_code.items()}
    return maps.of_places(classes, titles), tuple(key)


def _classed(
    by_code: dict[str, BarRow], valued: list[BarRow], polarity: str
) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """Four classes of equal width between the lowest and the highest Place, darkest the worst.

    Where neither direction is better, the highest is the darkest.
    """
    known = sorted(valued, key=lambda bar: bar.figure.order)
    low, high = known[0].figure.order, known[-1].figure.order
    width = (high - low) / 4 or 1.0
    classes = {}
    members: dict[int, list[BarRow]] = {}
    for code, bar in by_code.items():
        if bar.figure.value is None:
            classes[code] = bar.figure.state.key
            continue
        number = min(int((bar.figure.value - low) / width), 3)
        number = 3 - number if polarity == "high_is_good" else number
        classes[code] = f"class{number + 1}"
        members.setdefault(number, []).append(bar)
    key = []
    for number in sorted(members):
        group = sorted(members[number], key=lambda bar: bar.figure.order)
        first, last = group[0].figure.text, group[-1].figure.text
        key.append((f"class{number + 1}", first if first == last else f"{first} to {last}"))
    for bar in by_code.values():
        entry = (bar.figure.state.key, bar.figure.state.word)
        if bar.figure.value is None and entry not in key:
            key.append(entry)
    return classes, key


def _point(row: Row, told: str | None = None) -> trend.Point:
    state = words.state_of(row["value"], row["value_status"], row["compared_with_nation"])
    merged = row["value_method"] == "sum_of_predecessors"
    limits = row["lower_95"], row["upper_95"]
    return trend.Point(row["period"], row["value"], *limits, state.key, merged, told)


def _trends(
    facts: ReleaseFacts, item: IndicatorFacts, rows: list[Row]
) -> tuple[tuple[Panel, ...], tuple[str, ...], tuple[tuple[str, tuple[Figure | None, ...]], ...]]:
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


def _breaks(item: IndicatorFacts, measure: str) -> tuple[str, ...]:
    if item.registry is None:
        return ()
    return tuple(
        f"From {words.period_text(b.period)}: {words.sentence(b.note)}"
        for b in item.registry.known_breaks
        if b.measure in {None, measure}
    )


def _breaks_of_areas(rows: list[Row]) -> tuple[str, ...]:
    """Areas that were formed within the series, where what was before cannot be counted."""
    return tuple(
        f"{row['area_name']}, up to {words.period_text(row['period'])}: "
        f"{words.sentence(row['value_note'] or '')}"
        for row in rows
        if row["area_type"] == "place" and row["value_status"] == "not_comparable"
        and row["period"] != "none"
        and (row["value_note"] or "").startswith("The area was formed")
    )  # fmt: skip


def _joined(rows: list[Row]) -> tuple[str, ...]:
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


def _gaps(rows: list[Row]) -> tuple[str, ...]:
    """Periods for which no area has a value, each with the reason that the mart gives."""
    with_value = {row["period"] for row in rows if row["value"] is not None}
    found = {}
    for row in rows:
        if row["period"] not in with_value and row["period"] != "none":
            state = words.state_of(None, row["value_status"], None)
            note = words.sentence(row["value_note"] or "")
            found[row["period"]] = f"{words.period_text(row['period'])}: {state.word}. {note}"
    return tuple(found[period].strip() for period in sorted(found))


def _splits(facts: ReleaseFacts, item: IndicatorFacts, series: Series) -> Iterator[Split]:
    everything = facts.series_rows(series, category=None)
    kinds = sorted({r["category_type"] for r in everything if r["category_type"] != "All"})
    for kind in kinds:
        rows = [r for r in everything if r["category_type"] == kind]
        end = facts.latest_end(rows)
        if end is None:
            continue
        latest = [r for r in rows if r["period_end"] == end]
        categories = tuple(sorted({r["category"] for r in latest}))
        values = [r["value"] for r in latest]
        scale = scale_for(values, strips.INSET, strips.WIDTH - strips.INSET, from_zero=False)
        two = len(categories) == 2
        suffix = "%" if words.is_percent(latest[0]["unit"]) else ""
        cells = {(r["area_code"], r["category"]): r for r in latest}
        areas = [
            (r["area_code"], r["area_name"])
            for kind_ in facts.benchmark_kinds
            for r in latest
            if r["area_type"] == kind_
        ]
        areas = [*dict.fromkeys(areas), *((p.code, p.name) for p in facts.places)]
        table = []
        for code, name in areas:
            figures = tuple(
                figure(facts, item, cells.get((code, category)), name) for category in categories
            )
            strip = strips.pair_strip(scale, figures[0].value, figures[1].value) if two else None
            table.append((name, figures, strip))
        yield Split(
            title=kind,
            categories=categories,
            period=words.period_text(latest[0]["period"]),
            axis=strips.axis(scale, suffix=suffix) if two else None,
            rows=tuple(table),
        )
