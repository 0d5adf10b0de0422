"""Distance, line and verdict of the macros: by hand, and against scipy."""

from __future__ import annotations

import duckdb
import numpy as np
import pytest
from scipy import stats

from beacon.statistics.macros import install_macros


@pytest.fixture(scope="module")
def con() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    install_macros(connection)
    return connection


def answer(con: duckdb.DuckDBPyConnection, expression: str) -> object:
    return con.sql(f"select {expression}").fetchall()[0][0]


def test_distance_has_the_direction_applied(con: duckdb.DuckDBPyConnection) -> None:
    assert answer(con, "to_go(12.5, 5, 'low_is_good')") == 7.5
    assert answer(con, "to_go(56, 75, 'high_is_good')") == 19
    assert answer(con, "to_go(80, 75, 'high_is_good')") == -5
    assert answer(con, "to_go(80, 75, 'no_judgement')") is None


@pytest.mark.parametrize(
    ("lower", "upper", "polarity", "verdict"),
    [
        (1, 5, "low_is_good", "yes"),
        (1, 5.1, "low_is_good", "uncertain"),
        (5.1, 6, "low_is_good", "no"),
        (5, 6, "low_is_good", "uncertain"),
        (5, 9, "high_is_good", "yes"),
        (4.9, 9, "high_is_good", "uncertain"),
        (1, 4.9, "high_is_good", "no"),
        (1, 9, "no_judgement", None),
    ],
)
def test_verdicts(
    con: duckdb.DuckDBPyConnection, lower: float, upper: float, polarity: str, verdict: str | None
) -> None:
    assert answer(con, f"reaches_target({lower}, {upper}, 5, '{polarity}')") == verdict


def test_quantiles_of_student_are_right(con: duckdb.DuckDBPyConnection) -> None:
    for points in range(5, 11):
        assert answer(con, f"t_of_points({points})") == pytest.approx(
            stats.t.ppf(0.975, points - 2), rel=1e-10
        )


def test_five_points_by_hand(con: duckdb.DuckDBPyConnection) -> None:
    # Years 1 to 5, values 10, 9, 9, 7, 5: sxx 10, sxy -12, syy 16.
    scatter = ((16 - 14.4) / 3) ** 0.5
    assert answer(con, "line_slope_margin(5, 10, -12, 16)") == pytest.approx(
        3.182446305284263 * scatter / 10**0.5
    )
    half = 3.182446305284263 * scatter * (1 + 1 / 5 + 25 / 10) ** 0.5
    assert answer(con, "line_prediction_margin(5, 10, -12, 16, 5)") == pytest.approx(half)


def test_four_points_are_too_few_and_eleven_too_many(con: duckdb.DuckDBPyConnection) -> None:
    assert answer(con, "line_scatter(4, 5, 1, 9)") is None
    assert answer(con, "line_scatter(11, 5, 1, 9)") is None


def test_against_scipy(con: duckdb.DuckDBPyConnection) -> None:
    random = np.random.default_rng(3)
    for count in range(5, 11):
        years = np.arange(count, dtype=float)
        values = random.normal(50, 5, count)
        oracle = stats.linregress(years, values)
        frame = ", ".join(f"({t}, {v})" for t, v in zip(years, values, strict=True))
        listed = "list(t order by t), list(v order by t)"
        sums = "count(*), regr_sxx(v, t), regr_sxy(v, t), regr_syy(v, t)"
        slope, half, ahead, product = con.sql(
            f"select regr_slope(v, t), line_slope_margin({sums}), "
            f"line_prediction_margin({sums}, {count + 3} - avg(t)), "
            f"sum_of_products({listed}) - regr_sxy(v, t) from (values {frame}) as p(t, v)"
        ).fetchall()[0]
        t = stats.t.ppf(0.975, count - 2)
        assert (slope, half) == (pytest.approx(oracle.slope), pytest.approx(t * oracle.stderr))
        assert product == pytest.approx(0, abs=1e-9)
        # The standard error of a new value, from residuals and not from sums of squares.
        left = values - oracle.intercept - oracle.slope * years
        spread = float(((years - years.mean()) ** 2).sum())
        error = (left @ left / (count - 2)) ** 0.5
        wide = (1 + 1 / count + (count + 3 - years.mean()) ** 2 / spread) ** 0.5
        assert ahead == pytest.approx(t * error * wide)
