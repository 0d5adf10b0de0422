"""The inequality page."""

from __future__ import annotations

from typing import Any

from beacon.site import words
from beacon.site.catching_up import trend_text
from beacon.site.facts import ReleaseFacts
from beacon.site.indicator_facts import Row
from beacon.site.inequality_facts import (
    BETWEEN_PLACES,
    BY_CORE20_SHARE,
    Gap,
    breakdown_text,
    gap_of,
    latest_of,
    named,
)
from beacon.site.life import life_by_place
from beacon.site.page import Page, Shared


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
            "life": life_by_place(facts),
            "care_gaps": "people/index.html" if facts.rows("care_gap") else None,
            "within": shared.gaps,
            "people": _people(
                facts, [r for r in rows if _of_people(r) and r["polarity"] == "no_judgement"]
            ),
            "slopes": _slopes(facts, [row for row in rows if _of_people(row)]),
            "places": _places(facts, [row for row in rows if not _of_people(row)]),
        },
    )


def _series_key(row: Row) -> tuple[str, ...]:
    return tuple(str(row[name]) for name in ("indicator_slug", "measure", "sex", "age"))


def _of_people(row: Row) -> bool:
    return not row["ecological"] and row["breakdown"] != BETWEEN_PLACES


def _people(facts: ReleaseFacts, rows: list[Row]) -> list[dict[str, Any]]:
    """Gaps between groups of people: one row a series and breakdown, one column an area.

    Those with a better direction are among the gaps within each Place, and not listed twice.
    """
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
                "unit": words.difference_unit(first["unit"]),
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
            "unit": words.difference_unit(row["unit"]),
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
    trends = {
        _series_key(row): row
        for row in facts.rows("inequality_trend")
        if row["breakdown"] == BY_CORE20_SHARE
    }
    found = []
    for key, pair in groups.items():
        item = facts.by_slug[key[0]]
        first = next(iter(pair.values()))
        found.append(
            {
                "item": item,
                "name": named(item, first),
                "period": words.period_text(first["period"]),
                "unit": words.difference_unit(first["unit"]),
                "ends": _maybe(item, pair.get(BETWEEN_PLACES)),
                "slope": _maybe(item, pair.get(BY_CORE20_SHARE)),
                "over": trend_text(trends.get(key)),
            }
        )
    order = {item.slug: number for number, item in enumerate(facts.indicators)}
    return sorted(found, key=lambda r: (order[r["item"].slug], r["name"]))
