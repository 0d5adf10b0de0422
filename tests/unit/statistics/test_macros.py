"""The SQL macros: against the Python functions, against oracles, and at their edges."""

from __future__ import annotations

from statistics import NormalDist

import duckdb
import numpy as np
import polars as pl
import pytest

from beacon.statistics.benchmark import compare_with_benchmark
from beacon.statistics.inequality import inequality
from beacon.statistics.intervals import byar_limits, poisson_limits, wilson_limits, z_score
from beacon.statistics.macros import install_macros, macro_files, macro_names
from beacon.statistics.quantiles import imd_quantile, local_quantiles
from beacon.statistics.rates import proportion, rate
from beacon.statistics.standardisation import (
    directly_standardised_rate,
    european_standard_population,
    indirectly_standardised,
)
from beacon.statistics.trend import recent_trend


@pytest.fixture(scope="module")
def con() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    install_macros(connection)
    return connection


def answer(con: duckdb.DuckDBPyConnection, expression: str) -> object:
    return con.sql(f"SELECT {expression}").fetchall()[0][0]


def test_every_file_defines_macros_once(con: duckdb.DuckDBPyConnection) -> None:
    assert macro_files()
    text = "".join(path.read_text("utf-8") for path in macro_files())
    for name in macro_names():
        assert text.count(f"MACRO {name}(") == 1, name


def test_installing_twice_and_into_a_schema() -> None:
    connection = duckdb.connect()
    install_macros(connection, schema="public health")
    install_macros(connection, schema="public health")
    assert answer(connection, '"public health".wilson_upper_95(0, 30)') == pytest.approx(
        0.11351339317396
    )
    # Macros of macros find each other there, without a search path.
    up = "[1, 2, 3, 4, 5], [0.9, 1.9, 2.9, 3.9, 4.9], [1.1, 2.1, 3.1, 4.1, 5.1]"
    assert answer(connection, f'"public health".recent_trend({up})') == "Increasing"
    assert answer(connection, '"public health".poisson_lower(9.7, 0.9)') == pytest.approx(
        poisson_limits([9.7], 0.9)[0][0]
    )
    assert answer(connection, '"public health".rii([1, 1, 1], [4, 5, 6])') == pytest.approx(
        6.5 / 3.5
    )


@pytest.mark.parametrize("p", [1e-300, 1e-12, 0.001, 0.025, 0.3, 0.5, 0.7, 0.975, 0.999])
def test_normal_quantile(con: duckdb.DuckDBPyConnection, p: float) -> None:
    assert answer(con, f"normal_quantile({p!r}::DOUBLE)") == pytest.approx(
        NormalDist().inv_cdf(p), rel=1e-14, abs=1e-15
    )


def test_limits_of_a_figure_made_of_counts(con: duckdb.DuckDBPyConnection) -> None:
    for end in ("lower", "upper"):
        for level, share in (("95", "0.95"), ("998", "0.998")):
            of_shares = answer(con, f"counted_{end}_{level}('wilson', 3, 17, 100)")
            assert of_shares == answer(con, f"wilson_{end}_{level}(3, 17) * 100")
            of_rates = answer(con, f"counted_{end}_{level}('byar', 23, 700, 1000)")
            assert of_rates == answer(con, f"rate_{end}(23, 700, 1000, {share})")
            assert answer(con, f"counted_{end}_{level}('none', 3, 17, 100)") is None


