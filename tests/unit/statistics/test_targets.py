"""Distance, line and verdict: by hand, against scipy, and the macros against Python."""

from __future__ import annotations

import duckdb
import numpy as np
import pytest
from scipy import stats

from beacon.statistics.macros import install_macros
from beacon.statistics.target_progress import (
    _T_975,
    fit_line,
    reaches,
    to_go,
    yearly_change_needed,
)


@pytest.fixture(scope="module")
def con() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    install_macros(connection)
    return connection


def answer(con: duckdb.DuckDBPyConnection, expression: str) -> object:
    return con.sql(f"select {expression}").fetchall()[0][0]


def test_distance_has_the_direction_applied() -> None:
    assert to_go(12.5, 5, "low_is_good") == 7.5
    assert to_go(56, 75, "high_is_good") == 19
    assert to_go(80, 75, "high_is_good") == -5
    assert to_go(80, 75, "no_judgement") is None


def test_change_needed() -> None:
    assert yearly_change_needed(12.5, 5, 5) == -1.5
    assert yearly_change_needed(12.5, 5, 0) is None


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
    assert reaches(lower, upper, 5, polarity) == verdict  # type: ignore[arg-type]
    assert answer(con, f"reaches_target({lower}, {upper}, 5, '{polarity}')") == verdict


def test_quantiles_of_student_are_right() -> None:
    for freedom, quantile in _T_975.items():
        assert quantile == pytest.approx(stats.t.ppf(0.975, freedom), rel=1e-10)


def test_five_points_by_hand() -> None:
    # Years 1 to 5, values 10, 9, 9, 7, 5: mean 3 and 8, sxx 10, sxy -12, syy 16.
    line = fit_line([(1, 10), (2, 9), (3, 9), (4, 7), (5, 5)])
    assert line is not None
    assert line.slope == pytest.approx(-1.2)
    scatter = ((16 - 14.4) / 3) ** 0.5
    assert line.slope_upper_95 == pytest.approx(-1.2 + 3.182446305284263 * scatter / 10**0.5)
    value, lower, upper = line.at(8)
    assert value == pytest.approx(2)
    half = 3.182446305284263 * scatter * (1 + 1 / 5 + 25 / 10) ** 0.5
    assert (lower, upper) == (pytest.approx(2 - half), pytest.approx(2 + half))


def test_four_points_are_too_few_and_ten_years_enough() -> None:
    assert fit_line([]) is None
    assert fit_line([(year, 1.0) for year in range(4)]) is None
    line = fit_line([(year, 1.0 if year > 9 else 99.0) for year in range(20)])
    assert line is not None
    assert (line.points, line.slope) == (10, 0)


def test_against_scipy_and_the_macros(con: duckdb.DuckDBPyConnection) -> None:
    random = np.random.default_rng(3)
    for count in range(5, 11):
        years = np.arange(count, dtype=float)
        values = random.normal(50, 5, count)
        line = fit_line(list(zip(years, values, strict=True)))
        assert line is not None
        oracle = stats.linregress(years, values)
        assert line.slope == pytest.approx(oracle.slope)
        margin = stats.t.ppf(0.975, count - 2) * oracle.stderr
        assert line.slope_upper_95 - line.slope == pytest.approx(margin)
        frame = ", ".join(f"({t}, {v})" for t, v in zip(years, values, strict=True))
        sums = "count(*), regr_sxx(v, t), regr_sxy(v, t), regr_syy(v, t)"
        slope, half, ahead = con.sql(
            f"select regr_slope(v, t), line_slope_margin({sums}), "
            f"line_prediction_margin({sums}, {count + 3} - avg(t)) from (values {frame}) as p(t, v)"
        ).fetchall()[0]
        listed = "list(t order by t), list(v order by t)"
        product = con.sql(
            f"select sum_of_products({listed}) - regr_sxy(v, t) from (values {frame}) as p(t, v)"
        ).fetchall()[0][0]
        assert product == pytest.approx(0, abs=1e-9)
        assert (slope, half) == (pytest.approx(line.slope), pytest.approx(margin))
        value, _, upper = line.at(count + 3)
        assert ahead == pytest.approx(upper - value)
    assert answer(con, "line_scatter(4, 5, 1, 9)") is None
    assert answer(con, "line_scatter(11, 5, 1, 9)") is None
