from datetime import date

import pytest

from beacon.site import words


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (1234567.0, 0, "1,234,567"),
        (-2.04, 1, "\N{MINUS SIGN}2.0"),
        (-0.04, 1, "0.0"),
        (0.0, 2, "0.00"),
        (99.95, 1, "100.0"),
    ],
)
def test_numbers_have_commas_a_true_minus_and_no_negative_zero(value, decimals, text):
    assert words.number(value, decimals) == text


def test_a_difference_has_a_sign_unless_it_rounds_to_zero():
    assert words.signed(2.0) == "+2.0"
    assert words.signed(-2.0) == "\N{MINUS SIGN}2.0"
    assert words.signed(0.01) == "0.0"


@pytest.mark.parametrize(
    ("unit", "cell", "sentence"),
    [
        ("percent of adults", "8.5%", "8.5%"),
        ("years", "8.5", "8.5 years"),
        ("per 100,000 people", "8.5", "8.5 per 100,000 people"),
        ("points (0 to 90)", "8.5", "8.5 points"),
        ("score (state-funded schools in England average about 0)", "8.5", "8.5"),
    ],
)
def test_units_follow_the_value_where_they_belong(unit, cell, sentence):
    assert words.in_cell(8.5, unit) == cell
    assert words.with_unit(8.5, unit) == sentence


@pytest.mark.parametrize(
    ("period", "text"),
    [
        ("2021-23", "2021 to 2023"),
        ("1999-01", "1999 to 2001"),
        ("2023/24", "2023/24"),
        ("2024", "2024"),
        ("2022-12-31", "31 December 2022"),
        ("none", "no period"),
        (None, "no period"),
    ],
)
def test_periods_in_words(period, text):
    assert words.period_text(period) == text


@pytest.mark.parametrize(
    ("age", "text"),
    [
        ("<15 yrs", "under 15 years"),
        ("16+ yrs", "16 years and over"),
        ("2-2.5 yrs", "2 to 2.5 years"),
        ("19 yrs", "19 years"),
        ("All ages", "all ages"),
        ("Working age", "Working age"),
    ],
)
def test_ages_in_words(age, text):
    assert words.age_text(age) == text


def test_dates_are_written_out():
    assert words.day(date(2026, 11, 2)) == "2 November 2026"
    assert words.day("2026-11-22T08:00:13+00:00") == "22 November 2026"
    assert words.day(None) == "not recorded"


def test_every_reason_for_no_value_has_a_word_of_its_own():
    absences = words.ABSENCES
    assert len({state.word for state in absences}) == len(absences)
    seen = {words.state_of(None, state.key, None).word for state in absences}
    assert seen == {state.word for state in absences}


def test_a_value_that_is_not_compared_is_no_absence():
    state = words.state_of(1.0, "published", "not_compared")
    assert (state.word, state.missing) == ("Not compared", False)


def test_an_unknown_reason_is_shown_as_it_is():
    assert words.state_of(None, "lost_in_post", None).word == "Lost in post"


def test_file_names_are_safe():
    assert words.file_name("St. Helens") == "st-helens"
    assert words.file_name("../<b>Ynys Môn</b>") == "b-ynys-mon-b"
    assert words.file_name("../..") == ""
