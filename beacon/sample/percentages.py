"""Invented values of a measure by area and year: one level, one gradient, one stream of chance.

Belongs here: how figures that publishers give without counts are invented. Does not belong here:
any file's layout.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from beacon.sample.outcomes import Area
from beacon.sample.world import Floats, World

Latest = dict[str, float | None]
"""Place code to its latest value, None where the publisher shows none."""


@dataclass(frozen=True)
class Shape:
    """What a measure looks like.

    Attributes:
        level: The nation's value in the first year, in the measure's unit.
        slope: Change for each standard deviation of deprivation.
        spread: Standard deviation between authorities beyond deprivation.
        step: Change a year.
        noise: Standard deviation of one authority's single years.
        least: No value is below it.
    """

    level: float
    slope: float
    spread: float
    step: float = 0.0
    noise: float = 0.0
    least: float = 0.2


def invent(
    world: World, areas: list[Area], stream: str, shape: Shape, years: int
) -> dict[str, Floats]:
    """Values by area code, one element a year; groups of authorities are weighted by residents.

    Args:
        world: The nation.
        areas: The nation, regions, counties and authorities.
        stream: Name of the stream of chance, of this measure alone.
        shape: What the measure looks like.
        years: How many years.
    """
    rng = world.rng(stream)
    local = [area for area in areas if area.kind == "authority"]
    depth = np.array([area.deprivation for area in local])
    people = np.array([area.people for area in local], dtype=np.float64)
    own = shape.level + shape.slope * depth + rng.normal(0.0, shape.spread, len(local))
    values = own[:, None] + shape.step * np.arange(years)
    values += rng.normal(0.0, shape.noise, values.shape)
    values = np.maximum(values, shape.least)
    found: dict[str, Floats] = {}
    for area in areas:
        members = np.array(area.authorities)
        weight = people[members] / people[members].sum()
        found[area.code] = weight @ values[members]
    return found
