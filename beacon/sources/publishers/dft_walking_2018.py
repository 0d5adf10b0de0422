"""Department for Transport: walking by purpose (CW0303) as laid out in the edition of 2018."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import polars as pl

from beacon.core.errors import InputRefusedError, Problem
from beacon.registry.sources import Container, DatasetSpec
from beacon.sources.observations import to_observations
from beacon.sources.reading import most_of
from beacon.sources.tabular.codes import area_pattern
from beacon.sources.tabular.columns import Columns
from beacon.sources.tabular.periods import crossing_year
from beacon.sources.tabular.spreadsheets import read_sheets
from beacon.sources.tabular.tables import TextTable, without_notes
from beacon.sources.tabular.yearly_columns import with_named_columns

# A sheet a year and one of its 95 % half-widths: CW0303_1718 and CW0303_CI_1718.
_SHEET = re.compile(r"CW0303_(CI_)?(\d\d)(\d\d)")
_PURPOSES = {"Any walking": "any", "Walking for leisure": "leisure",
             "Walking for travel": "travel"}  # fmt: skip
_OFTEN = {
    "Once per month": "once_a_month",
    "Once per week": "once_a_week",
    "Three times per week": "3_times_a_week",
    "Five times per week": "5_times_a_week",
}
_NOTE = "From the edition of 2018, the last that was laid out so; not to be taken for recent."


def read_walking_2018(
    path: Path, container: Container, spec: DatasetSpec, fictional: bool
) -> pl.DataFrame:
    """Read the percentage of adults who walk at least so often, by purpose, with limits.

    Limits are the value less and plus the half-width that its own sheet gives for the same area,
    purpose and frequency, kept within 0 and 100.

    Returns:
        Observations in percent of adults. The series is `walking_2018_purpose_frequency`, a name
        of its own, so that no later edition continues it. The year 2017-18 is mid-November
        to mid-November.

    Raises:
        InputRefusedError: For a year without its half-widths, an area that is in one of both sheets
            alone, or a cell that is no percentage.
    """
    values: dict[int, pl.DataFrame] = {}
    widths: dict[int, pl.DataFrame] = {}
    dataset = spec.dataset
    problems: list[Problem] = []
    for table in read_sheets(path, most_of(dataset), dataset.header_rows, _SHEET.pattern):
        named = _SHEET.fullmatch(table.sheet or "")
        if named is None:
            continue
        data = _with_purposes(without_notes(table))
        columns = Columns(data, with_named_columns(dataset, data), fictional=fictional)
        columns.check_row_count()
        kind = widths if named[1] else values
        kind[2000 + int(named[3])] = _rows(columns, fictional=fictional)
        problems.extend(columns.problems)
    if set(values) != set(widths):
        years = ", ".join(str(year) for year in sorted(set(values) ^ set(widths)))
        problems.append(Problem(path.name, f"values or half-widths are missing for {years}."))
    if problems:
        raise InputRefusedError(problems)
    return pl.concat([_year(values[year], widths[year], year, path, spec) for year in values])


def _with_purposes(table: TextTable) -> TextTable:
    """The table with the purpose, which stands over the first of its columns, before each."""
    purpose, header = "", []
    for name in table.header:
        found = re.match(r"(Any walking|Walking for \w+?)\d* (.+)", name)
        purpose, often = (found[1], found[2]) if found else (purpose, name)
        header.append(f"{purpose} {often}" if often in _OFTEN else name)
    return replace(table, header=header)


def _rows(columns: Columns, *, fictional: bool) -> pl.DataFrame:
    """A row for each area, purpose and frequency."""
    frames = []
    code = columns.code("LA code", area_pattern("administrative", fictional=fictional))
    columns.unique(["LA code"])
    for words, purpose in _PURPOSES.items():
        for often, frequency in _OFTEN.items():
            value, status = columns.number(f"{words} {often}", 0, 100)
            frames.append(
                pl.DataFrame(
                    {
                        "area_code": code,
                        "value": value,
                        "value_status": status,
                        "source_row": columns.rows.cast(pl.Int32),
                    }
                ).with_columns(pl.lit(f"walking_2018_{purpose}_{frequency}").alias("series"))
            )
    return pl.concat(frames)


def _year(
    values: pl.DataFrame, widths: pl.DataFrame, year: int, path: Path, spec: DatasetSpec
) -> pl.DataFrame:
    period = crossing_year(year - 1, "active_lives")
    key = ["area_code", "series"]
    both = values.join(
        widths.select(*key, pl.col("value").alias("half")), on=key, how="left", validate="1:1"
    )
    lost = both.filter(pl.col("value").is_not_null() & pl.col("half").is_null())
    if lost.height:
        raise InputRefusedError(
            [
                Problem(
                    path.name,
                    f"{lost['area_code'][0]} has values for {period.label} and no half-widths.",
                    row=int(lost["source_row"][0]),
                )
            ]
        )
    return to_observations(
        both.with_columns(
            (pl.col("value") - pl.col("half")).clip(0, 100).alias("lower_95"),
            (pl.col("value") + pl.col("half")).clip(0, 100).alias("upper_95"),
            pl.lit(spec.dataset.title).alias("series_name"),
            pl.lit("Persons").alias("sex"),
            pl.lit("16+ yrs").alias("age"),
            pl.lit(_NOTE).alias("value_note"),
            pl.lit(period.label).alias("period"),
            pl.lit(period.start).alias("period_start"),
            pl.lit(period.end).alias("period_end"),
        )
    )
