"""The Core20PLUS5 page.

What belongs here: who is in Core20, and the five clinical areas for adults and for children. What
does not: the beacons.
"""

from __future__ import annotations

from typing import Any

from beacon.site import words
from beacon.site.charts import strips
from beacon.site.charts.scale import scale_for
from beacon.site.facts import ADULTS, CHILDREN, ReleaseFacts
from beacon.site.maps import MapMaker
from beacon.site.page import Page, Shared
from beacon.site.pages.place import base_text
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
            "vintages": [_vintage(facts, v) for v in facts.vintages],
            "adults": make_rug(facts, "adults", "Core20PLUS5 for adults, by Place", ADULTS),
            "children": make_rug(
                facts, "children", "Core20PLUS5 for children and young people, by Place", CHILDREN
            ),
        },
    )


def _vintage(facts: ReleaseFacts, vintage: int) -> dict[str, Any]:
    areas = [facts.cohort_area("nation"), facts.cohort_area("icb")]
    listed = [(code, name, None) for code, name in (a for a in areas if a is not None)]
    listed += [(p.code, p.name, p.slug) for p in facts.places]  # type: ignore[misc]
    rows = [(name, slug, facts.core20_total(code, vintage)) for code, name, slug in listed]
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
