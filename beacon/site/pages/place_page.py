"""Place pages, their index, and the one-page briefings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from beacon.site import core20, programmes, words
from beacon.site.catching_up import Change, GapSeries
from beacon.site.charts import strips
from beacon.site.charts.scale import scale_for
from beacon.site.facts import ReleaseFacts
from beacon.site.figures import Figure, figure, short_series_name
from beacon.site.indicator_facts import (
    ADULTS,
    ALL_AGES,
    BEACONS,
    CHILDREN,
    OTHERS,
    IndicatorFacts,
    Place,
    Row,
    Series,
)
from beacon.site.insights import briefly, outliers, place_insights, quarter_counts, state_counts
from beacon.site.life import life_of_place
from beacon.site.maps import MapMaker
from beacon.site.neighbours import neighbours_of
from beacon.site.page import Page, Shared
from beacon.site.pages.rugs import badges_of
from beacon.site.pages.targets_page import standing
from beacon.site.spread import Spread, spread_of, why_no_spread
from beacon.site.standouts import spark_of

ALL_PROGRAMMES = (BEACONS, ADULTS, CHILDREN, OTHERS)
# Wards with most people in Core20 that the map numbers.
_WARDS_ON_MAP = 5


@dataclass(frozen=True)
class SpineRow:
    """An indicator's row on a Place page."""

    indicator: IndicatorFacts
    name: str
    unit: str
    badges: tuple[tuple[str, str], ...]
    figure: Figure
    nation: str
    rank: str
    strip: Markup | None
    spread: Spread | None
    no_spread: str | None
    no_direction: bool
    spark: Markup | None

    @property
    def judged(self) -> bool:
        """Whether its value is compared with the nation's."""
        return self.figure.value is not None and self.figure.state.key != "not_compared"


@dataclass(frozen=True)
class SpineGroup:
    """The rows with a value of one programme: those compared with the nation apart."""

    title: str
    judged: tuple[SpineRow, ...]
    not_judged: tuple[SpineRow, ...]

    @property
    def rows(self) -> tuple[SpineRow, ...]:
        """All rows with a value."""
        return (*self.judged, *self.not_judged)

    def count(self, state: str) -> int:
        """How many figures are judged so."""
        return sum(row.figure.state.key == state for row in self.judged)


def place_pages(shared: Shared, maps: MapMaker) -> Iterator[Page]:
    """Two pages a Place, and the index of Places."""
    facts = shared.facts
    for place in facts.places:
        yield from _pages_of(shared, place, maps)
    yield Page(
        "places/index.html",
        "places.html.j2",
        "Places",
        "places",
        {"cards": [(place, headline(facts, place)) for place in facts.places]},
    )


def headline(facts: ReleaseFacts, place: Place) -> dict[str, Any]:
    """The few numbers that stand for a Place wherever it is listed."""
    row = place.row
    counts = state_counts(facts, place, (BEACONS,))
    shown = ("worse", "similar", "better", "higher", "lower", "not_compared", "missing")
    total = sum(counts.values())
    share = row["core20_share_percent"]
    return {
        "share": None if share is None else f"{words.number(share)}%",
        "share_value": share,
        "people": _count(row["people"]),
        "people_core20": _count(row["people_core20"]),
        "lsoas": row["lsoas"],
        "lsoas_core20": row["lsoas_core20"],
        "counts": counts,
        "quarters": quarter_counts(facts, place, (BEACONS,)),
        "strip": strips.counts_strip([(key, counts[key]) for key in shown], total),
        "total": total,
    }


def _count(value: int | None) -> str:
    return "not supplied" if value is None else f"{value:,}"


