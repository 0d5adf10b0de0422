"""The front page."""

from __future__ import annotations

from typing import Any

from beacon.site import messages, words
from beacon.site.catching_up import SLOPE_OF_LIFE, GapSeries
from beacon.site.charts import strips
from beacon.site.charts.scale import scale_for
from beacon.site.facts import ADULTS, BEACONS, CHILDREN, OTHERS, ReleaseFacts
from beacon.site.insights import (
    Trends,
    briefly,
    outliers,
    place_insights,
    quarter_counts,
    system_trends,
)
from beacon.site.maps import MapMaker
from beacon.site.page import Page, Shared
from beacon.site.pages.changes_page import change_groups
from beacon.site.pages.place_page import headline

# Judgements of indicators for which neither direction is better.
_DIRECTIONLESS = ("higher", "lower")
# More things that get worse than these are counted, not named.
_MOST_NAMED = 4
_ALL = (BEACONS, ADULTS, CHILDREN, OTHERS)


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
            "behind": [
                item.name for item in outliers(facts, place, (BEACONS,)).get("worst", [])
            ],
        }
        for place in facts.places
    ]  # fmt: skip
    trends = system_trends(facts, _ALL)
    gaps = front_gaps(shared.gaps)
    totals = {"icb": _total(facts, "icb"), "nation": _total(facts, "nation")}
    ages = _ages(facts)
    return Page(
        "index.html",
        "overview.html.j2",
        "Overview",
        "overview",
        {
            "totals": totals,
            "beacons": len(beacons),
            "published": len(published),
            "unconfirmed": sum(i.row["name_status"] != "confirmed" for i in beacons),
            "places": places,
            "messages": _messages(facts, totals, gaps, trends),
            "gaps": gaps,
            "gap_rows": [
                (place, [gap.places[number][1] for gap in gaps])
                for number, place in enumerate(facts.places)
            ],
            "quartered": any(entry["headline"]["quarters"]["placed"] for entry in places),
            "directionless": any(
                entry["headline"]["counts"][state] for entry in places for state in _DIRECTIONLESS
            ),
            "share_axis": strips.axis(scale, suffix="%"),
            "map_core20": maps.of_core20,
            "trends": trends,
            "changes": change_groups(facts),
            "ages": ages,
        },
    )


def front_gaps(gaps: tuple[GapSeries, ...]) -> list[GapSeries]:
    """The gaps that the front page shows: length of life by sex, and the first beacon's."""
    life = [gap for gap in gaps if gap.slug == SLOPE_OF_LIFE]
    others = [gap for gap in gaps if gap.slug != SLOPE_OF_LIFE]
    return [*life, *others[:1]]


def _messages(
    facts: ReleaseFacts,
    totals: dict[str, Any],
    gaps: list[GapSeries],
    trends: Trends | None,
) -> list[tuple[str, str, str]]:
    """The page's sentences: a heading, the sentence, and where its detail is."""
    found = []
    shares: messages.Valued = [
        (p.name, p.row["core20_share_percent"],
         "" if p.row["core20_share_percent"] is None
         else f"{words.number(p.row['core20_share_percent'])}%")
        for p in facts.places
    ]  # fmt: skip
    if totals["icb"]:
        beside = f" ({facts.nation}: {totals['nation']['share']})" if totals["nation"] else ""
        found.append(
            (
                "Who",
                f"{totals['icb']['share']} of people in {facts.system_name} live in the most "
                f"deprived fifth of {facts.nation}’s neighbourhoods{beside}; among the Places, "
                f"{messages.spread_sentence(shares)}.",
                "#places",
            )
        )
    found += _standing(facts)
    for gap in gaps:
        found.append((_gap_heading(gap), _gap_sentence(facts, gap), "#behind"))
    if trends is not None:
        found.append(
            (
                "Direction",
                messages.trends_sentence(
                    trends.tested, trends.count("better"), trends.count("worse"),
                    trends.count("neither"),
                ) + _named(trends),
                "#trends",
            )
        )  # fmt: skip
    return found


def _standing(facts: ReleaseFacts) -> list[tuple[str, str, str]]:
    """How many beacon figures each Place has in the worst quarter of the nation's authorities."""
    counts = [(p.name, quarter_counts(facts, p, (BEACONS,))) for p in facts.places]
    if not any(count["placed"] for _, count in counts):
        return []
    items: messages.Valued = [
        (name, count["worst"] / count["placed"] if count["placed"] else None,
         f"{count['worst']} of {count['placed']}" if count["worst"] else "none")
        for name, count in counts
    ]  # fmt: skip
    return [
        (
            "Standing",
            f"Beacon figures in the worst quarter of {facts.nation}’s authorities: "
            f"{messages.spread_sentence(items)}.",
            "#places",
        )
    ]


def _named(trends: Trends) -> str:
    """What gets worse, by name, where that is little enough to be named."""
    worse = trends.of("worse")
    if not 0 < trends.count("worse") <= _MOST_NAMED:
        return ""
    named = [f"{g.name} ({words.listed([p.name for p in g.places])})" for g in worse]
    return f" Getting worse: {'; '.join(named)}."


def _gap_heading(gap: GapSeries) -> str:
    if gap.slug == SLOPE_OF_LIFE:
        return {"Female": "Women’s lives", "Male": "Men’s lives"}.get(gap.sex, "Lives")
    return "Children" if "school meals" in gap.what else "Gaps"


def _gap_sentence(facts: ReleaseFacts, gap: GapSeries) -> str:
    unit = gap.unit
    valued: messages.Valued = [
        (place.name, change.now, f"{change.text} {unit}" if change.text else "")
        for place, change in gap.places
    ]
    beside = f" ({facts.nation}: {gap.nation.text})" if gap.nation.text else ""
    if gap.slug == SLOPE_OF_LIFE:
        start = "The gap in life expectancy between the most and least deprived of a Place is "
    else:
        start = f"{gap.name}: the gap ({gap.what}) is "
    text = f"{start}{messages.largest_sentence(valued)}{beside}, in {gap.period}."
    if not gap.tested:
        return f"{text} Whether it has changed is not tested."
    counts = messages.counts_sentence(
        gap.count("up"), gap.count("down"), gap.count("level"), gap.count(""),
    )  # fmt: skip
    return f"{text} Since {gap.before}: {counts}."


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
