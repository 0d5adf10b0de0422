"""Both sides of every edge rule, and one bad area among good ones."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from beacon.statistics import trend
from beacon.statistics.aggregation import share_in_most_deprived_decile, sum_of_children
from beacon.statistics.benchmark import compare_with_benchmark
from beacon.statistics.inequality import inequality, stream_seed
from beacon.statistics.intervals import byar_limits, poisson_limits, wilson_limits, z_score
from beacon.statistics.life_tables import START_AGES, health_expectancy, life_expectancy
from beacon.statistics.quantiles import imd_quantiles, local_quantiles
from beacon.statistics.rates import mean, proportion, rate
from beacon.statistics.reasons import Reason
from beacon.statistics.standardisation import (
    directly_standardised_rate,
    indirectly_standardised,
)
from beacon.statistics.trend import judgement, period_year, recent_trend, threshold, weighted_trend


def reasons(result: pl.DataFrame) -> list[str | None]:
    return result["reason"].to_list()


def test_every_reason_has_a_meaning() -> None:
    assert all(reason.meaning.endswith(".") for reason in Reason)
    assert str(Reason.DUPLICATE_BAND) == "duplicate_band"


# Proportions and rates


def test_none_and_all() -> None:
    low, high = wilson_limits([0, 30, 0, 1], [30, 30, 10**9, 1], z_score(0.95))
    assert low[0] == 0.0
    assert high[1] == 1.0
    assert high[0] == pytest.approx(0.1135, abs=5e-5)  # 0/30: 0 to 11.4%, never 0 to 0
    assert high[2] > 0
    assert low[3] > 0


def test_every_bad_proportion_has_its_reason_and_stops_no_other() -> None:
    nan = float("nan")
    frame = pl.DataFrame(
        {
            "numerator": [1.0, None, 1.0, 1.0, 1.0, -1.0, 5.0, nan],
            "denominator": [4.0, 4.0, None, 0.0, -1.0, 4.0, 4.0, 4.0],
        }
    )
    result = proportion(frame)
    assert reasons(result) == [
        None, "missing_numerator", "missing_denominator", "denominator_not_positive",
        "denominator_not_positive", "negative_numerator", "numerator_above_denominator",
        "missing_numerator",
    ]  # fmt: skip
    assert result["value"].to_list() == [0.25] + [None] * 7
    assert result["upper99_8cl"].null_count() == 7
    # More events than persons is a rate.
    assert rate(frame, multiplier=100)["value"].to_list()[6] == 125


def test_exact_below_ten_and_byar_from_ten() -> None:
    frame = pl.DataFrame(
        {"numerator": [0.0, 9.0, 9.7, 10.0], "denominator": [100.0] * 4, "multiplier": [100.0] * 4}
    )
    result = rate(frame)
    assert result["method"].to_list() == ["Exact", "Exact", "Exact", "Byars"]
    assert result["lower95_0cl"][0] == 0
    assert result["upper95_0cl"][0] == pytest.approx(-math.log(0.025))
    byar = byar_limits([10], z_score(0.95))
    assert result["lower95_0cl"][3] == pytest.approx(byar[0][0])
    assert result["lower95_0cl"][1] == pytest.approx(4.115373097)


def test_byar_lower_limit_is_never_negative() -> None:
    low, _ = byar_limits([0, 1], z_score(0.998))
    assert np.isnan(low).all()
    assert poisson_limits([0.0], 0.998)[0][0] == 0


def test_a_group_with_a_hole_has_no_sum() -> None:
    frame = pl.DataFrame(
        {
            "area": ["a", "a", "b", "b", "c"],
            "numerator": [1.0, 2.0, 1.0, None, 3.0],
            "denominator": [10.0] * 5,
            "multiplier": [1.0, 1.0, 1.0, 1.0, 0.0],
        }
    )
    result = proportion(frame, by=["area"])
    assert result["numerator"].to_list() == [3.0, None, 3.0]
    assert reasons(result) == [None, "missing_numerator", "invalid_multiplier"]
    mixed = frame[:2].with_columns(multiplier=pl.Series([1.0, 100.0]))
    assert reasons(proportion(mixed, by=["area"])) == ["invalid_multiplier"]


def test_one_group_is_summed_as_two_are() -> None:
    frame = pl.DataFrame({"area": ["a"] * 3, "numerator": [1.0] * 3, "denominator": [9.0] * 3})
    assert proportion(frame, by=["area"]).height == 1


def test_means() -> None:
    frame = pl.DataFrame({"area": ["a", "b", "b", "c", "c"], "values": [1.0, 2.0, 4.0, 1.0, None]})
    result = mean(frame, by=["area"])
    assert result["value"].to_list() == [1.0, 3.0, None]
    assert reasons(result) == ["too_few_values", None, "missing_value"]
    assert result["lower95_0cl"].null_count() == 2


# Standardisation


def bands(counts: list[float | None], **columns: list[float | None]) -> pl.DataFrame:
    size = len(counts)
    return pl.DataFrame(
        {
            "ageband": [f"{i * 5}-{i * 5 + 4}" for i in range(size)],
            "count": counts,
            "pop": [1_000.0] * size,
            "stdpop": [5_000.0] * size,
            "refcount": [10.0] * size,
            "refpop": [1_000.0] * size,
        }
        | columns
    )


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, None),
        ({"count": [9.0, None, 0.0]}, "fewer_than_10_events"),
        ({"count": [10.0, None, 0.0]}, None),
        ({"pop": [1_000.0, None, 5.0]}, "missing_population"),
        ({"pop": [1_000.0, 0.0, 5.0]}, "population_not_positive"),
        ({"stdpop": [1_000.0, 0.0, 5.0]}, "missing_weight"),
        ({"stdpop": [1_000.0, None, 5.0]}, "missing_weight"),
        ({"count": [50.0, -1.0, 5.0]}, "negative_numerator"),
        ({"ageband": ["0-4", "0-4", "5-9"]}, "duplicate_band"),
        ({"event_frequency": [1.0, None, 1.0]}, "invalid_event_frequency"),
        ({"multiplier": [1.0, 2.0, 1.0]}, "invalid_multiplier"),
    ],
)
def test_direct_standardisation(change: dict[str, list[float | None]], reason: str | None) -> None:
    bad = bands([20.0, 5.0, None]).with_columns(
        **{name: pl.Series(values) for name, values in change.items()}
    )
    good = bands([20.0, 5.0, None]).with_columns(
        **{name: pl.lit(1.0) for name in ("event_frequency", "multiplier") if name in change}
    )
    frame = pl.concat(
        [bad.with_columns(area=pl.lit("bad")), good.with_columns(area=pl.lit("good"))],
        how="vertical_relaxed",
    )
    result = directly_standardised_rate(frame, by=["area"], multiplier=1_000.0)
    assert reasons(result) == [reason, None]
    assert result["value"].is_null().to_list() == [reason is not None, False]
    assert result["total_count"][1] == 25


def test_inconsistent_population_of_a_band() -> None:
    frame = pl.DataFrame(
        {
            "ageband": ["0-4", "0-4"],
            "event_frequency": [1.0, 2.0],
            "count": [20.0, 5.0],
            "pop": [100.0, 101.0],
            "stdpop": [1.0, 1.0],
        }
    )
    assert reasons(directly_standardised_rate(frame)) == ["inconsistent_population"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, None),
        ({"pop": [0.0, None, 5.0]}, None),
        ({"count": [None, None, None]}, "missing_numerator"),
        ({"count": [1.0, -1.0, 0.0]}, "negative_numerator"),
        ({"refcount": [0.0, None, 0.0]}, "expected_not_positive"),
        ({"refpop": [0.0, 5.0, 5.0]}, "missing_reference"),
        ({"ageband": ["0-4", "0-4", "5-9"]}, "duplicate_band"),
    ],
)
def test_indirect_standardisation(
    change: dict[str, list[float | None]], reason: str | None
) -> None:
    frame = bands([4.0, 5.0, None]).with_columns(
        **{
            name: pl.Series(values, dtype=pl.String if name == "ageband" else pl.Float64)
            for name, values in change.items()
        }
    )
    result = indirectly_standardised(frame)
    assert reasons(result) == [reason]
    assert (result["ratio_value"][0] is None) == (reason is not None)
    assert result["method"][0] == (None if reason else "Exact")


def test_observed_totals_that_differ() -> None:
    frame = bands([1.0, 2.0]).drop("count").with_columns(observed=pl.Series([10.0, 11.0]))
    assert reasons(indirectly_standardised(frame)) == ["inconsistent_observed"]


# Life tables


def mortality(**changes: list[float | None]) -> pl.DataFrame:
    frame = pl.DataFrame(
        {
            "start_age": START_AGES,
            "population": [5_000.0] * 20,
            "deaths": [20.0, 3, 2, 2, 9, 11, 14, 21, 33, 48, 71, 110, 160, 240, 350, 500, 690,
                       820, 960, 1640],
        }
    )  # fmt: skip
    return frame.with_columns(**{name: pl.Series(v) for name, v in changes.items()})


def changed(column: str, index: int, value: float | None) -> pl.DataFrame:
    values = mortality()[column].to_list()
    values[index] = value
    return mortality(**{column: values})


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (mortality(), None),
        (changed("deaths", 4, 0.0), None),
        (changed("deaths", 4, None), "missing_deaths"),
        (changed("population", 4, None), "missing_population"),
        (changed("deaths", 4, -1.0), "negative_deaths"),
        (changed("population", 4, 0.0), "population_not_positive"),
        (changed("deaths", 4, 5_000.0), None),
        (changed("deaths", 4, 5_001.0), "deaths_above_population"),
        (changed("deaths", 19, 0.0), "no_deaths_in_open_band"),
        (changed("start_age", 4, 16.0), "unexpected_age_bands"),
        (changed("start_age", 4, 10.0), "duplicate_band"),
        (mortality()[:19], "unexpected_age_bands"),
        (pl.concat([mortality(), mortality()[-1:].with_columns(start_age=pl.lit(95.0))]),
         "unexpected_age_bands"),
    ],
)  # fmt: skip
def test_life_tables(frame: pl.DataFrame, reason: str | None) -> None:
    both = pl.concat(
        [
            frame.with_columns(area=pl.lit("a")),
            mortality().with_columns(area=pl.lit("b")),
        ]
    )
    result = life_expectancy(both, by=["area"])
    mine = result.filter(pl.col("area") == "a")
    assert set(reasons(mine)) <= {reason, "no_survivors"}
    assert mine["value"].is_null().all() == (reason is not None)
    others = result.filter(pl.col("area") == "b")
    assert others.drop("area").equals(life_expectancy(mortality()))


@pytest.mark.parametrize(("total", "given"), [(5_000, False), (5_001, True)])
def test_life_tables_need_more_than_5000_person_years(total: int, given: bool) -> None:
    population = [250.0] * 19 + [total - 19 * 250.0]
    frame = mortality(population=population, deaths=[1.0] * 15 + [20.0, 30.0, 50.0, 60.0, 90.0])
    result = life_expectancy(frame)
    assert result["lower95_0cl"].is_not_null().all() == given
    assert ("population_at_most_5000" in reasons(result)) != given


def test_a_value_is_hidden_only_where_its_95_percent_interval_exceeds_20_years() -> None:
    widths = {}
    for scale in np.linspace(0.0103, 0.2, 60):
        frame = mortality().with_columns(pl.col("population", "deaths") * scale)
        row = life_expectancy(frame).row(0, named=True)
        if row["lower95_0cl"] is not None:
            widths[row["upper95_0cl"] - row["lower95_0cl"]] = (row["value"], row["reason"])
    assert widths
    sparse = mortality(deaths=[0.0] * 19 + [1.0])
    hidden = life_expectancy(sparse).row(0, named=True)
    assert hidden["upper95_0cl"] - hidden["lower95_0cl"] > 20
    assert hidden["value"] is None
    assert hidden["reason"] == "interval_wider_than_20_years"
    assert all((width > 20) == (value is None) for width, (value, _) in widths.items())


@pytest.mark.parametrize("deaths", [1.0, 900.0])
@pytest.mark.parametrize(("width", "hidden"), [(20.001, True), (19.999, False)])
def test_the_20_year_rule_on_both_sides(deaths: float, width: float, hidden: bool) -> None:
    """At 90+ e = 1/M with limits -+ z/(M sqrt(d)): choose M so that the interval is this wide."""
    m = 2 * z_score(0.95) / (width * math.sqrt(deaths))
    frame = mortality(population=[50_000.0] * 19 + [deaths / m], deaths=[0.0] * 19 + [deaths])
    row = life_expectancy(frame).row(19, named=True)
    assert row["upper95_0cl"] - row["lower95_0cl"] == pytest.approx(width, rel=1e-9)
    assert (row["value"] is None) == hidden


def test_where_nobody_survives() -> None:
    frame = mortality(
        deaths=[20.0] * 10 + [5_000.0] * 10,
    )
    result = life_expectancy(frame)
    last = result.row(19, named=True)
    assert (last["value"], last["lower95_0cl"], last["reason"]) == (0.0, None, "no_survivors")


def test_health_expectancy_reasons() -> None:
    base = (
        mortality()
        .rename({"start_age": "age"})
        .with_columns(prevalence=pl.lit(0.2), surveyed=pl.lit(50.0))
    )

    def first(**changes: pl.Expr) -> dict[str, object]:
        return health_expectancy(base.with_columns(**changes)).row(0, named=True)

    at_30 = pl.col("age") == 30
    assert first()["reason"] is None
    hole = pl.when(at_30).then(None)
    assert first(prevalence=hole.otherwise(0.2))["reason"] == "missing_prevalence"
    assert first(surveyed=hole.otherwise(50.0))["reason"] == "missing_prevalence"
    too_much = pl.when(at_30).then(1.2).otherwise(0.2)
    assert first(prevalence=too_much)["reason"] == "prevalence_out_of_range"
    assert first(a=pl.lit(0.0))["reason"] == "invalid_life_table"
    assert first(n=pl.lit(5.0))["reason"] == "unexpected_age_bands"
    assert first(deaths=hole.otherwise(100.0))["dfle"] is None
    # A band without the bad state needs no sample.
    none_bad = pl.when(at_30).then(0.0).otherwise(0.2)
    assert first(prevalence=none_bad, surveyed=hole.otherwise(50.0))["reason"] is None
    missing_band = health_expectancy(
        base.filter(~at_30).with_columns(n=pl.when(pl.col("age") == 0).then(1.0).otherwise(5.0))
    )
    assert missing_band["dfle"].is_null().all()


# Quantiles


def test_local_quantiles_need_as_many_areas_as_quantiles() -> None:
    def result(values: list[float | None]) -> pl.DataFrame:
        size = len(values)
        return local_quantiles(
            pl.DataFrame({"value": values, "nquantiles": [5.0] * size, "invert": [True] * size})
        )

    assert result([5.0, 4.0, 3.0, 2.0, 1.0])["quantile"].to_list() == [1, 2, 3, 4, 5]
    four = result([4.0, 3.0, 2.0, 1.0, None])
    assert four["quantile"].null_count() == 5
    assert set(reasons(four)) == {"fewer_areas_than_quantiles", "missing_value"}
    assert result([9.0, 9.0, 3.0, 2.0, 1.0])["quantile"].to_list() == [1, 1, 3, 4, 5]


def test_imd_ranks_outside_their_range() -> None:
    frame = pl.DataFrame({"IMD_rank": [1.0, 6_568.0, 6_569.0, 32_845.0, 0.0, 1.5, None]})
    result = imd_quantiles(frame, lsoas=32_844, quantiles=5)
    assert result["IMD_quintile"].to_list() == [1, 1, 2, None, None, None, None]
    assert reasons(result)[3:] == ["rank_out_of_range"] * 3 + ["missing_rank"]


# Inequality


def quantiles(size: int = 10, **changes: object) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "quantile": np.arange(1.0, size + 1),
            "population": np.full(size, 1_000.0),
            "value": np.linspace(70, 80, size),
            "standarderror": np.full(size, 0.5),
        }
    ).with_columns(**changes)


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (quantiles(), None),
        (quantiles(5), None),
        (quantiles(7), "missing_quantile"),  # nothing says that seven are all
        (quantiles(10)[1:], "missing_quantile"),
        (quantiles(11)[:9], "missing_quantile"),
        (quantiles(quantile=pl.Series([1.0, 1, 2, 3, 4, 5, 6, 7, 8, 9])), "duplicate_quantile"),
        (quantiles(population=pl.lit(0.0)), "population_not_positive"),
        (quantiles(population=pl.lit(None, dtype=pl.Float64)), "missing_population"),
        (quantiles(value=pl.lit(None, dtype=pl.Float64)), "missing_value"),
        (quantiles(multiplier=pl.lit(0.0)), "invalid_multiplier"),
        (quantiles(value_type=pl.lit(3.0)), "invalid_value_type"),
        (quantiles(value_type=pl.lit(0.0), transform=pl.lit(1.0)), "invalid_value_type"),
        (quantiles(value_type=pl.lit(2.0), transform=pl.lit(1.0)), "value_out_of_range"),
    ],
)
def test_inequality(frame: pl.DataFrame, reason: str | None) -> None:
    row = inequality(frame).row(0, named=True)
    assert row["reason"] == reason
    assert (row["sii"] is None) == (reason is not None)


def test_seven_quantiles_if_seven_are_expected() -> None:
    assert inequality(quantiles(7), quantiles=7)["reason"][0] is None
    assert inequality(quantiles(9), quantiles=10)["reason"][0] == "missing_quantile"


def test_inequality_without_limits_or_with_impossible_ones() -> None:
    bare = inequality(quantiles().drop("standarderror")).row(0, named=True)
    assert bare["sii"] is not None
    assert (bare["sii_lower"], bare["reason"]) == (None, "missing_limits")
    crossed = quantiles(lower95=pl.lit(90.0), upper95=pl.lit(91.0))
    row = inequality(crossed).row(0, named=True)
    assert (row["sii_lower"], row["reason"]) == (None, "invalid_limits")


def test_no_ratio_of_ends_that_are_not_positive() -> None:
    row = inequality(quantiles(value=pl.Series(np.linspace(0.1, 10, 10)))).row(0, named=True)
    assert row["sii"] is not None
    assert (row["rii"], row["rii_lower"], row["reason"]) == (None, None, "rii_not_defined")


def test_text_quantiles_in_numeric_order_would_be_seven_not_two() -> None:
    shuffled = quantiles()[[0, 9, 1, 2, 3, 4, 5, 6, 7, 8]]  # the order of text: 1, 10, 2 ...
    assert inequality(shuffled).equals(inequality(quantiles()))


def test_small_positive_multiplier_keeps_limits_in_order() -> None:
    frame = quantiles(value=pl.Series(np.linspace(300, 150, 10)), standarderror=pl.lit(0.05))
    row = inequality(frame, value_type=1, transform=True, multiplier=0.001).row(0, named=True)
    assert row["sii_lower"] < row["sii"] < row["sii_upper"]
    assert row["rii_lower"] < row["rii"] < row["rii_upper"]


def test_seeds_are_of_indicator_and_area() -> None:
    assert stream_seed("smoking", 0, "E1") == stream_seed("smoking", 0, "E1")
    assert stream_seed("smoking", 0, "E1") != stream_seed("smoking", 0, "E2")
    assert stream_seed("a", "bc") != stream_seed("ab", "c")
    with pytest.raises(ValueError, match=r"at least 1,000"):
        inequality(quantiles(), repetitions=999)


# Comparisons


def test_equal_to_the_benchmark_is_similar() -> None:
    frame = pl.DataFrame(
        {
            "lower95": [2.0, 3.0, 3.1, 2.0, None, 3.2, 3.2],
            "upper95": [3.0, 4.0, 4.0, 2.9, 4.0, 3.1, 3.3],
            "benchmark": [3.0] * 6 + [None],
            "polarity": ["high_is_good"] * 7,
        }
    )
    result = compare_with_benchmark(frame)
    assert result["comparison"].to_list() == [
        "similar", "similar", "better", "worse", "not_compared", "not_compared", "not_compared",
    ]  # fmt: skip
    assert reasons(result)[4:] == ["missing_limits", "invalid_limits", "missing_benchmark"]


def test_two_levels_and_words_of_one_s_own() -> None:
    frame = pl.DataFrame(
        {
            "method": ["single_overlap_two_level"] * 3 + ["single_overlap_998", "guess"],
            "lower95": [3.1, 3.2, 1.0, None, 1.0],
            "upper95": [3.9, 3.8, 2.0, None, 2.0],
            "lower998": [2.9, 3.1, 0.9, 3.1, 1.0],
            "upper998": [4.1, 3.9, 2.1, 4.0, 2.0],
            "benchmark": [3.0] * 5,
            "polarity": ["low_is_good", "low_is_good", "no_judgement", "high_is_good", "good"],
        }
    )
    result = compare_with_benchmark(frame)
    assert result["comparison"].to_list() == ["worse", "worst", "lowest", "better", "not_compared"]
    assert reasons(result)[4] == "unknown_method"


# Trends


def series(values: list[float | None], first: int = 2019, **changes: object) -> pl.DataFrame:
    frame = pl.DataFrame(
        {"period": [str(first + i) for i in range(len(values))], "value": values}
    ).with_columns(lower95=pl.col("value") - 0.1, upper95=pl.col("value") + 0.1)
    return frame.with_columns(**changes)


def one(frame: pl.DataFrame, value_type: str = "other") -> tuple[str, str | None]:
    row = recent_trend(frame, value_type=value_type).row(0, named=True)
    return row["recent_trend"], row["reason"]


CANNOT = "Cannot be calculated"


def test_trends_that_cannot_be_calculated() -> None:
    up = [1.0, 2.0, 3.0, 4.0, 5.0]
    assert one(series(up)) == ("Increasing", None)
    assert one(series(up[:4])) == (CANNOT, "too_few_periods")
    assert one(series([1.0, 2.0, None, 4.0, 5.0])) == (CANNOT, "missing_value")
    gap = pl.Series(["2018", "2020", "2021", "2022", "2023"])
    assert one(series(up, period=gap)) == (CANNOT, "periods_not_consecutive")
    rolling = pl.Series([f"{y} - {y % 100 + 2}" for y in range(2015, 2020)])
    assert one(series(up, period=rolling)) == (CANNOT, "period_not_annual")
    twice = pl.Series(["2019", "2020", "2021", "2022", "2022"])
    assert one(series(up, period=twice)) == (CANNOT, "duplicate_period")
    assert one(series(up, lower95=pl.lit(None))) == (CANNOT, "missing_limits")
    assert one(series(up, lower95=pl.col("upper95"))) == (CANNOT, "invalid_limits")
    # A gap before the last five points does not matter.
    earlier = series([9.0, *up], period=pl.Series(["2012", *map(str, range(2019, 2024))]))
    assert one(earlier) == ("Increasing", None)
    financial = pl.Series([f"{y}/{y % 100 + 1}" for y in range(2019, 2024)])
    assert one(series(up, period=financial)) == ("Increasing", None)


def test_proportions_of_none_or_all_have_no_trend() -> None:
    def of(x: list[float | None], n: float = 50.0) -> tuple[str, str | None]:
        frame = pl.DataFrame({"period": range(2019, 2024), "numerator": x}).with_columns(
            denominator=pl.lit(n)
        )
        return one(frame, "proportion")

    assert of([5, 15, 25, 35, 49]) == ("Increasing", None)
    assert of([0, 15, 25, 35, 49]) == (CANNOT, "proportion_0_or_1")
    assert of([5, 15, 25, 35, 50]) == (CANNOT, "proportion_0_or_1")
    assert of([5, 15, 25, 35, 51]) == (CANNOT, "numerator_above_denominator")
    assert of([5, None, 25, 35, 49]) == (CANNOT, "missing_numerator")
    assert of([5, 15, 25, 35, 49], 0.0) == (CANNOT, "denominator_not_positive")


def test_significance_is_strict_at_its_threshold() -> None:
    """A straight line's chi-squared is (slope / sigma)^2 x 10: stretch it to either side."""
    assert threshold() == pytest.approx(9.549535706083, rel=1e-11)
    base = np.arange(5.0)
    sigma = math.sqrt(10 / threshold())
    for factor, expected in ((1 + 1e-9, "No significant change"), (1 - 1e-9, "Increasing")):
        half = z_score(0.95) * sigma * factor
        frame = pl.DataFrame(
            {"period": range(2019, 2024), "value": base, "lower95": base - half,
             "upper95": base + half}
        )  # fmt: skip
        assert one(frame)[0] == expected
    _, chi2 = weighted_trend(base[None], np.full((1, 5), sigma))
    assert chi2[0] == pytest.approx(threshold(), rel=1e-12)


