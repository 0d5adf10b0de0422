"""The one long shape into which every published series is staged."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from beacon.registry.sources import DatasetSpec
from beacon.sources.tabular.columns import Columns
from beacon.sources.tabular.periods import Period
from beacon.sources.tabular.tidy_text import fold, label_column

OBSERVATION_SCHEMA: dict[str, pl.DataType] = {
    "series": pl.String(),
    "series_name": pl.String(),
    "area_code": pl.String(),
    "area_name": pl.String(),
    "period": pl.String(),
    "period_start": pl.Date(),
    "period_end": pl.Date(),
    "sex": pl.String(),
    "age": pl.String(),
    "category_type": pl.String(),
    "category": pl.String(),
    "value": pl.Float64(),
    "lower_95": pl.Float64(),
    "upper_95": pl.Float64(),
    "lower_998": pl.Float64(),
    "upper_998": pl.Float64(),
    "numerator": pl.Float64(),
    "denominator": pl.Float64(),
    "value_status": pl.String(),
    "value_note": pl.String(),
    "publisher_comparison": pl.String(),
    "publisher_trend": pl.String(),
    "source_row": pl.Int32(),
}

_FIGURES = ("value", "lower_95", "upper_95", "lower_998", "upper_998", "numerator", "denominator",
            "value_status")  # fmt: skip
KEY = ("series", "area_code", "period", "sex", "age", "category_type", "category")


def to_observations(frame: pl.DataFrame) -> pl.DataFrame:
    """Give a frame exactly the observation columns; what it lacks is null."""
    given = frame.get_columns()
    by_name = {column.name: column for column in given}
    columns: list[pl.Series] = []
    for name, kind in OBSERVATION_SCHEMA.items():
        column = by_name.get(name)
        if column is None:
            column = pl.Series(name, [None], dtype=kind).new_from_index(0, frame.height)
        elif column.dtype != kind:
            column = column.cast(kind)
        columns.append(column)
    return pl.DataFrame(columns)


def add_periods(
    columns: Columns, header: str, parse: Callable[[str], Period | None]
) -> pl.DataFrame:
    """Parse a period column into period, period_start and period_end, reporting what is none."""
    texts = label_column(columns.text(header))
    parsed = {text: _period(text, parse) for text in texts.unique().to_list()}
    found = {text: period for text, period in parsed.items() if period is not None}
    if len(found) < len(parsed):
        columns.fail_where(~texts.is_in(list(found)), header, "is not a period that can be read")
    periods = pl.DataFrame(
        [(period.label, period.start, period.end) for period in found.values()],
        schema={"period": pl.String, "period_start": pl.Date, "period_end": pl.Date},
        orient="row",
    )
    # One look-up for the three columns.
    numbers = dict(zip(found, range(len(found)), strict=True))
    places = texts.replace_strict(numbers, default=None, return_dtype=pl.UInt32)
    return pl.DataFrame([column.gather(places) for column in periods])


def _period(text: str, parse: Callable[[str], Period | None]) -> Period | None:
    try:
        return parse(text)
    except (ValueError, OverflowError):
        return None  # a year that no calendar has


def joined_notes(*notes: pl.Series) -> pl.Series:
    """Notes on the same rows, put together; null where a row has none."""
    frame = pl.DataFrame([note.alias(str(place)) for place, note in enumerate(notes)])
    texts = [pl.when(pl.col(name) != "").then(pl.col(name)) for name in frame.columns]
    joined = pl.concat_str(texts, separator=". ", ignore_nulls=True).replace("", None)
    return frame.select(joined.alias("value_note")).to_series()


def check_limits(
    columns: Columns, value: pl.Series, lower: pl.Series, upper: pl.Series, lower_header: str
) -> None:
    """A value must lie between its limits, as far as the publisher's rounding allows.

    A value printed to one to three decimals may lie half of the last one outside: 15.6 stands for
    anything from 15.55, so that an upper limit of 15.59 is none on the wrong side.
    """
    slack = 1e-6 + value.abs() * 1e-6
    for decimals in (3, 2, 1):
        is_rounded = ((value - value.round(decimals)).abs() < 1e-9).fill_null(False)
        slack = slack.zip_with(~is_rounded, slack.clip(lower_bound=0.5 * 10.0**-decimals))
    outside = (lower > upper) | (value < lower - slack) | (value > upper + slack)
    columns.fail_where(
        outside, lower_header, "is a limit on the wrong side of the value or of the other limit"
    )


def with_series_as_named(spec: DatasetSpec, frame: pl.DataFrame) -> pl.DataFrame:
    """A series that differs from one in use by case, spaces or dashes only is that one."""
    used = {fold(series): series for series in spec.series_in_use or {}}
    found = frame["series"].unique().drop_nulls().to_list()
    changed = {name: used[fold(name)] for name in found if used.get(fold(name), name) != name}
    return (
        frame.with_columns(pl.col("series", "series_name").replace(changed)) if changed else frame
    )


def reject_conflicts(columns: Columns, frame: pl.DataFrame, header: str) -> pl.DataFrame:
    """Drop rows that repeat another row, and refuse rows that contradict one.

    Fingertips prints the national rows once for each parent, so equal repeats are normal; the same
    key with two values is not.
    """
    # Most files repeat nothing, and then their keys alone say so.
    if not frame.select(KEY).is_duplicated().any():
        return frame
    payload = [name for name in _FIGURES if name in frame.columns]
    distinct = frame.unique(subset=[*KEY, *payload], keep="first", maintain_order=True)
    clash = distinct.filter(pl.struct(KEY).is_duplicated())
    if clash.height:
        rows = clash["source_row"]
        columns.fail_where(
            columns.rows.is_in(rows.cast(pl.Int64).implode()),
            header,
            "has two different values for the same area, period, sex, age and category",
        )
    return distinct
