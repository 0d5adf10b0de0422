"""Indices of Deprivation (Ministry of Housing, Communities and Local Government)."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from beacon.registry.sources import Container, DatasetSpec
from beacon.sources.reading import read_table
from beacon.sources.tabular.codes import area_pattern
from beacon.sources.tabular.columns import Columns


def read_imd(path: Path, container: Container, spec: DatasetSpec, fictional: bool) -> pl.DataFrame:
    """Read File 1: Index of Multiple Deprivation, rank and decile of each LSOA.

    Returns:
        One row per LSOA: imd_vintage, lsoa_vintage, lsoa_code, lsoa_name, lad_code, lad_name,
        imd_rank (1 = most deprived), imd_decile (1 = most deprived tenth), source_row.

    Raises:
        InputRefusedError: When a rank or decile is impossible, or the two disagree.
    """
    columns = Columns(read_table(path, container, spec.dataset), spec.dataset, fictional=fictional)
    lsoa, name, lad, lad_name, rank, decile = spec.dataset.header
    count = len(columns.rows)
    columns.check_row_count()
    frame = pl.DataFrame(
        {
            "lsoa_code": columns.code(lsoa, area_pattern("lsoa", fictional=fictional)),
            "lsoa_name": columns.text(name),
            "lad_code": columns.code(lad, area_pattern("local_authority", fictional=fictional)),
            "lad_name": columns.text(lad_name),
            "imd_rank": columns.integer(rank, 1, count),
            "imd_decile": columns.integer(decile, 1, 10),
            "source_row": columns.rows,
        }
    )
    columns.unique([lsoa])
    if spec.dataset.options.get("ranks_are_unique", False):
        columns.unique([rank])
    # The published decile is ceil(rank * 10 / N): it holds for every LSOA of 2015, 2019 and 2025,
    # so a row where it does not hold has a damaged rank or decile.
    expected = (frame["imd_rank"] * 10 + count - 1) // count
    columns.fail_where(
        (expected != frame["imd_decile"]) & frame["imd_decile"].is_between(1, 10),
        decile,
        "does not follow from the rank in the same row",
    )
    columns.raise_if_problems()
    return frame.select(
        pl.lit(int(spec.dataset.options["imd_vintage"])).cast(pl.Int32).alias("imd_vintage"),
        pl.lit(int(spec.dataset.options["lsoa_vintage"])).cast(pl.Int32).alias("lsoa_vintage"),
        pl.col("lsoa_code", "lsoa_name", "lad_code", "lad_name"),
        pl.col("imd_rank", "imd_decile").cast(pl.Int32),
        pl.col("source_row").cast(pl.Int32),
    )