def test_wilson_edges(con: duckdb.DuckDBPyConnection) -> None:
    assert answer(con, "wilson_lower_95(0, 17)") == 0
    assert answer(con, "wilson_upper_998(17, 17)") == 1
    assert answer(con, "proportion_reason(5, 4)") == "numerator_above_denominator"
    assert answer(con, "proportion_reason(-1, 4)") == "negative_numerator"
    assert answer(con, "proportion_reason(1, 0)") == "denominator_not_positive"
    assert answer(con, "wilson_lower_95(NULL, 4)") is None
    assert answer(con, "wilson_lower_95('nan'::DOUBLE, 4)") is None


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("2.7, 3.0, 3.0, 'low_is_good'", "similar"),
        ("2.7, 2.9, 3.0, 'low_is_good'", "better"),
        ("2.7, 2.9, 3.0, 'high_is_good'", "worse"),
        ("3.1, 3.2, 3.0, 'high_is_good'", "better"),
        ("3.0, 3.2, 3.0, 'high_is_good'", "similar"),
        ("3.1, 3.2, 3.0, 'low_is_good'", "worse"),
        ("2.7, 2.9, 3.0, 'no_judgement'", "lower"),
        ("3.1, 3.2, 3.0, 'no_judgement'", "higher"),
        ("3.1, NULL, 3.0, 'low_is_good'", "not_compared"),
        ("3.1, 3.2, NULL, 'low_is_good'", "not_compared"),
        ("3.1, 3.2, 3.0, NULL", "not_compared"),
        ("3.2, 3.1, 3.0, 'low_is_good'", "not_compared"),
        ("3.1, 3.2, 3.0, 'low'", "not_compared"),
        ("'nan'::DOUBLE, 3.2, 3.0, 'low_is_good'", "not_compared"),
    ],
)
def test_comparison(con: duckdb.DuckDBPyConnection, arguments: str, expected: str) -> None:
    assert answer(con, f"compare_with_benchmark({arguments})") == expected


def test_two_level_comparison(con: duckdb.DuckDBPyConnection) -> None:
    call = "compare_with_benchmark_two_level({}, 3.0, 'high_is_good')"
    assert answer(con, call.format("3.1, 3.9, 2.9, 4.1")) == "better"
    assert answer(con, call.format("3.2, 3.8, 3.1, 3.9")) == "best"
    assert answer(con, call.format("2.1, 2.4, 2.0, 2.5")) == "worst"


@pytest.mark.parametrize(
    ("lsoas", "last_of_first_fifth"),
    [(32_844, 6_568), (33_755, 6_751)],  # IoD 2019 on LSOA 2011; IoD 2025 on LSOA 2021
)
def test_core20_boundary(
    con: duckdb.DuckDBPyConnection, lsoas: int, last_of_first_fifth: int
) -> None:
    assert answer(con, f"is_core20({last_of_first_fifth}, {lsoas})") is True
    assert answer(con, f"is_core20({last_of_first_fifth + 1}, {lsoas})") is False
    assert answer(con, f"imd_decile({lsoas}, {lsoas})") == 10
    assert answer(con, f"imd_decile({lsoas + 1}, {lsoas})") is None
    assert answer(con, f"imd_decile(0, {lsoas})") is None


def table(con: duckdb.DuckDBPyConnection, frame: pl.DataFrame, query: str) -> pl.DataFrame:
    con.register("frame", frame.to_arrow())
    try:
        return con.sql(query).pl()
    finally:
        con.unregister("frame")


def same(ours: pl.DataFrame, names: dict[str, str], rel: float = 1e-12) -> None:
    """Each column of the SQL beside the one of the Python function."""
    for sql, python in names.items():
        left, right = ours[sql].cast(pl.Float64), ours[python].cast(pl.Float64)
        assert left.is_null().to_list() == right.is_null().to_list(), sql
        numbers = right.drop_nulls().to_list()
        assert left.drop_nulls().to_list() == pytest.approx(numbers, rel=rel, abs=1e-15), sql


def test_proportions_and_rates_as_in_python(con: duckdb.DuckDBPyConnection) -> None:
    rng = np.random.default_rng(21)
    n = rng.integers(-2, 3_000, 400).astype(float)
    x = np.floor(np.minimum(np.abs(n), rng.exponential(20, 400)))
    n[:4], x[:4] = [-1, 0, 5, 10], [1, 1, 9, -1]
    frame = pl.DataFrame({"numerator": x, "denominator": n}).with_columns(
        numerator=pl.when(pl.col("numerator") == 7).then(None).otherwise("numerator")
    )
    counted = "(numerator, denominator"
    for function, value, low, high, reason in (
        (proportion, f"proportion{counted})", f"wilson_lower_95{counted})",
         f"wilson_upper_998{counted})", "proportion_reason"),
        (rate, f"crude_rate{counted}, 1)", f"rate_lower{counted}, 1, 0.95)",
         f"rate_upper{counted}, 1, 0.998)", "rate_reason"),
    ):  # fmt: skip
        result = function(frame, multiplier=1.0)
        ours = table(
            con, result,
            f"SELECT *, {value} AS v, {low} AS l, {high} AS u, "
            f"{reason}(numerator, denominator) AS why FROM frame",
        )  # fmt: skip
        same(ours, {"v": "value", "l": "lower95_0cl", "u": "upper99_8cl"})
        assert ours["why"].to_list() == ours["reason"].to_list()
        assert ours["reason"].n_unique() >= 4


