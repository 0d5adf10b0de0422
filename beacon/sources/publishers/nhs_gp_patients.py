"""NHS England: patients registered at a GP practice, by LSOA of residence."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import polars as pl

from beacon.registry.sources import Container, DatasetSpec
from beacon.sources.reading import read_table
from beacon.sources.tabular.codes import area_pattern
from beacon.sources.tabular.columns import Columns

# Small areas of Scotland and Northern Ireland, and pseudo codes of the islands.
_ABROAD = "[SNLM9][0-9A-Z]{7,8}"
_SEXES = {"ALL": "Persons", "FEMALE": "Female", "MALE": "Male"}
_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_DATE = re.compile(r"(\d{1,2})[- ]?([A-Za-z]{3})[a-z]*[- ]?(\d{2}|\d{4})")


# An LSOA has some 1,500 people; the largest 20,000.
_MOST_PATIENTS = 100_000


def read_gp_patients(
    path: Path, container: Container, spec: DatasetSpec, fictional: bool
) -> pl.DataFrame:
    """Read patients by practice, LSOA and sex.

    Returns:
        extract_date, practice_code, practice_name, lsoa_vintage, lsoa11_code, lsoa21_code
        (whichever the vintage is), lsoa_status, sex, patients (whole registrations), source_row.
        Patients whose address is in no LSOA are kept, so that a practice's list is whole.

    Raises:
        InputRefusedError: For a code that is neither an area nor a marker, a date that cannot be
            read, more than one extract, or the same practice, LSOA and sex twice.
    """
    columns = Columns(read_table(path, container, spec.dataset), spec.dataset, fictional=fictional)
    columns.check_row_count()
    options = spec.dataset.options
    patients = spec.dataset.header[-1]
    dates = _dates(columns)
    markers: dict[str, str] = options["not_an_lsoa"]
    lsoa = area_pattern("lsoa", fictional=fictional)
    codes = columns.code("LSOA_CODE", "|".join([lsoa, _ABROAD, *map(re.escape, markers)]))
    frame = pl.DataFrame(
        {
            "extract_date": dates,
            "practice_code": columns.code(
                "PRACTICE_CODE", area_pattern("practice", fictional=fictional)
            ),
            "practice_name": columns.text("PRACTICE_NAME"),
            "lsoa_code": codes,
            "sex": columns.allowed("SEX", tuple(_SEXES)).replace_strict(_SEXES, default=None),
            "patients": columns.integer(patients, 0, _MOST_PATIENTS),
            "source_row": columns.rows.cast(pl.Int32),
        }
    )
    columns.unique(["PRACTICE_CODE", "LSOA_CODE", "SEX"])
    columns.raise_if_problems()
    is_lsoa = pl.col("lsoa_code").str.contains(f"^{lsoa}$")
    vintage = _vintage(frame.filter(is_lsoa)["lsoa_code"], frame["extract_date"], spec, fictional)
    nothing = pl.lit(None, dtype=pl.String)
    code = pl.when(is_lsoa).then("lsoa_code").otherwise(nothing)
    return frame.select(
        "extract_date",
        "practice_code",
        "practice_name",
        pl.lit(vintage, dtype=pl.Int32).alias("lsoa_vintage"),
        (code if vintage == 2011 else nothing).alias("lsoa11_code"),
        (code if vintage == 2021 else nothing).alias("lsoa21_code"),
        pl.when(is_lsoa)
        .then(pl.lit("known"))
        .otherwise(pl.col("lsoa_code").replace_strict(markers, default="no_lsoa"))
        .alias("lsoa_status"),
        "sex",
        pl.col("patients").cast(pl.Int64),
        "source_row",
    )


def _dates(columns: Columns) -> pl.Series:
    """The extract's day in every row; a file holds one extract."""
    texts = columns.text("EXTRACT_DATE")
    known = {text: day for text in texts.unique().to_list() if (day := parse_extract_date(text))}
    columns.fail_where(~texts.is_in(list(known)), "EXTRACT_DATE", "is not a date such as 01JUL2026")
    columns.fail_where(
        texts != texts[0], "EXTRACT_DATE", f"is another extract than {texts[0]!r} of the first row"
    )
    return texts.replace_strict(known, default=None, return_dtype=pl.Date).alias("extract_date")


def parse_extract_date(text: str) -> date | None:
    """Read `01JUL2026`, `1-Jul-26` or `2026-07-01`; None for anything else."""
    try:
        if found := _DATE.fullmatch(text.strip()):
            year = int(found[3]) + (2000 if len(found[3]) == 2 else 0)
            return date(year, _MONTHS.index(found[2].upper()) + 1, int(found[1]))
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def _vintage(lsoas: pl.Series, dates: pl.Series, spec: DatasetSpec, fictional: bool) -> int:
    options = spec.dataset.options
    if fictional:
        return 2021 if dates[0] >= date.fromisoformat(options["fictional_lsoa21_from"]) else 2011
    last11 = str(options["last_lsoa11"])
    english = lsoas.filter(lsoas.str.starts_with(last11[0]))
    return 2021 if (english > last11).any() else 2011
