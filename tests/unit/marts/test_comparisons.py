"""How an area comes to be compared with the nation, and what is said where it is not."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from scipy.stats import binomtest, chi2

from tests.unit.marts.conftest import NATION, PLACE, SmallWarehouse


def of_place(rows: list[dict[str, Any]]) -> dict[str, Any]:
    (row,) = (row for row in rows if row["area_code"] == PLACE)
    return row


def test_limits_are_computed_with_the_denominator_that_another_source_gives(small):
    for area, share, cohort in ((PLACE, 79.22, 5026.0), (NATION, 83.42, 575047.0)):
        small.observe("Level2Age19", area, share, source="dfe_lait", dataset="long")
        # The older file knows the cohort and has no figure for it yet.
        small.observe("l2_by19_rate", area, None, source="dfe_level2_at_19", dataset="dashboard",
                      denominator=cohort)  # fmt: skip
    row = of_place(small.publish("level2_at_19"))
    wilson = binomtest(round(0.7922 * 5026), 5026).proportion_ci(method="wilson")
    assert row["lower_95"] == pytest.approx(100 * wilson.low, abs=0.01)
    assert row["upper_95"] == pytest.approx(100 * wilson.high, abs=0.01)
    assert (row["compared_with_nation"], row["comparison_method"]) == ("worse", "computed_limits")
    assert row["limits_method"] == "wilson"
    # The denominator is another source's: told, and not put where this source's own would stand.
    assert row["denominator"] is None
    assert "denominator 5026 of dfe_level2_at_19" in row["value_note"]


def test_this_years_issue_revises_last_years_whichever_way_their_bytes_sort(small):
    older, newer = {"source_sha256": "0" * 64}, {"source_sha256": "f" * 64}
    lait = {"source": "dfe_lait", "dataset": "long"}
    next_year = {
        "period": "2024/25",
        "period_start": date(2024, 9, 1),
        "period_end": date(2025, 8, 31),
    }
    small.observe("Level2Age19", PLACE, 79.22, **lait, **older)
    small.observe("Level2Age19", PLACE, 78.9, **lait, **newer)
    small.observe("Level2Age19", PLACE, 80.1, **lait, **newer, **next_year)
    values = {
        row["period"]: row["value"]
        for row in small.publish("level2_at_19")
        if row["area_code"] == PLACE
    }
    assert values == {"2023/24": 78.9, "2024/25": 80.1}


def test_a_row_of_another_vintage_than_the_rest_of_its_measure_says_so(small):
    small.observe("Level2Age19", PLACE, 79.22, source="dfe_lait", dataset="long")
    small.observe("l2_by19_rate", PLACE, 81.4, source="dfe_level2_at_19", dataset="dashboard",
                  sex="Female")  # fmt: skip
    notes = {
        row["sex"]: row["value_note"] or ""
        for row in small.publish("level2_at_19")
        if row["area_code"] == PLACE
    }
    assert "another vintage, from dfe_lait" in notes["Female"]
    assert "vintage" not in notes["Persons"]


def test_a_denominator_of_another_year_or_sex_is_not_lent(small):
    small.observe("Level2Age19", PLACE, 79.22, source="dfe_lait", dataset="long")
    small.observe("Level2Age19", NATION, 83.42, source="dfe_lait", dataset="long")
    small.observe("l2_by19_rate", PLACE, None, source="dfe_level2_at_19", dataset="dashboard",
                  denominator=5026.0, period="2022/23")  # fmt: skip
    small.observe("l2_by19_rate", PLACE, None, source="dfe_level2_at_19", dataset="dashboard",
                  denominator=2500.0, sex="Female")  # fmt: skip
    rows = [row for row in small.publish("level2_at_19") if row["value"] is not None]
    row = of_place(rows)
    assert row["lower_95"] is None
    assert row["not_compared_reason"] == "no_limits_and_no_counts"


def test_a_rate_of_households_has_byars_limits(small):
    quarter = {"period": "2022-12-31", "period_start": date(2022, 12, 31),
               "period_end": date(2022, 12, 31), "source": "mhclg_homelessness"}  # fmt: skip
    small.observe("TA1", PLACE, 2.0, numerator=120.0, denominator=60_000.0, **quarter)
    small.observe("TA1", NATION, 4.2, **quarter)
    row = of_place(small.publish("temporary_accommodation"))
    exact = chi2.ppf(0.025, 240) / 2 / 60, chi2.ppf(0.975, 242) / 2 / 60
    assert (row["lower_95"], row["upper_95"]) == pytest.approx(exact, rel=2e-3)
    assert row["limits_method"] == "byar"
    assert (row["compared_with_nation"], row["comparison_method"]) == ("better", "computed_limits")


def test_counts_that_do_not_give_the_value_give_no_limits(small):
    where = {"source": "mhclg_homelessness"}
    small.observe("TA1", PLACE, 2.0, numerator=240.0, denominator=60_000.0, **where)
    small.observe("TA1", NATION, 4.2, **where)
    row = of_place(small.publish("temporary_accommodation"))
    assert (row["lower_95"], row["limits_method"]) == (None, "none")
    assert row["not_compared_reason"] == "counts_do_not_give_the_value"


@pytest.mark.parametrize(
    ("printed", "value", "word", "reason"),
    [
        ("Better 95%", 83.0, "better", None),
        ("Worse", 78.0, "worse", None),
        ("Worse 99.8%", 78.0, "worse", None),
        ("Similar", 80.9, "similar", None),
        ("Not compared", 83.0, "not_compared", "no_limits_and_no_counts"),
        ("Highest quintile", 83.0, "not_compared", "no_limits_and_no_counts"),
        # A publisher's own direction has been wrong: its word must agree with its figures.
        ("Better 95%", 78.0, "not_compared", "publishers_judgement_contradicts_figures"),
    ],
)
def test_without_limits_the_publishers_own_judgement_stands(small, printed, value, word, reason):
    same = {"source": "fingertips", "series_name": "Life expectancy at birth", "sex": "Female",
            "age": "All ages"}  # fmt: skip
    small.observe("90366", PLACE, value, publisher_comparison=printed, **same)
    small.observe("90366", NATION, 81.0, **same)
    row = of_place(small.publish("life_expectancy"))
    assert (row["compared_with_nation"], row["not_compared_reason"]) == (word, reason)
    assert row["comparison_method"] == (None if reason else "publishers_judgement")
    assert row["publisher_comparison"] == printed


def test_limits_come_before_the_publishers_word(small):
    same = {"source": "fingertips", "series_name": "Life expectancy at birth", "sex": "Female",
            "age": "All ages"}  # fmt: skip
    small.observe("90366", PLACE, 83.0, lower_95=80.0, upper_95=86.0,
                  publisher_comparison="Better 95%", **same)  # fmt: skip
    small.observe("90366", NATION, 81.0, **same)
    row = of_place(small.publish("life_expectancy"))
    assert (row["compared_with_nation"], row["comparison_method"]) == (
        "similar",
        "published_limits",
    )


def _authorities(small: SmallWarehouse, number: int, **more: Any) -> None:
    """So many upper-tier authorities with the values 1, 2, 3 …, the Place with the first."""
    for area in range(number):
        code = PLACE if area == 0 else f"Z10{area:06d}" if area < 3 else f"Z08{area:06d}"
        small.fact("gld_reception", 2023, float(area + 1), area_code=code, **more)


@pytest.mark.parametrize(
    ("with_value", "coverage", "reason"),
    [
        (20, None, None),
        (19, None, None),
        (18, None, "fewer_than_95_percent_of_authorities"),
        (11, None, "fewer_than_12_authorities"),
        (20, "the north", "source_covers_part_of_the_nation"),
    ],
)
def test_a_spread_needs_nearly_all_authorities(small, with_value, coverage, reason):
    small.add("registry.authority_number", nation_area_type="upper_tier", authorities=20,
              valid_from=date.min, valid_until=date.max)  # fmt: skip
    small.add("registry.dataset", key="a/b", source="a", dataset="b", coverage=coverage)
    small.con.execute(f"create table indicators.trend ({_TREND})")
    _authorities(small, with_value, source="a", dataset="b")
    (row,) = (r for r in small.derive("scorecard") if r["indicator_slug"] == "gld_reception")
    assert (row["nation_areas"], row["nation_areas_total"]) == (with_value, 20)
    assert row["nation_spread_reason"] == reason
    assert row["source_coverage"] == coverage
    # The lowest of a measure where high is good is in the worst quarter.
    assert (row["nation_lowest"], row["nation_quarter"]) == ((None, None) if reason else (1.0, 4))


_TREND = (
    "indicator_slug varchar, measure varchar, area_code varchar, sex varchar, age varchar, "
    "category_type varchar, category varchar, first_period varchar, last_period varchar, "
    "points bigint, recent_trend varchar, recent_trend_reason varchar"
)


@pytest.mark.parametrize(
    ("value", "low_is_good", "high_is_good"),
    [(5.0, 1, 4), (5.1, 2, 3), (10.0, 2, 3), (15.0, 3, 2), (15.1, 4, 1), (None, None, None)],
)
def test_the_quarter_follows_the_direction_that_is_good(small, value, low_is_good, high_is_good):
    def quarter(polarity: str) -> int | None:
        ((found,),) = small.con.execute(
            "select quarter_of_areas($1::double, 5.0, 10.0, 15.0, $2)", [value, polarity]
        ).fetchall()
        return found

    assert quarter("low_is_good") == low_is_good
    assert quarter("high_is_good") == high_is_good
    assert quarter("no_judgement") is None


def test_limits_of_one_figure_are_of_one_method(small):
    """Where the publisher gives those of 95%, those of 99.8% are the publisher's or none."""
    counts = {"numerator": 120.0, "denominator": 60_000.0, "source": "mhclg_homelessness"}
    small.observe("TA1", PLACE, 2.0, lower_95=1.2, upper_95=3.1, **counts)
    small.observe("TA1", NATION, 2.0, **counts)
    rows = {row["area_code"]: row for row in small.publish("temporary_accommodation")}
    published, computed = rows[PLACE], rows[NATION]
    assert (published["lower_95"], published["upper_95"]) == (1.2, 3.1)
    assert (published["lower_998"], published["upper_998"]) == (None, None)
    assert published["limits_method"] == "publisher"
    assert computed["lower_998"] < computed["lower_95"] < 2 < computed["upper_95"]


def test_a_missing_value_has_no_limits_whatever_the_file_prints(small):
    """A file of hospital admissions has -1 for the limits of figures that it does not present."""
    minus = dict.fromkeys(("lower_95", "upper_95", "lower_998", "upper_998"), -1.0)
    small.observe("TA1", PLACE, None, source="mhclg_homelessness", **minus)
    small.observe("TA1", NATION, 2.0, source="mhclg_homelessness")
    row = of_place(small.publish("temporary_accommodation"))
    assert {row[name] for name in minus} == {None}
