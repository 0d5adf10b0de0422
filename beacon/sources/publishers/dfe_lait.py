"""Department for Education: Local Authority Interactive Tool."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl

from beacon.core.errors import InputRefusedError, Problem
from beacon.registry.sources import Container, DatasetSpec
from beacon.sources.observations import reject_conflicts, to_observations
from beacon.sources.publishers.dfe_numbers import ons_codes_by_number
from beacon.sources.tabular.codes import area_pattern
from beacon.sources.tabular.columns import Columns
from beacon.sources.tabular.periods import Period, crossing_year
from beacon.sources.tabular.tables import ROW, TextTable


def winter_of(year: int) -> Period:
    """December to February: the months that NEET figures labelled with a year are averaged over.

    Source: Department for Education, NEET and participation local authority scorecard, technical
    notes ("an average of December, January and February").
    """
    last = date(year, 3, 1).toordinal() - 1
    return Period(str(year), date(year - 1, 12, 1), date.fromordinal(last))


# What the tool's plain year means differs by measure: the year in which the period ends.
# Source: the tool's data dictionary, column Year_Type; that it is the last year of the two follows
# from Progress 8, which has no figure for 2020 and 2021, and from the years of the original
# releases.
_YEARS: dict[str, Callable[[int], Period]] = {
    "academic": lambda year: crossing_year(year - 1, "academic"),
    "financial": lambda year: crossing_year(year - 1, "financial"),
    "winter": winter_of,
}


def read_lait(path: Path, container: Container, spec: DatasetSpec, fictional: bool) -> pl.DataFrame:
    """Read the measures listed in `options.series` (short description -> kind of year).

    Returns:
        Observations; the series is the tool's short description, its name the "Data item" that the
        tool prints beside the first year only. "-" stands for any reason that there is no number.

    Raises:
        InputRefusedError: For a damaged file, a listed measure that is not there, an authority
            number that is not known, or a cell that is none of what its column may hold.
    """
    series_years = {str(k): str(v) for k, v in spec.dataset.options["series"].items()}
    table = _table(path, spec, list(series_years), fictional)
    columns = Columns(table, spec.dataset, fictional=fictional)
    # The whole file was counted; of the measures that are read only those wanted are here.
    series = columns.text("Short Desc")
    absent = sorted(set(series_years) - set(series.unique().to_list()))
    if absent:
        raise InputRefusedError(
            Problem(
                path.name,
                f"the measure {name!r} is not in the file.",
                column="Short Desc",
                remedy="If the Department has renamed or ended it, correct the list in "
                "reference_data/sources/dfe_lait.yaml; until then the last good version is used.",
            )
            for name in absent
        )
    value, status = columns.number("Values")
    numbers = columns.text("LA Number")
    # The Department's numbers stand for real authorities, so a fictional file has codes there.
    codes = _own_codes(columns) if fictional else ons_codes_by_number()
    columns.fail_where(
        ~numbers.is_in(list(codes)),
        "LA Number",
        "is no number of the Department that reference_data/dfe_authority_numbers.yaml knows",
    )
    frame = pl.DataFrame(
        {
            "series": series,
            "data_item": columns.text("Data item"),
            "area_code": numbers.replace_strict(codes, default=None, return_dtype=pl.String),
            "area_name": columns.text("LA and Regions"),
            "sex": pl.repeat("Persons", len(series), eager=True),
            "age": pl.repeat("", len(series), eager=True),
            "value": value,
            "value_status": status,
            "value_note": columns.note("Values"),
            "source_row": columns.rows.cast(pl.Int32),
        }
    ).hstack(_periods(columns, series_years))
    columns.raise_if_problems()
    names = frame.filter(pl.col("data_item") != "").unique("series", keep="first")
    frame = to_observations(
        frame.join(
            names.select("series", pl.col("data_item").alias("series_name")),
            on="series",
            how="left",
            maintain_order="left",
        )
    )
    frame = reject_conflicts(columns, frame, "Values")
    columns.raise_if_problems()
    return frame


def _own_codes(columns: Columns) -> dict[str, str]:
    """The codes of a fictional file in the place of numbers, each standing for itself."""
    codes = columns.code("LA Number", area_pattern("administrative", fictional=True))
    return {code: code for code in codes.unique().drop_nulls().to_list()}


def _table(path: Path, spec: DatasetSpec, wanted: list[str], fictional: bool) -> TextTable:
    """The rows of the wanted measures as text, with their row in the whole file."""
    dataset = spec.dataset
    try:
        file = pl.scan_parquet(path)
        header = file.collect_schema().names()
        total = int(file.select(pl.len()).collect().item())
        key = "Short Desc"
        if key not in header:
            raise InputRefusedError([Problem(path.name, "the column is missing.", column=key)])
        frame = file.with_row_index(ROW, offset=1).filter(pl.col(key).is_in(wanted)).collect()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InputRefusedError(
            [Problem(path.name, f"the Parquet file is damaged or cut short ({error}).")]
        ) from error
    if not fictional and total < dataset.rows.min:
        raise InputRefusedError(
            [
                Problem(
                    path.name,
                    f"has {total:,} rows where at least {dataset.rows.min:,} are expected; "
                    "the file is cut short.",
                    row=total,
                )
            ]
        )
    text = frame.select(
        *(
            # Authority numbers are stored as floating point.
            pl.col(name).cast(pl.String).str.replace(r"\.0$", "").fill_null("").alias(f"c{place}")
            if name == "LA Number"
            else pl.col(name).cast(pl.String).fill_null("").alias(f"c{place}")
            for place, name in enumerate(header)
        ),
        pl.col(ROW).cast(pl.Int64),
    )
    return TextTable(path.name, header, text, 1)


def _periods(columns: Columns, series_years: dict[str, str]) -> pl.DataFrame:
    """Periods by the kind of year of each measure."""
    years = columns.text("Years")
    plain = years.str.contains(r"^20\d\d$")
    columns.fail_where(~plain, "Years", "is not a year written with four digits")
    kinds = columns.text("Short Desc").replace_strict(series_years, default=None)
    keys = pl.DataFrame({"kind": kinds, "year": years})
    pairs = keys.filter(plain & kinds.is_not_null()).unique()
    periods = [(kind, year, _YEARS[kind](int(year))) for kind, year in pairs.iter_rows()]
    lookup = pl.DataFrame(
        {
            "kind": [kind for kind, _, _ in periods],
            "year": [year for _, year, _ in periods],
            "period": [period.label for _, _, period in periods],
            "period_start": [period.start for _, _, period in periods],
            "period_end": [period.end for _, _, period in periods],
        },
        schema_overrides={"kind": pl.String, "year": pl.String, "period": pl.String},
    )
    return keys.join(lookup, on=["kind", "year"], how="left", maintain_order="left").select(
        "period", "period_start", "period_end"
    )
