"""Areas that outcomes are published for, and the arithmetic publishers do on them.

Belongs here: the area list, planted gradients and classes, limits. Does not belong here: file
formats, or the judgement Beacon itself makes (that is computed elsewhere, from what was read).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from beacon.sample import names
from beacon.sample.world import NATION_CODE, Floats, Ints, World

Z95, Z998 = 1.959963984540054, 3.090232306167813
Kind = Literal["nation", "region", "county", "authority"]


@dataclass(frozen=True)
class Area:
    """One area with a published value.

    Attributes:
        code: Area code.
        name: Area name.
        kind: What sort of area.
        authorities: Indices of its local authorities.
        place: Index of the Place, or -1.
        people: Census residents.
        deprivation: Their mean deprivation, standard deviations above the nation's.
        upper_tier: Whether Fingertips' "Counties & UAs" has it.
        region: Index of its region, -1 for the nation.
    """

    code: str
    name: str
    kind: Kind
    authorities: tuple[int, ...]
    place: int
    people: int
    deprivation: float
    upper_tier: bool
    region: int


def list_areas(world: World) -> list[Area]:
    """Nation, regions, counties, then authorities, each with people and deprivation."""
    auth = world.authorities
    people = np.bincount(world.lad21, weights=world.people21)
    pull = np.bincount(world.lad21, weights=world.people21 * world.z21)

    def area(code: str, name: str, kind: Kind, members: tuple[int, ...], upper: bool) -> Area:
        index = np.array(members)
        total = float(people[index].sum())
        one = members[0] if kind == "authority" else -1
        return Area(
            code=code,
            name=name,
            kind=kind,
            authorities=members,
            place=int(auth.place[one]) if one >= 0 else -1,
            people=int(total),
            deprivation=float(pull[index].sum() / total),
            upper_tier=upper,
            region=-1 if kind == "nation" else int(auth.region[members[0]]),
        )

    everyone = tuple(range(len(auth)))
    areas = [area(NATION_CODE, names.NATION, "nation", everyone, False)]
    for r, code in enumerate(world.region_codes):
        members = tuple(np.flatnonzero(auth.region == r).tolist())
        areas.append(area(code, world.region_names[r], "region", members, False))
    counties: dict[str, list[int]] = {}
    for i in everyone:
        if auth.utla_code[i] != auth.code[i]:
            counties.setdefault(auth.utla_code[i], []).append(i)
    for code, districts in counties.items():
        name = auth.utla_name[districts[0]]
        areas.append(area(code, name, "county", tuple(districts), True))
    for i in everyone:
        single = auth.utla_code[i] == auth.code[i]
        areas.append(area(auth.code[i], auth.name[i], "authority", (i,), single))
    return areas


def core20_share(world: World) -> Floats:
    """Share of each Place's Census residents in deciles 1 and 2 of IMD 2025, by Place."""
    share = np.zeros(len(names.PLACES))
    for place in range(len(names.PLACES)):
        here = world.lad21 == place
        people = world.people21[here]
        share[place] = people[world.decile21[here] <= 2].sum() / people.sum()
    return share


def deprivation_position(world: World) -> Floats:
    """Relative deprivation rank of each Place, 0 (most deprived) to 1, as for an SII.

    Places are ordered by Core20 share (IMD 2025), most deprived first; the position is the
    midpoint of the cumulative share of Census residents (PHEindicatormethods, `phe_sii`).
    """
    order = np.argsort(-core20_share(world), kind="stable")
    people = np.bincount(world.lad21, weights=world.people21)[: len(names.PLACES)]
    ordered = people[order]
    middle = (np.cumsum(ordered) - ordered / 2) / ordered.sum()
    position = np.empty(len(names.PLACES))
    position[order] = middle
    return position


def deprivation_class(world: World) -> Ints:
    """Planted class of each Place: -1 the three most deprived, 0 the middle, 1 the least."""
    order = np.argsort(-core20_share(world), kind="stable")
    planted = np.empty(len(names.PLACES), dtype=np.int64)
    planted[order] = np.repeat([-1, 0, 1], 3)
    return planted


def wilson(count: float, base: float, z: float) -> tuple[float, float]:
    """Wilson score limits of a proportion (Newcombe 1998, method 3), as fractions."""
    p = count / base
    middle = 2 * count + z * z
    spread = z * float(np.sqrt(z * z + 4 * count * (1 - p)))
    return (middle - spread) / (2 * (base + z * z)), (middle + spread) / (2 * (base + z * z))


def byar(count: float, z: float) -> tuple[float, float]:
    """Byar's approximate limits of a count (Breslow and Day 1987, p. 69)."""
    low = count * (1 - 1 / (9 * count) - z / (3 * np.sqrt(count))) ** 3 if count > 0 else 0.0
    more = count + 1
    return float(low), float(more * (1 - 1 / (9 * more) + z / (3 * np.sqrt(more))) ** 3)