def test_wilson_as_in_python_and_statsmodels(con: duckdb.DuckDBPyConnection) -> None:
    from statsmodels.stats.proportion import proportion_confint

    x, n = np.array([0.0, 0.445, 1, 81, 263, 9e6]), np.array([5.0, 1, 29, 263, 263, 1e9])
    for level in (0.95, 0.998, 0.99):
        z = z_score(level)
        ours = table(
            con, pl.DataFrame({"x": x, "n": n}),
            f"SELECT wilson_lower(x, n, {z}) AS l, wilson_upper(x, n, {z}) AS u, "
            f"wilson_lower(x, n, z_score({level})) AS l2 FROM frame",
        )  # fmt: skip
        python, oracle = wilson_limits(x, n, z), proportion_confint(x, n, 1 - level, "wilson")
        for mine, one, two in zip(("l", "u"), python, oracle, strict=True):
            assert ours[mine].to_list() == pytest.approx(one.tolist(), rel=1e-13)
            assert ours[mine].to_list() == pytest.approx(two.tolist(), rel=1e-7, abs=1e-15)
        assert ours["l2"].to_list() == pytest.approx(ours["l"].to_list(), rel=1e-12)


@pytest.mark.parametrize("confidence", [0.95, 0.998, 0.9])
def test_limits_of_counts_whole_or_not(con: duckdb.DuckDBPyConnection, confidence: float) -> None:
    from scipy.stats import chi2

    x = np.concatenate([np.arange(15.0), [0.3, 2.5, 9.7, 9.999, 10.5, 123_456.0]])
    ours = table(
        con, pl.DataFrame({"x": x}),
        f"SELECT poisson_lower(x, {confidence}) AS l, poisson_upper(x, {confidence}) AS u, "
        "poisson_method(x) AS m FROM frame",
    )  # fmt: skip
    low, high = poisson_limits(x, confidence)
    assert ours["l"].to_list() == pytest.approx(low.tolist(), rel=1e-11, abs=1e-13)
    assert ours["u"].to_list() == pytest.approx(high.tolist(), rel=1e-11)
    small = (x > 0) & (x < 10)
    tail = (1 - confidence) / 2
    oracle = [chi2.ppf(tail, 2 * x[small]) / 2, chi2.ppf(1 - tail, 2 * x[small] + 2) / 2]
    for name, theirs in zip(("l", "u"), oracle, strict=True):
        assert ours[name].to_numpy()[small].tolist() == pytest.approx(theirs.tolist(), rel=1e-10)
    assert ours["m"].to_list() == ["Exact" if each < 10 else "Byars" for each in x]


def test_counts_without_limits(con: duckdb.DuckDBPyConnection) -> None:
    for x in ("NULL", "-1", "'nan'::DOUBLE", "'inf'::DOUBLE"):
        assert answer(con, f"poisson_lower({x}, 0.95)") is None
        assert answer(con, f"poisson_upper({x}, 0.95)") is None
    assert answer(con, "byar_lower(1, z_998())") is None
    assert answer(con, "byar_upper(1, z_998())") == pytest.approx(
        byar_limits([1], z_score(0.998))[1][0]
    )


