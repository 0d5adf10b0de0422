"""Forms of neighbourhood programmes: what an organisation counts in areas below the Place.

A form is one YAML file of `reference_data/neighbourhood_returns`. It names the areas, the columns
of counts, the groups that people are broken down by, and the metrics that follow from the columns.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from beacon.registry.base import AreaCode, Entry, Polarity, Slug, Text
from beacon.registry.local_returns import ReturnField

AreaKind = Literal["place", "neighbourhood", "ward", "msoa", "pcn"]
ColumnKind = Literal["count", "denominator", "percent"]
MetricKind = Literal["count", "proportion", "rate", "percent"]
PeriodKind = Literal["financial_year", "quarter", "month"]

ALL = "all"
"""Breakdown of the rows that are about everybody."""
EVERYBODY = "All"
"""Their group."""

COMMON_FIELDS: tuple[ReturnField, ...] = tuple(
    ReturnField(name=name, type=kind, description=description)
    for name, kind, description in (
        ("return_id", "text", "Identifier of the return, unique for its sender."),
        ("form_id", "text", "The form that this is a return of."),
        ("definition_version", "text", "Version of the form."),
        ("organisation_code", "text", "ODS code of an NHS body, ONS code of a council."),
        ("organisation_name", "text", "Name of the organisation."),
        ("period_start", "date", "First day of the period."),
        ("period_end", "date", "Last day of the period."),
        ("place_code", "text", "The Place that the area is, or lies in."),
        ("area_kind", "text", "What kind of area the row is about."),
        ("area_code", "text", "Code of the area."),
        ("breakdown", "text", "all, or what people are broken down by."),
        ("breakdown_group", "text", "All, or the group."),
        ("submitted_by_role", "text", "Role, not name, of who submitted it."),
        ("approved_by_role", "text", "Role, not name, of who approved it."),
        ("submitted_at", "date", "Day of submission."),
    )
)
"""Columns of every such return, before those of its form."""


class ReturnColumn(Entry):
    """One column of figures."""

    name: Slug
    kind: ColumnKind = Field(
        description="count: people, or events that happened to people; denominator: people among "
        "whom something is counted; percent: a share of whose people only the number is given."
    )
    of: Slug | None = Field(
        default=None, description="Of a percent: the column with the number of people."
    )
    description: Text

    @model_validator(mode="after")
    def _check(self) -> ReturnColumn:
        if (self.kind == "percent") != (self.of is not None):
            raise ValueError(f"column {self.name}: 'of' is given exactly where kind is percent")
        return self


class Metric(Entry):
    """A figure that follows from one or two columns."""

    id: Slug
    name: Text
    numerator: Slug = Field(description="Column that is counted, or a column of percentages.")
    denominator: Slug | None = Field(default=None, description="Column that it is a share of.")
    per: int | None = Field(
        default=None, ge=1, description="Of a rate of events: per how many people. Null: a share."
    )
    unit: Text
    polarity: Polarity = "no_judgement"
    description: Text


class Neighbourhood(Entry):
    """A neighbourhood of the board's own list: some wards of one Place."""

    code: Slug
    name: Text
    place_code: AreaCode
    ward24_codes: tuple[AreaCode, ...] = Field(min_length=1)


class Breakdown(Entry):
    """Groups that people are counted in."""

    id: Slug = Field(description="Such as age, sex, ethnicity or deprivation.")
    name: Text
    groups: tuple[Text, ...] = Field(min_length=2)


class SmallNumbers(Entry):
    """How few people may be shown; stricter than five where areas are small."""

    smallest_shown: int = Field(default=5, ge=5)
    rounding: int | None = Field(default=None, ge=2)


class SendingOrganisation(Entry):
    """Who may return beside the councils and the board of the footprint."""

    code: Text
    name: Text


class NeighbourhoodForm(Entry):
    """What is asked of a neighbourhood programme, by area and group of people."""

    id: Slug
    name: Text
    version: Text
    footprint: Slug = Field(description="The footprint whose organisations return it.")
    description: Text
    period: PeriodKind
    area_kinds: tuple[AreaKind, ...] = Field(min_length=1)
    neighbourhoods: tuple[Neighbourhood, ...] = ()
    organisations: tuple[SendingOrganisation, ...] = ()
    breakdowns: tuple[Breakdown, ...] = ()
    columns: tuple[ReturnColumn, ...] = Field(min_length=1)
    metrics: tuple[Metric, ...] = Field(min_length=1)
    small_numbers: SmallNumbers = SmallNumbers()

    @property
    def fields(self) -> tuple[ReturnField, ...]:
        """Every column of a return, the common ones first. Figures may be left empty."""
        return COMMON_FIELDS + tuple(
            ReturnField(
                name=column.name,
                type="number" if column.kind == "percent" else "integer",
                required=False,
                description=column.description,
            )
            for column in self.columns
        )

    @property
    def column(self) -> dict[str, ReturnColumn]:
        """The columns of figures by name."""
        return {column.name: column for column in self.columns}

    @property
    def groups(self) -> dict[str, tuple[str, ...]]:
        """The groups of each breakdown; everybody is one of their own."""
        return {ALL: (EVERYBODY,), **{one.id: one.groups for one in self.breakdowns}}

    def kind_of(self, metric: Metric) -> MetricKind:
        """What kind of figure a metric is."""
        if self.column[metric.numerator].kind == "percent":
            return "percent"
        if metric.denominator is None:
            return "count"
        return "proportion" if metric.per is None else "rate"

    @model_validator(mode="after")
    def _check(self) -> NeighbourhoodForm:
        problems: list[str] = []
        places = [
            (one.place_code, code) for one in self.neighbourhoods for code in one.ward24_codes
        ]
        for label, values in (
            ("column", [field.name for field in self.fields]),
            ("metric", [metric.id for metric in self.metrics]),
            ("neighbourhood", [one.code for one in self.neighbourhoods]),
            ("ward", [code for _, code in places]),
            ("breakdown", [ALL, *(one.id for one in self.breakdowns)]),
            *((f"group of {one.id}", list(one.groups)) for one in self.breakdowns),
        ):
            twice = sorted({value for value in values if values.count(value) > 1})
            problems += [f"{label} {value!r} is declared twice" for value in twice]
        if ("neighbourhood" in self.area_kinds) != bool(self.neighbourhoods):
            problems.append("neighbourhoods are listed exactly where area_kinds has neighbourhood")
        known = self.column
        used: set[str] = set()
        for column in self.columns:
            if column.of is not None and (
                column.of not in known or known[column.of].kind == "percent"
            ):
                problems.append(f"column {column.name}: {column.of!r} is no column of people")
            used |= {column.of} if column.of else set()
        for metric in self.metrics:
            named = [metric.numerator, *([metric.denominator] if metric.denominator else [])]
            unknown = [name for name in named if name not in known]
            problems += [f"metric {metric.id}: {name!r} is no column" for name in unknown]
            used |= set(named)
            if unknown:
                continue
            percent = [name for name in named if known[name].kind == "percent"]
            if percent and (len(named) > 1 or metric.per):
                problems.append(f"metric {metric.id}: a percent column stands alone")
            if metric.per is not None and metric.denominator is None:
                problems.append(f"metric {metric.id}: a rate needs a denominator")
        problems += [f"column {name!r} is used by no metric" for name in known if name not in used]
        if problems:
            raise ValueError("; ".join(problems))
        return self
