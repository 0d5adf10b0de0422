"""PLUS groups: people beyond Core20 whom a system chooses to look after as well.

What belongs here: the model of one definition. What does not: who is in the group, which is
computed from area data.

NHS England leaves the choice to each system. The partnership has not published its own, so no
definition is on by default and the ones supplied are examples.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from beacon.registry.base import Entry, Slug, Text


class AreaRule(Entry):
    """LSOAs whose value of a column passes a threshold or is one of a list."""

    column: Slug = Field(description="Column of a table keyed by LSOA.")
    table: Slug = Field(description="Table that holds the column.")
    comparison: Literal["at_least", "at_most", "one_of"]
    threshold: float | None = None
    values: tuple[Text, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> AreaRule:
        if (self.comparison == "one_of") != bool(self.values):
            raise ValueError("values are given exactly when comparison is 'one_of'")
        if (self.comparison == "one_of") == (self.threshold is not None):
            raise ValueError("threshold is given exactly when comparison is not 'one_of'")
        return self


class PlusGroup(Entry):
    """One group, defined over areas."""

    id: Slug
    name: Text
    description: Text
    national_list: Text | None = Field(
        default=None, description="The entry of NHS England's list it is an example of."
    )
    enabled: bool = Field(default=False, description="Whether cohorts include it.")
    example: bool = Field(default=True, description="Not chosen by any partnership.")
    lsoa_vintage: Literal[2011, 2021] = 2021
    rule: AreaRule | None = None
    lsoa_file: Text | None = Field(
        default=None, description="Name of a supplied CSV with one LSOA code per line."
    )
    caveats: tuple[Text, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> PlusGroup:
        if (self.rule is None) == (self.lsoa_file is None):
            raise ValueError("give either rule or lsoa_file")
        if self.example and self.enabled:
            raise ValueError("an example is never enabled; copy it and set example: false")
        return self
