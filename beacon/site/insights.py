"""Sentences from numbers: what is better, what is worse, for which Place."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from statistics import quantiles

from beacon.site import words
from beacon.site.facts import ReleaseFacts
from beacon.site.figures import BASES, joining, limits_text, short_series_name
from beacon.site.indicator_facts import Place, Row, Series
from beacon.site.spread import quarter_of, spread_of

# Two years: every yearly series has had another since.
_OLD_DAYS = 731

# Of fewer Places the middle half says nothing.
_LEAST_FOR_QUARTERS = 4


@dataclass(frozen=True)
class Insight:
    """One sentence on one figure, with the indicator's page; `brief` leaves out how sure it is."""

    text: str
    brief: str
    page: str
    name: str
    state: str
    distance: float
    series: Series


def briefly(insights: list[Insight]) -> list[Insight]:
    """The insights without those on one sex where everyone of the same measure is among them."""
    whole = {
        (item.series.slug, item.series.measure) for item in insights if item.series.sex == "Persons"
    }
    return [
        item
        for item in insights
        if item.series.sex == "Persons" or (item.series.slug, item.series.measure) not in whole
    ]


def place_insights(
    facts: ReleaseFacts, place: Place, programmes: tuple[str, ...]
) -> dict[str, list[Insight]]:
    """Sentences on every compared figure of a Place, by state, the furthest first.

    How far is `distance_from_nation`: it orders the list and is shown nowhere.
    """
    found: dict[str, list[Insight]] = {}
    for series in facts.scorecard_series(*programmes):
        row = facts.scorecard(series).get(place.code)
        if row is None or row["value"] is None:
            continue
        state = words.state_of(row["value"], row["value_status"], row["compared_with_nation"])
        if state.key == "not_compared":
            continue
        found.setdefault(state.key, []).append(_insight(facts, series, row, state.key))
    for group in found.values():
        group.sort(key=lambda item: (-item.distance, item.name))
    return found


def outliers(
    facts: ReleaseFacts, place: Place, programmes: tuple[str, ...]
) -> dict[str, list[Insight]]:
    """Sentences on figures in the nation's worst and best quarter that are not judged, by quarter.

    Sources without confidence limits allow no judgement; where a figure stands among the nation's
    authorities can be said all the same.
    """
    found: dict[str, list[Insight]] = {"worst": [], "best": []}
    for series in facts.scorecard_series(*programmes):
        row = facts.scorecard(series).get(place.code)
        quarter = None if row is None else quarter_of(row)
        if row is None or quarter is None:
            continue
        state = words.state_of(row["value"], row["value_status"], row["compared_with_nation"])
        if state.key == "not_compared":
            found.setdefault(quarter, []).append(_insight(facts, series, row, state.key))
    for group in found.values():
        group.sort(key=lambda item: (-item.distance, item.name))
    return {quarter: briefly(group) for quarter, group in found.items()}


def quarter_counts(facts: ReleaseFacts, place: Place, programmes: tuple[str, ...]) -> Counter[str]:
    """How many of a Place's figures lie in each end quarter of the nation's authorities.

    Those that have a place among them at all are counted as `placed`.
    """
    counts: Counter[str] = Counter()
    for series in facts.scorecard_series(*programmes):
        row = facts.scorecard(series).get(place.code)
        if row is None or row["value"] is None or row.get("nation_quartile_1") is None:
            continue
        counts["placed"] += 1
        quarter = quarter_of(row)
        if quarter is not None:
            counts[quarter] += 1
    return counts


def _insight(facts: ReleaseFacts, series: Series, row: Row, state: str) -> Insight:
    indicator = facts.by_slug[series.slug]
    decimals = indicator.decimals(series.measure)
    name = short_series_name(indicator, series)
    unit = row["unit"]
    limits = limits_text(row, decimals, unit)
    nation = row["nation_value"]
    told = words.with_unit(row["value"], unit, decimals)
    is_day = row["period"].count("-") == 2
    when = f" {'on' if is_day else 'in'} {words.period_text(row['period'])}"
    brief = told + (when if _is_old(facts, row) else "")
    if nation is not None:
        brief += f" ({facts.nation}: {words.in_cell(nation, unit, decimals)})"
    text = f"{told}"
    if limits:
        text += f" (95% confidence interval {limits})"
    text += when
    if nation is not None and state == "not_compared":
        text += f" ({facts.nation}: {words.with_unit(nation, unit, decimals)})"
    elif nation is not None:
        text += (
            f", {words.STATES[state].word.lower()} {joining(state)} {facts.nation} "
            f"({words.with_unit(nation, unit, decimals)})"
        )
        basis = BASES.get(row.get("comparison_method") or "")
        text += f", {basis}" if basis else ""
    if row["rank_among_places"] is not None and row["places_ranked"] > 1:
        text += f"; {_rank(row)}"
        brief += f", {_rank(row)}"
    spread = spread_of(facts, indicator, row)
    if spread is not None and spread.where is not None:
        text += f", {spread.where}"
    distance = distance_from_nation(facts, series, row)
    return Insight(f"{text}.", f"{brief}.", indicator.page, name, state, distance, series)


