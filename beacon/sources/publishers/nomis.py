"""Nomis (Office for National Statistics): answers of its data service as CSV."""

from __future__ import annotations

import calendar
import re
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from beacon.registry.sources import Container, DatasetSpec
from beacon.sources.observations import add_periods, check_limits, to_observations
from beacon.sources.reading import read_table
from beacon.sources.tabular.columns import Columns
from beacon.sources.tabular.periods import Period, calendar_years

_CALENDAR_YEAR = re.compile(r"(?:Jan(?:uary)? )?(\d{4})(?:\s*-\s*Dec(?:ember)? (\d{4}))?")
_ROLLING_YEAR = re.compile(r"[A-Z][a-z]+ \d{4}\s*-\s*[A-Z][a-z]+ \d{4}")
_KEY = ["series", "area_code", "period"]


def read_nomis(
    path: Path, container: Container, spec: DatasetSpec, fictional: bool
) -> pl.DataFrame:
    """Read one answer of the data service.

    Options: `series` with columns in braces, `name`, `keep` (column to wanted values), `measures`
    (what each code of MEASURES is), `age`, `months` (periods are months).

    Returns:
        Observations of calendar years. The survey also publishes years that end in other quarters;
        these overlap, so they are left out.

    Raises:
        InputRefusedError: When the service cut its answer short, or holds nothing of what is kept.
    """
    columns = Columns(read_table(path, container, spec.dataset), spec.dataset, fictional=fictional)
    columns.check_row_count()
    options = spec.dataset.options
    _check_complete(columns)
    letter = "Z" if fictional else "[A-Y]"
    value, marker = columns.number("OBS_VALUE")
    frame = pl.DataFrame(
        {
            "series": _series(columns, str(options["series"])),
            "series_name": columns.text(options["name"]),
            "area_code": columns.code("GEOGRAPHY_CODE", letter + r"\d{8}"),
            "area_name": columns.text("GEOGRAPHY_NAME"),
            "measure": columns.text("MEASURES"),
            "value": value,
            "marker": marker,
            "flag": columns.note("OBS_VALUE"),
            "value_note": columns.text("OBS_STATUS_NAME"),
            "source_row": columns.rows.cast(pl.Int32),
        }
    ).hstack(
        add_periods(columns, "DATE_NAME", parse_month if options.get("months") else _parse_period)
    )
    columns.raise_if_problems()
    kept = frame.filter(_wanted(columns, options) & (frame["period"] != _OVERLAPPING.label))
    if kept.is_empty():
        columns.fail_where(
            pl.Series([True] + [False] * (frame.height - 1)),
            next(iter(options.get("keep", {"OBS_VALUE": []}))),
            "and the rows below it hold nothing of what the register keeps: "
            f"{options.get('keep', 'calendar years')}",
        )
        columns.raise_if_problems()
    wide = _by_measure(kept, options["measures"])
    check_limits(columns, wide["value"], wide["lower_95"], wide["upper_95"], "OBS_VALUE")
    columns.raise_if_problems()
    return to_observations(
        wide.with_columns(pl.lit("Persons").alias("sex"), pl.lit(str(options["age"])).alias("age"))
    )


# Stands for rolling years that overlap calendar years, until they are left out.
_OVERLAPPING = Period("rolling", calendar_years(1900).start, calendar_years(1900).end)


def _parse_period(text: str) -> Period | None:
    match = _CALENDAR_YEAR.fullmatch(text)
    if match and match[2] in (None, match[1]):
        return calendar_years(int(match[1]))
    return _OVERLAPPING if _ROLLING_YEAR.fullmatch(text) else None


def parse_month(text: str) -> Period | None:
    """Read a month such as `October 2026`."""
    name, _, year = text.partition(" ")
    if name not in calendar.month_name or not name or not re.fullmatch(r"\d{4}", year):
        return None
    month = list(calendar.month_name).index(name)
    last = calendar.monthrange(int(year), month)[1]
    return Period(f"{year}-{month:02d}", date(int(year), month, 1), date(int(year), month, last))


def _check_complete(columns: Columns) -> None:
    """The service cuts answers at 25,000 rows without a word, but says how many there are."""
    there = columns.integer("RECORD_COUNT", 1)
    found = len(there)
    columns.fail_where(
        there != found,
        "RECORD_COUNT",
        f"rows are held by Nomis but the file has {found:,}: its answer was cut",
    )


def _series(columns: Columns, template: str) -> pl.Series:
    found = re.fullmatch(r"(.*)\{(\w+)\}(.*)", template)
    if not found:
        return pl.repeat(template, len(columns.rows), dtype=pl.String, eager=True)
    return found[1] + columns.text(found[2]) + found[3]


def _wanted(columns: Columns, options: dict[str, Any]) -> pl.Series:
    wanted = pl.repeat(True, len(columns.rows), dtype=pl.Boolean, eager=True)
    for column, values in options.get("keep", {}).items():
        wanted &= columns.text(column).is_in(list(values))
    return wanted


def _by_measure(frame: pl.DataFrame, measures: dict[str, str]) -> pl.DataFrame:
    """One row an area and period, its measures side by side, with 95% limits where there are."""
    main = frame.filter(pl.col("measure") == measures["value"])
    for name, code in measures.items():
        if name != "value":
            part = frame.filter(pl.col("measure") == code)
            main = main.join(
                part.select(*_KEY, pl.col("value").alias(name)), on=_KEY, how="left", validate="1:1"
            )
    half_width = (
        pl.col("confidence") if "confidence" in measures else pl.lit(None, dtype=pl.Float64)
    )
    reason = pl.col("value_note").str.to_lowercase()
    return main.with_columns(
        (pl.col("value") - half_width).alias("lower_95"),
        (pl.col("value") + half_width).alias("upper_95"),
        pl.when(pl.col("value").is_not_null())
        .then(pl.lit("published"))
        .when(reason.str.contains("sample|unreliable|quality"))
        .then(pl.lit("suppressed_quality"))
        .when(reason.str.contains("suppress|disclos"))
        .then(pl.lit("suppressed"))
        .otherwise("marker")
        .alias("value_status"),
        pl.when(pl.col("value").is_null())
        .then(pl.col("value_note"))
        .otherwise("flag")
        .alias("value_note"),
    )
