"""What stands out across the Places: judged worse than the nation, or tested to get worse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from markupsafe import Markup

from beacon.registry import Action
from beacon.site import words
from beacon.site.charts.trend_chart import Point, sparkline
from beacon.site.facts import ReleaseFacts
from beacon.site.figures import short_series_name
from beacon.site.indicator_facts import PROGRAMMES, IndicatorFacts, Place, Row, Series
from beacon.site.insights import distance_from_nation, series_without_sex_splits


@dataclass(frozen=True)
class Standout:
    """One indicator, and the Places where the same holds of it.

    Attributes:
        name: What the series is called.
        page: The indicator's page.
        programme: Which list of indicators it is of, in words.
        places: The Places, the one furthest from the nation first.
        of: How many Places could be judged or tested at all.
        furthest: The value of the first of them, as a cell shows it.
        nation: The nation's value, likewise, or None.
        unit: Unit of both, where the figures do not bear it.
        trend: The recent trend of the first of them, where one is tested.
        spark: The values of the first of them over time.
        action: What can be done about it, and by whom.
    """

    name: str
    page: str
    programme: str
    places: tuple[Place, ...]
    of: int
    furthest: str
    nation: str | None
    unit: str | None
    trend: words.Trend | None
    spark: Markup | None
    action: Action | None


def worst(facts: ReleaseFacts, programmes: tuple[str, ...]) -> list[Standout]:
    """Indicators judged worse than the nation, those of most Places first."""

    def judged(row: Row) -> bool | None:
        state = words.state_of(row["value"], row["value_status"], row["compared_with_nation"])
        return state.key == "worse" if state.key in {"worse", "similar", "better"} else None

    return _standouts(facts, programmes, judged)


def moving(facts: ReleaseFacts, programmes: tuple[str, ...], key: str) -> list[Standout]:
    """Indicators whose recent trend is tested to get `worse` or `better`."""

    def tested(row: Row) -> bool | None:
        trend = words.trend_of(row.get("recent_trend"))
        return trend.key == key if trend is not None and trend.arrow else None

    return _standouts(facts, programmes, tested)


def spark_of(
    facts: ReleaseFacts, indicator: IndicatorFacts, series: Series, area_code: str
) -> Markup | None:
    """An area's values over time as a small line, which stops where the definition changes."""
    points = [
        Point(row["period"], row["value"])
        for row in facts.series_rows(series)
        if row["area_code"] == area_code
    ]
    breaks = indicator.registry.known_breaks if indicator.registry else ()
    starts = [b.period for b in breaks if b.measure in {None, series.measure}]
    return sparkline(points, starts)


def _standouts(
    facts: ReleaseFacts, programmes: tuple[str, ...], holds: Callable[[Row], bool | None]
) -> list[Standout]:
    """Indicators of which `holds` is true for some Place; it is None where that is not known."""
    found: list[tuple[int, float, Standout]] = []
    for series in series_without_sex_splits(facts, programmes):
        known, rows = 0, []
        for place in facts.places:
            row = facts.scorecard(series).get(place.code)
            answer = None if row is None else holds(row)
            known += answer is not None
            if row is not None and answer:
                rows.append((place, row))
        if rows:
            rows.sort(key=lambda item: (-_behind(item[1]), item[0].name))
            distance = distance_from_nation(facts, series, rows[0][1])
            found.append((len(rows), distance, _standout(facts, series, known, rows)))
    found.sort(key=lambda item: (-item[0], -item[1], item[2].name))
    return [standout for _, _, standout in found]


def _behind(row: Row) -> float:
    """How far a figure is worse than the nation's, in its unit; negative where it is better."""
    nation = row["nation_value"]
    if nation is None:
        return 0.0
    difference: float = row["value"] - nation
    return difference if row["polarity"] == "low_is_good" else -difference


def _standout(
    facts: ReleaseFacts, series: Series, known: int, rows: list[tuple[Place, Row]]
) -> Standout:
    indicator = facts.by_slug[series.slug]
    place, row = rows[0]
    decimals = indicator.decimals(series.measure)
    nation = row["nation_value"]
    trend = words.trend_of(row.get("recent_trend"))
    return Standout(
        name=short_series_name(indicator, series),
        page=indicator.page,
        programme=PROGRAMMES.get(indicator.row["programme"], ""),
        places=tuple(place for place, _ in rows),
        of=known,
        furthest=words.in_cell(row["value"], row["unit"], decimals),
        nation=None if nation is None else words.in_cell(nation, row["unit"], decimals),
        unit=None if words.is_percent(row["unit"]) else words.unit_text(row["unit"]),
        trend=trend if trend is not None and trend.arrow else None,
        spark=spark_of(facts, indicator, series, place.code),
        action=facts.actions.get(series.slug),
    )
