"""MHCLG: statutory homelessness, detailed tables."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import polars as pl

from beacon.core.errors import InputRefusedError, Problem
from beacon.registry.sources import Container, DatasetSpec
from beacon.sources.observations import reject_conflicts, to_observations
from beacon.sources.reading import most_of
from beacon.sources.tabular.codes import area_pattern
from beacon.sources.tabular.columns import Columns
from beacon.sources.tabular.periods import Period
from beacon.sources.tabular.spreadsheets import read_sheets
from beacon.sources.tabular.tables import TextTable, without_notes

_CODE, _NAME = "area code (no header)", "area name (no header)"
# "Rest of England" has this in place of a code.
_NO_CODE = "-"


def read_temporary_accommodation(
    path: Path, container: Container, spec: DatasetSpec, fictional: bool
) -> pl.DataFrame:
    """Read households in temporary accommodation at the end of a quarter.

    The columns of codes and names have no headers, so they are the first two; hidden rows of stale
    labels stand above the header, and the first data row is the first with a code.

    Returns:
        Observations of series `TA1`: value per 1,000 households, numerator households in temporary
        accommodation, denominator households. ".." (no return, or one that could not be used) is
        not published. Counts of England and regions are rounded to 10 and hold estimates for
        missing returns; rates are not rounded.

    Raises:
        InputRefusedError: For a rate that does not follow from its counts, or a cell that is none
            of what its column may hold.
    """
    dataset = spec.dataset
    table = read_sheets(path, most_of(dataset), dataset.header_rows, dataset.options["sheet"])[0]
    table = _with_code_column(table)
    period = _quarter_end(table)
    named = dataset.model_copy(update={"header": (_CODE, _NAME, *dataset.header)})
    columns = Columns(table, named, fictional=fictional)
    columns.check_row_count()
    households_in, households, rate = dataset.header[:3]
    value, status = columns.number(rate, 0, blank_status=None)
    numerator, _ = columns.number(households_in, 0, blank_status=None)
    thousands, _ = columns.number(households, 0, blank_status=None)
    denominator = thousands * 1000
    code = columns.code(_CODE, area_pattern("administrative", fictional=fictional))
    # Counts of authorities are exact; those of England and regions are rounded to 10.
    rounded = code.str.contains(r"^.(?:92|12)")
    slack = pl.select(pl.when(rounded).then(5).otherwise(0)).to_series() / thousands
    columns.fail_where(
        ((numerator / thousands) - value).abs() > slack + 0.01,
        rate,
        "does not follow from the counts in the same row",
    )
    frame = pl.DataFrame(
        {
            "area_code": code,
            "area_name": columns.text(_NAME),
            "value": value,
            "value_status": status,
            "numerator": numerator,
            "denominator": denominator,
            "source_row": columns.rows.cast(pl.Int32),
        }
    ).with_columns(
        pl.lit("TA1").alias("series"),
        pl.lit(dataset.title).alias("series_name"),
        pl.lit(period.label).alias("period"),
        pl.lit(period.start).alias("period_start"),
        pl.lit(period.end).alias("period_end"),
        pl.lit("Persons").alias("sex"),
        pl.lit("").alias("age"),
        pl.when(pl.col("value").is_null())
        .then(pl.lit("No return for the quarter, or one that the publisher could not use."))
        .alias("value_note"),
    )
    columns.raise_if_problems()
    # London stands twice, beside "Rest of England" and among the regions.
    frame = reject_conflicts(columns, to_observations(frame), rate)
    columns.raise_if_problems()
    return frame


def _with_code_column(table: TextTable) -> TextTable:
    """Name the first two columns, and drop what stands between the header and the first code."""
    if len(table.header) < 3 or table.header[0] or table.header[1]:
        raise InputRefusedError(
            [
                Problem(
                    table.file,
                    "the first two columns, where codes and names stand, should have no header.",
                    table.header_row,
                )
            ]
        )
    table = without_notes(table, least_filled=4)
    code = pl.col("c0").str.strip_chars()
    frame = table.frame.filter(
        ~((code == "") & (pl.col("c1").str.strip_chars() == "")) & (code != _NO_CODE)
    )
    return replace(table, header=[_CODE, _NAME, *table.header[2:]], frame=frame)


def _quarter_end(table: TextTable) -> Period:
    """The day that the table is for, which its title ends with."""
    for text in table.preamble:
        found = re.search(r"(\d{1,2} [A-Z][a-z]+ 20\d\d)", text)
        if found:
            day: date = datetime.strptime(found.group(1), "%d %B %Y").date()
            return Period(day.isoformat(), day, day)
    raise InputRefusedError(
        [Problem(table.file, "the title above the table does not give the day it is for.", 1)]
    )
