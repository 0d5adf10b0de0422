"""Fingertips (Office for Health Improvement and Disparities): the 27-column data export."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import polars as pl

from beacon.core.errors import InputRefusedError, Problem
from beacon.registry.sources import Container, DatasetSpec
from beacon.sources.observations import (
    add_periods,
    check_limits,
    joined_notes,
    reject_conflicts,
    to_observations,
)
from beacon.sources.reading import read_used_series
from beacon.sources.remarks import remark
from beacon.sources.tabular.ages import age_column
from beacon.sources.tabular.codes import area_pattern
from beacon.sources.tabular.columns import Columns
from beacon.sources.tabular.periods import parse_fingertips
from beacon.sources.tabular.tidy_text import label_column

# Area codes of every kind occur, general practices and clusters among them. One that begins like
# a code of the statistics office, and is longer than a practice's, must be one.
_AREA_CODE = (
    r"[EWKSNZ]\d{8}|(?:[A-Z0-9][A-Za-z0-9_@\-]{1,5})|(?:[A-Z][a-z_]|n[EW])[A-Za-z0-9_@\-]{1,18}"
)
_SEXES = ("Persons", "Male", "Female", "Not applicable")


def read_fingertips(
    path: Path, container: Container, spec: DatasetSpec, fictional: bool
) -> pl.DataFrame:
    """Read an export in the official 27-column form (or the older one of 26).

    Returns:
        Observations (`beacon.sources.observations`); the series is the indicator id as text.
        National rows, which come once for each parent, are kept once.

    Raises:
        InputRefusedError: For a cell that is none of what its column may hold.
    """
    table, rows = read_used_series(path, container, spec)
    columns = Columns(table, spec.dataset, fictional=fictional)
    columns.check_row_count(rows)
    series = columns.code("Indicator ID", r"[1-9]\d*")
    value, marker = columns.number("Value")
    note = columns.text("Value note")
    lower, upper = (columns.number(f"{side} CI 95.0 limit")[0] for side in ("Lower", "Upper"))
    lower_998, upper_998 = (
        columns.number(f"{side} CI 99.8 limit")[0] for side in ("Lower", "Upper")
    )
    check_limits(columns, value, lower, upper, "Lower CI 95.0 limit")
    check_limits(columns, value, lower_998, upper_998, "Lower CI 99.8 limit")
    columns.fail_where(
        (value == 0) & note.str.contains(r"(?i)^(value )?(is )?(suppressed|not published)"),
        "Value",
        "stands where the note beside it says that there is no value",
    )
    category_type = columns.label("Category Type")
    frame = pl.DataFrame(
        {
            "series": series,
            "series_name": columns.text("Indicator Name"),
            "area_code": columns.code("Area Code", _AREA_CODE, like="E06000006"),
            "area_name": columns.text("Area Name"),
            "sex": columns.allowed("Sex", _SEXES),
            "age": age_column(columns.label("Age")),
            "category_type": category_type,
            "category": columns.label("Category"),
            "value": value,
            "marker": marker,
            "lower_95": lower,
            "upper_95": upper,
            "lower_998": lower_998,
            "upper_998": upper_998,
            "numerator": columns.count("Count"),
            "denominator": columns.count("Denominator"),
            "value_note": joined_notes(note, columns.note("Value")),
            "publisher_comparison": columns.text("Compared to England value or percentiles"),
            "publisher_trend": columns.text("Recent Trend"),
            "source_row": columns.rows.cast(pl.Int32),
        }
    ).hstack(_periods(columns, series, spec))
    _check_periods(columns, frame)
    _check_area_codes_of_places(columns, fictional=fictional)
    columns.raise_if_problems()
    frame = frame.with_columns(
        pl.col("category_type", "category", "value_note", "publisher_comparison", "publisher_trend")
        .replace("", None),
        _status().alias("value_status"),
    )  # fmt: skip
    frame = reject_conflicts(columns, frame, "Value")
    columns.raise_if_problems()
    return to_observations(frame)


def _periods(columns: Columns, series: pl.Series, spec: DatasetSpec) -> pl.DataFrame:
    """Periods by the kind of year of each row's indicator."""
    kinds = {str(key): str(kind) for key, kind in spec.dataset.options["year_kinds"].items()}
    kind_of = series.replace_strict(kinds, default="financial", return_dtype=pl.String)
    found = {
        kind: add_periods(columns, "Time period", partial(parse_fingertips, kind=kind))
        for kind in kind_of.unique(maintain_order=True)
    }
    first, *others = found
    periods = found[first]
    for kind in others:
        periods = pl.DataFrame(
            [found[kind][name].zip_with(kind_of == kind, periods[name]) for name in periods.columns]
        )
    return periods


