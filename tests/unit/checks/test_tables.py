"""Every check fails on exactly the fixture made to break it, on both ways a table may go."""

from dataclasses import replace
from typing import Any

import duckdb
import pytest

from beacon.checks import check_table, run_sql_checks
from beacon.checks.check_tables import judge, prepare
from beacon.contracts import Contract, build_suite, create_table

from .conftest import BREAKS, DECLARED, ROWS

WAYS: dict[str, dict[str, Any]] = {
    "whole": {"full_rows": 1_000},
    "searched": {"full_rows": 0},
    "by_duckdb": {"by_duckdb": True},
}


def _table(contract: Contract) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.execute(create_table(contract, "t"))
    for row in ROWS:
        con.execute("insert into t values (?, ?, ?, ?, ?, ?)", list(row.values()))
    return con


def _failed(results: Any) -> list[Any]:
    return [result for result in results if not result.passed]


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_right_table_passes_every_check(contract: Contract, way: dict[str, Any]) -> None:
    results = check_table(_table(contract), "t", contract, **way)
    assert _failed(results) == []
    assert [r.name for r in results] == [item.name for item in build_suite(contract)]
    assert all(r.evaluated and r.table == "marts.measure" for r in results)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("case", BREAKS)
def test_each_check_fails_alone(contract: Contract, case: str, way: dict[str, Any]) -> None:
    statements, check, count = BREAKS[case]
    con = _table(contract)
    for statement in statements:
        con.execute(statement)
    (failure,) = _failed(check_table(con, "t", contract, **way))
    assert failure.name == check
    assert failure.unexpected_count == count
    assert failure.evaluated
    assert "marts.measure" in failure.message
    assert "expectations/marts/measure.yaml" in failure.message
    if count:
        assert len(failure.examples) == count
        for column in failure.columns:
            assert column in failure.message
            assert column in failure.examples[0]


def test_examples_name_the_row_by_its_key(contract: Contract) -> None:
    con = _table(contract)
    con.execute("update t set rate_percent = -1 where area_code = 'E08000011'")
    (failure,) = _failed(check_table(con, "t", contract))
    assert failure.examples == (
        {"rate_percent": -1.0, "area_code": "E08000011", "year": 2021},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("case", "severity", "blocks"),
    [
        ("pattern", "critical", True),
        ("allowed", "warning", False),
        ("range_low", "info", False),
        ("declared", "warning", False),
        ("key", "critical", True),
    ],
)
def test_severity_is_that_of_the_contract(
    contract: Contract, case: str, severity: str, blocks: bool
) -> None:
    con = _table(contract)
    con.execute(BREAKS[case][0][0])
    (failure,) = _failed(check_table(con, "t", contract))
    assert (failure.severity, failure.blocks) == (severity, blocks)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_nan_counts_as_missing(contract: Contract, way: dict[str, Any]) -> None:
    declared = {**DECLARED, "columns": [dict(c) for c in DECLARED["columns"][:4]]}
    declared |= {"expectations": [], "sql_checks": []}
    declared["columns"][3] |= {"nullable": False, "max": 100}
    strict = Contract.model_validate(declared)
    con = _table(contract)
    con.execute("alter table t drop upper_95; alter table t drop published_on")
    con.execute("update t set rate_percent = 'nan'")
    (failure,) = _failed(check_table(con, "t", strict, **way))
    assert (failure.name, failure.unexpected_count) == ("rate_percent__not_null", 3)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_missing_column_fails_its_checks_by_name(contract: Contract, way: dict[str, Any]) -> None:
    con = _table(contract)
    con.execute("alter table t drop sex")
    failures = {r.name: r for r in _failed(check_table(con, "t", contract, **way))}
    assert set(failures) == {"columns", "sex__allowed"}
    assert "no column sex" in failures["sex__allowed"].message


def test_a_table_that_does_not_exist_fails_every_check(contract: Contract) -> None:
    results = check_table(duckdb.connect(), "nowhere", contract)
    assert len(results) == len(build_suite(contract))
    assert not any(r.passed or r.evaluated for r in results)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize(
    ("type_", "kwargs"),
    [
        ("expect_nothing_of_the_kind", {}),
        ("expect_column_values_to_be_between", {"column": "sex", "min_value": 1}),
        ("expect_column_values_to_match_regex", {"column": "sex", "regex": "["}),
        ("expect_column_values_to_be_unique", {"colunm": "sex"}),
        ("expect_column_values_to_be_in_set", {"column": "sex"}),
    ],
)
def test_an_expectation_that_raises_is_a_failure(
    contract: Contract, type_: str, kwargs: dict[str, Any], way: dict[str, Any]
) -> None:
    wrong = contract.model_copy(
        update={
            "expectations": (
                *contract.expectations,
                type(contract.expectations[0])(type=type_, kwargs=kwargs, why="x"),
            )
        }
    )
    (failure,) = _failed(check_table(_table(contract), "t", wrong, **way))
    assert failure.type == type_
    assert not failure.evaluated
    assert "could not be evaluated, which counts as a failure" in failure.message


