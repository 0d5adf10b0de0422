"""One series of an indicator as its page shows it: latest values, map, years and groups."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from beacon.site import words
from beacon.site.charts import strips
from beacon.site.charts.scale import Scale, scale_for
from beacon.site.facts import ReleaseFacts
from beacon.site.figures import Figure, figure, series_name
from beacon.site.indicator_facts import IndicatorFacts, Row, Series
from beacon.site.inequality_facts import Gap, gap_of, latest_gaps
from beacon.site.maps import Map, MapMaker
from beacon.site.pages.indicator_history import (
    Panel,
    breaks_of,
    breaks_of_areas,
    gaps_of,
    joined_of,
    trends_of,
)
from beacon.site.pages.indicator_splits import Split, splits_of
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


def empty_view(item: IndicatorFacts, measure: Row) -> SeriesView:
    """A measure without a series, and why there is none."""
    state = words.state_of(None, measure["status"], None)
    note = words.sentence(measure["status_note"] or "")
    return SeriesView(
        anchor=words.file_name(measure["measure"]) or "measure",
        title=item.measure_name(measure["measure"]),
        unit=words.unit_text(measure["unit"]),
        direction=DIRECTIONS.get(measure["polarity"], ""),
        absence=f"{state.word}. {note}",
    )


def series_view(
    facts: ReleaseFacts, item: IndicatorFacts, series: Series, maps: MapMaker
) -> SeriesView:
    """Everything that the page shows of a series."""
    rows = facts.series_rows(series)
    measure = item.measure(series.measure)
    latest_end = facts.latest_end(rows)
    latest = [r for r in rows if latest_end is not None and r["period_end"] == latest_end]
    bars, axis = _bars(facts, item, measure, latest)
    shown = _map(maps, bars, str(measure["polarity"]))
    panels, table_periods, table_rows = trends_of(facts, item, rows)
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
        breaks=(*breaks_of(item, series.measure), *breaks_of_areas(rows)),
        joined=joined_of(rows),
        gaps=gaps_of(rows),
        map=shown[0],
        map_classes=shown[1],
        darker="higher" if measure["polarity"] == "no_judgement" else "worse",
        splits=tuple(splits_of(facts, item, series)),
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