def _is_old(facts: ReleaseFacts, row: Row) -> bool:
    """Whether a figure is so old that no sentence may leave out of when it is."""
    end, released = row["period_end"], facts.released_on
    return end is not None and released is not None and (released - end).days > _OLD_DAYS


def distance_from_nation(facts: ReleaseFacts, series: Series, row: Row) -> float:
    """How far from the nation, in widths of the middle half of its authorities.

    Where the source covers too few of them for that, in widths of the middle half of the Places. A
    share of the nation's value would put scores around zero before everything else.
    """
    if row["nation_value"] is None:
        return 0.0
    first, third = row.get("nation_quartile_1"), row.get("nation_quartile_3")
    if first is None or third is None:
        of_places = [r["value"] for r in facts.scorecard(series).values() if r["value"] is not None]
        if len(of_places) < _LEAST_FOR_QUARTERS:
            return 0.0
        first, _, third = quantiles(of_places, n=4, method="inclusive")
    return (
        float(abs(row["value"] - row["nation_value"]) / (third - first)) if third > first else 0.0
    )


def _rank(row: Row) -> str:
    rank, ranked = row["rank_among_places"], row["places_ranked"]
    judged = row["polarity"] in {"high_is_good", "low_is_good"}
    best, last = ("best", "worst") if judged else ("highest", "lowest")
    all_places = row.get("places") or ranked
    places = f"{words.count_word(ranked)} Places"
    if ranked < all_places:
        places += f" ({words.count_word(all_places - ranked)} without a figure)"
    if rank == 1:
        return f"{best} of {places}"
    if rank == ranked:
        return f"{last} of {places}"
    return f"rank {rank} of {places}, where 1 is {best}"


def state_counts(facts: ReleaseFacts, place: Place, programmes: tuple[str, ...]) -> Counter[str]:
    """How many of a Place's scorecard figures are in each state; all absences as `missing`."""
    counts: Counter[str] = Counter()
    for series in facts.scorecard_series(*programmes):
        row = facts.scorecard(series).get(place.code)
        if row is None:
            continue
        state = words.state_of(row["value"], row["value_status"], row["compared_with_nation"])
        counts["missing" if state.missing else state.key] += 1
    return counts


@dataclass(frozen=True)
class TrendGroup:
    """One indicator and the Places where it goes the same way.

    Attributes:
        name: What the series is called.
        page: The indicator's page.
        trend: Where it goes.
        places: The Places, by name.
    """

    name: str
    page: str
    trend: words.Trend
    places: tuple[Place, ...]


@dataclass(frozen=True)
class Trends:
    """Recent trends of all Places.

    Attributes:
        tested: Trends that could be tested.
        groups: Those that go somewhere, worse first.
        level: Trends without a significant change.
        untested: Figures whose trend cannot be tested.
    """

    tested: int
    groups: tuple[TrendGroup, ...]
    level: int
    untested: int

    def of(self, key: str) -> list[TrendGroup]:
        """Groups that get better, get worse, or go where neither is better."""
        return [group for group in self.groups if group.trend.key == key]

    def count(self, key: str) -> int:
        """How many trends those groups are."""
        return sum(len(group.places) for group in self.of(key))


def series_without_sex_splits(facts: ReleaseFacts, programmes: tuple[str, ...]) -> list[Series]:
    """Headline series, without those on one sex where the same measure has one on everyone."""
    shown = facts.scorecard_series(*programmes)
    whole = {(s.slug, s.measure) for s in shown if s.sex == "Persons"}
    return [s for s in shown if s.sex == "Persons" or (s.slug, s.measure) not in whole]


def system_trends(facts: ReleaseFacts, programmes: tuple[str, ...]) -> Trends | None:
    """Recent trends by indicator; None where the release judges none.

    A series for one sex is left out where everyone's of the same measure is tested.
    """
    if not facts.rows("scorecard") or "recent_trend" not in facts.rows("scorecard")[0]:
        return None
    found: dict[tuple[Series, str], tuple[words.Trend, list[Place]]] = {}
    tested = level = untested = 0
    for series in series_without_sex_splits(facts, programmes):
        for place in facts.places:
            row = facts.scorecard(series).get(place.code)
            trend = words.trend_of(row["recent_trend"]) if row is not None else None
            if trend is None:
                continue
            if trend.key == "unknown":
                untested += 1
                continue
            tested += 1
            if trend.key == "none":
                level += 1
            else:
                found.setdefault((series, trend.text), (trend, []))[1].append(place)
    order = {"worse": 0, "better": 1}
    groups = [
        TrendGroup(
            short_series_name(facts.by_slug[series.slug], series),
            facts.by_slug[series.slug].page,
            trend,
            tuple(places),
        )
        for (series, _), (trend, places) in found.items()
    ]
    groups.sort(key=lambda g: (order.get(g.trend.key, 2), -len(g.places)))
    return Trends(tested, tuple(groups), level, untested)
