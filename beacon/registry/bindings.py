"""How an indicator finds its numbers among the staged observations.

A binding selects rows of `staging.observation` by the publisher's own series and, where one
series carries many rows, by the values of named columns. It never computes anything but one
constant factor.
"""

from __future__ import annotations

from typing import Literal, get_args

from pydantic import Field, model_validator

from beacon.registry.base import Entry, Sex, Slug, Text

ObservationFilter = Literal[
    "dataset",
    "series_name",
    "sex",
    "age",
    "category_type",
    "category",
    "period",
]
"""Columns of `staging.observation` that a binding may filter on."""

ObservationLabel = Literal["sex", "age", "category_type", "category"]
"""Columns of `staging.observation` that a binding may relabel."""

Role = Literal["measure", "proxy", "context"]


class Selection(Entry):
    """Rows of one series of one publisher."""

    series: Text = Field(
        description="The publisher's own id or name of the series, as text, exactly."
    )
    expected_name: Text | None = Field(
        default=None,
        description=(
            "The publisher's name for the series. When given, a different name in the file is an"
            " error: identifiers have been reused and renamed before."
        ),
    )
    where: dict[ObservationFilter, tuple[str | None, ...]] = Field(
        default_factory=dict,
        description="Column -> accepted values; null accepts rows without a value.",
    )
    set: dict[ObservationLabel, str | None] = Field(
        default_factory=dict,
        description="Labels that the publisher keeps in the series name, written into the row.",
    )
    scale: float | None = Field(
        default=None,
        gt=0,
        description="Factor for value and limits, where the publisher's unit differs from ours.",
    )

    @model_validator(mode="after")
    def _check(self) -> Selection:
        empty = [column for column, accepted in self.where.items() if not accepted]
        if empty:
            raise ValueError(
                f"where: no accepted value for {', '.join(empty)}; remove it or fill it."
            )
        sex = self.set.get("sex")
        if sex is not None and sex not in get_args(Sex):
            raise ValueError(f"set.sex is {sex!r}; use one of {', '.join(get_args(Sex))}.")
        return self

    def may_share_rows(self, other: Selection) -> bool:
        """Whether both can read one row: one series, and no column of which they accept others."""
        return self.series == other.series and all(
            set(accepted) & set(other.where.get(column, accepted))
            for column, accepted in self.where.items()
        )


class SourceBinding(Entry):
    """One source of one measure of an indicator. Order in the list is order of preference."""

    source: Slug = Field(description="Id of the source, as in reference_data/sources.")
    measure: Slug = Field(default="main", description="Which measure of the indicator it feeds.")
    role: Role = Field(
        default="measure",
        description="measure: the thing itself; proxy: stands for it under its own name;"
        " context: shown beside it.",
    )
    proxy_for: Text | None = Field(
        default=None, description="What a proxy stands for, and how it differs."
    )
    modelled: bool = Field(
        default=False, description="The values come from a model rather than a count or survey."
    )
    select: tuple[Selection, ...] = Field(
        default=(),
        description="Series to read. Empty where the source is known but has no reader yet.",
    )
    publisher_id: Text | None = Field(
        default=None, description="The publisher's identifier, for people."
    )
    note: Text | None = Field(default=None, description="What a reader of the numbers must know.")
    withdrawn: Text | None = Field(
        default=None,
        description="Since when, or how known, the publisher no longer gives this series.",
    )

    @model_validator(mode="after")
    def _check(self) -> SourceBinding:
        if (self.role == "proxy") != (self.proxy_for is not None):
            raise ValueError("proxy_for is given exactly when role is 'proxy'.")
        if self.role != "measure" and self.measure == "main":
            raise ValueError(
                f"a {self.role} may not feed the measure 'main'; give it a measure of its own."
            )
        return self

    @property
    def series_keys(self) -> frozenset[tuple[str, str]]:
        """(source, series) pairs that this binding reads."""
        return frozenset((self.source, selection.series) for selection in self.select)
