"""The inequality page.

What belongs here: length of life with health and its published slope index, gaps between groups
of people by Place, and gaps between Places, which say nothing of people. What does not: gaps that
no mart holds.
"""

from __future__ import annotations

from typing import Any

from beacon.site import words
from beacon.site.facts import ReleaseFacts, Row, Series
from beacon.site.figures import Figure, figure
from beacon.site.inequality import (
    BETWEEN_PLACES,
    BY_CORE20_SHARE,
    Gap,
    breakdown_text,
    gap_of,
    gap_unit,
    latest_of,
    named,
)
from beacon.site.page import Page, Shared

_LENGTH_OF_LIFE = (
    ("life_expectancy", "Life expectancy"),
    ("healthy_life_expectancy", "Healthy life expectancy"),
    ("inequality_in_life_expectancy", "Inequality in life expectancy (slope index)"),
)


def inequality_page(shared: Shared) -> Page:
    """The inequality page."""
    facts = shared.facts
    rows = [
        row
        for row in latest_of(facts.rows("inequality"))
        if row["absolute_gap"] is not None and row["indicator_slug"] in facts.by_slug
    ]
    return Page(
        "inequality.html",
        "inequality.html.j2",
        "Inequality",
        "inequality",
        {
            "has_mart": facts.has("inequality"),
            "total": len(facts.rows("inequality")),
            "download": "data/inequality.csv" if rows else None,
            "life": [table for sex in ("Female", "Male") if (table := _life(facts, sex))],
            "people": _people(facts, [row for row in rows if _of_people(row)]),
            "slopes": _slopes(facts, [row for row in rows if _of_people(row)]),
            "places": _places(facts, [row for row in rows if not _of_people(row)]),
        },
    )


def _series_key(row: Row) -> tuple[str, ...]:
    return tuple(str(row[name]) for name in ("indicator_slug", "measure", "sex", "age"))


def _of_people(row: Row) -> bool:
    return not row["ecological"] and row["breakdown"] != BETWEEN_PLACES


def _people(facts: ReleaseFacts, rows: list[Row]) -> list[dict[str, Any]]:
    """Gaps between groups of people: one row a series and breakdown, one column an area."""
    codes = {place.code for place in facts.places}
    groups: dict[tuple[str, ...], dict[str, Row]] = {}
    for row in rows:
        key = (*_series_key(row), str(row["breakdown"]))
        area = row["area_code"] if row["area_code"] in codes else row["area_type"]
        groups.setdefault(key, {})[area] = row
    found = []
    for key, cells in groups.items():
        if not codes & set(cells):
            continue
        item = facts.by_slug[key[0]]
        first = next(iter(cells.values()))
        found.append(
            {
                "item": item,
                "name": named(item, first),
                "groups": f"{first['comparison_group']} less {first['disadvantaged_group']}",
                "breakdown": breakdown_text(key[4]),
                "period": words.period_text(first["period"]),
                "unit": gap_unit(first["unit"]),
                "cells": [_maybe(item, cells.get("nation"))]
                + [_maybe(item, cells.get(place.code)) for place in facts.places],
            }
        )
    return found


def _maybe(item: Any, row: Row | None) -> Gap | None:
    return None if row is None else gap_of(item, row)


def _slopes(facts: ReleaseFacts, rows: list[Row]) -> list[dict[str, Any]]:
    """Slope indices along groups of people, wherever the mart has them."""
    return [
        {
            "item": facts.by_slug[row["indicator_slug"]],
            "name": named(facts.by_slug[row["indicator_slug"]], row),
            "period": words.period_text(row["period"]),
            "unit": gap_unit(row["unit"]),
            "gap": gap_of(facts.by_slug[row["indicator_slug"]], row),
        }
        for row in rows
        if row["sii"] is not None
    ]


def _places(facts: ReleaseFacts, rows: list[Row]) -> list[dict[str, Any]]:
    """The worst and best Place and the slope over Places, one row a series."""
    groups: dict[tuple[str, ...], dict[str, Row]] = {}
    for row in rows:
        key = _series_key(row)
        groups.setdefault(key, {})[row["breakdown"]] = row
    found = []
    for key, pair in groups.items():
        item = facts.by_slug[key[0]]
        first = next(iter(pair.values()))
        found.append(
            {
                "item": item,
                "name": named(item, first),
                "period": words.period_text(first["period"]),
                "unit": gap_unit(first["unit"]),
                "ends": _maybe(item, pair.get(BETWEEN_PLACES)),
                "slope": _maybe(item, pair.get(BY_CORE20_SHARE)),
            }
        )
    order = {item.slug: number for number, item in enumerate(facts.indicators)}
    return sorted(found, key=lambda r: (order[r["item"].slug], r["name"]))


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
