"""DWP Stat-Xplore: counts by area and year, from the table that its API gives."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import polars as pl

from beacon.registry.sources import Container, DatasetSpec
from beacon.sources.observations import add_periods, reject_conflicts, to_observations
from beacon.sources.reading import read_table
from beacon.sources.tabular.codes import area_pattern
from beacon.sources.tabular.columns import Columns
from beacon.sources.tabular.periods import Period, crossing_year


def read_stat_xplore(
    path: Path, container: Container, spec: DatasetSpec, fictional: bool
) -> pl.DataFrame:
    """Read a table of one measure by area and financial year.

    Options: `measure`, `area` and `period` (fields of the table), `period_pattern` (its group is
    the year in which a financial year ends), `series`, `age`, `not_an_area` (codes of no area).

    Returns:
        Observations in people, the count being the value and the numerator.

    Raises:
        InputRefusedError: For an area, year or count that is none, or another measure.
    """
    columns = Columns(read_table(path, container, spec.dataset), spec.dataset, fictional=fictional)
    columns.check_row_count()
    options = spec.dataset.options
    not_areas = [str(code) for code in options["not_an_area"]]
    columns.allowed("measure", [options["measure"]])
    code = area_pattern("administrative", fictional=fictional)
    areas = columns.code(options["area"], "|".join([code, *map(re.escape, not_areas)]), blank=True)
    parse = partial(_ending_year, str(options["period_pattern"]))
    value, status = columns.number("value", 0)
    frame = pl.DataFrame(
        {
            "area_code": areas,
            "area_name": columns.text(f"{options['area']} label"),
            "value": value,
            "numerator": value,
            "value_status": status,
            "value_note": columns.note("value"),
            "source_row": columns.rows.cast(pl.Int32),
        }
    ).hstack(add_periods(columns, options["period"], parse))
    columns.raise_if_problems()
    frame = frame.filter(~pl.col("area_code").is_in(not_areas)).with_columns(
        pl.lit(str(options["series"])).alias("series"),
        pl.lit(spec.dataset.title).alias("series_name"),
        pl.lit("Persons").alias("sex"),
        pl.lit(str(options["age"])).alias("age"),
    )
    frame = reject_conflicts(columns, to_observations(frame), options["area"])
    columns.raise_if_problems()
    return frame


def _ending_year(pattern: str, text: str) -> Period | None:
    found = re.fullmatch(pattern, text)
    return crossing_year(int(found.group(1)) - 1) if found else None