def test_standardised_rates_as_in_python(con: duckdb.DuckDBPyConnection) -> None:
    rng = np.random.default_rng(22)
    standard = european_standard_population()
    size = standard.height * 9
    frame = pl.DataFrame(
        {
            "area": np.repeat([f"a{i}" for i in range(9)], standard.height),
            "ageband": standard["ageband"].to_list() * 9,
            "count": rng.poisson(1.5, size).astype(float),
            "pop": rng.integers(20, 900, size).astype(float),
            "stdpop": standard["stdpop"].cast(pl.Float64).to_list() * 9,
            "refcount": rng.integers(0, 30, size).astype(float),
            "refpop": rng.integers(1_000, 2_000, size).astype(float),
        }
    )
    index = pl.int_range(pl.len())
    frame = frame.with_columns(
        pl.when(index == 3).then(None).otherwise("count").alias("count"),
        pl.when(index == 22).then(0.0).when(index == 41).then(None).otherwise("pop").alias("pop"),
        pl.when(index == 60).then(None).otherwise("stdpop").alias("stdpop"),
    ).with_columns(
        pl.when(pl.col("area") == "a4").then(0.0).otherwise("count").alias("count"),
        pl.when(pl.col("area") == "a5").then(0.0).otherwise("refcount").alias("refcount"),
    )
    direct = directly_standardised_rate(frame, by=["area"]).select(pl.all().name.prefix("d_"))
    indirect = indirectly_standardised(frame, by=["area"]).select(pl.all().name.prefix("i_"))
    ours = table(
        con, frame,
        """SELECT area, dsr("count", pop, stdpop, 100000) AS v,
            dsr_lower("count", pop, stdpop, 100000, 0.95) AS l,
            dsr_upper("count", pop, stdpop, 100000, 0.998) AS u,
            dsr_reason("count", pop, stdpop) AS why,
            isr_ratio("count", pop, refcount, refpop, 100) AS r,
            isr_ratio_lower("count", pop, refcount, refpop, 100, 0.95) AS rl,
            isr_ratio("count", pop, refcount, refpop, 1)
                * reference_rate(refcount, refpop, 100000) AS rr,
            isr_ratio_upper("count", pop, refcount, refpop, 100, 0.998) AS ru,
            isr_reason("count", pop, refcount, refpop) AS iwhy
        FROM frame GROUP BY area ORDER BY area""",
    )  # fmt: skip
    both = pl.concat([ours, direct, indirect], how="horizontal")
    same(both, {"v": "d_value", "l": "d_lower95_0cl", "u": "d_upper99_8cl"})
    same(both, {"r": "i_ratio_value", "rl": "i_ratio_lower95_0cl", "ru": "i_ratio_upper99_8cl",
                "rr": "i_rate_value"})  # fmt: skip
    assert both["why"].to_list() == both["d_reason"].to_list()
    assert both["iwhy"].to_list() == both["i_reason"].to_list()
    assert both["why"].n_unique() == 5


def test_quantiles_as_in_python(con: duckdb.DuckDBPyConnection) -> None:
    ranks = np.arange(0.0, 34_000)
    ours = table(con, pl.DataFrame({"r": ranks}), "SELECT imd_decile(r, 33755) AS q FROM frame")
    python, _ = imd_quantile(ranks, 33_755, 10)
    assert ours["q"].to_list() == [None if np.isnan(v) else v for v in python]
    values = pl.DataFrame({"value": [3.0, 1.0, None, 1.0, 9.0, 7.0, 2.0]}).with_columns(
        nquantiles=pl.lit(3.0), invert=pl.lit(False)
    )
    local = table(
        con, values,
        """SELECT CASE WHEN value IS NOT NULL THEN local_quantile(
            rank() OVER (ORDER BY value NULLS LAST), count(value) OVER (), nquantiles) END AS q
        FROM frame ORDER BY value NULLS LAST""",
    )  # fmt: skip
    expected = local_quantiles(values).sort("value", nulls_last=True)
    assert local["q"].to_list() == expected["quantile"].to_list()


def test_inequality_as_in_python(con: duckdb.DuckDBPyConnection) -> None:
    rng = np.random.default_rng(23)
    frame = pl.DataFrame(
        {
            "area": np.repeat(["a", "b", "c"], 10),
            "quantile": np.tile(np.arange(1.0, 11), 3),
            "population": rng.integers(1_000, 9_000, 30).astype(float),
            "value": np.tile(np.linspace(70, 80, 10), 3) + rng.normal(0, 1, 30),
            "standarderror": rng.uniform(0.2, 0.9, 30),
        }
    ).with_columns(pl.when(pl.int_range(30) == 25).then(None).otherwise("value").alias("value"))
    python = inequality(frame, by=["area"], value_type=0)
    ours = table(
        con, frame.sample(fraction=1, shuffle=True, seed=1),
        """SELECT sii(p, y) AS s, rii(p, y) AS r, sii_intercept(p, y) AS i,
            sii_standard_error(p, e) AS se, sii_reason(p, y) AS why
        FROM (SELECT area, list(population ORDER BY quantile) AS p,
            list(value ORDER BY quantile) AS y, list(standarderror ORDER BY quantile) AS e
            FROM frame GROUP BY area) ORDER BY area""",
    )  # fmt: skip
    both = pl.concat([ours, python], how="horizontal")
    same(both, {"s": "sii", "r": "rii", "i": "intercept"}, rel=1e-10)
    same(both[:2], {"se": "sii_se_analytic"}, rel=1e-10)
    assert both["why"].to_list() == both["reason"].to_list() == [None, None, "missing_value"]


