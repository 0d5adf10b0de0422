"""What an indicator is: its definition, direction, sources, limits and known traps."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field, model_validator

from beacon.core.source_names import LOCAL_RETURN
from beacon.registry.base import (
    Entry,
    Level,
    Period,
    Polarity,
    Programme,
    Sex,
    Slug,
    Text,
    ValueType,
)
from beacon.registry.bindings import SourceBinding
from beacon.registry.local_returns import LocalReturn
from beacon.registry.plausible import Plausible, usual_bounds

FIRST_OTHER_ID = 101
"""Numbers from here on belong to indicators that are not beacons."""

SHORT_NAME_LENGTH = 40
"""Characters that a column head, a chart's label or a printed page has room for."""

NameStatus = Literal["confirmed", "unconfirmed"]

IntervalMethod = Literal[
    "wilson",
    "byar",
    "dobson",
    "student_t",
    "chiang_silcocks",
    "sullivan",
    "publisher",
    "none",
]

BenchmarkMethod = Literal["confidence_intervals_95", "confidence_intervals_99_8", "none"]

_TREND_EXCLUDED: frozenset[str] = frozenset({"life_expectancy", "score", "slope_index"})
"""Value types that the Fingertips recent-trend test is not defined for."""


class Measure(Entry):
    """One of the numbers an indicator shows. Most have a single one, `main`."""

    id: Slug = "main"
    name: Text | None = Field(default=None, description="Null takes the indicator's name.")
    short_name: Text | None = Field(
        default=None,
        max_length=SHORT_NAME_LENGTH,
        description="For column heads and charts. Null takes the measure's name; `main` takes the"
        " indicator's short name.",
    )
    polarity: Polarity | None = Field(default=None, description="Null takes the indicator's.")
    unit: Text | None = Field(default=None, description="Null takes the indicator's.")
    value_type: ValueType | None = Field(default=None, description="Null takes the indicator's.")
    multiplier: float | None = Field(default=None, gt=0, description="Null takes the indicator's.")
    age: Text | None = Field(default=None, description="Null takes the indicator's.")
    plausible: Plausible | None = Field(
        default=None, description="Null takes the indicator's, or what the kind of number allows."
    )
    recent_trend: bool | None = Field(default=None, description="Null takes the indicator's.")
    alternative_to: Slug | None = Field(
        default=None,
        description="Measure in whose place it may head the indicator when that one has no data.",
    )


class SeriesBreak(Entry):
    """A change after which values may not be compared with those before."""

    period: Period = Field(description="First period on the new basis.")
    note: Text
    source: Slug | None = Field(default=None, description="Null where it holds for every source.")
    measure: Slug | None = Field(default=None, description="Null where it holds for all measures.")


class CancelledPeriod(Entry):
    """A period without a usable value. Shown as such with its reason, never filled in."""

    period: Period
    reason: Text
    status: Literal["not_published", "not_comparable"] = Field(
        default="not_published",
        description="not_comparable: values exist, measured differently, and are left out.",
    )
    measure: Slug | None = Field(default=None, description="Null where it holds for all measures.")


class DisclosureRule(Entry):
    """How small numbers of people are kept from being shown."""

    apply: Literal["own_counts", "always", "never"] = Field(
        default="own_counts",
        description=(
            "own_counts: counts that nobody has protected yet (local returns); always: published"
            " counts too; never: none, for a stated reason."
        ),
    )
    smallest_shown: int = Field(
        default=5, ge=1, description="Counts from 1 to one less than this are suppressed."
    )
    rounding: int | None = Field(
        default=None, ge=2, description="Shown counts are rounded to a multiple of this."
    )
    complementary: bool = Field(
        default=True, description="Suppress further cells so that none can be worked out."
    )
    reason: Text | None = Field(default=None, description="Why, when never or not complementary.")

    @model_validator(mode="after")
    def _say_why(self) -> DisclosureRule:
        if self.reason is None and (self.apply == "never" or not self.complementary):
            raise ValueError("reason is needed where protection is switched off")
        return self


