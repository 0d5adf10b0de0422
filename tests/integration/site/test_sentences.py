"""Sentences made from numbers: true whatever the numbers are."""

from __future__ import annotations

import pytest

from beacon.site import words
from beacon.site.catching_up import both_gaps
from beacon.site.insights import system_trends
from beacon.site.messages import (
    counts_sentence,
    largest_sentence,
    spread_sentence,
    trends_sentence,
)
from beacon.site.read_release import read_release


def valued(**numbers: float | None) -> list[tuple[str, float | None, str]]:
    return [(n, v, "" if v is None else f"{v:.0f}%") for n, v in numbers.items()]


@pytest.mark.parametrize(
    ("items", "said"),
    [
        (valued(A=9, B=54, C=20), "from 9% (A) to 54% (B)"),
        (valued(A=9, B=54, C=54), "from 9% (A) to 54% (B and C)"),
        (valued(A=9, B=9, C=9, D=9, E=20), "from 9% (four Places) to 20% (E)"),
        # Shown alike although not the same.
        (valued(A=8.9, B=9.1), "the same in both Places with a figure, 9%"),
        (valued(A=9, B=None), "only A has a figure, 9%"),
        (valued(A=None, B=None), "no Place has a figure"),
        ([], "no Place has a figure"),
        (valued(A=0, B=5), "from 0% (A) to 5% (B)"),
    ],
)
def test_the_lowest_and_the_highest(items, said):
    assert spread_sentence(items) == said


@pytest.mark.parametrize(
    ("items", "said"),
    [
        (valued(A=9, B=54), "largest in B, 54%"),
        (valued(A=54, B=54, C=3), "largest in A and B, 54%"),
        (valued(A=9, B=9), "the same in both Places with a figure, 9%"),
        (valued(A=9), "only A has a figure, 9%"),
        (valued(A=-3, B=-1), "largest in B, -1%"),
        (valued(A=None), "no Place has a figure"),
    ],
)
def test_the_largest(items, said):
    assert largest_sentence(items) == said


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ((6, 2, 1, 0), "widening in six Places, closing in two and without clear change in one"),
        ((9, 0, 0, 0), "widening in all nine Places"),
        ((0, 0, 1, 0), "without clear change in one Place"),
        ((0, 3, 0, 6), "closing in all three Places (not tested in six)"),
        ((1, 1, 0, 7), "widening in one Place and closing in one (not tested in seven)"),
    ],
)
def test_how_many_gaps_went_which_way(counts, said):
    assert counts_sentence(*counts) == said


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ((0, 0, 0, 0), "No recent trend can be tested in this release."),
        ((1, 0, 0, 0), "One recent trend can be tested: it shows no clear change."),
        ((1, 1, 0, 0), "One recent trend can be tested: it is getting better."),
        ((4, 0, 4, 0), "All 4 recent trends that can be tested are getting worse."),
        ((5, 0, 0, 0), "All 5 recent trends that can be tested show no clear change."),
        (
            (43, 5, 1, 0),
            "Of 43 recent trends that can be tested, one is getting worse, five are getting better "
            "and 37 show no clear change.",
        ),
        (
            (3, 0, 0, 2),
            "Of 3 recent trends that can be tested, two move where neither direction is better and "
            "one shows no clear change.",
        ),
    ],
)
def test_what_recent_trends_say(counts, said):
    assert trends_sentence(*counts) == said


def test_two_figures_of_a_gap_give_no_word_however_far_they_are_apart():
    apart = both_gaps((12.0, 11.0, 13.0), (9.0, 8.0, 10.0), 1)
    assert (apart.text, apart.limits, apart.before, apart.word) == (
        "12.0", "11.0 to 13.0", "9.0", None,
    )  # fmt: skip
    assert both_gaps(None, (1.0, None, None), 1) == both_gaps(None, (1.0, 0.0, 2.0), 1)
    assert both_gaps((1.0, None, None), None, 1).before is None


@pytest.mark.parametrize(
    ("mart", "key", "arrow", "word"),
    [
        ("Increasing and getting better", "better", "up", "Getting better"),
        ("Decreasing and getting better", "better", "down", "Getting better"),
        ("Increasing and getting worse", "worse", "up", "Getting worse"),
        ("Decreasing and getting worse", "worse", "down", "Getting worse"),
        ("Increasing", "neither", "up", "Increasing"),
        ("Decreasing", "neither", "down", "Decreasing"),
        ("No significant change", "none", "level", "No clear change"),
        ("Cannot be calculated", "unknown", "", "Not tested"),
    ],
)
def test_a_trend_has_an_arrow_for_where_it_goes_and_a_word_for_what_that_means(
    mart, key, arrow, word
):
    trend = words.trend_of(mart, "no_limits" if key == "unknown" else None)
    assert trend is not None
    assert (trend.key, trend.arrow, trend.word, trend.text) == (key, arrow, word, mart)
    assert (trend.reason is not None) == (key == "unknown")


def test_no_value_has_no_trend():
    assert words.trend_of(None) is None


def test_trends_of_the_system_count_everyone_once(own_release):
    """For both polarities and none: the direction in the mart decides, not the sign."""
    slugs = {r["indicator_slug"] for r in own_release.rows("scorecard", "value is not null")}
    up_good, down_good = "gld_reception", "fuel_poverty"
    assert {up_good, down_good} <= slugs
    own_release.replace(
        "scorecard",
        recent_trend=(
            f"case when value is null then null when indicator_slug = '{up_good}' "
            f"then 'Increasing and getting better' when indicator_slug = '{down_good}' "
            "then 'Increasing and getting worse' when indicator_slug = 'level2_at_19' "
            "then 'No significant change' else 'Cannot be calculated' end"
        ),
    )
    facts = read_release(own_release.path)
    trends = system_trends(facts, ("marmot_beacon", "context"))
    assert trends is not None
    places = len(facts.places)
    assert [(g.trend.key, len(g.places)) for g in trends.groups] == [
        ("worse", places),
        ("better", places),
    ]
    # Level 2 at 19 has rows for each sex too: only everyone's counts.
    assert trends.level == places
    assert trends.tested == 3 * places
    assert trends.count("worse") == places
