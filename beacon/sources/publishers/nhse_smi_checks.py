"""NHS England: physical health checks of people with severe mental illness, by sub-ICB."""

from __future__ import annotations

import calendar
import re
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from beacon.core.errors import InputRefusedError, Problem
from beacon.registry.sources import Container, DatasetSpec
from beacon.sources.observations import reject_conflicts, to_observations
from beacon.sources.reading import read_table
from beacon.sources.tabular.columns import Columns
from beacon.sources.tabular.file_names import publishers_name
from beacon.sources.tabular.periods import Period
from beacon.sources.tabular.tables import without_notes

# Organisation Data Service codes of locations (27D), or ONS's.
_CODE = r"[0-9A-Z]{3,5}|[EZ]38\d{6}"


def read_smi_checks(
    path: Path, container: Container, spec: DatasetSpec, fictional: bool
) -> pl.DataFrame:
    """Read how many people on the register had all six checks in the twelve months to a quarter.

    Returns:
        Observations in percent with numerator and denominator (people). The area is the location's
        code as published.

    Raises:
        InputRefusedError: When the file's name does not give the quarter, or a location has more
            people with checks than people.
    """
    period = _twelve_months(path, spec)
    table = without_notes(read_table(path, container, spec.dataset), 4)
    columns = Columns(table, spec.dataset, fictional=fictional)
    columns.check_row_count()
    _, _, code, name, checked, register = spec.dataset.header
    numerator, status = columns.number(checked, 0)
    denominator, _ = columns.number(register, 0)
    columns.fail_where(numerator > denominator, checked, "is more than the people on the register")
    columns.unique([code])
    frame = pl.DataFrame(
        {
            "area_code": columns.code(code, _CODE),
            "area_name": columns.text(name),
            "numerator": numerator,
            "denominator": denominator,
            "value_status": status,
            "source_row": columns.rows.cast(pl.Int32),
        }
    ).with_columns(
        # Nobody on the register leaves nothing to divide by.
        pl.when(pl.col("denominator") > 0)
        .then(100 * pl.col("numerator") / pl.col("denominator"))
        .alias("value"),
        pl.when(
            (pl.col("value_status") == "published") & ~(pl.col("denominator") > 0).fill_null(False)
        )
        .then(pl.lit("not_applicable"))
        .otherwise(pl.col("value_status"))
        .alias("value_status"),
        pl.lit(str(spec.dataset.options["series"])).alias("series"),
        pl.lit(spec.dataset.title).alias("series_name"),
        pl.lit("Persons").alias("sex"),
        pl.lit("All ages").alias("age"),
        pl.lit(period.label).alias("period"),
        pl.lit(period.start).alias("period_start"),
        pl.lit(period.end).alias("period_end"),
    )
    columns.raise_if_problems()
    frame = reject_conflicts(columns, to_observations(frame), code)
    columns.raise_if_problems()
    return frame


def _twelve_months(path: Path, spec: DatasetSpec) -> Period:
    """The twelve months that end with the quarter in the publisher's file name."""
    found = re.search(spec.dataset.options["quarter_in_name"], publishers_name(path.name))
    if found is None:
        raise InputRefusedError(
            [
                Problem(
                    path.name,
                    "the file's name does not say which quarter it is for.",
                    remedy="Give it the publisher's own name, with Q4-2021-22 in it.",
                )
            ]
        )
    quarter, year = int(found.group(1)), int(found.group(2))
    month = quarter * 3 + 3
    end_year, end_month = (year + 1, month - 12) if month > 12 else (year, month)
    end = date(end_year, end_month, calendar.monthrange(end_year, end_month)[1])
    start = date(end.year - 1, end.month, 1) + timedelta(days=31)
    return Period(f"{year}/{(year + 1) % 100:02d} Q{quarter}", start.replace(day=1), end)
