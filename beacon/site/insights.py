"""Sentences from numbers: what is better, what is worse, for which Place.

What belongs here: choosing and wording what the scorecard says. What does not: a judgement that
no mart makes.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from beacon.site import words
from beacon.site.facts import Place, ReleaseFacts, Row, Series
from beacon.site.figures import joining, limits_text, series_name


@dataclass(frozen=True)
class Insight:
    """One sentence on one figure, with the indicator's page."""

    text: str
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

    How far is the difference from the nation as a share of the nation's value: it orders the
    list and is shown nowhere.
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


def _insight(facts: ReleaseFacts, series: Series, row: Row, state: str) -> Insight:
    indicator = facts.by_slug[series.slug]
    decimals = indicator.decimals(series.measure)
    name = series_name(indicator, series)
    unit = row["unit"]
    limits = limits_text(row, decimals, unit)
    nation = row["nation_value"]
    told = words.with_unit(row["value"], unit, decimals)
    text = f"{told}"
    if limits:
        text += f" (95% confidence interval {limits})"
    text += f" in {words.period_text(row['period'])}"
    if nation is not None:
        text += (
            f", {words.STATES[state].word.lower()} {joining(state)} {facts.nation} "
            f"({words.with_unit(nation, unit, decimals)})"
        )
    if row["rank_among_places"] is not None and row["places_ranked"] > 1:
        text += f"; {_rank(row)}"
    distance = abs(row["value"] - nation) / abs(nation) if nation else 0.0
    return Insight(f"{text}.", indicator.page, name, state, distance, series)


def _rank(row: Row) -> str:
    rank, ranked = row["rank_among_places"], row["places_ranked"]
    judged = row["polarity"] in {"high_is_good", "low_is_good"}
    best, last = ("best", "worst") if judged else ("highest", "lowest")
    places = f"{words.count_word(ranked)} Places"
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


def trend_rows(facts: ReleaseFacts, place: Place, programmes: tuple[str, ...]) -> list[Row]:
    """Scorecard rows of a Place that carry a recent trend, where the release has such a column."""
    rows = []
    for series in facts.scorecard_series(*programmes):
        row = facts.scorecard(series).get(place.code)
        if row is not None and row.get("recent_trend"):
            rows.append(row)
    return rows
