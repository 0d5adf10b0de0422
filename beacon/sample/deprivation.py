"""Indices of Deprivation, as MHCLG writes File 1 of the 2025 and the 2019 edition.

Belongs here: rank and decile files. Does not belong here: people, or what a decile means.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from beacon.sample.formats import BOM, taken, write_csv, write_xlsx
from beacon.sample.world import Ints, World

HEADER_2025 = (
    "LSOA code (2021)",
    "LSOA name (2021)",
    "Local Authority District code (2024)",
    "Local Authority District name (2024)",
    "Index of Multiple Deprivation (IMD) Rank (where 1 is most deprived)",
    # Cut off by the publisher, as in the real file.
    "Index of Multiple Deprivation (IMD) Decile (where 1 is most deprived 10% of LSOA",
)
HEADER_2019 = (
    "LSOA code (2011)",
    "LSOA name (2011)",
    "Local Authority District code (2019)",
    "Local Authority District name (2019)",
    "Index of Multiple Deprivation (IMD) Rank",
    "Index of Multiple Deprivation (IMD) Decile",
)
_NOTES = (
    "FICTIONAL. This is not an official statistic.",
    "Written by the Beacon sample publisher for a nation that does not exist.",
    "Codes begin with Z; no LSOA, authority or rank in this workbook is real.",
)


def write_imd(directory: Path, world: World) -> None:
    """Write IoD 2025 File 1 and IoD 2019 File 1 (xlsx; 2019 also as csv.gz if the size asks)."""
    write_xlsx(
        directory / "imd2025/FICTIONAL_File_1_IoD2025_Index_of_Multiple_Deprivation.xlsx",
        {"Notes": ("English Indices of Deprivation 2025 (IoD25) layout", *_NOTES)},
        {
            "IMD25": _rows(
                HEADER_2025,
                _order(world.code21),
                world.code21,
                world.name21,
                world.lad21,
                world.rank21,
                world.decile21,
                world,
            )
        },
        title="FICTIONAL Index of Multiple Deprivation 2025",
    )
    order = _order(world.code11)
    name = "FICTIONAL_File_1_-_IMD2019_Index_of_Multiple_Deprivation"
    write_xlsx(
        directory / f"imd2019/{name}.xlsx",
        {"Notes": ("English Indices of Deprivation 2019 layout", *_NOTES)},
        {
            "IMD2019": _rows(
                HEADER_2019,
                order,
                world.code11,
                world.name11,
                world.lad11,
                world.rank11,
                world.decile11,
                world,
            )
        },
        title="FICTIONAL Index of Multiple Deprivation 2019",
    )
    if world.size.imd2019_csv:
        columns: tuple[Sequence[Any], ...] = (
            taken(world.code11, order),
            taken(world.name11, order),
            taken(world.authorities.code, world.lad11[order]),
            taken(world.authorities.name, world.lad11[order]),
            [f"{rank:,}" for rank in world.rank11[order].tolist()],
            world.decile11[order].tolist(),
        )
        write_csv(
            directory / f"imd2019/{name}.csv.gz",
            pl.DataFrame(dict(zip(HEADER_2019, columns, strict=True))),
            before=BOM,
            line_end="\r\n",
        )


def _order(codes: list[str]) -> Ints:
    return np.argsort(np.array(codes), kind="stable")


def _rows(
    header: tuple[str, ...],
    order: Ints,
    codes: list[str],
    labels: list[str],
    lad: Ints,
    rank: Ints,
    decile: Ints,
    world: World,
) -> Iterator[Sequence[Any]]:
    yield header
    lads, ranks, deciles = lad.tolist(), rank.tolist(), decile.tolist()
    auth = world.authorities
    for i in order.tolist():
        yield codes[i], labels[i], auth.code[lads[i]], auth.name[lads[i]], ranks[i], deciles[i]
