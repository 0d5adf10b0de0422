"""The Core20PLUS5 page."""

from __future__ import annotations

from typing import Any

from beacon.site import core20, words
from beacon.site.charts import strips
from beacon.site.charts.scale import scale_for
from beacon.site.facts import ReleaseFacts
from beacon.site.indicator_facts import ADULTS, CHILDREN
from beacon.site.maps import MapMaker
from beacon.site.page import Page, Shared
from beacon.site.pages.place_page import age_tables, base_text
from beacon.site.pages.rugs import make_rug


def core20_page(shared: Shared, maps: MapMaker) -> Page:
    """The Core20PLUS5 page."""
    facts = shared.facts
    return Page(
        "core20plus5.html",
        "core20plus5.html.j2",
        "Core20PLUS5",
        "core20plus5",
        {
            "map_core20": maps.of_core20,
            "age_tables": _ages(facts),
            "vintages": [_vintage(facts, v) for v in facts.vintages],
            "across": _across(facts),
            "movement_base": _movement_base(facts),
            "plus_groups": core20.plus_groups(facts, [code for code, *_ in _areas(facts)]),
            "plus_parts": core20.PARTS,
            "breakdowns": _breakdowns(facts),
            "adults": make_rug(facts, "adults", "Core20PLUS5 for adults, by Place", ADULTS),
            "children": make_rug(
                facts, "children", "Core20PLUS5 for children and young people, by Place", CHILDREN
            ),
        },
    )


def _ages(facts: ReleaseFacts) -> list[dict[str, Any]]:
    area = facts.cohort_area("icb")
    return age_tables(facts, area[0]) if area else []


def _areas(facts: ReleaseFacts) -> list[tuple[str, str, str | None]]:
    """Code and name of the nation, the board and the Places; of Places the address too."""
    larger = [(facts.cohort_area("nation"), facts.nation),
              (facts.cohort_area("icb"), facts.system_name)]  # fmt: skip
    listed: list[tuple[str, str, str | None]] = [
        (area[0], name, None) for area, name in larger if area
    ]
    return listed + [(p.code, p.name, p.slug) for p in facts.places]


def _across(facts: ReleaseFacts) -> list[dict[str, Any]]:
    """Concentration, movement and pockets of every area; empty where no mart has any of them."""
    places = {place.code: place for place in facts.places}
    found: list[dict[str, Any]] = []
    for code, name, slug in _areas(facts):
        total = facts.core20_total(code)
        place = places.get(code)
        found.append(
            {
                "name": name,
                "slug": slug,
                "share": total and f"{words.number(total['share_percent'])}%",
                "share_value": total and total["share_percent"],
                "concentration": core20.concentration(total),
                "movement": core20.movement_of(facts, code),
                "pockets": [
                    core20.pocket_count(facts, place, kind) if place else None
                    for kind in ("ward", "place")
                ],
            }
        )
    held = any(r["movement"] or r["concentration"]["nation"] or r["pockets"][0] for r in found)
    return found if held else []


def _movement_base(facts: ReleaseFacts) -> str | None:
    moved = next(
        (m for m in (core20.movement_of(facts, p.code) for p in facts.places) if m is not None),
        None,
    )
    return moved.base if moved else None


def _vintage(facts: ReleaseFacts, vintage: int) -> dict[str, Any]:
    rows = [(name, slug, facts.core20_total(code, vintage)) for code, name, slug in _areas(facts)]
    known = [(name, slug, row) for name, slug, row in rows if row is not None]
    scale = scale_for(
        [row["share_percent"] for *_, row in known], strips.INSET, strips.WIDTH - strips.INSET,
        from_zero=True,
    )  # fmt: skip
    nation = next((row["share_percent"] for *_, row in known if row["area_type"] == "nation"), None)
    first = known[0][2] if known else {}
    return {
        "vintage": vintage,
        "heads": vintage == facts.imd_vintage,
        "lsoa_vintage": first.get("lsoa_vintage"),
        "base": base_text(first.get("population_base")),
        "axis": strips.axis(scale, suffix="%"),
        "rows": [
            {
                "name": name,
                "slug": slug,
                "share": f"{words.number(row['share_percent'])}%",
                "share_value": row["share_percent"],
                "people": row["people"],
                "of": row["people_in_area"],
                "lsoas": row["lsoas"],
                "lsoas_of": row["lsoas_in_area"],
                "strip": strips.value_strip(
                    scale, row["share_percent"], reference=nation if slug else None,
                    state="core20" if slug else "benchmark",
                ),
            }
            for name, slug, row in known
        ],
    }  # fmt: skip


_BREAKDOWN_WORDS = {
    "places": "Held for Places",
    "nation_only": "Nation only",
    "ecological_only": "By authorities only",
    "one_group": "One group by definition",
    "suppressed": "Suppressed",
    "published_not_supplied": "Published, not supplied",
    "published_not_taken": "Published, not taken",
    "no_data": "No data at all",
    "none_known": "None known",
}


def _breakdowns(facts: ReleaseFacts) -> list[dict[str, Any]]:
    """The least breakdown of section 13SA, of the measures of the clinical areas."""
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for row in facts.rows("minimum_breakdown"):
        if row["programme"] not in (ADULTS, CHILDREN):
            continue
        key = (row["programme"], row["indicator_slug"], row["measure"])
        item = facts.by_slug.get(row["indicator_slug"])
        shown = found.setdefault(
            key,
            {
                "name": row["measure_name"],
                "theme": row["theme"],
                "page": item.page if item else None,
                "id": row["indicator_id"],
                "cells": {},
            },
        )
        word = _BREAKDOWN_WORDS.get(row["status"], row["status"])
        shown["cells"][row["breakdown"]] = (word, row["status_note"])
    return sorted(found.values(), key=lambda r: (r["id"], r["name"]))
