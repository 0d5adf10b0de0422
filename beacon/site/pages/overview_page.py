"""The front page."""

from __future__ import annotations

from collections import Counter
from typing import Any

from beacon.site import messages, words
from beacon.site.catching_up import SLOPE_OF_LIFE, GapSeries
from beacon.site.charts import strips
from beacon.site.charts.scale import scale_for
from beacon.site.facts import ReleaseFacts
from beacon.site.indicator_facts import ADULTS, BEACONS, CHILDREN, OTHERS, Place
from beacon.site.insights import (
    briefly,
    outliers,
    place_insights,
    series_without_sex_splits,
    state_counts,
    system_trends,
)
from beacon.site.maps import MapMaker
from beacon.site.page import Page, Shared
from beacon.site.pages.changes_page import change_groups
from beacon.site.pages.place_page import headline
from beacon.site.standouts import moving, worst

# Indicators that stand out are shown up to here; the rest is folded.
_MOST_SHOWN = 5
_ALL = (BEACONS, ADULTS, CHILDREN, OTHERS)


def overview_page(shared: Shared, maps: MapMaker) -> Page:
    """The front page of a release: what is worst, what gets worse, what could be done by whom."""
    facts = shared.facts
    beacons = facts.of_programme(BEACONS)
    published = [
        i for i in beacons if any(m["status"] == "published" and m["role"] == "measure"
                                  for m in i.measures)
    ]  # fmt: skip
    shares = [p.row["core20_share_percent"] for p in facts.places]
    scale = scale_for([*shares, _share(facts, "nation")], strips.INSET,
                      strips.WIDTH - strips.INSET, from_zero=True)  # fmt: skip
    places = [
        {
            "place": place,
            "headline": headline(facts, place),
            "share_strip": strips.value_strip(
                scale, place.row["core20_share_percent"], reference=_share(facts, "nation"),
                state="core20",
            ),
            **_standing_of(facts, place),
        }
        for place in facts.places
    ]  # fmt: skip
    trends = system_trends(facts, _ALL)
    gaps = front_gaps(shared.gaps)
    return Page(
        "index.html",
        "overview.html.j2",
        "Overview",
        "overview",
        {
            "beacons": len(beacons),
            "published": len(published),
            "unsigned": sum(not i.row["checked_by"] for i in beacons),
            "unconfirmed": sum(i.row["name_status"] != "confirmed" for i in beacons),
            "places": places,
            "who": _who(facts),
            "most": _MOST_SHOWN,
            "worst": worst(facts, _ALL),
            "worsening": moving(facts, _ALL, "worse"),
            "widening": [gap for gap in shared.gaps if gap.tested and gap.count("up")],
            "gaps_tested": sum(gap.tested for gap in shared.gaps),
            "trends": trends,
            "trends_said": trends and messages.trends_sentence(
                trends.tested, trends.count("better"), trends.count("worse"),
                trends.count("neither"),
            ),
            "gaps": gaps,
            "gap_messages": [(_gap_heading(gap), _gap_sentence(facts, gap)) for gap in gaps],
            "gap_rows": [
                (place, [gap.places[number][1] for gap in gaps])
                for number, place in enumerate(facts.places)
            ],
            "quartered": any(entry["headline"]["quarters"]["placed"] for entry in places),
            "left_out": _left_out([entry["headline"]["counts"] for entry in places]),
            "share_axis": strips.axis(scale, suffix="%"),
            "map_core20": maps.of_core20,
            "changes": change_groups(facts),
            "ages": _ages(facts),
        },
    )  # fmt: skip


def _standing_of(facts: ReleaseFacts, place: Place) -> dict[str, Any]:
    """A Place's line of the table: what is judged worse, what gets worse, what lies far behind."""
    trends = [
        trend
        for series in series_without_sex_splits(facts, (BEACONS,))
        if (row := facts.scorecard(series).get(place.code)) is not None
        and (trend := words.trend_of(row.get("recent_trend"))) is not None
        and trend.arrow
    ]
    counts = state_counts(facts, place, (BEACONS,))
    furthest = briefly(place_insights(facts, place, (BEACONS,)).get("worse", []))
    return {
        "judged": counts["worse"] + counts["similar"] + counts["better"],
        "worsening": sum(trend.key == "worse" for trend in trends),
        "tested": len(trends),
        "furthest": [(item.name, item.page) for item in furthest[:2]],
        "behind": [
            (item.name, item.page)
            for item in outliers(facts, place, (BEACONS,)).get("worst", [])[: 0 if furthest else 2]
        ],
    }


def _left_out(counts: list[Counter[str]]) -> dict[str, int]:
    """Headline figures that the table of Places does not count, and of how many."""
    return {
        "not_compared": sum(count["not_compared"] for count in counts),
        "missing": sum(count["missing"] for count in counts),
        "directionless": sum(count["higher"] + count["lower"] for count in counts),
        "all": sum(sum(count.values()) for count in counts),
    }


def _who(facts: ReleaseFacts) -> str | None:
    """Who lives in Core20, in one sentence; None where the release does not count them."""
    board, nation = _total(facts, "icb"), _total(facts, "nation")
    if board is None:
        return None
    shares: messages.Valued = [
        (p.name, p.row["core20_share_percent"],
         "" if p.row["core20_share_percent"] is None
         else f"{words.number(p.row['core20_share_percent'])}%")
        for p in facts.places
    ]  # fmt: skip
    beside = f", against {nation['share']} in {facts.nation}" if nation else ""
    return (
        f"{board['share']} of people in {facts.system_name}, {board['people']} of {board['of']}, "
        f"live in the most deprived fifth of {facts.nation}’s neighbourhoods (Core20){beside}. "
        f"Among the Places it is {messages.spread_sentence(shares)}."
    )


def front_gaps(gaps: tuple[GapSeries, ...]) -> list[GapSeries]:
    """The gaps that the front page shows: length of life by sex, and the first beacon's."""
    life = [gap for gap in gaps if gap.slug == SLOPE_OF_LIFE]
    others = [gap for gap in gaps if gap.slug != SLOPE_OF_LIFE]
    return [*life, *others[:1]]


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
        return f"{text} Whether Places differ, and whether the gap has changed, is not tested."
    counts = messages.counts_sentence(
        gap.count("up"), gap.count("down"), gap.count("level"), gap.count(""),
    )  # fmt: skip
    return f"{text} Whether Places differ is not tested. Since {gap.before}: {counts}."


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
