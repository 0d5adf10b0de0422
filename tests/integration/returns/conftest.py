"""Filled-in returns of the fictional system, good ones that a test then spoils."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from beacon.returns import CheckedReturn, ReturnContext, check_return, load_return_context
from beacon.returns.template import DATA_SHEET, LISTS_SHEET, NOTES_SHEET

Row = dict[str, Any]
BRACKENMOUTH, CAWLDERWICK, TRUST = "Z06000001", "Z06000002", "ZZT01"

COMMON: Row = {
    "return_id": "R1",
    "organisation_code": BRACKENMOUTH,
    "organisation_name": "Brackenmouth Council (fictional)",
    "place_code": BRACKENMOUTH,
    "period_start": date(2024, 4, 1),
    "period_end": date(2025, 3, 31),
    "value": None,
    "definition_version": "1",
    "local_area_definition": "The nine authorities",
    "scope_and_exclusions": "All",
    "data_quality_flag": "good",
    "missing_pct": 0,
    "suppression_applied": False,
    "submitted_by_role": "Head of procurement",
    "approved_by_role": "Director of finance",
    "submitted_at": date(2025, 6, 1),
}


@cache
def _fields() -> dict[str, list[str]]:
    """The template that has a field, by the field that only it has."""
    kinds = load_return_context("sample").kinds.values()
    return {
        kind.template.fields[0].name: [field.name for field in kind.template.all_fields]
        for kind in kinds
    }


def _ordered(row: Row) -> Row:
    """The row in the order of its template."""
    (names,) = (names for first, names in _fields().items() if first in row)
    return {name: row[name] for name in (*names, *(n for n in row if n not in names))}


def spend(local: float = 40, total: float = 100, **other: Any) -> Row:
    """A row of a good return of indicator 21."""
    own = {
        "indicator_id": 21,
        "unit": "percent of contract spending",
        "numerator": local,
        "denominator": total,
        "spend_total_ex_vat": total,
        "spend_local_ex_vat": local,
        "supplier_postcode_basis": "site",
        "sme_spend": None,
        "vcse_spend": None,
        "national_frameworks_excluded": True,
    }
    return _ordered({**COMMON, **own, **other})


def staff(level: int, minority: Any, white: Any, **other: Any) -> Row:
    """A row of a good return of indicator 20."""
    known = isinstance(minority, int) and isinstance(white, int)
    declared = minority + white if known else "[c]"
    own = {
        "indicator_id": 20,
        "unit": "percent of staff at the level",
        "numerator": minority,
        "denominator": declared,
        "pay_framework": "NJC",
        "band_label": f"Band {level}",
        "common_level": level,
        "clinical_flag": False,
        "n_total": declared,
        "n_ethnic_minority": minority,
        "n_white": white,
        "n_not_declared": 0,
        "n_declared": declared,
    }
    return _ordered({**COMMON, **own, **other})


def contract(local: float, total: float, name: str = "C1", **other: Any) -> Row:
    """A row of a good return of indicator 12."""
    own = {
        "indicator_id": 12,
        "unit": "percent of full-time equivalents",
        "numerator": local,
        "denominator": total,
        "contract_id": name,
        "contract_value_band": "100,000 to 500,000",
        "contract_duration_months": 24,
        "total_fte": total,
        "local_fte": local,
        "residence_postcode_basis": "Home address at the start",
    }
    return _ordered({**COMMON, **own, **other})


def contracts_of(permanent: int, fixed: int, **other: Any) -> Row:
    """A row of a good return of indicator 11."""
    own = {
        "indicator_id": 11,
        "unit": "percent of employees",
        "numerator": permanent,
        "denominator": permanent + fixed,
        "n_employees": permanent + fixed,
        "n_permanent": permanent,
        "n_fixed_term": fixed,
        "n_zero_hours": 0,
        "n_agency": 0,
        "n_other": 0,
    }
    return _ordered({**COMMON, **own, **other})


def counted(number: int, above: str, below: str, top: int, bottom: int, **other: Any) -> Row:
    """A row of a good return of two counts."""
    kind = load_return_context("sample").kinds[number]
    own = {
        "indicator_id": number,
        "unit": kind.indicator.unit,
        "numerator": top,
        "denominator": bottom,
        above: top,
        below: bottom,
    }
    return _ordered({**COMMON, **own, **other})


def write_workbook(
    path: Path,
    rows: list[Row],
    *,
    change: Callable[[Any, dict[str, Any]], None] | None = None,
) -> Path:
    """A return as a spreadsheet program saves it; `change` may spoil it."""
    import xlsxwriter

    book = xlsxwriter.Workbook(path)
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    sheets = {name: book.add_worksheet(name) for name in (NOTES_SHEET, DATA_SHEET, LISTS_SHEET)}
    names = list(rows[0])
    sheets[DATA_SHEET].write_row(0, 0, names)
    for number, row in enumerate(rows, start=1):
        for column, name in enumerate(names):
            value = row[name]
            if isinstance(value, date | datetime):
                sheets[DATA_SHEET].write_datetime(number, column, value, day)
            elif isinstance(value, str):
                sheets[DATA_SHEET].write_string(number, column, value)
            elif value is not None:
                sheets[DATA_SHEET].write(number, column, value)
    if change is not None:
        change(book, sheets)
    book.close()
    return path


def write_text(path: Path, rows: list[Row], encoding: str = "utf-8") -> Path:
    """A return as CSV."""
    with path.open("w", encoding=encoding, newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(
            {
                name: {True: "yes", False: "no"}.get(value, value)
                if isinstance(value, bool)
                else value
                for name, value in row.items()
            }
            for row in rows
        )
    return path


@pytest.fixture(scope="session")
def context() -> ReturnContext:
    return load_return_context("sample")


@pytest.fixture
def check(context: ReturnContext, tmp_path: Path) -> Callable[..., CheckedReturn]:
    """Write rows as a workbook and check it."""

    def checked(*rows: Row, **options: Any) -> CheckedReturn:
        return check_return(write_workbook(tmp_path / "r.xlsx", list(rows), **options), context)

    return checked
