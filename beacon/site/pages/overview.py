"""The front page.

What belongs here: the system at a glance. What does not: the detail, one click away.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from beacon.site import words
from beacon.site.charts import strips
from beacon.site.charts.scale import scale_for
from beacon.site.facts import BEACONS, Place, ReleaseFacts
from beacon.site.insights import briefly, place_insights, trend_rows
from beacon.site.maps import MapMaker
from beacon.site.page import Page, Shared
from beacon.site.pages.changes import change_summary
from beacon.site.pages.place import headline

# Judgements of indicators for which neither direction is better.
_DIRECTIONLESS = ("higher", "lower")


def overview_page(shared: Shared, maps: MapMaker) -> Page:
    """The front page of a release."""
    facts = shared.facts
    beacons = facts.of_programme(BEACONS)
    published = [
        i for i in beacons if any(m["status"] == "published" and m["role"] == "measure"
                                  for m in i.measures)
    ]  # fmt: skip
    shares = [p.row["core20_share_percent"] for p in facts.places]
    scale = scale_for([*shares, _share(facts, "nation")], strips.INSET,
                      strips.WIDTH - strips.INSET, from_zero=True)  # fmt: skip
    places: list[dict[str, Any]] = [
        {
            "place": place,
            "headline": headline(facts, place),
            "share_strip": strips.value_strip(
                scale, place.row["core20_share_percent"], reference=_share(facts, "nation"),
                state="core20",
            ),
            "furthest": [
                item.name
                for item in briefly(place_insights(facts, place, (BEACONS,)).get("worse", []))[:2]
            ],
        }
        for place in facts.places
    ]  # fmt: skip
    return Page(
        "index.html",
        "overview.html.j2",
        "Overview",
        "overview",
        {
            "totals": {"icb": _total(facts, "icb"), "nation": _total(facts, "nation")},
            "beacons": len(beacons),
            "published": len(published),
            "unconfirmed": sum(i.row["name_status"] != "confirmed" for i in beacons),
            "places": places,
            "directionless": any(
                entry["headline"]["counts"][state] for entry in places for state in _DIRECTIONLESS
            ),
            "share_axis": strips.axis(scale, suffix="%"),
            "map_core20": maps.of_core20,
            "trends": _trends(facts),
            "changes": change_summary(facts),
            "ages": _ages(facts),
        },
    )


def _share(facts: ReleaseFacts, kind: str) -> float | None:
    area = facts.cohort_area(kind)
    row = facts.core20_total(area[0]) if area else None
    return None if row is None else row["share_percent"]


def _total(facts: ReleaseFacts, kind: str) -> dict[str, Any] | None:
    area = facts.cohort_area(kind)
    row = facts.core20_total(area[0]) if area else None
    if area is None or row is None:
        return None
    return {
        "name": area[1],
        "share": f"{words.number(row['share_percent'])}%",
        "people": f"{row['people']:,}",
        "of": f"{row['people_in_area']:,}",
    }


def _trends(facts: ReleaseFacts) -> list[dict[str, Any]] | None:
    """Indicators that get better or worse in each Place; None where the marts judge no trend."""
    columns = facts.rows("scorecard")[:1]
    if not columns or "recent_trend" not in columns[0]:
        return None
    return [{"place": place, **_directions(facts, place)} for place in facts.places]


def _directions(facts: ReleaseFacts, place: Place) -> dict[str, Any]:
    counts: Counter[str] = Counter()
    names: dict[str, list[str]] = {"better": [], "worse": []}
    for row in trend_rows(facts, place, (BEACONS,)):
        trend = str(row["recent_trend"]).lower()
        for direction, found in names.items():
            if direction in trend:
                counts[direction] += 1
                found.append(str(row["measure_name"]))
    return {"better": names["better"], "worse": names["worse"], "counts": counts}


def _ages(facts: ReleaseFacts) -> list[dict[str, Any]]:
    """How old the beacons' figures are: the year that each latest period ends in."""
    found: dict[int, list[Any]] = {}
    for series in facts.scorecard_series(BEACONS):
        ends = [
            row["period_end"]
            for row in facts.scorecard(series).values()
            if row["value"] is not None and row["period_end"] is not None
        ]
        if ends:
            item = facts.by_slug[series.slug]
            group = found.setdefault(max(ends).year, [])
            if item not in group:
                group.append(item)
    return [{"year": year, "indicators": found[year]} for year in sorted(found, reverse=True)]
