"""PLUS groups: people beyond Core20 whom a system chooses to look after as well.

NHS England leaves the choice to each system. The partnership has not published its own, so no
definition is on by default and the ones supplied are examples.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from beacon.registry.base import Entry, Slug, Text

_DOMAINS = (
    "imd", "income", "employment", "education", "health", "crime", "barriers",
    "living_environment", "idaci", "idaopi", "children_young_people", "adult_skills",
    "geographical_barriers", "wider_barriers", "indoors", "outdoors",
)  # fmt: skip

# Area data that Beacon has of its own: table -> columns (sql/cohorts/lsoa_area_data.sql). Any other
# table is one that somebody supplies (reference_data/sources/plus_groups.yaml).
AREA_DATA: dict[str, tuple[str, ...]] = {
    "rural_urban_2021": ("ruc", "ruc_code"),
    "deprivation_domain_2019": tuple(f"{domain}_decile" for domain in _DOMAINS),
    "deprivation_domain_2025": tuple(f"{domain}_decile" for domain in _DOMAINS),
    "residents_by_age": ("aged_65_and_over_percent", "aged_under_5_percent"),
    "ethnic_group_2021": (
        "asian_percent",
        "black_percent",
        "mixed_percent",
        "white_percent",
        "other_percent",
    ),
}
# All groups in use together, in the marts.
ANY_GROUP = "any"


class AreaRule(Entry):
    """LSOAs whose value of a column passes a threshold or is one of a list."""

    column: Slug = Field(description="Column of a table keyed by LSOA.")
    table: Slug = Field(
        description="Table that holds the column: Beacon's own, or a data set that is supplied."
    )
    comparison: Literal["at_least", "at_most", "one_of"]
    threshold: float | None = None
    values: tuple[Text, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> AreaRule:
        if (self.comparison == "one_of") != bool(self.values):
            raise ValueError("values are given exactly when comparison is 'one_of'")
        if (self.comparison == "one_of") == (self.threshold is not None):
            raise ValueError("threshold is given exactly when comparison is not 'one_of'")
        known = AREA_DATA.get(self.table)
        if known is not None and self.column not in known:
            raise ValueError(f"{self.table} has no column {self.column!r}; it has {known}")
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
    supplied_list: bool = Field(
        default=False,
        description="Whether a supplied CSV with the columns plus_group and lsoa21_code (or "
        "lsoa11_code) says which LSOAs are in the group; plus_group is the id given here.",
    )
    caveats: tuple[Text, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> PlusGroup:
        if (self.rule is None) != self.supplied_list:
            raise ValueError("give either rule or supplied_list: true")
        if self.example and self.enabled:
            raise ValueError("an example is never enabled; copy it and set example: false")
        if self.id == ANY_GROUP:
            raise ValueError(f"the id {ANY_GROUP!r} stands for all groups together")
        return self