class Indicator(Entry):
    """One indicator as this partnership defines it.

    Polarity is held here and nowhere else: publishers' own flags have been wrong.
    """

    id: int = Field(ge=1, description="1 to 22 for the beacons, above 100 for all others.")
    slug: Slug
    name: Text
    short_name: Text | None = Field(
        default=None,
        max_length=SHORT_NAME_LENGTH,
        description="For column heads and charts, without the sex. Null takes the name.",
    )
    name_status: NameStatus = Field(
        description="unconfirmed: the wording has not been checked against the source document."
    )
    name_evidence: Text | None = Field(
        default=None, description="Where the name can be read, or what it rests on."
    )
    programme: Programme
    theme: Text
    definition: Text | None
    numerator: Text | None
    denominator: Text | None
    unit: Text
    multiplier: float | None = Field(
        gt=0, description="100 for percent, 100000 for a rate per 100,000; null where none."
    )
    value_type: ValueType
    plausible: Plausible | None = Field(
        default=None, description="Null takes what the kind of number allows."
    )
    polarity: Polarity
    age: Text | None
    sex: tuple[Sex, ...] = Field(min_length=1)
    frequency: Text | None
    levels_published: tuple[Level, ...]
    breakdowns: tuple[Text, ...] = Field(
        default=(), description="Breakdowns that some source publishes at some level."
    )
    measures: tuple[Measure, ...] = Field(default=(Measure(),), min_length=1)
    sources: tuple[SourceBinding, ...] = ()
    combine_sources: Literal["first_only", "by_period"] = Field(
        default="first_only",
        description=(
            "A series is one measure, sex and category. first_only: a series comes whole from the"
            " first source that has any of it, so that vintages do not mix; by_period: a period"
            " that source lacks is taken from the next, never within a period."
        ),
    )
    combine_areas: Literal["counts", "population_weighted"] = Field(
        default="counts",
        description=(
            "A Place of several authorities that no source has a row for: the sum of their counts,"
            " or, where there are no counts, the mean of their percentages weighted by residents."
        ),
    )
    no_open_source: Text | None = Field(
        default=None, description="Why no published figure exists, where none does."
    )
    ci_method: IntervalMethod = Field(
        description=(
            "How limits are computed where a source has counts but no limits. Published limits"
            " are kept; `publisher` means that only published limits are used."
        )
    )
    benchmark_method: BenchmarkMethod
    benchmark_reason: Text | None = Field(default=None, description="Why not, when `none`.")
    recent_trend: bool
    recent_trend_reason: Text | None = Field(default=None, description="Why not, when false.")
    known_breaks: tuple[SeriesBreak, ...] = ()
    cancelled_periods: tuple[CancelledPeriod, ...] = ()
    region_only: bool = False
    region_only_note: Text | None = Field(
        default=None, description="What is and is not available below region."
    )
    rounding: int = Field(ge=0, le=4, description="Decimal places shown; data keep full precision.")
    disclosure: DisclosureRule = DisclosureRule()
    revision_tolerance_percent: float | None = Field(
        default=10.0,
        gt=0,
        description=(
            "A published value that changes by more than this percentage of itself, or is gone,"
            " holds the release until a person approves it. An operational threshold, not a"
            " statistical one; null: never held."
        ),
    )
    rationale: Text
    caveats: tuple[Text, ...] = ()
    owner: Text = Field(description="The role that answers for this definition.")
    checked_by: Text | None = Field(
        default=None, description="Who checked the definition against its source; null: nobody yet."
    )
    next_review: date
    local_return: LocalReturn | None = None

    def measure(self, measure_id: str) -> Measure:
        """The measure of that id.

        Raises:
            KeyError: If the indicator has no such measure.
        """
        for measure in self.measures:
            if measure.id == measure_id:
                return measure
        raise KeyError(f"{self.slug} has no measure {measure_id!r}")

    def measure_name(self, measure_id: str = "main") -> str:
        """What to call that measure in front of people."""
        return self.measure(measure_id).name or self.name

    def short_name_of(self, measure_id: str = "main") -> str:
        """What to call that measure where there is little room, without the sex."""
        measure = self.measure(measure_id)
        own = measure.name if measure.id != "main" else None
        return measure.short_name or own or self.short_name or self.measure_name(measure_id)

    def polarity_of(self, measure_id: str = "main") -> Polarity:
        """Which direction of that measure is better."""
        return self.measure(measure_id).polarity or self.polarity

    def unit_of(self, measure_id: str = "main") -> str:
        """Unit of that measure's value."""
        return self.measure(measure_id).unit or self.unit

    def denominator_of(self, measure_id: str = "main") -> str | None:
        """What that measure is divided by; None where the registry does not say so of it.

        A measure with a unit, kind or age of its own is divided by something of its own.
        """
        measure = self.measure(measure_id)
        own = measure.unit or measure.value_type or measure.age
        return None if own else self.denominator

    def value_type_of(self, measure_id: str = "main") -> ValueType:
        """Kind of number that measure is."""
        return self.measure(measure_id).value_type or self.value_type

    def multiplier_of(self, measure_id: str = "main") -> float | None:
        """Factor from numerator over denominator to value; None where there is none."""
        return self.measure(measure_id).multiplier or self.multiplier

    def age_of(self, measure_id: str = "main") -> str | None:
        """Age group of that measure, as the registry sets it."""
        return self.measure(measure_id).age or self.age

    def plausible_of(self, measure_id: str = "main") -> Plausible:
        """The least and greatest value that measure can have."""
        measure = self.measure(measure_id)
        if measure.plausible is not None:
            return measure.plausible
        if self.plausible is not None and measure.value_type is None:
            return self.plausible
        return usual_bounds(self.value_type_of(measure_id), self.multiplier_of(measure_id))

    def recent_trend_of(self, measure_id: str = "main") -> bool:
        """Whether a recent trend may be computed for that measure."""
        own = self.measure(measure_id).recent_trend
        return self.recent_trend if own is None else own

    def role_of(self, measure_id: str) -> str:
        """`measure`, `proxy` or `context`: what the sources of that measure are."""
        roles = {binding.role for binding in self.sources if binding.measure == measure_id}
        return roles.pop() if roles else "measure"

    @property
    def is_beacon(self) -> bool:
        """Whether it is one of the Marmot beacons."""
        return self.programme == "marmot_beacon"

    @model_validator(mode="after")
    def _check(self) -> Indicator:
        problems = [*self._identity(), *self._consistency(), *self._references()]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _identity(self) -> list[str]:
        if not self.is_beacon and self.id < FIRST_OTHER_ID:
            return [f"id {self.id} is kept for beacons; others start at {FIRST_OTHER_ID}"]
        if self.is_beacon and self.id >= FIRST_OTHER_ID:
            return [f"id {self.id}: a beacon's number is below {FIRST_OTHER_ID}"]
        return []

    def _consistency(self) -> list[str]:
        problems = []
        if not self.recent_trend and self.recent_trend_reason is None:
            problems.append("recent_trend_reason is needed when recent_trend is false")
        if self.recent_trend and self.value_type in _TREND_EXCLUDED:
            problems.append(f"recent_trend is not defined for a {self.value_type}")
        if self.benchmark_method == "none" and self.benchmark_reason is None:
            problems.append("benchmark_reason is needed when benchmark_method is none")
        if self.region_only != (self.region_only_note is not None):
            problems.append("region_only_note is given exactly when region_only is true")
        published = any(
            binding.select
            for binding in self.sources
            if binding.role == "measure" and binding.source != LOCAL_RETURN
        )
        if self.no_open_source and published:
            problems.append("no_open_source contradicts a source with series of the measure itself")
        if not self.sources and self.no_open_source is None and self.local_return is None:
            problems.append("without sources, no_open_source must say why")
        return problems

    def _references(self) -> list[str]:
        problems = []
        ids = [measure.id for measure in self.measures]
        twice = sorted({name for name in ids if ids.count(name) > 1})
        if twice:
            problems.append(f"measures: {', '.join(twice)} declared twice")
        for number, binding in enumerate(self.sources):
            if binding.measure not in ids:
                problems.append(f"sources.{number}.measure: {binding.measure!r} is not declared")
        for place in ("known_breaks", "cancelled_periods"):
            for number, item in enumerate(getattr(self, place)):
                if item.measure is not None and item.measure not in ids:
                    problems.append(f"{place}.{number}.measure: {item.measure!r} is not declared")
        for measure in self.measures:
            if measure.alternative_to is not None and measure.alternative_to not in ids:
                problems.append(f"measures: {measure.alternative_to!r} is not declared")
        for measure_id in ids:
            roles = {binding.role for binding in self.sources if binding.measure == measure_id}
            if len(roles) > 1:
                problems.append(f"measure {measure_id!r} is fed as {' and '.join(sorted(roles))}")
            if roles & {"proxy", "context"} and self.measure(measure_id).name is None:
                problems.append(f"measure {measure_id!r} needs a name of its own")
        own = {key for b in self.sources if b.role == "measure" for key in b.series_keys}
        lent = {key for b in self.sources if b.role != "measure" for key in b.series_keys}
        for source, series in sorted(own & lent):
            problems.append(f"{source} series {series!r} is both the measure and a stand-in for it")
        return problems