def test_trends_as_in_python(con: duckdb.DuckDBPyConnection) -> None:
    rng = np.random.default_rng(24)
    areas = 40
    n = rng.integers(80, 300, areas * 5).astype(float)
    slope = np.repeat(rng.normal(0, 0.25, areas), 5) * np.tile(np.arange(5), areas)
    x = rng.binomial(n.astype(int), 1 / (1 + np.exp(1.5 - slope))).astype(float)
    frame = pl.DataFrame(
        {"area": np.repeat(np.arange(areas), 5), "period": np.tile(np.arange(2019, 2024), areas),
         "numerator": x, "denominator": n}
    )  # fmt: skip
    frame = frame.with_columns(
        pl.when(pl.int_range(pl.len()) == 7).then(None)
        .when(pl.int_range(pl.len()) == 13).then("denominator")
        .otherwise("numerator").alias("numerator")
    )  # fmt: skip
    limited = proportion(frame).rename({"lower95_0cl": "lower95", "upper95_0cl": "upper95"})
    lists = """SELECT area, list(numerator ORDER BY period) AS x,
        list(denominator ORDER BY period) AS n, list(value ORDER BY period) AS y,
        list(lower95 ORDER BY period) AS l, list(upper95 ORDER BY period) AS u
        FROM frame GROUP BY area"""
    for kind, word, chi2, gradient in (
        ("proportion", "recent_trend_proportion(x, n)", "trend_chi_squared_proportion(x, n)",
         "trend_gradient_proportion(x, n)"),
        ("other", "recent_trend(y, l, u)", "trend_chi_squared(y, l, u)",
         "trend_gradient(y, l, u)"),
    ):  # fmt: skip
        python = recent_trend(limited, by=["area"], value_type=kind)
        ours = table(
            con, limited,
            f"SELECT {word} AS w, {chi2} AS c, {gradient} AS g FROM ({lists}) ORDER BY area",
        )  # fmt: skip
        both = pl.concat([ours, python], how="horizontal")
        assert both["w"].to_list() == both["recent_trend"].to_list()
        same(both, {"c": "chi2", "g": "gradient"}, rel=1e-9)
        assert set(both["w"]) == {
            "Increasing", "Decreasing", "No significant change", "Cannot be calculated",
        }  # fmt: skip


def test_comparisons_as_in_python(con: duckdb.DuckDBPyConnection) -> None:
    rng = np.random.default_rng(25)
    low = rng.integers(0, 6, 300).astype(float)
    frame = pl.DataFrame(
        {
            "lower95": low,
            "upper95": low + rng.integers(-1, 4, 300),
            "lower998": low - 1,
            "upper998": low + 4.0,
            "benchmark": rng.integers(0, 8, 300).astype(float),
            "polarity": rng.choice(["high_is_good", "low_is_good", "no_judgement", "x"], 300),
            "benchmark_lower95": rng.integers(0, 4, 300).astype(float),
            "benchmark_upper95": rng.integers(4, 9, 300).astype(float),
        }
    )
    for method, call in (
        ("single_overlap_95", "compare_with_benchmark(lower95, upper95, benchmark, polarity)"),
        ("double_overlap", "compare_intervals(lower95, upper95, benchmark_lower95, "
         "benchmark_upper95, polarity)"),
    ):  # fmt: skip
        python = compare_with_benchmark(frame.with_columns(method=pl.lit(method)))
        ours = table(con, frame, f"SELECT {call} AS c FROM frame")
        assert ours["c"].to_list() == python["comparison"].to_list()
        assert ours["c"].n_unique() == 6


def test_aggregates_with_holes(con: duckdb.DuckDBPyConnection) -> None:
    frame = pl.DataFrame(
        {"place": ["a", "a", "b", "b"], "x": [1.0, None, 2.0, 3.0], "d": [1, None, 1, 4]}
    )  # fmt: skip
    ours = table(
        con, frame,
        """SELECT sum_complete(x) AS s, coverage(x) AS c, share_in_most_deprived_decile(d) AS d
            FROM frame GROUP BY place ORDER BY place""",
    )  # fmt: skip
    assert ours.rows() == [(None, 0.5, None), (5.0, 1.0, 0.5)]
