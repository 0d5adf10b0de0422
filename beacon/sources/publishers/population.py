"""Small-area populations by age and by ethnic group: Census 2021 residents, mid-year estimates."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from beacon.registry.sources import Container, DatasetSpec
from beacon.sources.reading import read_table
from beacon.sources.tabular.codes import area_pattern
from beacon.sources.tabular.columns import Columns

# Census 2021 table TS007A stops at 85 and over, so both bases are brought to that open band.
OPEN_BAND_FROM = 85
AGE_BANDS: tuple[str, ...] = (
    *(f"{start}-{start + 4}" for start in range(0, OPEN_BAND_FROM, 5)),
    f"{OPEN_BAND_FROM}+",
)


def read_census_age_bands(
    path: Path, container: Container, spec: DatasetSpec, fictional: bool
) -> pl.LazyFrame:
    """Read a Nomis export of Census 2021 TS007A, usual residents by five-year age band.

    Returns:
        One row per LSOA and age band; see `_long`.

    Raises:
        InputRefusedError: When the bands of an LSOA do not add up to its total within the
            census's own cell perturbation.
    """
    codes, counts, rows = _census_table(path, container, spec, fictional, AGE_BANDS, "age bands")
    return _long(spec, codes, counts, rows)


def read_census_ethnic_groups(
    path: Path, container: Container, spec: DatasetSpec, fictional: bool
) -> pl.DataFrame:
    """Read a Nomis export of Census 2021 TS021, usual residents by ethnic group.

    Returns:
        lsoa21_code, ethnic_group (the census's own five names), people: a row each.

    Raises:
        InputRefusedError: When the groups of an LSOA do not add up to its total within the
            census's own cell perturbation.
    """
    groups = spec.dataset.header[3:]
    codes, counts, rows = _census_table(path, container, spec, fictional, groups, "ethnic groups")
    return counts.with_columns(codes.alias("lsoa21_code"), rows.alias("source_row")).unpivot(
        groups,
        index=["lsoa21_code", "source_row"],
        variable_name="ethnic_group",
        value_name="people",
    )


def _census_table(
    path: Path,
    container: Container,
    spec: DatasetSpec,
    fictional: bool,
    names: Sequence[str],
    parts: str,
) -> tuple[pl.Series, pl.DataFrame, pl.Series]:
    """LSOA codes, counts by the names of the columns after the total, and row numbers."""
    columns = Columns(read_table(path, container, spec.dataset), spec.dataset, fictional=fictional)
    columns.check_row_count()
    _, code, total, *headers = spec.dataset.header
    codes = columns.code(code, area_pattern("lsoa", fictional=fictional))
    totals = columns.integer(total, 0)
    counts = pl.DataFrame(
        {name: columns.integer(header, 0) for name, header in zip(names, headers, strict=True)}
    )
    columns.unique([code])
    # ONS perturbs cells of census tables by small amounts, so parts and total differ by a few.
    difference = (counts.sum_horizontal() - totals).abs()
    columns.fail_where(
        difference > int(spec.dataset.options["total_tolerance"]),
        total,
        f"is not the sum of the {parts} in the same row",
    )
    columns.raise_if_problems()
    return codes, counts, columns.rows


def read_single_years(
    path: Path, container: Container, spec: DatasetSpec, fictional: bool
) -> pl.LazyFrame:
    """Read persons by single year of age, 0 to 90 and over, per LSOA.

    Returns:
        One row per LSOA and five-year age band; see `_long`.

    Raises:
        InputRefusedError: When the ages of an LSOA do not add up to its total.
    """
    columns = Columns(read_table(path, container, spec.dataset), spec.dataset, fictional=fictional)
    columns.check_row_count()
    _, code, total, *ages = spec.dataset.header
    codes = columns.code(code, area_pattern("lsoa", fictional=fictional))
    totals = columns.integer(total, 0)
    # Of the 91 ages only their sums are kept, so that a file of any width takes little memory.
    sums = dict.fromkeys(AGE_BANDS, _zeros(len(columns.rows)))
    for place, age in enumerate(ages):
        band = AGE_BANDS[min(place, OPEN_BAND_FROM) // 5]
        sums[band] = sums[band] + columns.integer(age, 0).fill_null(0)
    columns.unique([code])
    counts = pl.DataFrame(sums)
    columns.fail_where(
        counts.sum_horizontal() != totals, total, "is not the sum of the ages in the same row"
    )
    columns.raise_if_problems()
    return _long(spec, codes, counts, columns.rows)


def _zeros(count: int) -> pl.Series:
    return pl.zeros(count, dtype=pl.Int64, eager=True)


def _long(
    spec: DatasetSpec, codes: pl.Series, counts: pl.DataFrame, rows: pl.Series
) -> pl.LazyFrame:
    """population_base, lsoa_vintage, lsoa_code, sex, age_band, people (whole persons).

    One band after the other, made as they are asked for: together they are eighteen times the rows.
    """
    options = spec.dataset.options
    shared = counts.with_columns(codes.alias("lsoa_code"), rows.cast(pl.Int32).alias("source_row"))
    return pl.concat(
        shared.lazy().select(
            pl.lit(options["population_base"]).alias("population_base"),
            pl.lit(int(options["lsoa_vintage"])).cast(pl.Int32).alias("lsoa_vintage"),
            "lsoa_code",
            pl.lit("Persons").alias("sex"),
            pl.lit(band).alias("age_band"),
            pl.col(band).cast(pl.Int32).alias("people"),
            "source_row",
        )
        for band in AGE_BANDS
    )
