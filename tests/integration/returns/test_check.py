"""Each fault is found at its cell; a good return has none."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from beacon.returns import CheckedReturn, ReturnContext, check_return

from .conftest import (
    CAWLDERWICK,
    TRUST,
    Row,
    contract,
    contracts_of,
    spend,
    staff,
    write_text,
    write_workbook,
)

Check = Callable[..., CheckedReturn]


@pytest.mark.parametrize(
    "rows",
    [
        [spend(), spend(10, 20, place_code=CAWLDERWICK)],
        [staff(1, 12, 30), staff(2, 5, 30)],
        [contract(7.5, 20), contract(8, 8, "C2", value=100)],
        [contracts_of(100, 20, value=83.3)],
    ],
)
def test_good_returns_have_no_faults(
    check: Check, context: ReturnContext, tmp_path: Path, rows: list[Row]
) -> None:
    checked = check(*rows)
    assert not checked.faults
    assert not checked.notices or "expected to report" in checked.notices[0].message
    text = check_return(write_text(tmp_path / "r.csv", rows), context)
    assert text.rows == checked.rows


# What is changed in a good row of indicator 21, the column at fault, and what is said.
SPOILED: list[tuple[Row, str, str]] = [
    ({"numerator": 120, "spend_local_ex_vat": 120}, "numerator", "120 is above denominator"),
    (
        {"numerator": 120, "spend_local_ex_vat": 120},
        "spend_local_ex_vat",
        "is above spend_total_ex_vat, which is 100 (U2)",
    ),
    ({"value": 45}, "value", "not what the counts give, 40"),
    ({"numerator": 41}, "numerator", "is not what V2 says"),
    ({"numerator": None}, "numerator", "is empty and is required"),
    ({"approved_by_role": " "}, "approved_by_role", "is empty and is required"),
    ({"sme_spend": 101}, "sme_spend", "is above spend_total_ex_vat"),
    ({"spend_total_ex_vat": "1,000 pounds"}, "spend_total_ex_vat", "is not a number"),
    ({"vcse_spend": "[c]"}, "vcse_spend", "only a count of people may be withheld"),
    ({"sme_spend": -1}, "sme_spend", "below zero"),
    ({"missing_pct": 101}, "missing_pct", "above 100 percent"),
    ({"period_end": "31/03/2025"}, "period_end", "is not a day"),
    ({"period_end": 45000}, "period_end", "is not a day"),
    ({"period_end": date(2025, 4, 1)}, "period_end", "the end of the financial year 2024/25"),
    ({"period_end": date(2024, 3, 31)}, "period_end", "is before period_start"),
    ({"submitted_at": date(2025, 3, 1)}, "submitted_at", "before the end of the period"),
    ({"organisation_code": "XXX"}, "organisation_code", "is no known organisation"),
    ({"place_code": "E08000012"}, "place_code", "is no Place"),
    ({"unit": "pounds"}, "unit", "is not accepted here"),
    ({"supplier_postcode_basis": "head office"}, "supplier_postcode_basis", "use site"),
    ({"suppression_applied": "perhaps"}, "suppression_applied", "neither yes nor no"),
    ({"scope_and_exclusions": "=A1&B1"}, "scope_and_exclusions", "as a formula does"),
    ({"scope_and_exclusions": "+cmd|x"}, "scope_and_exclusions", "as a formula does"),
    ({"scope_and_exclusions": "x" * 501}, "scope_and_exclusions", "at most 500"),
    ({"scope_and_exclusions": date(2024, 4, 1)}, "scope_and_exclusions", "where text is expected"),
]


@pytest.mark.parametrize(("change", "column", "message"), SPOILED)
def test_every_fault_is_at_its_cell(check: Check, change: Row, column: str, message: str) -> None:
    row = spend(**change)
    found = [fault for fault in check(row).faults if message in fault.message]
    assert found, [str(fault) for fault in check(row).faults]
    assert {fault.column for fault in found} == {column}
    from beacon.returns.faults import column_letter

    letter = column_letter(list(row).index(column))
    assert {fault.cell for fault in found} == {f"Return!{letter}2"}
    assert all(fault.remedy for fault in found)


PAIRS: list[tuple[list[Row], str, str]] = [
    ([spend(), spend(10)], "place_code", "repeats row 2"),
    ([contract(1, 2), contract(1, 2)], "contract_id", "told apart by contract_id"),
    ([staff(1, 9, 9), staff(1, 9, 9)], "clinical_flag", "repeats row 2"),
    (
        [spend(), spend(place_code=CAWLDERWICK, local_area_definition="Five miles")],
        "local_area_definition",
        "it must be the same in all rows",
    ),
    (
        [spend(), spend(place_code=CAWLDERWICK, organisation_code=TRUST)],
        "organisation_code",
        "it must be the same in all rows",
    ),
    ([staff(1, 9, 9), staff(2, 9, 9, n_total=30)], "n_total", "is not the sum of"),
    ([staff(1, 9, 9), staff(2, 9, 9, n_white=2.5)], "n_white", "not a whole number"),
    ([staff(1, 9, 9), staff(7, 9, 9)], "common_level", "use 1, 2, 3, 4, 5, 6"),
    (
        [staff(1, 9, 9), staff(2, "[c]", "[c]")],
        "n_white",
        "yet suppression_applied says no",
    ),
    ([contracts_of(9, 9), contracts_of(9, 9, indicator_id=12)], "indicator_id", "not accepted"),
]


@pytest.mark.parametrize(("rows", "column", "message"), PAIRS)
def test_faults_between_rows_are_at_the_later_one(
    check: Check, rows: list[Row], column: str, message: str
) -> None:
    found = [fault for fault in check(*rows).faults if message in fault.message]
    assert (column, 3) in {(fault.column, fault.row) for fault in found}


def test_small_counts_are_notices_and_withheld_ones_are_accepted(check: Check) -> None:
    checked = check(
        staff(1, 4, 30, suppression_applied=True),
        staff(2, "[c]", "[c]", suppression_applied=True),
    )
    assert checked.is_good
    assert {notice.column for notice in checked.notices} == {"n_ethnic_minority"}


def test_all_faults_come_at_once_in_the_order_of_cells(check: Check) -> None:
    checked = check(spend(value=1, unit="x", place_code="?"), spend(numerator=None))
    assert len(checked.faults) >= 4
    assert [fault.row for fault in checked.faults] == sorted(f.row or 0 for f in checked.faults)


def _without(row: Row, *names: str, **more: Any) -> Row:
    return {**{k: v for k, v in row.items() if k not in names}, **more}


@pytest.mark.parametrize(
    ("row", "column", "message"),
    [
        (_without(spend(), "sme_spend"), "sme_spend", "missing from the header"),
        (_without(spend(), "indicator_id"), "indicator_id", "missing from the header"),
        (_without(spend(), person_name="A"), "person_name", "not part of the template"),
        (spend(indicator_id=99), "indicator_id", "no indicator that a return is asked for"),
    ],
)
def test_headers_and_kinds(check: Check, row: Row, column: str, message: str) -> None:
    assert [(f.column, message in f.message) for f in check(row).faults] == [(column, True)]


def test_csv_faults_have_a_row_and_letter_and_no_sheet(
    context: ReturnContext, tmp_path: Path
) -> None:
    (fault,) = check_return(write_text(tmp_path / "r.csv", [spend(value=7)]), context).faults
    assert fault.cell == "J2"
    assert str(fault).startswith("r.csv, J2 (value): 7 is not what the counts give")


def test_a_template_that_is_not_filled_in_is_refused(
    context: ReturnContext, tmp_path: Path
) -> None:
    path = write_workbook(tmp_path / "r.xlsx", [dict.fromkeys(spend())])
    (fault,) = check_return(path, context).faults
    assert "no rows" in fault.message
