"""What was planted in a sample, so that a reader of its files can be checked.

Belongs here: the record, computed from the generator's own state and not from the files.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from beacon.sample import names
from beacon.sample.energy import FuelPovertyTruth
from beacon.sample.fingertips_files import (
    FLAT_PLACE,
    LE_INTERCEPT,
    LE_NATION_SLOPE,
    LE_PLACE_SLOPE,
    POSITIVE_OUTLIER,
    TREND_INDICATOR,
    TREND_PLACE,
    TREND_STEP,
    Planted,
)
from beacon.sample.housing import TemporaryAccommodationTruth
from beacon.sample.networks import NetworkTruth
from beacon.sample.outcomes import deprivation_position
from beacon.sample.percentages import Latest
from beacon.sample.sizes import GENERATOR_VERSION, SampleSize, sample_fingerprint
from beacon.sample.world import FOOTPRINT_ICB_CODE, NATION_CODE, Ints, World


@dataclass(frozen=True)
class Core20Truth:
    """Core20 (IMD deciles 1 and 2) of one area on one vintage.

    Attributes:
        area_code: Place, ICB or nation.
        imd_vintage: 2025 (LSOA 2021, Census residents) or 2019 (LSOA 2011, mid-2020).
        lsoas: All LSOAs of the area.
        core20_lsoas: Those in deciles 1 and 2.
        people: All people.
        core20_people: People in Core20 LSOAs.
        core20_share: `core20_people / people`.
    """

    area_code: str
    imd_vintage: int
    lsoas: int
    core20_lsoas: int
    people: int
    core20_people: int
    core20_share: float


@dataclass(frozen=True)
class SampleTruths:
    """Everything planted in one sample.

    Attributes:
        fictional: Always true.
        generator_version: Version of the generator.
        fingerprint: `sample_fingerprint(seed, size)`.
        seed: The seed.
        size: The size.
        nation_code: Code of the fictional nation.
        nation_name: Its name.
        icb_code: The footprint's ICB.
        place_codes: The nine Places, in the footprint's order.
        place_names: Their names.
        authorities: Local authorities in the nation.
        boundary_changes: Rows of the 2011 to 2021 crosswalk by change indicator U, S, M, X.
        core20: Core20 by area and vintage: nine Places, every ICB, the nation.
        life_expectancy_sii_nation: Sex to slope over the nation's ten decile rows (90366), every
            period; tenths of equal size, so their midpoints are 0.05 ... 0.95.
        life_expectancy_sii_places: Sex to slope over the nine Places, every period (90366).
        life_expectancy_intercept_places: Sex to the value at position 0 in the latest period.
        place_position: Place code to its position for that slope: ordered by Core20 share
            (IMD 2025), midpoint of cumulative share of Census residents.
        fingertips: What is in each Fingertips file: latest values, judgement against the nation
            at 95 %, and every missing value with its note.
        els: ONS Explore Local Statistics: latest value of each Place by `indicator`.
        dfe: Department for Education: latest real value of each Place by column name.
        fuel_poverty: Households in fuel poverty by Core20 on IMD 2019, each Place and the nation.
        temporary_accommodation: Households in it, each Place and the nation.
        latest: Latest value of each Place, by indicator; None where its publisher shows none.
        returned: What the returns of organisations come to in each Place, by indicator; None where
            none that can be used has come.
        neighbourhoods: What the neighbourhood programme counted, by area and group of people.
        networks: Patients of each open primary care network, and those who live in Core20.
        trend: The steady rise, and the Place that does not move.
        positive_outlier: The indicator on which the most deprived Place is better.
    """

    fictional: bool
    generator_version: str
    fingerprint: str
    seed: int
    size: SampleSize
    nation_code: str
    nation_name: str
    icb_code: str
    place_codes: list[str]
    place_names: list[str]
    authorities: int
    boundary_changes: dict[str, int]
    core20: list[Core20Truth]
    life_expectancy_sii_nation: dict[str, float]
    life_expectancy_sii_places: dict[str, float]
    life_expectancy_intercept_places: dict[str, float]
    place_position: dict[str, float]
    fingertips: list[Planted]
    els: dict[str, dict[str, float]]
    dfe: dict[str, dict[str, float]]
    fuel_poverty: list[FuelPovertyTruth]
    temporary_accommodation: list[TemporaryAccommodationTruth]
    latest: dict[str, Latest]
    returned: dict[str, Latest]
    neighbourhoods: list[dict[str, Any]]
    networks: list[NetworkTruth]
    trend: dict[str, Any]
    positive_outlier: dict[str, Any]

    def core20_of(self, area_code: str, imd_vintage: int) -> Core20Truth:
        """Core20 of one area and vintage.

        Raises:
            KeyError: Nothing was planted for that area and vintage.
        """
        for truth in self.core20:
            if (truth.area_code, truth.imd_vintage) == (area_code, imd_vintage):
                return truth
        raise KeyError(f"no Core20 truth for {area_code} on IMD {imd_vintage}")

    def write(self, path: Path) -> None:
        """Write everything as JSON."""
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")


def collect_truths(
    world: World,
    fingertips: list[Planted],
    els: dict[str, dict[str, float]],
    dfe: dict[str, dict[str, float]],
    fuel_poverty: list[FuelPovertyTruth],
    temporary_accommodation: list[TemporaryAccommodationTruth],
    latest: dict[str, Latest],
    returned: dict[str, Latest],
    neighbourhoods: list[dict[str, Any]],
    networks: list[NetworkTruth],
) -> SampleTruths:
    """Put the record together from the generator's state."""
    codes = world.authorities.code[: len(names.PLACES)]
    position = deprivation_position(world)
    counted = {k: world.crosswalk_change.count(k) for k in ("U", "S", "M", "X")}
    return SampleTruths(
        fictional=True,
        generator_version=GENERATOR_VERSION,
        fingerprint=sample_fingerprint(world.seed, world.size),
        seed=world.seed,
        size=world.size,
        nation_code=NATION_CODE,
        nation_name=names.NATION,
        icb_code=FOOTPRINT_ICB_CODE,
        place_codes=codes,
        place_names=list(names.PLACES),
        authorities=len(world.authorities),
        boundary_changes=counted,
        core20=[
            *_core20(world, 2025, world.lad21, world.decile21, world.people21),
            *_core20(world, 2019, world.lad11, world.decile11, world.people11),
        ],
        life_expectancy_sii_nation=dict(LE_NATION_SLOPE),
        life_expectancy_sii_places=dict(LE_PLACE_SLOPE),
        life_expectancy_intercept_places=dict(LE_INTERCEPT),
        place_position=dict(zip(codes, position.tolist(), strict=True)),
        fingertips=fingertips,
        els=els,
        dfe=dfe,
        fuel_poverty=fuel_poverty,
        temporary_accommodation=temporary_accommodation,
        latest=latest,
        returned=returned,
        neighbourhoods=neighbourhoods,
        networks=networks,
        trend={
            "indicator": TREND_INDICATOR,
            "rising_place": codes[TREND_PLACE],
            "points_per_year": TREND_STEP,
            "flat_place": codes[FLAT_PLACE],
        },
        positive_outlier={
            "indicator": POSITIVE_OUTLIER,
            "place": codes[int(np.argmin(position))],
        },
    )


def _core20(world: World, vintage: int, lad: Ints, decile: Ints, people: Ints) -> list[Core20Truth]:
    icb = world.authorities.icb[lad]
    named = [(code, lad == i) for i, code in enumerate(world.authorities.code[: len(names.PLACES)])]
    named += [(code, icb == i) for i, code in enumerate(world.icb_codes)]
    named.append((NATION_CODE, np.ones(len(lad), dtype=bool)))
    truths = []
    for code, here in named:
        inside = here & (decile <= 2)
        everyone, core = int(people[here].sum()), int(people[inside].sum())
        truths.append(
            Core20Truth(
                code, vintage, int(here.sum()), int(inside.sum()), everyone, core, core / everyone
            )
        )
    return truths