def test_a_check_that_gave_no_outcome_has_failed(contract: Contract) -> None:
    prepared = prepare(_table(contract), "t", contract)
    outcomes = [outcome for part in prepared.parts for outcome in judge(part)]
    (failure,) = _failed(prepared.finish(outcomes[1:]))
    assert "gave no result" in failure.message


def test_an_extract_that_lacks_a_column_fails_the_checks_that_read_it(contract: Contract) -> None:
    prepared = prepare(_table(contract), "t", contract)
    (part,) = prepared.parts
    lacking = replace(part, rows=part.rows.drop_columns(["sex"]))
    outcomes = {outcome.name: outcome for outcome in judge(lacking)}
    reading = [item.name for item in part.items if "sex" in item.columns]
    assert reading
    assert not any(outcomes[name].passed for name in reading)


def test_duckdb_and_great_expectations_must_agree(contract: Contract) -> None:
    prepared = prepare(_table(contract), "t", contract, full_rows=0)
    prepared.counts["sex__allowed"] = 7
    outcomes = [outcome for part in prepared.parts for outcome in judge(part)]
    (failure,) = _failed(prepared.finish(outcomes))
    assert failure.name == "sex__allowed"
    assert "DuckDB finds 7" in failure.message


def test_geometry_and_lists_are_checked_for_presence() -> None:
    contract = Contract.model_validate(
        {
            "table": "place",
            "schema": "marts",
            "grain": "one row per Place",
            "description": "Places.",
            "key": ["code"],
            "columns": [
                {"name": "code", "type": "VARCHAR", "description": "c"},
                {"name": "geometry", "type": "GEOMETRY", "description": "g"},
                {"name": "names", "type": "VARCHAR[]", "description": "n"},
                {"name": "big", "type": "HUGEINT", "description": "b", "min": 1},
                {"name": "money", "type": "DECIMAL(10,2)", "description": "m", "max": 5},
                {"name": "flag", "type": "BOOLEAN", "description": "f", "allowed": [True]},
                {"name": "at", "type": "TIMESTAMPTZ", "description": "t"},
            ],
        }
    )
    con = duckdb.connect()
    con.execute(create_table(contract, "t"))
    row = "'{}', 'POINT(1 2)'::geometry, ['x'], 2, 1.5, true, now()"
    con.execute(f"insert into t select {row.format('a')} union all select {row.format('b')}")
    for way in WAYS.values():
        assert _failed(check_table(con, "t", contract, **way)) == []
    con.execute("update t set geometry=null, names=null, big=0, money=9, flag=false where code='a'")
    for way in WAYS.values():
        failures = {r.name: r for r in _failed(check_table(con, "t", contract, **way))}
        assert set(failures) == {
            "geometry__not_null",
            "names__not_null",
            "big__range",
            "money__range",
            "flag__allowed",
        }


def test_sql_checks_pass_and_fail_with_rows(contract: Contract) -> None:
    con = _table(contract)
    (result,) = run_sql_checks(con, "t", contract)
    assert result.passed
    assert result.name == "sql__two_years"
    con.execute("insert into t select * replace (2023 as year) from t where year = 2022")
    (result,) = run_sql_checks(con, "t", contract)
    assert not result.passed
    assert result.severity == "warning"
    assert result.unexpected_count == 1
    assert result.examples == ({"area_code": "E06000006", "years": 3},)
    assert "At most two years" in result.message


def test_a_sql_check_that_fails_to_run_is_a_failure(contract: Contract) -> None:
    (result,) = run_sql_checks(duckdb.connect(), "t", contract)
    assert not result.passed
    assert not result.evaluated


@pytest.mark.parametrize(
    ("rows", "count"),
    [
        ("(1, 'a'), (1, 'b'), (2, 'a')", None),
        ("(1, 'a'), (null, 'a'), (null, null), (1, null)", None),
        ("(1, 'a'), (1, 'b'), (1, 'b')", 2),
        ("(0.0, 'a'), (-0.0, 'a'), (2, 'a')", 2),
    ],
)
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_repeated_key_is_counted_by_rows(
    rows: str, count: int | None, way: dict[str, Any]
) -> None:
    column = {"type": "VARCHAR", "description": "c"}
    keyed = Contract.model_validate(
        {
            "table": "pair",
            "schema": "marts",
            "grain": "one row per pair",
            "description": "Pairs.",
            "key": ["number", "letter"],
            "columns": [
                {**column, "name": "number", "type": "DOUBLE"},
                {**column, "name": "letter"},
            ],
        }
    )
    con = duckdb.connect()
    con.execute(
        f"create table t as select a::double as number, b as letter from (values {rows}) v(a, b)"
    )
    (result,) = [r for r in check_table(con, "t", keyed, **way) if r.name == "key_unique"]
    assert result.unexpected_count == count
    assert result.passed == (count is None)
