"""A figure: one row of a mart with its words, state and place in an order."""

from __future__ import annotations

from dataclasses import dataclass

from beacon.site import words
from beacon.site.facts import ReleaseFacts
from beacon.site.indicator_facts import IndicatorFacts, Row, Series
from beacon.site.words import State, Trend

# The marts' word for counts of all Places added up.
SUM_OF_PLACES = "sum_of_places"


@dataclass(frozen=True)
class Figure:
    """One value as it is shown.

    Attributes:
        text: The value as a cell shows it, or the word of its absence.
        value: The mart's own value, in full precision.
        state: Its judgement, or why it is missing.
        limits: The 95% limits as text, or None.
        story: The whole of it in one or two sentences.
        note: Why it is missing or not compared.
        order: Key to sort a column by value: missing last.
        period: The period in words.
        row: The mart's row.
        trend: Its recent trend, where the row has one.
        basis: What its judgement rests on, where that is not the publisher's own limits.
        quarter: The quarter of the nation's authorities that a value without a judgement lies in,
            1 the best to 4 the worst: no judgement, and never shown as one.
        publisher_trend: The publisher's own trend in its words, where none is tested here.
    """

    text: str
    value: float | None
    state: State
    limits: str | None
    story: str
    note: str | None
    order: float
    period: str
    row: Row
    trend: Trend | None = None
    basis: str | None = None
    quarter: int | None = None
    publisher_trend: str | None = None

    @property
    def quarter_word(self) -> str | None:
        """In which quarter of the nation's authorities a figure without a judgement lies."""
        return QUARTERS.get(self.quarter or 0)


def series_name(indicator: IndicatorFacts, series: Series, *, with_measure: bool = True) -> str:
    """What a series is called: the measure, and the sex where it is not everyone."""
    name = indicator.measure_name(series.measure) if with_measure else str(indicator.row["name"])
    name = name.replace(", female, male", "")
    return name if series.sex == "Persons" else f"{name}, {series.sex.lower()}"


# What a judgement rests on, where that is not the publisher's own limits.
BASES = {
    "computed_limits": "by limits computed from the counts",
    "publishers_judgement": "in the publisher’s own judgement",
}
QUARTERS = {1: "best quarter", 2: "second quarter", 3: "third quarter", 4: "worst quarter"}
_NOT_COMPARED = {
    "no_limits_and_no_counts": "The file in use gives neither confidence limits nor counts.",
    "counts_do_not_give_the_value": "The file in use gives no confidence limits, and its counts do "
    "not give its value, so none can be computed.",
    "no_method_for_limits": "The file in use gives no confidence limits, and none can be computed "
    "from what it gives.",
    "limits_not_usable": "The confidence limits in the file in use cannot be used.",
    "publishers_judgement_contradicts_figures": "The publisher’s own judgement contradicts its "
    "figures.",
}


def why_not_compared(facts: ReleaseFacts, indicator: IndicatorFacts, row: Row) -> str:
    """Why a value is not compared with the nation."""
    reason = row.get("not_compared_reason")
    if reason in _NOT_COMPARED:
        return _NOT_COMPARED[reason]
    measure = indicator.measure(row["measure"])
    if measure["benchmark_method"] == "none":
        said = indicator.registry.benchmark_reason if indicator.registry else None
        return said or "The registry sets no comparison for this indicator."
    if row.get("nation_value") is None:
        return f"There is no figure for {facts.nation} for this period."
    if row.get("lower_95") is None:
        return "The file in use gives no confidence limits."
    return "This series is not judged."


def figure(
    facts: ReleaseFacts, indicator: IndicatorFacts, row: Row | None, area_name: str
) -> Figure:
    """The figure of one row; a row that does not exist is a value that is not published.

    Args:
        facts: The release.
        indicator: The row's indicator.
        row: A row of the scorecard or of an indicator mart, or None.
        area_name: Name of the area, for its sentence.
    """
    if row is None:
        state = words.STATES["not_published"]
        text = f"{area_name}: not published. This release has no figure for it."
        return Figure(state.word, None, state, None, text, text, float("inf"), "no period", {})
    decimals = indicator.decimals(row["measure"])
    unit = row["unit"]
    value = row["value"]
    judged = row.get("area_type", "place") in {"place", "icb"}
    state = words.state_of(value, row["value_status"], row["compared_with_nation"])
    period = words.period_text(row["period"])
    heading = f"{area_name}, {period}" if row["period"] != "none" else area_name
    if value is None:
        note = words.sentence(row["value_note"] or state.meaning.format(nation=facts.nation))
        # No publisher was asked for a figure of the whole system: it is not there to be had.
        word = "Not available" if row.get("area_type") == "icb" else state.word
        story = f"{heading}: {word.lower()}. {note}"
        return Figure(word, None, state, None, story, note, float("inf"), period, row)
    limits = limits_text(row, decimals, unit)
    told = words.with_unit(value, unit, decimals)
    parts = [f"{heading}: {told}" + (f" (95% confidence interval {limits})." if limits else ".")]
    why: str | None = None
    basis: str | None = None
    quarter: int | None = None
    if judged:
        nation = row.get("nation_value")
        if nation is not None:
            parts.append(f"{facts.nation}: {words.with_unit(nation, unit, decimals)}.")
        if state.key == "not_compared":
            why = words.sentence(why_not_compared(facts, indicator, row))
            parts.append(f"Not compared. {why}")
            quarter = row.get("nation_quarter")
            if quarter is not None:
                parts.append(f"In the {QUARTERS[quarter]} of {facts.nation}’s authorities.")
        else:
            basis = BASES.get(row.get("comparison_method") or "")
            told = f"{state.word} {joining(state.key)} {facts.nation}"
            parts.append(f"{told}, {basis}." if basis else f"{told}.")
    trend = words.trend_of(row.get("recent_trend"), row.get("recent_trend_reason"))
    if trend:
        because = f" ({trend.reason})" if trend.reason else ""
        parts.append(f"Recent trend: {trend.text.lower()}{because}.")
    publishers = row.get("publisher_trend") if trend is None or not trend.arrow else None
    if publishers:
        parts.append(f"The publisher’s own trend: {publishers}.")
    if row.get("modelled"):
        parts.append("A modelled estimate.")
    if row.get("value_method") == SUM_OF_PLACES:
        parts.append(words.sentence(row["value_note"]))
    return Figure(
        text=words.in_cell(value, unit, decimals),
        value=value,
        state=state,
        limits=limits,
        story=" ".join(parts),
        note=why,
        order=value,
        period=period,
        row=row,
        trend=trend,
        basis=basis,
        quarter=quarter,
        publisher_trend=publishers,
    )


def joining(state: str) -> str:
    """The word between a judgement and what it is compared with."""
    return "to" if state == "similar" else "than"


def short_series_name(indicator: IndicatorFacts, series: Series) -> str:
    """What a series is called where there is little room."""
    name = indicator.short_name(series.measure)
    return name if series.sex == "Persons" else f"{name}, {series.sex.lower()}"


def limits_text(row: Row, decimals: int, unit: str | None) -> str | None:
    """The 95% limits as text, or None where there are none."""
    lower, upper = row.get("lower_95"), row.get("upper_95")
    if lower is None or upper is None:
        return None
    return f"{words.in_cell(lower, unit, decimals)} to {words.in_cell(upper, unit, decimals)}"
