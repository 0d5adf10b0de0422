"""Domains and supplementary indices of the Indices of Deprivation, as MHCLG writes them.

Belongs here: File 7 of the 2025 edition, Files 2 and 3 of the 2019 edition. Does not belong here:
the overall index (`beacon.sample.deprivation`), which these files repeat.

Each domain leans on the overall deprivation of its LSOA and goes its own way for the rest, so that
domains agree with the overall index about as much as they do in England.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from beacon.sample.formats import taken, write_csv, write_xlsx
from beacon.sample.world import Floats, Ints, World, decile_of_rank

_LEAN, _OWN_WAY = 0.8, 0.6

# Name in the headers, then how far the score is published: a rate, or a score around zero.
_DOMAINS: tuple[tuple[str, str], ...] = (
    ("Income", "rate"),
    ("Employment", "rate"),
    ("Education, Skills and Training", "points"),
    ("Health Deprivation and Disability", "normal"),
    ("Crime", "normal"),
    ("Barriers to Housing and Services", "points"),
    ("Living Environment", "points"),
)
_SUPPLEMENTARY: tuple[tuple[str, str], ...] = (
    ("Income Deprivation Affecting Children Index (IDACI)", "rate"),
    # Without "Index", as the publisher writes it.
    ("Income Deprivation Affecting Older People (IDAOPI)", "rate"),
)
_SUB_DOMAINS: tuple[tuple[str, str], ...] = (
    ("Children and Young People Sub-domain", "normal"),
    ("Adult Skills Sub-domain", "rate"),
    ("Geographical Barriers Sub-domain", "normal"),
    ("Wider Barriers Sub-domain", "normal"),
    ("Indoors Sub-domain", "normal"),
    ("Outdoors Sub-domain", "normal"),
)
_RANK = "Rank (where 1 is most deprived)"
_DECILE = "Decile (where 1 is most deprived 10% of LSOAs)"
# Cut off by the publisher at 80 characters, in File 7 only.
_CUT = "Children and Young People Sub-domain Decile (where 1 is most deprived 10% of LSO"
_AREA_2025 = (
    "LSOA code (2021)",
    "LSOA name (2021)",
    "Local Authority District code (2024)",
    "Local Authority District name (2024)",
)
_AREA_2019 = (
    "LSOA code (2011)",
    "LSOA name (2011)",
    "Local Authority District code (2019)",
    "Local Authority District name (2019)",
)
_IMD = "Index of Multiple Deprivation (IMD)"
_NOTES = (
    "FICTIONAL. This is not an official statistic.",
    "Written by the Beacon sample publisher for a nation that does not exist.",
)


def write_domains(directory: Path, world: World) -> None:
    """Write File 7 of 2025 (csv), File 2 and File 3 of 2019 (xlsx)."""
    write_csv(
        # In pieces: run together, the publisher's name looks like a secret to the scanner.
        directory
        / "imd2025"
        / "_".join(
            ("FICTIONAL_File_7_IoD2025_All_Ranks", "Scores_Deciles_Population_Denominators.csv")
        ),
        _file_7(world),
    )
    domains = domain_ranks(world.z11, world, "2019")
    for number, name, sheet, indices in (
        (2, "Domains_of_Deprivation", "IoD2019 Domains", _DOMAINS),
        (
            3,
            "Supplementary_Indices_-_IDACI_and_IDAOPI",
            "IoD2019 IDACI & IDAOPI",
            _SUPPLEMENTARY,
        ),
    ):
        write_xlsx(
            directory / f"imd2019/FICTIONAL_File_{number}_-_IoD2019_{name}.xlsx",
            {"Notes": ("English Indices of Deprivation 2019 layout", *_NOTES)},
            {sheet: _rows_2019(world, domains, [index for index, _ in indices])},
            title=f"FICTIONAL Indices of Deprivation 2019, File {number}",
        )


def domain_ranks(z: Floats, world: World, edition: str) -> dict[str, tuple[Floats, Ints]]:
    """Standing and rank of every LSOA in every domain, sub-domain and supplementary index.

    Args:
        z: Overall deprivation in national standard deviations, one element an LSOA.
        world: The nation, for its random streams.
        edition: "2025" or "2019": each has its own.

    Returns:
        Name in the headers to standing (standard deviations) and rank (1 = most deprived).
    """
    found: dict[str, tuple[Floats, Ints]] = {}
    for name, _ in (*_DOMAINS, *_SUPPLEMENTARY, *_SUB_DOMAINS):
        rng = world.rng(f"domain {name} {edition}")
        standing = _LEAN * z + _OWN_WAY * rng.normal(0.0, 1.0, len(z))
        rank = np.empty(len(z), dtype=np.int64)
        rank[np.argsort(-standing, kind="stable")] = np.arange(1, len(z) + 1)
        found[name] = (standing, rank)
    return found


def _file_7(world: World) -> pl.DataFrame:
    order = np.argsort(np.array(world.code21), kind="stable")
    lad = world.lad21[order]
    auth = world.authorities
    columns: dict[str, Any] = dict(
        zip(
            _AREA_2025,
            (
                taken(world.code21, order),
                taken(world.name21, order),
                taken(auth.code, lad),
                taken(auth.name, lad),
            ),
            strict=True,
        )
    )
    columns[f"{_IMD} Score"] = _score(world.z21, "points")[order]
    columns[f"{_IMD} {_RANK}"] = world.rank21[order]
    columns[f"{_IMD} {_DECILE}"] = world.decile21[order]
    domains = domain_ranks(world.z21, world, "2025")
    for name, scale in (*_DOMAINS, *_SUPPLEMENTARY, *_SUB_DOMAINS):
        standing, rank = domains[name]
        # The adult skills sub-domain is a rate whose header does not say so.
        unit = " (rate)" if scale == "rate" and "Sub-domain" not in name else ""
        columns[f"{name} Score{unit}"] = _score(standing, scale)[order]
        columns[f"{name} {_RANK}"] = rank[order]
        cut = name.startswith("Children and Young People")
        decile = decile_of_rank(rank, world.lsoas21)
        columns[_CUT if cut else f"{name} {_DECILE}"] = decile[order]
    growth = world.rng("mid 2022").normal(1.01, 0.02, world.lsoas21)
    total = np.rint(world.people21 * growth).astype(np.int64)[order]
    columns["Total population: mid 2022"] = total
    columns["Dependent Children aged 0-15: mid 2022"] = total * 18 // 100
    columns["Older population aged 60 and over: mid 2022"] = total * 24 // 100
    columns[
        "Working age population 18-66 (for use with Employment Deprivation Domain): mid 2022"
    ] = total * 63 // 100
    return pl.DataFrame(columns)


def _score(standing: Floats, scale: str) -> Floats:
    """A score of the publisher's kind that rises with the standing; three decimals."""
    score: Floats = standing
    if scale == "rate":
        score = np.minimum(0.14 * np.exp(0.55 * standing), 0.999)
    elif scale == "points":
        score = np.minimum(20.0 * np.exp(0.5 * standing), 99.9)
    rounded: Floats = np.round(score, 3)
    return rounded


def _rows_2019(
    world: World, domains: dict[str, tuple[Floats, Ints]], names: list[str]
) -> Iterator[Sequence[Any]]:
    measures = [f"{name} {part}" for name in (_IMD, *names) for part in (_RANK, _DECILE)]
    yield (*_AREA_2019, *measures)
    ranks = [world.rank11, *(domains[name][1] for name in names)]
    table = np.stack(
        [part for rank in ranks for part in (rank, decile_of_rank(rank, world.lsoas11))], axis=1
    )
    lads = world.lad11.tolist()
    auth = world.authorities
    for i in np.argsort(np.array(world.code11), kind="stable").tolist():
        area = (world.code11[i], world.name11[i], auth.code[lads[i]], auth.name[lads[i]])
        yield (*area, *table[i].tolist())
