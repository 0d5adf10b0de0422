"""Checks judged together find what each finds alone."""

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from beacon.checks.check_frames import arrow_to_pandas
from beacon.checks.engine import run_checks, run_suite
from beacon.checks.pools import narrowed, pool
from beacon.checks.result import Outcome
from beacon.contracts import Contract, SuiteItem, build_suite, create_table

from .conftest import BREAKS, ROWS

TABLE = {
    "code": pa.array(["E01", "E02", "E03"]),
    "parent": pa.array(["E09", "E09", None]),
    "sex": pa.array(["Female", "Male", None]),
    "band": pa.array(["Young", "Old", "Old"]),
    "people": pa.array([1, 2, 3], pa.int32()),
    "rate": pa.array([1.5, float("nan"), 3.0]),
    "share": pa.array([0.5, 0.5, 0.5]),
}


def _item(kind: str, column: str, **kwargs: Any) -> SuiteItem:
    types = {
        "not_null": "expect_column_values_to_not_be_null",
        "pattern": "expect_column_values_to_match_regex",
        "allowed": "expect_column_values_to_be_in_set",
        "range": "expect_column_values_to_be_between",
    }
    return SuiteItem(
        name=f"{column}__{kind}",
        kind=kind,  # type: ignore[arg-type]
        type=types[kind],
        kwargs={"column": column, **kwargs},
        severity="critical",
        summary="x",
        why="x",
        columns=(column,),
    )


def _alike(outcomes: list[Outcome]) -> list[Outcome]:
    return [replace(outcome, duration_seconds=0) for outcome in outcomes]


def _compare(table: pa.Table, items: list[SuiteItem], key: tuple[str, ...]) -> list[Outcome]:
    """The outcomes, which must be those of each check on its own column."""
    together = _alike(run_checks(table, items, key))
    assert together == _alike(run_suite(arrow_to_pandas(table), items, key))
    return together


def test_columns_share_a_check_where_they_can() -> None:
    items = [
        *(_item("not_null", name) for name in TABLE),
        _item("pattern", "code", regex="E"),
        _item("pattern", "parent", regex="E"),
        _item("allowed", "sex", value_set=["Female", "Male"]),
        _item("allowed", "band", value_set=["Young", "Old"]),
        _item("allowed", "people", value_set=[1, 2, 3]),
        _item("range", "rate", min_value=0),
        _item("range", "share", min_value=0),
        _item("range", "people", min_value=0),
        _item("range", "code", min_value="0"),
    ]
    pools = pool(pa.table(TABLE), items)
    assert pools is not None
    assert sorted(len(names) for names in pools.members.values()) == [1, 1, 1, 2, 2, 2, 7]
    assert sorted(n for names in pools.members.values() for n in names) == sorted(
        item.name for item in items
    )


@pytest.mark.parametrize(
    "options",
    [
        {"mostly": 0.5},
        {"row_condition": "people > 1", "condition_parser": "pandas"},
        {"parse_strings_as_datetimes": True},
    ],
)
def test_a_check_with_an_option_of_its_own_is_judged_alone(options: dict[str, Any]) -> None:
    assert pool(pa.table(TABLE), [_item("range", "share", min_value=0, **options)]) is None


def test_a_value_of_one_column_is_no_value_of_another() -> None:
    table = pa.table({"sex": ["Old"], "band": ["Old"]})
    items = [
        _item("allowed", "sex", value_set=["Female"]),
        _item("allowed", "band", value_set=["Young", "Old"]),
    ]
    assert [outcome.passed for outcome in _compare(table, items, ())] == [False, True]


def test_a_name_with_an_equals_sign_is_kept_apart() -> None:
    # "a" with "b=c" and "a=b" with "c" would both read "a=b=c".
    table = pa.table({"a": ["b=c"], "a=b": ["c"]})
    items = [
        _item("allowed", "a", value_set=["x"]),
        _item("allowed", "a=b", value_set=["c"]),
    ]
    assert [outcome.passed for outcome in _compare(table, items, ())] == [False, True]


def test_one_missing_value_among_many_columns_is_found_where_it_is() -> None:
    items = [_item("not_null", name) for name in TABLE]
    outcomes = _compare(pa.table(TABLE), items, ("code",))
    assert {o.name: o.unexpected_count for o in outcomes if not o.passed} == {
        "parent__not_null": 1,
        "sex__not_null": 1,
        "rate__not_null": 1,
    }


