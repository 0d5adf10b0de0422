"""Office for National Statistics: employee jobs paid below the Living Wage Foundation's rates."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import polars as pl

from beacon.core.errors import InputRefusedError, Problem
from beacon.registry.sources import Container, DatasetSpec
from beacon.sources.observations import reject_conflicts, to_observations
from beacon.sources.reading import most_of
from beacon.sources.tabular.columns import Columns
from beacon.sources.tabular.periods import Period
from beacon.sources.tabular.spreadsheets import read_sheets
from beacon.sources.tabular.tables import ROW, TextTable, without_notes

# Sheet -> sex and working pattern.
_SHEETS: dict[str, tuple[str, str | None]] = {
    "All": ("Persons", None),
    "Male": ("Male", None),
    "Female": ("Female", None),
    "Full-Time": ("Persons", "Full-time"),
    "Part-Time": ("Persons", "Part-time"),
    "Male Full-Time": ("Male", "Full-time"),
    "Male Part-Time": ("Male", "Part-time"),
    "Female Full-Time": ("Female", "Full-time"),
    "Female Part-Time": ("Female", "Part-time"),
}
_UNRELIABLE = "Withheld: coefficient of variation above 20 percent."


def read_below_living_wage(
    path: Path, container: Container, spec: DatasetSpec, fictional: bool
) -> pl.DataFrame:
    """Read the percentage of employee jobs paid below the rates, by place of work.

    Returns:
        Observations of series `options.series` in percent of jobs. Jobs paid below are given in
        thousands by the publisher, "for indicative purposes only", and are not taken as a
        numerator. An estimate with a coefficient of variation above 20 percent ("x") is
        suppressed_quality. Full-time and part-time are categories.

    Raises:
        InputRefusedError: For a sheet that is missing or a cell that is none of what its column
            may hold.
    """
    dataset = spec.dataset
    tables = {
        table.sheet: table for table in read_sheets(path, most_of(dataset), dataset.header_rows)
    }
    problems = [
        Problem(path.name, "the sheet is missing.", column=sheet)
        for sheet in ("All", "Male", "Female")
        if sheet not in tables
    ]
    frames: list[pl.DataFrame] = []
    letters = "[KZ]" if fictional else "[EKNSW]"
    for sheet, (sex, pattern) in _SHEETS.items():
        if sheet not in tables:
            continue
        table = tables[sheet]
        period = _april(table)
        columns = Columns(_areas_only(table), dataset, fictional=fictional)
        columns.check_row_count()
        description, code, _, percent = dataset.header
        value, status = columns.number(percent, 0, 100)
        columns.unique([code])
        frame = pl.DataFrame(
            {
                "area_code": columns.code(code, letters + r"\d{8}"),
                "area_name": columns.text(description).str.strip_suffix(" UA"),
                "value": value,
                "value_status": status,
                "source_row": columns.rows.cast(pl.Int32),
            }
        ).with_columns(
            pl.lit(dataset.options["series"]).alias("series"),
            pl.lit(dataset.title).alias("series_name"),
            pl.lit(period.label).alias("period"),
            pl.lit(period.start).alias("period_start"),
            pl.lit(period.end).alias("period_end"),
            pl.lit(sex).alias("sex"),
            pl.lit("").alias("age"),
            pl.lit("Working pattern" if pattern else None).alias("category_type"),
            pl.lit(pattern).alias("category"),
            pl.when(pl.col("value_status") == "suppressed_quality")
            .then(pl.lit(_UNRELIABLE))
            .alias("value_note"),
        )
        if not columns.problems:
            frame = reject_conflicts(columns, to_observations(frame), percent)
        problems.extend(columns.problems)
        frames.append(frame)
    if problems:
        raise InputRefusedError(problems)
    return pl.concat(frames)


def _areas_only(table: TextTable) -> TextTable:
    """Leave out notes, and jobs whose place of work is not known, which have no code."""
    from dataclasses import replace

    cut = without_notes(table)
    name, code = pl.col("c0").str.strip_chars(), pl.col("c1").str.strip_chars()
    unplaced = (code == "") & (name == "Not Classified")
    return replace(cut, frame=cut.frame.filter(~unplaced).sort(ROW))


def _april(table: TextTable) -> Period:
    """The April of the survey's reference day.

    Source: ONS, Annual Survey of Hours and Earnings, methodology: the pay period that includes a
    specified date in April.
    """
    for text in table.preamble:
        found = re.search(r",\s*(20\d\d)\s*$", text)
        if found:
            year = int(found.group(1))
            return Period(str(year), date(year, 4, 1), date(year, 4, 30))
    raise InputRefusedError(
        [Problem(table.file, "the title above the table does not end with its year.", 1)]
    )