def test_chi_squared_exactly_at_the_threshold_is_no_trend(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = series([1.0, 2.0, 3.0, 4.0, 5.0])
    exact = recent_trend(frame, value_type="other")["chi2"][0]
    monkeypatch.setattr(trend, "threshold", lambda: exact)
    assert one(frame) == ("No significant change", "not_significant")
    monkeypatch.setattr(trend, "threshold", lambda: np.nextafter(exact, 0))
    assert one(frame) == ("Increasing", None)


def test_an_outlier_alone_makes_no_trend() -> None:
    assert one(series([1.0, 1.0, 0.9, 0.95, 6.0])) == ("No significant change", "outlier")


@pytest.mark.parametrize(
    ("label", "year"),
    [
        ("2023", 2023), (2023, 2023), ("2023/24", 2023), ("2023-24", 2023), ("1999/00", 1999),
        ("2023/2024", 2023), ("2021 - 23", None), ("2021/23", None), ("2023 Q1", None),
        ("", None), (None, None),
    ],
)  # fmt: skip
def test_annual_periods(label: object, year: int | None) -> None:
    found = period_year(label)
    assert math.isnan(found) if year is None else found == year


def test_trend_with_polarity() -> None:
    assert judgement("Increasing", "low_is_good") == "Increasing and getting worse"
    assert judgement("Decreasing", "low_is_good") == "Decreasing and getting better"
    assert judgement("Decreasing", "no_judgement") == "Decreasing"
    assert judgement("No significant change", "low_is_good") == "No significant change"
    frame = series([1.0, 2.0, 3.0, 4.0, 5.0], polarity=pl.lit("high_is_good"))
    assert recent_trend(frame)["trend_judgement"][0] == "Increasing and getting better"


# Aggregation


def test_a_child_without_a_number_is_not_zero() -> None:
    frame = pl.DataFrame(
        {
            "place": ["a", "a", "b"],
            "decile": [1.0, None, 1.0],
            "numerator": [4.0, None, 2.0],
            "denominator": [9.0, 9.0, 9.0],
        }
    )
    sums = sum_of_children(frame, by=["place"])
    assert sums["numerator"].to_list() == [None, 2.0]
    assert sums["denominator"].to_list() == [18.0, 9.0]
    assert sums["numerator_coverage"].to_list() == [0.5, 1.0]
    assert reasons(sums) == ["missing_child", None]
    shares = share_in_most_deprived_decile(frame, by=["place"])
    assert shares["prop_most_deprived_10pc"].to_list() == [None, 1.0]
