"""Identifiers are found by name and by value; the check digits are held against an own count."""

import hashlib

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beacon.people.identifiers import (
    is_forbidden_column,
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


def found_in(texts: list[str]) -> list[bool]:
    con = duckdb.connect()
    con.execute("create table given as select unnest(?::varchar[]) as x", [texts])
    return [
        bool(row[0]) for row in con.execute(f"select {nhs_number_sql('x')} from given").fetchall()
    ]


def is_nhs_number(digits: str) -> bool:
    check = 11 - sum((10 - place) * int(digit) for place, digit in enumerate(digits[:9])) % 11
    return int(digits[9]) == (0 if check == 11 else check)


# The example number of the NHS Data Model and Dictionary.
@pytest.mark.parametrize(
    "text",
    ["9434765919", "943 476 5919", "943-476-5919", " 9434765919.0", "NHS 9434765919", "id:9434765919",
     "9434765919/1", "nhs_9434765919_x", "1234567890 and 943 476 5919"],
)  # fmt: skip
def test_the_published_example_is_found_wherever_it_stands(text: str) -> None:
    assert found_in([text]) == [True]


@pytest.mark.parametrize(
    "text",
    ["9434765918", "19434765919", "94347659190", "xy9434765919zz", "", "943476591", "943  4765919"],
)
def test_other_texts_are_no_nhs_numbers(text: str) -> None:
    assert found_in([text]) == [False]


def test_hashes_as_pseudonyms_are_no_nhs_numbers() -> None:
    hashes = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(20_000)]
    assert not any(found_in(hashes))
    assert not any(found_in([text[:12] for text in hashes if not text[:12].isdigit()]))


@settings(deadline=None)
@given(st.lists(st.integers(0, 10**10 - 1).map(lambda n: f"{n:010d}"), min_size=1, max_size=50))
def test_sql_finds_what_the_rule_says(numbers: list[str]) -> None:
    assert found_in(numbers) == list(map(is_nhs_number, numbers))


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