def _pages_of(shared: Shared, place: Place, maps: MapMaker) -> Iterator[Page]:
    facts = shared.facts
    insights = place_insights(facts, place, ALL_PROGRAMMES)
    groups = [
        (title, spine_rows(facts, place, programmes))
        for title, programmes in (
            ("Marmot beacon indicators", (BEACONS,)),
            ("Core20PLUS5", (ADULTS, CHILDREN)),
            ("Other indicators", (OTHERS,)),
        )
    ]
    context: dict[str, Any] = {
        "place": place,
        "headline": headline(facts, place),
        "concerns": briefly(insights.get("worse", [])),
        "strengths": briefly(insights.get("better", [])),
        "outliers": outliers(facts, place, ALL_PROGRAMMES),
        "similar": insights.get("similar", []),
        "directionless": [*insights.get("higher", []), *insights.get("lower", [])],
        "groups": [
            SpineGroup(
                title,
                tuple(r for r in rows if r.judged),
                tuple(r for r in rows if r.figure.value is not None and not r.judged),
            )
            for title, rows in groups
        ],
        "moving": _moving([row for _, rows in groups for row in rows]),
        "absent": [(title, [r for r in rows if r.figure.value is None]) for title, rows in groups],
        "vintages": _vintages(facts, place),
        "alike": _alike(facts, place),
        "briefing_pdf": f"{place.slug}-briefing.pdf"
        if place.slug in shared.briefing_pdfs
        else None,
    }
    yield Page(
        f"places/{place.slug}.html",
        "place.html.j2",
        place.name,
        "places",
        {
            **context,
            **_core20(facts, place, maps),
            "age_tables": age_tables(facts, place.code),
            "life_table": life_of_place(facts, place.code),
            "gaps_within": (within := gaps_within(shared.gaps, place)),
            "widening": [gap for gap, change in within if change.way == "up"],
            "targets": _targets(facts, place),
            "neighbours": neighbours_of(facts, place.code),
        },
    )
    yield Page(
        f"places/{place.slug}-briefing.html",
        "briefing.html.j2",
        f"{place.name}: briefing",
        "places",
        context,
    )


def _alike(facts: ReleaseFacts, place: Place) -> list[Place]:
    """The Places nearest in Core20 share: the explorer shows four side by side."""
    share = place.row["core20_share_percent"]
    others = [p for p in facts.places if p.code != place.code]
    if share is None or any(p.row["core20_share_percent"] is None for p in others):
        return others[:3]
    return sorted(others, key=lambda p: (abs(p.row["core20_share_percent"] - share), p.name))[:3]


def _moving(rows: list[SpineRow]) -> dict[str, list[SpineRow]]:
    """Figures whose tested recent trend gets worse or better, and all that were tested."""
    tested = [row for row in rows if row.figure.trend is not None and row.figure.trend.arrow]
    found = {key: [r for r in tested if r.figure.trend and r.figure.trend.key == key]
             for key in ("worse", "better")}  # fmt: skip
    return {**found, "tested": tested}


def _core20(facts: ReleaseFacts, place: Place, maps: MapMaker) -> dict[str, Any]:
    """What the Place's page says of its Core20, beside age and sex."""
    wards = core20.wards_of(facts, place)
    named = [ward for ward in wards if ward["people"]][:_WARDS_ON_MAP]
    nation = facts.cohort_area("nation")
    return {
        "map_lsoas": maps.of_lsoas(place, tuple(ward["code"] for ward in named)),
        "map_wards": [ward["name"] for ward in named],
        "wards": wards,
        "pockets": core20.pockets_of(facts, place),
        "movement": core20.movement_of(facts, place.code),
        "movement_nation": core20.movement_of(facts, nation[0]) if nation else None,
        "movement_names": core20.MOVEMENTS,
        "movers": core20.movers(facts, place),
        "domains": core20.domains_of(facts, place),
        "ethnic_groups": core20.ethnic_groups_of(facts, place.code),
        "plus_groups": core20.plus_groups(facts, (place.code,)),
        "plus_parts": core20.PARTS,
        "programmes": programmes.programmes_of(facts, place),
        "programme_absences": programmes.ABSENCES,
        "programme_shown": programmes.shown,
    }


def spine_rows(facts: ReleaseFacts, place: Place, programmes: tuple[str, ...]) -> list[SpineRow]:
    """The rows of a spine chart: each headline series, with the spread of the nation's areas."""
    return [_spine_row(facts, place, series) for series in facts.scorecard_series(*programmes)]


def _spine_row(facts: ReleaseFacts, place: Place, series: Series) -> SpineRow:
    indicator = facts.by_slug[series.slug]
    shown = facts.scorecard(series)
    row = shown.get(place.code)
    item = figure(facts, indicator, row, place.name)
    spread = None if row is None else spread_of(facts, indicator, row)
    strip = None
    if row is not None and item.value is not None and spread is not None:
        strip = _spine(item.value, row, item.state.key)
    decimals = indicator.decimals(series.measure)
    nation = row["nation_value"] if row is not None else None
    any_row = row or next(iter(shown.values()))
    ranked = row is not None and row["rank_among_places"] is not None
    return SpineRow(
        indicator=indicator,
        name=short_series_name(indicator, series),
        unit=words.unit_text(any_row["unit"]),
        badges=badges_of(
            indicator, series.measure, modelled=any(r["modelled"] for r in shown.values())
        ),
        figure=item,
        nation="" if nation is None else words.in_cell(nation, any_row["unit"], decimals),
        rank=f"{row['rank_among_places']} of {row['places_ranked']}" if ranked and row else "",
        strip=strip,
        spread=spread,
        no_direction=any_row["polarity"] == "no_judgement",
        no_spread=None if strip is not None or row is None else _why_no_spine(facts, row),
        spark=spark_of(facts, indicator, series, place.code),
    )


