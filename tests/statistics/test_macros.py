"""Wilson limits, benchmark comparison and IMD quantiles as SQL macros."""

from __future__ import annotations

from statistics import NormalDist

import duckdb
import pytest

from beacon.statistics.macros import install_macros, macro_files, macro_names


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


@pytest.mark.parametrize("p", [1e-300, 1e-12, 0.001, 0.025, 0.3, 0.5, 0.7, 0.975, 0.999])
def test_normal_quantile(con: duckdb.DuckDBPyConnection, p: float) -> None:
    assert answer(con, f"normal_quantile({p!r}::DOUBLE)") == pytest.approx(
        NormalDist().inv_cdf(p), rel=1e-14, abs=1e-15
    )


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
