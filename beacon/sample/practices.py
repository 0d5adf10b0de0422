"""General practices, who is registered with them and where those people live.

Belongs here: the practices of the fictional nation and NHS England's files of them: patients by
practice and LSOA, where practices lie, and the Quality and Outcomes Framework. Does not belong
here: anything by area.

Every five LSOAs of the walk have a practice. Most of their people are registered there and some
with the practices before and after, across any border, so that adding up by where practices are
and by where patients live gives different answers, as in England.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from beacon.sample import names
from beacon.sample.formats import BOM, CHUNK_ROWS, taken, write_csv
from beacon.sample.world import Floats, Ints, World, spread_whole, stream_of

EXTRACT_DATE = "01OCT2025"
LSOAS_PER_PRACTICE = 5
_NEAR = np.array([-1, 0, 1])
_SHARES = np.array([0.12, 0.76, 0.12])
# Registrations exceed residents, by about this much in England.
_REGISTERED = 1.05
_WARDS = [name.upper() for name in names.WARDS]


@dataclass(frozen=True)
class Practices:
    """General practices in the order of the walk.

    Attributes:
        code: Organisation codes; fictional ones begin with Z.
        name: Names.
        cell: LSOA 2021 (cell) in which each practice is.
        list_size: Patients registered, those without an LSOA included.
        unplaced: Of them, those whose address is in no LSOA.
        need: Mean deprivation of the patients, in national standard deviations.
        practice: Practice of each row of the register by LSOA.
        home: LSOA 2021 (cell) of each row.
        patients: Patients of each row.
    """

    code: list[str]
    name: list[str]
    cell: Ints
    list_size: Ints
    unplaced: Ints
    need: Floats
    practice: Ints
    home: Ints
    patients: Ints

    def __len__(self) -> int:
        return len(self.code)


def build_practices(world: World) -> Practices:
    """Invent the practices of a nation and register everybody."""
    count = -(-world.lsoas21 // LSOAS_PER_PRACTICE)
    cell = np.minimum(np.arange(count) * LSOAS_PER_PRACTICE + 2, world.lsoas21 - 1)
    rng = stream_of(world.seed, "registrations")
    registered = np.rint(world.people21 * rng.normal(_REGISTERED, 0.02, world.lsoas21))
    shares = _SHARES * rng.lognormal(0.0, 0.3, (world.lsoas21, len(_SHARES)))
    shares /= shares.sum(axis=1, keepdims=True)
    split = spread_whole(shares, registered.astype(np.int64))
    nearest = np.arange(world.lsoas21) // LSOAS_PER_PRACTICE
    practice = np.clip(nearest[:, None] + _NEAR, 0, count - 1).ravel()
    home = np.repeat(np.arange(world.lsoas21), len(_NEAR))
    rows = pl.DataFrame({"practice": practice, "home": home, "patients": split.ravel()})
    # At either end of the walk two of the three practices are one.
    rows = rows.group_by("practice", "home").agg(pl.col("patients").sum())
    rows = rows.filter(pl.col("patients") > 0).sort("practice", "home")
    practice, home, patients = (rows[name].to_numpy() for name in rows.columns)
    unplaced = rng.poisson(4.0, count).astype(np.int64)
    placed = np.bincount(practice, weights=patients, minlength=count)
    need = np.bincount(practice, weights=patients * world.z21[home], minlength=count) / placed
    return Practices(
        code=[f"Z{i + 1:05d}" for i in range(count)],
        name=[f"{_WARDS[i % len(_WARDS)]} SURGERY {i + 1} (FICTIONAL)" for i in range(count)],
        cell=cell,
        list_size=placed.astype(np.int64) + unplaced,
        unplaced=unplaced,
        need=need,
        practice=practice,
        home=home,
        patients=patients,
    )


def write_patients_by_lsoa(directory: Path, world: World, practices: Practices) -> None:
    """Write patients of all practices by LSOA 2021, both sexes together."""
    write_csv(
        directory / "FICTIONAL_gp-reg-pat-prac-lsoa-all.csv",
        _frames(world, practices),
        line_end="\r\n",
    )


def _frames(world: World, practices: Practices) -> Iterator[pl.DataFrame]:
    for start in range(0, len(practices.practice), CHUNK_ROWS):
        part = slice(start, start + CHUNK_ROWS)
        yield _frame(
            taken(practices.code, practices.practice[part]),
            taken(practices.name, practices.practice[part]),
            taken(world.code21, practices.home[part]),
            practices.patients[part],
        )
    some = np.flatnonzero(practices.unplaced)
    yield _frame(
        taken(practices.code, some),
        taken(practices.name, some),
        ["NO2021"] * len(some),
        practices.unplaced[some],
    )


def _frame(code: list[str], name: list[str], lsoa: list[str], patients: Ints) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "PUBLICATION": ["GP_PRAC_PAT_LIST"] * len(code),
            "EXTRACT_DATE": [EXTRACT_DATE] * len(code),
            "PRACTICE_CODE": code,
            "PRACTICE_NAME": name,
            "LSOA_CODE": lsoa,
            "SEX": ["ALL"] * len(code),
            "NUMBER_OF_PATIENTS": patients,
        }
    )


QOF_YEAR = "2425"
_REGISTERS = {"HYP": ("TOTAL", 0.145, 0.008), "CHD": ("TOTAL", 0.031, 0.003)}
# Share of patients with hypertension who are 80 or older, and how many of each age meet the
# threshold: fewer where people are deprived.
_OLD = 0.22
_TREATED = {"HYP008": (0.70, -0.035), "HYP009": (0.82, -0.025)}
_POINTS = {"HYP008": 14, "HYP009": 5}


def write_practices(directory: Path, world: World, practices: Practices) -> None:
    """Write the list of practices with the authority each lies in."""
    lad = world.lad21[practices.cell]
    icb = world.authorities.icb[lad]
    write_csv(
        directory / "FICTIONAL_icb_allocation_gp_practice_2025_2026.csv",
        pl.DataFrame(
            {
                "Practice_Code": practices.code,
                "GP_Practice_Name": practices.name,
                "ICB": taken(world.icb_ods, icb),
                "ICBname": taken(world.icb_names, icb),
                "LAD": taken(world.authorities.code, lad),
                "LTLA": taken(world.authorities.name, lad),
                "Population": practices.list_size,
            }
        ),
        before=BOM,
    )


def write_qof(directory: Path, world: World, practices: Practices) -> None:
    """Write registers of the nation and achievement by region, as the raw files come."""
    rng = stream_of(world.seed, "quality and outcomes")
    size = practices.list_size
    registers = {
        group: np.rint(size * np.clip(base + slope * practices.need, 0.01, 0.4)).astype(np.int64)
        for group, (_, base, slope) in _REGISTERS.items()
    }
    write_csv(
        directory / f"FICTIONAL_PREVALENCE_{QOF_YEAR}.csv",
        pl.DataFrame(
            {
                "PRACTICE_CODE": np.repeat(practices.code, len(registers)),
                "GROUP_CODE": list(registers) * len(practices),
                "REGISTER": np.stack(list(registers.values()), axis=1).ravel(),
                "PATIENT_LIST_TYPE": [entry[0] for entry in _REGISTERS.values()] * len(practices),
                "PATIENT_LIST_SIZE": np.repeat(size, len(registers)),
            }
        ),
    )
    old = np.rint(registers["HYP"] * _OLD).astype(np.int64)
    below = {"HYP008": registers["HYP"] - old, "HYP009": old}
    region = world.authorities.region[world.lad21[practices.cell]]
    frames = []
    for code, (base, slope) in _TREATED.items():
        share = np.clip(base + slope * practices.need + rng.normal(0, 0.03, len(practices)), 0, 1)
        measures = {
            "ACHIEVED_POINTS": np.full(len(practices), _POINTS[code]),
            "DENOMINATOR": below[code],
            "NUMERATOR": np.rint(below[code] * share).astype(np.int64),
        }
        for measure, values in measures.items():
            frames.append(
                pl.DataFrame(
                    {
                        "PRACTICE_CODE": practices.code,
                        "INDICATOR_CODE": [code] * len(practices),
                        "MEASURE": [measure] * len(practices),
                        "VALUE": values,
                        "region": region,
                    }
                )
            )
    every = pl.concat(frames).sort("PRACTICE_CODE", "INDICATOR_CODE", "MEASURE")
    for number, name in enumerate(world.region_names):
        write_csv(
            directory / f"FICTIONAL_ACHIEVEMENT_{name.upper().replace(' ', '_')}_{QOF_YEAR}.csv",
            every.filter(pl.col("region") == number).drop("region"),
        )