def _why_no_spine(facts: ReleaseFacts, row: Row) -> str:
    if row["nation_value"] is None:
        return f"Not drawn: no figure for {facts.nation}."
    why = why_no_spread(row)
    return f"Not drawn: {why}." if why else "Not drawn: the release has no spread."


def _spine(value: float, row: Row, state: str) -> Markup | None:
    if row["nation_value"] is None:
        return None
    return strips.spine_strip(
        strips.Spine(
            value=value,
            centre=row["nation_value"],
            low=row["nation_lowest"],
            quarter=row["nation_quartile_1"],
            three_quarters=row["nation_quartile_3"],
            high=row["nation_highest"],
            flip=row["polarity"] == "low_is_good",
            state=state,
        )
    )


def _vintages(facts: ReleaseFacts, place: Place) -> list[dict[str, Any]]:
    found = []
    for vintage in facts.vintages:
        row = facts.core20_total(place.code, vintage)
        if row is not None:
            found.append(
                {
                    "vintage": vintage,
                    "share": f"{words.number(row['share_percent'])}%",
                    "people": f"{row['people']:,}",
                    "of": f"{row['people_in_area']:,}",
                    "lsoas": f"{row['lsoas']:,} of {row['lsoas_in_area']:,}",
                    "lsoa_vintage": row["lsoa_vintage"],
                    "base": base_text(row["population_base"]),
                    "concentration": core20.concentration(row),
                }
            )
    return found


def base_text(base: str | None) -> str:
    """A population base in words: `census_2021` is Census 2021."""
    return (base or "not stated").replace("_", " ").capitalize()


def _age_order(band: str) -> int:
    return int(band.split("-")[0].rstrip("+"))


def gaps_within(gaps: tuple[GapSeries, ...], place: Place) -> list[tuple[GapSeries, Change]]:
    """The gaps that this Place has a figure of."""
    found = []
    for gap in gaps:
        change = next(change for p, change in gap.places if p.code == place.code)
        if change.now is not None:
            found.append((gap, change))
    return found


def age_tables(facts: ReleaseFacts, area_code: str) -> list[dict[str, Any]]:
    """Core20 and the rest of an area by age band, one table a sex that the cohort mart holds."""
    rows = [r for r in facts.cohort(area_code) if r["age_band"] != ALL_AGES]
    sexes = [s for s in ("Female", "Male") if any(r["sex"] == s for r in rows)] or ["Persons"]
    bands = sorted({r["age_band"] for r in rows}, key=_age_order)
    people = {(r["sex"], r["age_band"], bool(r["core20"])): r["people"] for r in rows}
    totals = {
        (sex, core20): sum(people.get((sex, band, core20), 0) for band in bands)
        for sex in sexes
        for core20 in (True, False)
    }
    shares = {
        key: 100 * count / totals[key[0], key[2]]
        for key, count in people.items()
        if key[0] in sexes and totals[key[0], key[2]]
    }
    if not shares:
        return []
    scale = scale_for(shares.values(), strips.INSET, strips.WIDTH - strips.INSET, from_zero=True)
    tables = []
    for sex in sexes:
        lines = []
        for band in bands:
            core, rest = (shares.get((sex, band, flag)) for flag in (True, False))
            lines.append(
                {
                    "band": band.replace("-", " to "),
                    "core20": _count(people.get((sex, band, True))),
                    "rest": _count(people.get((sex, band, False))),
                    "core20_share": "" if core is None else f"{words.number(core)}%",
                    "rest_share": "" if rest is None else f"{words.number(rest)}%",
                    "strip": strips.pair_strip(scale, core, rest),
                }
            )
        tables.append({"sex": sex, "rows": lines, "axis": strips.axis(scale, suffix="%")})
    return tables


def _targets(facts: ReleaseFacts, place: Place) -> list[Any]:
    """How this Place stands against the system's targets that an indicator measures exactly."""
    return [row for target in facts.plan_targets for row in standing(facts, target.id, place.code)]
