"""What we do not know yet: indicators without a figure, and what would give them one."""

from __future__ import annotations

from typing import Any

from beacon.registry.sources import load_source_register
from beacon.registry.supplies import supplies
from beacon.site.facts import OTHERS, IndicatorFacts, Row
from beacon.site.page import Page, Shared
from beacon.site.pages.indicator_page import PROGRAMMES
from beacon.site.words import state_of


def unknown_page(shared: Shared) -> Page:
    """The page of what is not known yet, by programme."""
    facts = shared.facts
    groups = [
        (
            title,
            [_indicator(item) for item in facts.of_programme(programme) if _is_unknown(item)],
            len(facts.of_programme(programme)),
        )
        for programme, title in PROGRAMMES.items()
        if programme != OTHERS
    ]
    return Page(
        "unknown.html",
        "unknown.html.j2",
        "What we do not know yet",
        "quality",
        {"groups": groups, "unknown": sum(len(items) for _, items, _ in groups)},
    )


def _own(item: IndicatorFacts) -> list[Row]:
    """The indicator's own measures, without proxies and context."""
    return [row for row in item.measures if row["role"] == "measure"]


def _is_unknown(item: IndicatorFacts) -> bool:
    return not any(row["places_with_value"] for row in _own(item))


def _indicator(item: IndicatorFacts) -> dict[str, Any]:
    headline = _own(item)[0]
    return {
        "item": item,
        "state": state_of(None, headline["status"], None),
        "why": headline["status_note"] or "",
        # Of an unknown indicator only proxies and context can have values.
        "beside": [
            (row["measure_name"], "a proxy" if row["role"] == "proxy" else "context")
            for row in item.measures
            if row["places_with_value"]
        ],
        "supplies": supplies(item.registry, load_source_register()) if item.registry else [],
    }
