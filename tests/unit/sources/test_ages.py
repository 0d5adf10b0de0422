"""Ages are one age however they are written, and what is none is kept."""

from __future__ import annotations

import pytest

from beacon.sources.tabular.ages import usual_age


@pytest.mark.parametrize(
    ("written", "usual"),
    [
        ("18-64 yrs", "18-64 yrs"),
        ("18-64yrs", "18-64 yrs"),
        ("18 - 64 Years", "18-64 yrs"),
        ("18 to 64 years", "18-64 yrs"),
        ("Aged 18 to 64", "18-64 yrs"),
        ("18-64", "18-64 yrs"),
        ("2-2.5 yrs", "2-2.5 yrs"),
        ("18+ yrs", "18+ yrs"),
        ("18+yrs", "18+ yrs"),
        ("18 + years", "18+ yrs"),
        ("18 and over", "18+ yrs"),
        ("18 years and over", "18+ yrs"),
        ("65 or older", "65+ yrs"),
        ("\u226518", "18+ yrs"),
        ("<75 yrs", "<75 yrs"),
        ("Under 75", "<75 yrs"),
        ("under 75 years of age", "<75 yrs"),
        ("5 yrs", "5 yrs"),
        ("5 years old", "5 yrs"),
        ("ALL AGES", "All ages"),
        ("at birth", "At birth"),
    ],
)
def test_one_age_has_one_spelling(written: str, usual: str) -> None:
    assert usual_age(written) == usual


@pytest.mark.parametrize(
    "text", ["", "65", "Adults", "End of reception", "15/19 yrs", "18", "4-5", "Not applicable"][:6]
)
def test_what_is_no_age_stands_as_it_is(text: str) -> None:
    assert usual_age(text) == text
