"""Indicator pages and their index."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from beacon.site import words
from beacon.site.facts import ReleaseFacts
from beacon.site.indicator_facts import PROGRAMMES, IndicatorFacts, Row
from beacon.site.maps import MapMaker
from beacon.site.page import Page, Shared
from beacon.site.pages.indicator_series import SeriesView, empty_view, series_view
from beacon.site.pages.rugs import DIRECTIONS, badges_of


def indicator_pages(shared: Shared, maps: MapMaker) -> Iterator[Page]:
    """A page for each indicator, and the index of them."""
    facts = shared.facts
    for item in facts.indicators:
        yield indicator_page(facts, item, maps)
    groups = [
        (title, [_listing(item) for item in facts.of_programme(programme)])
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


def _listing(item: IndicatorFacts) -> dict[str, Any]:
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
            views.append(empty_view(item, measure))
        views += [series_view(facts, item, key, maps) for key in series]
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
