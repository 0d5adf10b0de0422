"""One word for where a gap goes, from one source."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from beacon.site.catching_up import GapSeries, gaps_within_places, trend_text
from beacon.site.facts import ReleaseFacts
from beacon.site.messages import counts_sentence
from beacon.site.read_release import read_release
from tests.fixtures.dom import parse

SLUG = "gld_reception"
KEY = {"indicator_slug": SLUG, "measure": "main", "sex": "Persons", "age": "",
       "breakdown": "free_school_meals", "unit": "percent"}  # fmt: skip


@pytest.fixture
def facts(sample_release) -> ReleaseFacts:
    """The sample with a gap by free school meals in every Place, which its files do not have."""
    found = read_release(sample_release.path)
    found.tables["inequality"] = [
        _gap(place.code, year, 10.0 + year - 2019) for place in found.places
        for year in range(2019, 2025)
    ]  # fmt: skip
    found.tables["inequality_trend"] = []
    return found


def _gap(code: str, year: int, gap: float) -> dict[str, Any]:
    return {
        **KEY, "area_code": code, "area_type": "place", "period": f"{year}/{year - 1999}",
        "period_end": date(year + 1, 8, 31), "ecological": False, "polarity": "high_is_good",
        "absolute_gap": gap, "absolute_gap_lower_95": None, "absolute_gap_upper_95": None,
        "comparison_group": "Not eligible", "disadvantaged_group": "Eligible",
    }  # fmt: skip


def _trend(code: str, closing: str, first: str = "2019/20") -> dict[str, Any]:
    return {
        **KEY, "area_code": code, "area_type": "place", "period": "2024/25", "closing": closing,
        "closing_reason": "fewer_than_five_points" if closing == "not_assessed" else None,
        "first_period": first, "disadvantage_at_first": 10.0,
    }  # fmt: skip


def _of_meals(facts: ReleaseFacts) -> GapSeries:
    (gap,) = (gap for gap in gaps_within_places(facts) if gap.slug == SLUG)
    return gap


def test_without_a_test_both_figures_stand_without_a_verdict(facts):
    facts.tables["inequality_trend"] = [_trend(p.code, "not_assessed") for p in facts.places]
    gap = _of_meals(facts)
    assert (gap.tested, gap.before, gap.groups) == (
        False, "2021/22", "not eligible less eligible",
    )  # fmt: skip
    assert {(c.text, c.before, c.word, c.way) for _, c in gap.places} == {
        ("15.0", "12.0", None, "")
    }
    assert gap.count("up") == gap.count("down") == 0


def test_the_marts_word_stands_where_it_tested(facts):
    """Even where two figures alone would say otherwise; untested Places have no word."""
    words = ["no_clear_change", "closing", "not_assessed"] + ["widening"] * 6
    facts.tables["inequality_trend"] = [
        _trend(place.code, word, "2020/21" if number == 1 else "2019/20")
        for number, (place, word) in enumerate(zip(facts.places, words, strict=True))
    ]
    gap = _of_meals(facts)
    said = [change.word for _, change in gap.places]
    assert said == ["No clear change", "Closing", None] + ["Widening"] * 6
    assert (gap.tested, gap.before) == (True, "2019/20")
    assert [c.since for _, c in gap.places] == [None, "2020/21", "2021/22", *[None] * 6]
    assert [gap.count(way) for way in ("up", "down", "level", "")] == [6, 1, 1, 1]
    assert all(change.now == 15.0 for _, change in gap.places)


def test_a_test_of_another_period_is_not_the_word_of_this_one(facts):
    facts.tables["inequality_trend"] = [
        {**_trend(place.code, "closing"), "period": "2023/24"} for place in facts.places
    ]
    assert not _of_meals(facts).tested


def test_counts_of_tested_gaps_use_their_words():
    assert (
        counts_sentence(6, 1, 1, 1)
        == "widening in six Places, closing in one and without clear change in one (not tested in one)"
    )


def test_the_years_or_the_reason_go_with_a_word():
    assert trend_text(_trend("X", "closing")) == "Closing, 2019/20 to 2024/25"
    assert trend_text(_trend("X", "not_assessed")) == "Not tested: fewer than five years"
    assert trend_text(None) == ""


def test_gaps_between_places_say_what_the_mart_says(sample_release, sample_site):
    page = parse(sample_site / "inequality.html")
    caption = page.one("caption", id="between-caption").parent
    assert caption is not None
    shown = [row.all("td")[-1].text.split(",")[0] for row in caption.one("tbody").all("tr")]
    marts = sample_release.rows("inequality_trend", "breakdown = 'places_by_core20_share'")
    for word, text in (
        ("widening", "Widening"), ("closing", "Closing"), ("no_clear_change", "No clear change"),
    ):  # fmt: skip
        assert shown.count(text) == sum(row["closing"] == word for row in marts)
    assert "Widening" in shown


def test_no_gap_is_listed_twice(sample_site):
    page = parse(sample_site / "inequality.html")
    assert not page.all("caption", id="people-caption")