def _check_periods(columns: Columns, frame: pl.DataFrame) -> None:
    """Refuse a period that can be read in two ways, and say where the row gives another year.

    "2017-18" reads like two calendar years, and in a row of one year it was the financial year
    2017/18 before somebody's program took the stroke for a dash.
    """
    texts = label_column(columns.text("Time period"))
    second = texts.str.extract(r"^\d\d(\d\d)-(\d\d)$", 2).cast(pl.Int64)
    next_year = second == (frame["period_start"].dt.year().cast(pl.Int64) + 1) % 100
    if columns.has("Time period range"):
        one_year = columns.text("Time period range") == "1y"
        columns.fail_where(
            next_year & one_year,
            "Time period",
            "is two calendar years in a row that says it is of one; is it a financial year?",
        )
    first = columns.code("Time period Sortable", r"\d{8}").str.head(4)
    other = (first != frame["period_start"].dt.year().cast(pl.String)).fill_null(value=False)
    if other.any():
        count = int(other.sum())
        message = (
            "is of another year than the time period in the same row"
            f"{f' ({count:,} rows in all)' if count > 1 else ''}; the time period was used."
        )
        row = int(columns.rows.filter(other)[0])
        remark(Problem(columns.table.file, message, row, "Time period Sortable", remedy=""))


def _check_area_codes_of_places(columns: Columns, *, fictional: bool) -> None:
    """A fictional export may hold no real code, nor an official one a fictional code."""
    codes = columns.text("Area Code")
    wrong = codes.str.contains(r"^[EW]\d{8}$") if fictional else codes.str.contains(r"^Z\d{8}$")
    columns.fail_where(
        wrong,
        "Area Code",
        "is a real code in fictional data, or a fictional one in official data",
        is_code=True,
    )


def _status() -> pl.Expr:
    note = pl.col("value_note").str.to_lowercase()
    return (
        pl.when(pl.col("value").is_not_null())
        .then(pl.lit("published"))
        .when(note.str.contains("suppress|disclos|small (count|number)"))
        .then(pl.lit("suppressed"))
        .when(note.str.contains("quality|unreliable|caution"))
        .then(pl.lit("suppressed_quality"))
        .when(note.str.contains("not applicable"))
        .then(pl.lit("not_applicable"))
        .otherwise("marker")
    )


def read_practice_deprivation(
    path: Path, container: Container, spec: DatasetSpec, fictional: bool
) -> pl.DataFrame:
    """Read the deprivation score of general practices (indicator 93553) from an export.

    Returns:
        practice_code, practice_name, period (the index's year), imd_score (mean score of the LSOAs
        in which patients live; null where there is none), value_status, value_note, source_row.

    Raises:
        InputRefusedError: As `read_fingertips`, and when no row is a practice.
    """
    frame = read_fingertips(path, container, spec, fictional)
    practice = f"^{area_pattern('practice', fictional=fictional)}$"
    # England, boards and networks come in the same export.
    kept = frame.filter(
        pl.col("area_code").str.contains(practice) & pl.col("category_type").is_null()
    )
    if kept.is_empty():
        raise InputRefusedError([Problem(path.name, "no row is of a general practice.", row=2)])
    return kept.select(
        pl.col("area_code").alias("practice_code"),
        pl.col("area_name").alias("practice_name"),
        "period",
        pl.col("value").alias("imd_score"),
        "value_status",
        "value_note",
        "source_row",
    )
