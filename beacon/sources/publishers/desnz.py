"""Department for Energy Security and Net Zero: sub-regional fuel poverty workbook."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl

from beacon.core.errors import InputRefusedError, Problem
from beacon.registry.sources import Container, Dataset, DatasetSpec, RowBounds
from beacon.sources.observations import reject_conflicts, to_observations
from beacon.sources.reading import begins_with
from beacon.sources.tabular.codes import area_pattern
from beacon.sources.tabular.columns import Columns
from beacon.sources.tabular.periods import calendar_years
from beacon.sources.tabular.spreadsheets import read_sheets
from beacon.sources.tabular.tables import TextTable, without_notes


def read_fuel_poverty(
    path: Path, container: Container, spec: DatasetSpec, fictional: bool
) -> pl.DataFrame:
    """Read households in fuel poverty by authority (Table 2) and by LSOA, wherever it stands.

    The sheets are chosen by their headers, because their numbers change between releases.

    Returns:
        Observations in percent of households, with both counts. Authorities, regions and England
        are one series (`options.series`), LSOAs another (`options.lsoa_series`). The period is the
        year of the data, two years before that in the file's name.

    Raises:
        InputRefusedError: For a table that is missing, a proportion that does not follow from its
            counts, or a cell that is none of what its column may hold.
    """
    dataset, options = spec.dataset, spec.dataset.options
    lsoa = dataset.model_copy(
        update={
            "header": tuple(options["lsoa_header"]),
            "rows": RowBounds.model_validate(options["lsoa_rows"]),
        }
    )
    kinds = ((dataset, options["series"], "administrative"), (lsoa, options["lsoa_series"], "lsoa"))
    tables = read_sheets(
        path, lambda cells: any(begins_with(which, cells) for which, _, _ in kinds)
    )
    problems: list[Problem] = []
    frames: list[pl.DataFrame] = []
    for which, series, kind in kinds:
        found = [table for table in tables if begins_with(which, table.header)]
        if found:
            frames.append(_read_table(found[0], which, series, kind, fictional, problems))
        else:
            headers = ", ".join(repr(name.removeprefix("~")) for name in which.header[:2])
            problems.append(Problem(path.name, f"no sheet has a header that begins {headers}."))
    if problems:
        raise InputRefusedError(problems)
    return pl.concat(frames)


def _read_table(
    sheet: TextTable,
    dataset: Dataset,
    series: str,
    kind: str,
    fictional: bool,
    problems: list[Problem],
) -> pl.DataFrame:
    table = without_notes(sheet)
    columns = Columns(table, dataset, fictional=fictional)
    columns.check_row_count()
    code, name = dataset.header[:2]
    households, poor, proportion = dataset.header[-3:]
    value, status = columns.number(proportion, 0, 100)
    numerator, _ = columns.number(poor, 0)
    denominator, _ = columns.number(households, 0)
    columns.fail_where(
        ((numerator / denominator * 100) - value).abs() > 0.06,
        proportion,
        "does not follow from the counts in the same row",
    )
    columns.unique([code])
    period = calendar_years(_year(table))
    frame = pl.DataFrame(
        {
            "area_code": columns.code(code, area_pattern(kind, fictional=fictional)),
            "area_name": _names(columns, name),
            "value": value,
            "value_status": status,
            "value_note": columns.note(proportion),
            "numerator": numerator,
            "denominator": denominator,
            "source_row": columns.rows.cast(pl.Int32),
        }
    ).with_columns(
        pl.lit(series).alias("series"),
        pl.lit(series).alias("series_name"),
        pl.lit(period.label).alias("period"),
        pl.lit(period.start).alias("period_start"),
        pl.lit(period.end).alias("period_end"),
        pl.lit("Persons").alias("sex"),
        pl.lit("").alias("age"),
    )
    problems.extend(columns.problems)
    return frame if columns.problems else reject_conflicts(columns, to_observations(frame), code)


def _names(columns: Columns, header: str) -> pl.Series:
    """Names of areas, which the publisher indents over three columns by level."""
    table = columns.table
    first = columns.position(header)
    cells = [f"c{first}"]
    for place in (first + 1, first + 2):
        if place < len(table.header) and not table.header[place]:
            cells.append(f"c{place}")
    return (
        table.frame.select(pl.concat_str(cells, separator="").str.strip_chars())
        .to_series()
        .alias("area_name")
    )


def _year(table: TextTable) -> int:
    """The year of the data, which the title of each table ends with."""
    for text in table.preamble:
        found = re.search(r"\b(20\d\d)\b", text)
        if found:
            return int(found.group(1))
    raise InputRefusedError(
        [Problem(table.file, "the title above the table does not give the year of the data.", 1)]
    )
