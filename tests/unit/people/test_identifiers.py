"""Identifiers are found by name and by value; the check digits are held against an own count."""

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beacon.people.identifiers import (
    is_forbidden_column,
    is_nhs_number,
    is_snomed_identifier,
    nhs_number_sql,
)
from beacon.sample.people_check_digit import verhoeff


@pytest.mark.parametrize(
    "name",
    ["NHS Number", "nhsNumber", "nhs_no", "surname", "Forename", "name", "postcode", "PostCode",
     "date_of_birth", "DOB", "birth_date", "DateOfBirth", "address_line_1", "uprn", "email",
     "telephone", "death_date", "free_text", "patient_name"],
)  # fmt: skip
def test_columns_that_identify_are_refused(name: str) -> None:
    assert is_forbidden_column(name)


@pytest.mark.parametrize(
    "name",
    ["pseudonym", "birth_month", "death_month", "practice_name", "pcn_name", "event_date", "text",
     "unit", "measure", "start_date", "lsoa21_code", "preferred_language"],
)  # fmt: skip
def test_columns_of_the_contract_are_not(name: str) -> None:
    assert not is_forbidden_column(name)


def test_published_example_of_an_nhs_number() -> None:
    # The example number of the NHS Data Model and Dictionary.
    assert is_nhs_number("9434765919")
    assert is_nhs_number("943 476 5919")
    assert not is_nhs_number("9434765918")


@settings(deadline=None)
@given(st.lists(st.integers(0, 10**10 - 1).map(lambda n: f"{n:010d}"), min_size=1, max_size=50))
def test_sql_and_python_find_the_same_numbers(numbers: list[str]) -> None:
    rows = duckdb.sql(
        f"select x, {nhs_number_sql('x')} from (select unnest({numbers!r}) as x)"
    ).fetchall()
    assert all(found == is_nhs_number(text) for text, found in rows)


def test_identifiers_of_snomed_ct() -> None:
    # Diabetes mellitus and myocardial infarction; one digit changed.
    assert is_snomed_identifier(73211009)
    assert is_snomed_identifier(22298006)
    assert not is_snomed_identifier(73211008)


@settings(deadline=None)
@given(st.integers(10**6, 10**15))
def test_check_digit_of_the_sample_agrees_with_the_gate(body: int) -> None:
    digit = verhoeff(str(body))
    assert is_snomed_identifier(int(f"{body}{digit}"))
    assert not is_snomed_identifier(int(f"{body}{(digit + 1) % 10}"))
