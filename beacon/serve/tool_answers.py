"""The answers that tools give: each with its release, and with a sentence that may be quoted."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from beacon.serve.mart_models import About
from beacon.serve.said_figures import Figure


class Said(About):
    """What every answer has."""

    said: str = Field(description="The answer in sentences that may be quoted.")


class Indicators(Said):
    """Indicators found."""

    results: list[dict[str, Any]]


class Areas(Said):
    """Areas found."""

    results: list[dict[str, Any]]


class Values(Said):
    """Values, or why there are none."""

    figures: list[Figure]


class Comparison(BaseModel):
    """One figure beside the nation's."""

    said: str = Field(description="A word of comparison stands here only where one was tested.")
    tested: bool
    figure: Figure


class Comparisons(Said):
    """Figures beside the nation's."""

    results: list[Comparison]


class Ranked(BaseModel):
    """A Place in a ranking."""

    rank: int | None = Field(description="Null where there is no value, or no rank.")
    figure: Figure


class Ranking(Said):
    """The Places in order."""

    order: str = Field(description="best_first, highest_first or none.")
    ranked: int
    places: int
    results: list[Ranked]


class Trend(Said):
    """A series and the test of its recent trend."""

    recent_trend: str | None = Field(description="Result of the test; null where none was made.")
    recent_trend_reason: str | None
    figures: list[Figure]


class Gap(BaseModel):
    """A gap between two groups or areas."""

    said: str
    indicator_slug: str
    measure: str
    area_code: str
    area_name: str
    period: str
    sex: str
    age: str
    breakdown: str
    disadvantaged_group: str
    comparison_group: str
    disadvantaged_value: float | None
    comparison_value: float | None
    absolute_gap: float | None
    absolute_gap_lower_95: float | None
    absolute_gap_upper_95: float | None
    relative_gap: float | None
    unit: str
    direction: str
    gap_is_clear: bool | None = Field(description="Null where the gap has no limits.")
    trace_id: str


class Gaps(Said):
    """Gaps of the latest period."""

    results: list[Gap]


class Core20(Said):
    """People who live in the most deprived fifth of the nation's LSOAs."""

    area_code: str
    area_name: str
    people: int
    people_core20: int
    core20_share_percent: float | None
    imd_vintage: int
    population_base: str
    trace_id: str | None


class Traced(Said):
    """Where a number comes from."""

    trace_id: str
    mart: str
    key: dict[str, Any]
    row: dict[str, Any]
    indicator: dict[str, Any] | None
    made_from: list[dict[str, Any]]
    inputs: list[dict[str, Any]]
    derivation: dict[str, Any]
