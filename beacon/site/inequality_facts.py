"""Rows of the `inequality` mart in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from beacon.site import words
from beacon.site.facts import ReleaseFacts
from beacon.site.figures import series_name
from beacon.site.indicator_facts import IndicatorFacts, Row, Series

BETWEEN_PLACES = "places_worst_to_best"
BY_CORE20_SHARE = "places_by_core20_share"
_BREAKDOWNS = {
    BY_CORE20_SHARE: "Places by their Core20 share",
    BETWEEN_PLACES: "Worst and best Place",
    "core20": "Core20 and the rest",
    "deprivation_decile": "Tenths by deprivation",
    "deprivation_quintile": "Fifths by deprivation",
}
_DIRECTIONS = {
    "worse_for_disadvantaged": "Worse for the disadvantaged",
    "better_for_disadvantaged": "Better for the disadvantaged",
    "no_difference": "No difference",
    "no_judgement": "Not judged",
}
_ALONG_CORE20 = {
    "worse_for_disadvantaged": "Worse where more people are Core20",
    "better_for_disadvantaged": "Better where more people are Core20",
}


@dataclass(frozen=True)
class Gap:
    """One row of the mart as it is shown.

    Attributes:
        area: Name of the area.
        breakdown: What the groups are, in words.
        disadvantaged: The disadvantaged group and its value.
        comparison: The group it is compared with, and its value.
        gap: Comparison less disadvantaged, in the indicator's own unit.
        gap_limits: Its 95% limits, or None.
        ratio: Comparison over disadvantaged, or None.
        slope: The slope index of inequality, or None.
        slope_limits: Its 95% limits, or None.
        relative_slope: The relative index of inequality, or None.
        direction: Whom the gap disfavours, and whether it is clear of chance.
        ecological: Whether areas, not people, are compared.
        row: The mart's row.
    """

    area: str
    breakdown: str
    disadvantaged: str
    comparison: str
    gap: str | None
    gap_limits: str | None
    ratio: str | None
    slope: str | None
    slope_limits: str | None
    relative_slope: str | None
    direction: str
    ecological: bool
    row: Row


def breakdown_text(breakdown: str) -> str:
    """A breakdown's name in words."""
    return _BREAKDOWNS.get(breakdown, breakdown.replace("_", " ").capitalize())


def latest_gaps(facts: ReleaseFacts, series: Series) -> list[Row]:
    """The mart's rows of a series, each breakdown and kind of area at its latest period."""
    rows = [
        row
        for row in facts.rows("inequality")
        if row["indicator_slug"] == series.slug
        and row["measure"] == series.measure
        and row["sex"] == series.sex
        and (row["age"] or "") == series.age
        and row["absolute_gap"] is not None
    ]
    return latest_of(rows)


def latest_of(rows: Iterable[Row]) -> list[Row]:
    """Rows at the latest period of their series, breakdown and kind of area."""
    listed = list(rows)
    latest: dict[tuple[str, ...], str] = {}
    for row in listed:
        key = _key(row)
        latest[key] = max(latest.get(key, ""), str(row["period_end"] or ""))
    return [row for row in listed if str(row["period_end"] or "") == latest[_key(row)]]


def _key(row: Row) -> tuple[str, ...]:
    return (
        row["indicator_slug"], row["measure"], row["sex"], row["age"] or "", row["breakdown"],
        row["area_type"],
    )  # fmt: skip


def gap_of(item: IndicatorFacts, row: Row) -> Gap:
    """A row of the mart in words."""
    decimals = item.decimals(row["measure"])
    clear = row["gap_is_clear"]
    direction = _DIRECTIONS.get(
        row["direction"] or "", (row["direction"] or "not judged").replace("_", " ").capitalize()
    )
    if row["breakdown"] == BY_CORE20_SHARE:
        direction = _ALONG_CORE20.get(row["direction"] or "", direction)
    if clear is False:
        direction = "Not clear of chance"
    elif clear is None:
        direction = "Not tested: no confidence interval"
    return Gap(
        area=row["area_name"],
        breakdown=breakdown_text(row["breakdown"]),
        disadvantaged=_group(row["disadvantaged_group"], row["disadvantaged_value"], row, decimals),
        comparison=_group(row["comparison_group"], row["comparison_value"], row, decimals),
        gap=_number(row["absolute_gap"], decimals),
        gap_limits=_limits(row, "absolute_gap", decimals),
        ratio=_number(row["relative_gap"], 2),
        slope=_number(row["sii"], decimals),
        slope_limits=_limits(row, "sii", decimals),
        relative_slope=_number(row["rii"], 2),
        direction=direction,
        ecological=bool(row["ecological"]),
        row=row,
    )


def _group(name: str | None, value: float | None, row: Row, decimals: int) -> str:
    if value is None:
        return name or ""
    return f"{name}: {words.in_cell(value, row['unit'], decimals)}"


def _number(value: float | None, decimals: int) -> str | None:
    return None if value is None else words.number(value, decimals)


def _limits(row: Row, name: str, decimals: int) -> str | None:
    lower, upper = row[f"{name}_lower_95"], row[f"{name}_upper_95"]
    if lower is None or upper is None:
        return None
    return f"{words.number(lower, decimals)} to {words.number(upper, decimals)}"


def named(item: IndicatorFacts, row: Row) -> str:
    """What the series of a row is called."""
    series = Series(row["indicator_slug"], row["measure"], row["sex"], row["age"] or "")
    return series_name(item, series)
