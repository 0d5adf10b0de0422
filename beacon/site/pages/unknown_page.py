"""What we do not know yet: indicators without a figure, and what would give them one."""

from __future__ import annotations

from typing import Any

from beacon.registry.sources import load_source_register
from beacon.registry.supplies import supplies
from beacon.site.facts import OTHERS, IndicatorFacts
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


def _is_unknown(item: IndicatorFacts) -> bool:
    own = [row for row in item.measures if row["role"] == "measure"]
    return not any(row["places_with_value"] for row in own)


def _indicator(item: IndicatorFacts) -> dict[str, Any]:
    own = [row for row in item.measures if row["role"] == "measure"]
    beside = [row for row in item.measures if row["role"] != "measure" and row["places_with_value"]]
    register = load_source_register()
    return {
        "item": item,
        "state": state_of(None, own[0]["status"], None),
        "why": own[0]["status_note"] or "",
        "beside": [
            (row["measure_name"], "a proxy" if row["role"] == "proxy" else "context")
            for row in beside
        ],
        "supplies": supplies(item.registry, register) if item.registry else [],
    }