def test_columns_that_are_read_are_kept_and_all_keep_their_places() -> None:
    table = pa.table(TABLE)
    kept = narrowed(table, [_item("range", "share", min_value=0)], ("code",))
    assert kept.column_names == table.column_names
    assert [name for name in kept.column_names if kept[name].null_count == 3] == [
        "parent", "sex", "band", "people", "rate",
    ]  # fmt: skip
    conditional = _item("range", "share", min_value=0, row_condition="people > 1")
    assert narrowed(table, [conditional], ("code",)) is table


@pytest.mark.parametrize("case", [None, *BREAKS])
def test_every_kind_of_break_is_found_as_it_is_alone(contract: Contract, case: str | None) -> None:
    con = duckdb.connect()
    con.execute(create_table(contract, "t"))
    for row in ROWS:
        con.execute("insert into t values (?, ?, ?, ?, ?, ?)", list(row.values()))
    for statement in BREAKS[case][0] if case else []:
        con.execute(statement)
    items = [item for item in build_suite(contract) if item.kind != "types"]
    outcomes = _compare(con.sql("from t").to_arrow_table(), items, contract.key)
    failed = [outcome.name for outcome in outcomes if not outcome.passed]
    assert failed == ([] if case in (None, "type") else [BREAKS[str(case)][1]])


# A DuckDB type -> a value for each of the numbers 0 to 3, and bounds and lists that some break.
KINDS: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "varchar": ("chr(97 + {n})", [{"regex": "^[abc]$"}, {"value_set": ["a", "b", "c", "d"]}]),
    "integer": ("{n}", [{"min_value": 0, "max_value": 2}, {"value_set": [0, 1, 2, 3]}]),
    "bigint": ("{n}", [{"min_value": 0}, {"value_set": [0, 1, 2]}]),
    "hugeint": ("{n}", [{"max_value": 2}]),
    "decimal(9, 2)": ("{n} + 0.5", [{"min_value": 0.5, "max_value": 3.5, "strict_max": True}]),
    "double": (
        "case {n} when 3 then 'nan' else {n}::varchar end",
        [{"min_value": 0}, {"max_value": 1}],
    ),
    "boolean": ("{n} < 2", [{"value_set": [True]}, {"value_set": [True, False]}]),
    "date": ("date '2020-01-01' + {n}", [{"value_set": []}]),
    "timestamp": ("timestamp '2020-01-01' + interval ({n}) hour", []),
    "timestamptz": ("timestamptz '2020-01-01 00:00:00+00'", []),
    "uuid": ("'00000000-0000-0000-0000-00000000000' || {n}", []),
    "blob": ("{n}::varchar::blob", []),
    "varchar[]": ("[{n}::varchar]", []),
}


KIND_OF = {
    "regex": "pattern",
    "value_set": "allowed",
    "min_value": "range",
    "max_value": "range",
}


def _random_table(chance: random.Random, path: Path) -> tuple[pa.Table, list[SuiteItem]]:
    con = duckdb.connect()
    rows = chance.choice([0, 1, 5, 40])
    con.execute(f"create table rows as select i::integer as i from range({rows}) r(i)")
    columns, items = ["i as id"], []
    for number in range(chance.randint(2, 12)):
        duck, (value, checks) = chance.choice(list(KINDS.items()))
        name = f"c{number}"
        highest = chance.randint(0, 3)
        value = value.format(n=f"(i * 7 % {highest + 1})")
        missing = chance.choice([1, 1, 3]) if rows else 1
        columns.append(
            f"case when {missing} = 1 or i % 3 <> 0 then ({value})::{duck} end as {name}"
        )
        if chance.random() < 0.8:
            items.append(_item("not_null", name))
        for options in checks:
            kind = KIND_OF[next(iter(options))]
            item = _item(kind, name, **options)
            items.append(replace(item, name=f"{item.name}_{len(items)}"))
    con.sql(f"select {', '.join(columns)} from rows").write_parquet(str(path))
    return pq.read_table(path), items


@pytest.mark.parametrize("seed", range(16))
def test_any_table_is_judged_as_it_is_alone(seed: int, tmp_path: Path) -> None:
    table, items = _random_table(random.Random(seed), tmp_path / "t.parquet")
    _compare(table, items, ("id",))
