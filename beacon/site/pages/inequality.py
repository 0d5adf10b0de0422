"""The inequality page.

What belongs here: the `inequality` mart, length of life with health and its published slope
index, and breakdowns that sources publish. What does not: gaps that no mart holds.
"""

from __future__ import annotations

from typing import Any

from beacon.site import words
from beacon.site.facts import ReleaseFacts, Series
from beacon.site.figures import Figure, figure
from beacon.site.page import Page, Shared
from beacon.site.pages.changes import generic_table

_FIRST = (
    "indicator_name", "indicator_slug", "measure", "area_name", "period", "sex", "method",
    "comparison", "sii", "sii_lower_95", "sii_upper_95", "rii", "rii_lower_95", "rii_upper_95",
    "absolute_gap", "absolute_gap_lower_95", "absolute_gap_upper_95", "relative_gap", "direction",
    "status", "note",
)  # fmt: skip
_MOST_ROWS = 400
_LENGTH_OF_LIFE = (
    ("life_expectancy", "Life expectancy"),
    ("healthy_life_expectancy", "Healthy life expectancy"),
    ("inequality_in_life_expectancy", "Inequality in life expectancy (slope index)"),
)


def inequality_page(shared: Shared) -> Page:
    """The inequality page."""
    facts = shared.facts
    rows = facts.rows("inequality")
    split = [
        item
        for item in facts.indicators
        if any(row["category"] != "All" and row["value"] is not None
               for row in facts.rows_of_indicator(item.slug))
    ]  # fmt: skip
    return Page(
        "inequality.html",
        "inequality.html.j2",
        "Inequality",
        "inequality",
        {
            "has_mart": facts.has("inequality"),
            "table": generic_table(_latest(rows), _FIRST, _MOST_ROWS),
            "total": len(rows),
            "download": "data/inequality.csv" if rows else None,
            "life": [table for sex in ("Female", "Male") if (table := _life(facts, sex))],
            "split": split,
        },
    )


def _latest(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The latest period of each indicator and measure, where rows say their period's end."""
    if not rows or "period_end" not in rows[0]:
        return rows
    latest: dict[tuple[Any, Any], Any] = {}
    for row in rows:
        key = (row.get("indicator_slug"), row.get("measure"))
        if row["period_end"] is not None:
            latest[key] = max(latest.get(key, row["period_end"]), row["period_end"])
    return [
        row
        for row in rows
        if row["period_end"] == latest.get((row.get("indicator_slug"), row.get("measure")))
    ]


def _life(facts: ReleaseFacts, sex: str) -> dict[str, Any] | None:
    """Length of life, length of healthy life and the slope index side by side for one sex."""
    columns = []
    for slug, name in _LENGTH_OF_LIFE:
        item = facts.by_slug.get(slug)
        series = next(
            (s for s in facts.scorecard_series() if s.slug == slug and s.sex == sex), None
        )
        if item is not None and series is not None:
            columns.append((name, item, series))
    if not columns:
        return None
    rows = [("", facts.nation, _nation_cells(facts, columns))]
    for place in facts.places:
        cells = [
            figure(facts, item, facts.scorecard(series).get(place.code), place.name)
            for _, item, series in columns
        ]
        rows.append((place.slug, place.name, cells))
    return {
        "sex": sex,
        "columns": [
            {"name": name, "page": item.page, "period": _period(facts, series)}
            for name, item, series in columns
        ],
        "rows": rows,
    }


def _nation_cells(facts: ReleaseFacts, columns: list[Any]) -> list[Figure]:
    return [
        figure(facts, item, facts.benchmark_row(series, "nation"), facts.nation)
        for _, item, series in columns
    ]


def _period(facts: ReleaseFacts, series: Series) -> str:
    return next(
        (
            words.period_text(row["period"])
            for row in facts.scorecard(series).values()
            if row["value"] is not None
        ),
        "no period",
    )
