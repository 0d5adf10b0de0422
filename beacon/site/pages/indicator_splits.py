"""A series by groups of people, at its latest period."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup

from beacon.site import words
from beacon.site.charts import strips
from beacon.site.charts.scale import scale_for
from beacon.site.facts import ReleaseFacts
from beacon.site.figures import Figure, figure
from beacon.site.indicator_facts import IndicatorFacts, Series


@dataclass(frozen=True)
class Split:
    """A breakdown at its latest period: one row an area, one column a category."""

    title: str
    categories: tuple[str, ...]
    period: str
    axis: Markup | None
    rows: tuple[tuple[str, tuple[Figure, ...], Markup | None], ...]


def splits_of(facts: ReleaseFacts, item: IndicatorFacts, series: Series) -> Iterator[Split]:
    """Each kind of groups that the series is given for, at its latest period."""
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
