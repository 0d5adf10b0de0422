"""Fictional extracts, run from inbox to crossing, with the truths that were planted."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl

from beacon.disclosure import Rule
from beacon.people.load_cohorts import load_cohorts
from beacon.people.people_run import PeopleReport, Surroundings, run_people
from beacon.people.secure_home import SecureHome
from beacon.sample import DEFAULT_SEED, SMALL
from beacon.sample.people_extract import TRUTHS_NAME, write_extracts
from beacon.sample.world import FOOTPRINT_ICB_CODE, build_world

TODAY = date(2025, 4, 10)
NOW = datetime(2025, 4, 10, 3, 0, tzinfo=UTC)
CELLS_A_WARD = 12


@dataclass(frozen=True)
class PeopleRun:
    """A run, and where everything is."""

    secure: SecureHome
    ordinary: Path
    around: Surroundings
    truths: dict[str, Any]
    report: PeopleReport

    def table(self, name: str, day: str | None = None) -> pl.DataFrame:
        """A table that crossed, of one as-at date."""
        folder = self.ordinary / "people" / name
        return pl.read_parquet(folder / f"{day or self.truths['as_at']}.parquet")


def surroundings_of_sample() -> Surroundings:
    """Areas and practices of the fictional nation, as the working database has them."""
    world = build_world(DEFAULT_SEED, SMALL)
    authority = world.authorities
    place = [authority.code[int(lad)] if authority.place[lad] >= 0 else None for lad in world.lad21]
    lsoa = pl.DataFrame(
        {
            "lsoa21_code": world.code21,
            "ward24_code": [f"Z05{int(lad):03d}{cell // CELLS_A_WARD:03d}"
                            for cell, lad in enumerate(world.lad21)],
            "place_code": place,
            "imd_decile": world.decile21,
            "imd_quintile": (world.rank21 * 5 + world.lsoas21 - 1) // world.lsoas21,
            "core20": world.decile21 <= 2,
        }
    )  # fmt: skip
    places = tuple(code for code in dict.fromkeys(place) if code is not None)
    practices = frozenset(f"Z{number + 1:05d}" for number in range(-(-world.lsoas21 // 5)))
    return Surroundings(lsoa.to_arrow(), 2025, FOOTPRINT_ICB_CODE, places, practices, "sample")


PERSONS = int(os.environ.get("BEACON_TEST_PERSONS", "12000"))
"""Persons of the whole run in tests."""

COHORTS = (
    tuple(load_cohorts())
    if "BEACON_TEST_PERSONS" in os.environ
    else ("hypertension_register", "smi_register", "copd_register", "cyp_asthma_register")
)
"""Cohorts of the whole run in tests: protecting all of them takes most of a minute."""


def people_run_of(
    root: Path,
    persons: int,
    cohorts: tuple[str, ...] = COHORTS,
    engine: str = "duckdb",
    rule: Rule | None = None,
) -> PeopleRun:
    """Write two fictional extracts and run some cohorts over them on an engine."""
    secure = SecureHome.open(root / "secure", ordinary=root / "home")
    truths = write_extracts(secure.inbox, seed=DEFAULT_SEED, size=SMALL, persons=persons)
    shutil.move(secure.inbox / TRUTHS_NAME, root / TRUTHS_NAME)
    around = surroundings_of_sample()
    report = run_people(
        around,
        secure,
        root / "home",
        today=TODAY,
        now=NOW,
        fictional=True,
        cohorts={name: load_cohorts()[name] for name in cohorts},
        engine=engine,
        rule=rule,
    )
    return PeopleRun(secure, root / "home", around, truths, report)
