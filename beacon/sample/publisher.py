"""Puts all files of one sample into a directory.

Belongs here: the order of writing and the two files that explain the rest. Does not belong
here: any format.
"""

from __future__ import annotations

from pathlib import Path

from beacon.sample.deprivation import write_imd
from beacon.sample.dfe_files import write_dfe
from beacon.sample.domains import write_domains
from beacon.sample.energy import write_fuel_poverty
from beacon.sample.fingertips_files import write_fingertips
from beacon.sample.geography import write_boundaries, write_lookups
from beacon.sample.health_check_files import write_health_checks
from beacon.sample.housing import write_homelessness
from beacon.sample.lait_files import write_lait
from beacon.sample.living_wage_files import write_living_wage
from beacon.sample.neighbourhood_files import write_neighbourhood_returns
from beacon.sample.networks import write_networks
from beacon.sample.ons_els_files import write_els
from beacon.sample.outcomes import list_areas
from beacon.sample.population_files import write_population
from beacon.sample.practices import (
    build_practices,
    write_patients_by_lsoa,
    write_practices,
    write_qof,
)
from beacon.sample.returned_files import write_returns
from beacon.sample.sizes import GENERATOR_VERSION, TRUTHS_NAME, SampleSize, returns_beside
from beacon.sample.travel_files import write_walking_cycling
from beacon.sample.truths import SampleTruths, collect_truths
from beacon.sample.workless_files import write_workless
from beacon.sample.world import build_world

README_NAME = "README_FICTIONAL.txt"

_README = """FICTIONAL DATA

Every file in this folder was written by the Beacon sample publisher, version {version}
(seed {seed}, size {size}). The nation, its boards, places, people and figures do not exist.
Nothing here is an official statistic, and no conclusion about any real place can be drawn.

The files have the layouts in which English public bodies publish, so that software that reads
the real ones reads these. Every code begins with Z (real ones begin with E or W); every file's
name begins with FICTIONAL_. TRUTHS.json holds what was planted; publishers have no such file.
"""


FOLDERS = (
    "imd2025",
    "imd2019",
    "lookups",
    "boundaries",
    "population",
    "fingertips",
    "ons_els",
    "dfe",
    "gp",
    "other_official",
)


def _clear(directory: Path) -> None:
    """Remove an earlier sample, its truths first: without them it does not count as complete."""
    (directory / TRUTHS_NAME).unlink(missing_ok=True)
    for folder in FOLDERS:
        for earlier in sorted((directory / folder).glob("FICTIONAL_*")):
            earlier.unlink()
    for earlier in sorted(returns_beside(directory).glob("FICTIONAL_*")):
        earlier.unlink()


def publish(directory: Path, *, seed: int, size: SampleSize) -> SampleTruths:
    """Write every file of a sample; see `beacon.sample.write_sample`."""
    world = build_world(seed, size)
    directory.mkdir(parents=True, exist_ok=True)
    _clear(directory)
    readme = _README.format(version=GENERATOR_VERSION, seed=seed, size=size.name)
    (directory / README_NAME).write_text(readme, encoding="utf-8", newline="\n")
    write_lookups(directory / "lookups", world)
    write_boundaries(directory / "boundaries", world)
    write_imd(directory, world)
    write_domains(directory, world)
    write_population(directory / "population", world)
    areas = list_areas(world)
    fingertips = write_fingertips(directory / "fingertips", world, areas)
    els = write_els(directory / "ons_els", world, areas)
    dfe = write_dfe(directory / "dfe", world, areas)
    fuel_poverty = write_fuel_poverty(directory / "other_official", world, areas)
    homeless = write_homelessness(directory / "other_official", world, areas)
    practices = build_practices(world)
    for write in (write_patients_by_lsoa, write_practices, write_qof):
        write(directory / "gp", world, practices)
    networks = write_networks(directory / "gp", world, practices)
    other = directory / "other_official"
    latest = {
        **write_lait(directory / "dfe", world, areas),
        "below_real_living_wage": write_living_wage(other, world, areas),
        "children_workless_households": write_workless(other, world, areas),
        "smi_annual_health_checks": write_health_checks(directory / "gp", world),
        "active_travel": write_walking_cycling(other, world, areas),
    }
    returned = write_returns(returns_beside(directory), world, areas)
    neighbourhoods = write_neighbourhood_returns(returns_beside(directory))
    truths = collect_truths(
        world,
        fingertips,
        els,
        dfe,
        fuel_poverty,
        homeless,
        latest,
        returned,
        neighbourhoods,
        networks,
    )
    truths.write(directory / TRUTHS_NAME)
    return truths
