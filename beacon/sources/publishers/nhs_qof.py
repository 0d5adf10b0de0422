"""NHS England: the Quality and Outcomes Framework by general practice, raw files."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl

from beacon.core.errors import InputRefusedError, Problem
from beacon.registry.sources import Container, DatasetSpec
from beacon.sources.reading import read_table
from beacon.sources.tabular.cell_numbers import whole_numbers
from beacon.sources.tabular.codes import area_pattern
from beacon.sources.tabular.columns import Columns
from beacon.sources.tabular.file_names import publishers_name
from beacon.sources.tabular.periods import Period, crossing_year

# The largest practice of England has some 120,000 patients.
_MOST_PATIENTS = 1_000_000
# Which patients of a practice a register is a share of, by the age that it begins at.
LIST_TYPES = ("TOTAL", "06OV", "16OV", "17OV", "18OV", "25_84", "45OV", "50OV")


def read_qof_prevalence(
    path: Path, container: Container, spec: DatasetSpec, fictional: bool
) -> pl.DataFrame:
    """Read patients on each disease register.

    Returns:
        period, period_start, period_end, practice_code, group_code, patient_list_type, register
        and practice_list_size (both people), source_row.

    Raises:
        InputRefusedError: When the file's name does not give the year, or a practice has a
            register twice.
    """
    period = _year(path, spec)
    columns = Columns(read_table(path, container, spec.dataset), spec.dataset, fictional=fictional)
    columns.check_row_count()
    size = spec.dataset.header[-1]
    frame = pl.DataFrame(
        {
            "practice_code": _practices(columns, fictional=fictional),
            "group_code": columns.code("GROUP_CODE", "[A-Z]{2,8}"),
            "patient_list_type": columns.allowed("PATIENT_LIST_TYPE", LIST_TYPES),
            "register": columns.integer("REGISTER", 0, _MOST_PATIENTS),
            "practice_list_size": columns.integer(size, 0, _MOST_PATIENTS),
            "source_row": columns.rows.cast(pl.Int32),
        }
    )
    # A specialised practice can have a register longer than its list (Y05750 in 2020/21), so the
    # two are not compared.
    columns.unique(["PRACTICE_CODE", "GROUP_CODE", "PATIENT_LIST_TYPE"])
    columns.raise_if_problems()
    return _dated(frame, period)


def read_qof_achievement(
    path: Path, container: Container, spec: DatasetSpec, fictional: bool
) -> pl.DataFrame:
    """Read how many patients meet the indicators that the register's options name.

    Returns:
        period, period_start, period_end, practice_code, series (what indicators measure together),
        indicator_code, numerator and denominator (people; the denominator leaves out patients with
        a personalised care adjustment), source_row (of the numerator).

    Raises:
        InputRefusedError: When the file's name does not give the year, an indicator of a practice
            lacks its numerator or denominator, or the one is more than the other.
    """
    period = _year(path, spec)
    columns = Columns(read_table(path, container, spec.dataset), spec.dataset, fictional=fictional)
    columns.check_row_count()
    series = {
        code: name for name, codes in spec.dataset.options["series"].items() for code in codes
    }
    practices = _practices(columns, fictional=fictional)
    codes = columns.code("INDICATOR_CODE", r"[A-Z]{2,8}\d{3}")
    measure = columns.code("MEASURE", r"[A-Z][A-Z0-9_]*")
    wanted = codes.is_in(list(series)) & measure.is_in(["NUMERATOR", "DENOMINATOR"])
    values = whole_numbers(columns.text("VALUE"))
    columns.fail_where(
        wanted & (values.is_null() | (values < 0)), "VALUE", "is not a whole number of people"
    )
    columns.fail_where(
        pl.DataFrame([practices, codes, measure]).is_duplicated() & wanted,
        "PRACTICE_CODE",
        "has the same measure of an indicator in more than one row",
    )
    columns.raise_if_problems()
    kept = pl.DataFrame(
        {
            "practice_code": practices,
            "indicator_code": codes,
            "measure": measure,
            "value": values,
            "source_row": columns.rows.cast(pl.Int32),
        }
    ).filter(wanted)
    key = ["practice_code", "indicator_code"]
    above = kept.filter(pl.col("measure") == "NUMERATOR").drop("measure")
    below = kept.filter(pl.col("measure") == "DENOMINATOR").drop("measure", "source_row")
    frame = above.rename({"value": "numerator"}).join(
        below.rename({"value": "denominator"}), on=key, how="full", coalesce=True
    )
    bad = frame.filter(
        pl.col("numerator").is_null()
        | pl.col("denominator").is_null()
        | (pl.col("numerator") > pl.col("denominator"))
    )
    columns.fail_where(
        _rows_of(practices, codes, bad) & wanted,
        "VALUE",
        "is one of a numerator and a denominator that do not fit together",
    )
    if not kept.height:
        columns.fail_where(
            pl.Series([True] + [False] * (len(codes) - 1)),
            "INDICATOR_CODE",
            f"and the rows below it hold none of {', '.join(series)}",
        )
    columns.raise_if_problems()
    named = frame.with_columns(pl.col("indicator_code").replace_strict(series).alias("series"))
    return _dated(named.sort("source_row"), period)


def _rows_of(practices: pl.Series, codes: pl.Series, bad: pl.DataFrame) -> pl.Series:
    found = set(bad.select("practice_code", "indicator_code").iter_rows())
    if not found:
        return pl.repeat(False, len(codes), dtype=pl.Boolean, eager=True)
    return pl.Series([pair in found for pair in zip(practices, codes, strict=True)])


def _practices(columns: Columns, *, fictional: bool) -> pl.Series:
    return columns.code("PRACTICE_CODE", area_pattern("practice", fictional=fictional))


def _year(path: Path, spec: DatasetSpec) -> Period:
    """The financial year in the publisher's file name: `PREVALENCE_2324.csv` is 2023/24."""
    name = publishers_name(path.name)
    for first, last in re.findall(spec.dataset.options["year_in_name"], name):
        if int(last) == int(first) + 1:
            return crossing_year(2000 + int(first))
    raise InputRefusedError(
        [
            Problem(
                path.name,
                "neither the table nor the file's name says which year it is for.",
                remedy="Give it the publisher's own name, such as PREVALENCE_2324.csv.",
            )
        ]
    )


def _dated(frame: pl.DataFrame, period: Period) -> pl.DataFrame:
    return frame.with_columns(
        pl.lit(period.label).alias("period"),
        pl.lit(period.start).alias("period_start"),
        pl.lit(period.end).alias("period_end"),
    )
