"""Fingertips as the department extracted it for FingertipsNext, its proof of concept.

The extract has no indicator names, no area names, and one number for a period whatever its length,
so a series is read only where the register says what it is and what its years are. The values of
its last two columns stand in each other's place; only rows that belong to neither are read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from beacon.registry.sources import Container, DatasetSpec
from beacon.sources.observations import add_periods, check_limits, reject_conflicts, to_observations
from beacon.sources.reading import read_table
from beacon.sources.tabular.ages import age_column
from beacon.sources.tabular.columns import Columns
from beacon.sources.tabular.periods import Period, calendar_years, crossing_year
from beacon.sources.tabular.tables import TextTable

_SEXES = ("Persons", "Male", "Female")


def read_fingertips_extract(
    path: Path, container: Container, spec: DatasetSpec, fictional: bool
) -> pl.DataFrame:
    """Read the series that the register declares, for everybody.

    Returns:
        Observations (`beacon.sources.observations`); the series is the indicator id as text, and
        its name is the one of the extract's own list of indicators.

    Raises:
        InputRefusedError: For a cell that is none of what its column may hold.
    """
    dataset = spec.dataset
    table = read_table(path, container, dataset)
    whole = Columns(table, dataset, fictional=fictional)
    whole.check_row_count()
    whole.raise_if_problems()
    declared: Mapping[str, Mapping[str, str]] = dataset.options["series"]
    frames = [
        _read_series(_only(table, dataset.header, id_), spec, id_, about, fictional=fictional)
        for id_, about in declared.items()
    ]
    return pl.concat(frames)


def _only(table: TextTable, header: Sequence[str], series: str) -> TextTable:
    """The rows of one series that stand for everybody."""
    place = {name: table.text(table.header.index(name)) for name in header}
    rows = table.frame.filter(
        (place["IndicatorId"] == series) & (place["CategoryType"] == "") & (place["Category"] == "")
    )
    return replace(table, frame=rows)


def _read_series(
    table: TextTable, spec: DatasetSpec, series: str, about: Mapping[str, str], *, fictional: bool
) -> pl.DataFrame:
    columns = Columns(table, spec.dataset, fictional=fictional)
    letter = "Z" if fictional else "E"
    value, status = columns.number("Value")
    lower, upper = columns.number("LowerCI")[0], columns.number("UpperCI")[0]
    check_limits(columns, value, lower, upper, "LowerCI")
    kind, length = about["years"], int(about.get("pooled", "1"))
    frame = pl.DataFrame(
        {
            "area_code": columns.code("AreaCode", letter + r"\d{8}"),
            "sex": columns.allowed("Sex", _SEXES),
            "age": age_column(columns.label("Age")),
            "value": value,
            "value_status": status,
            "value_note": columns.note("Value"),
            "lower_95": lower,
            "upper_95": upper,
            "numerator": columns.count("Count"),
            "denominator": columns.count("Denominator"),
            "publisher_trend": columns.text("Trend").replace("", None),
            "source_row": columns.rows.cast(pl.Int32),
        }
    ).hstack(add_periods(columns, "Year", lambda text: _period(text, kind, length)))
    columns.raise_if_problems()
    observations = to_observations(
        frame.with_columns(
            pl.lit(series).alias("series"), pl.lit(about["name"]).alias("series_name")
        )
    )
    observations = reject_conflicts(columns, observations, "Value")
    columns.raise_if_problems()
    return observations


def _period(text: str, kind: str, years: int) -> Period | None:
    """The period that begins in a year."""
    if len(text) != 4 or not text.isdigit():
        return None
    first = int(text)
    if kind == "calendar":
        return calendar_years(first, first + years - 1)
    begin, finish = crossing_year(first, kind), crossing_year(first + years - 1, kind)
    label = begin.label if years == 1 else f"{begin.label} to {finish.label}"
    return Period(label, begin.start, finish.end)
