"""Department for Transport: walking and cycling by local authority (tables CW0301 to CW0303)."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from beacon.core.errors import InputRefusedError, Problem
from beacon.registry.sources import Container, DatasetSpec
from beacon.sources.observations import reject_conflicts, to_observations
from beacon.sources.reading import most_of
from beacon.sources.tabular.codes import area_pattern
from beacon.sources.tabular.columns import Columns
from beacon.sources.tabular.periods import crossing_year
from beacon.sources.tabular.spreadsheets import read_sheets
from beacon.sources.tabular.tables import without_notes
from beacon.sources.tabular.yearly_columns import with_named_columns, year_columns


def read_walking_cycling(
    path: Path, container: Container, spec: DatasetSpec, fictional: bool
) -> pl.DataFrame:
    """Read the percentage of adults who walk or cycle at least so often, by purpose.

    Returns:
        Observations in percent of adults. The series is `table:mode:purpose:frequency`, such as
        `CW0302:Cycling:Travel:At least 3 times per week`. A column labelled 2021 covers
        mid-November 2020 to mid-November 2021.

    Raises:
        InputRefusedError: For a table without years, or a cell that is none of what its column may
            hold.
    """
    dataset, options = spec.dataset, spec.dataset.options
    problems: list[Problem] = []
    frames: list[pl.DataFrame] = []
    for table in read_sheets(path, most_of(dataset)):
        data = without_notes(table)
        columns = Columns(data, with_named_columns(dataset, data), fictional=fictional)
        columns.check_row_count()
        years = year_columns(data, r"(20\d\d)")
        if not years:
            problems.append(Problem(table.file, "no column is a year.", table.header_row))
        shared = pl.DataFrame(
            {
                "area_code": columns.code(
                    "ONS Code", area_pattern("administrative", fictional=fictional)
                ),
                "area_name": columns.text("Area name"),
                "mode": columns.allowed("Mode", tuple(options["modes"])),
                "purpose": columns.allowed("Purpose", tuple(options["purposes"])),
                "frequency": columns.allowed("Frequency", tuple(options["frequencies"])),
                "source_row": columns.rows.cast(pl.Int32),
            }
        ).with_columns(
            pl.concat_str(
                pl.lit(options["table"]), "mode", "purpose", "frequency", separator=":"
            ).alias("series"),
            pl.lit(dataset.title).alias("series_name"),
            pl.lit("Persons").alias("sex"),
            pl.lit("16+ yrs").alias("age"),
        )
        columns.unique(["ONS Code", "Mode", "Purpose", "Frequency"])
        for year, header in years.items():
            value, status = columns.number(header, 0, 100)
            period = crossing_year(year - 1, "active_lives")
            frames.append(
                to_observations(
                    shared.with_columns(
                        value.alias("value"),
                        status.alias("value_status"),
                        columns.note(header),
                        pl.lit(period.label).alias("period"),
                        pl.lit(period.start).alias("period_start"),
                        pl.lit(period.end).alias("period_end"),
                    )
                )
            )
        problems.extend(columns.problems)
    if problems:
        raise InputRefusedError(problems)
    frame = reject_conflicts(columns, pl.concat(frames), "ONS Code")
    columns.raise_if_problems()
    return frame
