"""What we do not know yet: indicators without a figure, and what would give them one."""

from __future__ import annotations

from collections import Counter
from typing import Any

from beacon.registry.sources import load_source_register
from beacon.registry.supplies import supplies
from beacon.site.facts import ReleaseFacts
from beacon.site.figures import figure, short_series_name
from beacon.site.indicator_facts import OTHERS, PROGRAMMES, IndicatorFacts, Row
from beacon.site.page import Page, Shared
from beacon.site.words import state_of

_WAYS = {"file": "a file to download", "return": "a return to ask for"}


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
        {
            "groups": groups,
            "unknown": sum(len(items) for _, items, _ in groups),
            "apart": _not_compared(facts),
        },
    )


def _not_compared(facts: ReleaseFacts) -> list[dict[str, Any]]:
    """Headline series with figures that are not compared with the nation's, and why."""
    found = []
    for series in facts.scorecard_series():
        item = facts.by_slug[series.slug]
        shown = facts.scorecard(series)
        notes: Counter[str] = Counter()
        known = 0
        for place in facts.places:
            one = figure(facts, item, shown.get(place.code), place.name)
            known += one.value is not None
            if one.value is not None and one.state.key == "not_compared":
                notes[one.note or ""] += 1
        if notes:
            found.append(
                {
                    "item": item,
                    "name": short_series_name(item, series),
                    "places": notes.total(),
                    "of": known,
                    "why": " ".join(notes),
                }
            )
    return found


def _own(item: IndicatorFacts) -> list[Row]:
    """The indicator's own measures, without proxies and context."""
    return [row for row in item.measures if row["role"] == "measure"]


def _is_unknown(item: IndicatorFacts) -> bool:
    return not any(row["places_with_value"] for row in _own(item))


def _remedy(kinds: set[str]) -> str:
    """What would give an indicator a figure, in a few words."""
    ways = [words for kind, words in _WAYS.items() if kind in kinds]
    if not ways and "not_read" in kinds:
        return "a source that Beacon does not read"
    return " or ".join(ways) or "no way is known"


def _indicator(item: IndicatorFacts) -> dict[str, Any]:
    headline = _own(item)[0]
    ways = supplies(item.registry, load_source_register()) if item.registry else []
    return {
        "item": item,
        "name": item.short_name(headline["measure"]) if len(_own(item)) == 1 else item.title,
        "remedy": _remedy({way.kind for way in ways}),
        "state": state_of(None, headline["status"], None),
        "why": headline["status_note"] or "",
        # Of an unknown indicator only proxies and context can have values.
        "beside": [
            (row["measure_name"], "a proxy" if row["role"] == "proxy" else "context")
            for row in item.measures
            if row["places_with_value"]
        ],
        "supplies": ways,
    }
