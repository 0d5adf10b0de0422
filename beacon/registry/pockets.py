"""Small pockets: Core20 LSOAs whose surroundings are not deprived.

No official definition of a pocket was found; the rule and its numbers are this project's own and
stand in `reference_data/core20_pockets.yaml`, where a system may set others.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from beacon.registry.base import Entry, Text

Percent = Annotated[float, Field(ge=0, le=100)]


class PocketRule(Entry):
    """When the surroundings of a Core20 LSOA count as affluent. Both conditions must hold."""

    surroundings: Literal["ward", "place"]
    core20_around_at_most_percent: Percent = Field(
        description="Share of everybody else there who live in Core20 LSOAs."
    )
    less_deprived_around_at_least_percent: Percent = Field(
        description="Share of everybody else there who live in national deciles 6 to 10."
    )
    why: Text


class PocketRules(Entry):
    """The rules of all kinds of surroundings."""

    rules: tuple[PocketRule, ...] = Field(min_length=1)
    notes: tuple[Text, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> PocketRules:
        kinds = [rule.surroundings for rule in self.rules]
        twice = sorted({kind for kind in kinds if kinds.count(kind) > 1})
        if twice:
            raise ValueError(f"surroundings given more than once: {', '.join(twice)}")
        return self
