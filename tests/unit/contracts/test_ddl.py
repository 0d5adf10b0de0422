from typing import Any

import duckdb
import pytest

from beacon.contracts import (
    Contract,
    ContractError,
    cast_select,
    comment_statements,
    compare_columns,
    create_table,
)
from beacon.contracts.ddl import quote_qualified


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.execute("create schema marts")
    return con


@pytest.fixture
def contract(declared: dict[str, Any]) -> Contract:
    return Contract.model_validate(declared)


def _described(con: duckdb.DuckDBPyConnection, table: str) -> list[tuple[str, str]]:
    return [(row[0], row[1]) for row in con.sql(f"describe {table}").fetchall()]


def test_cast_select_enforces_order_and_types(
    con: duckdb.DuckDBPyConnection, contract: Contract
) -> None:
    source = "select 'Male' as sex, '12' as people, 'E00000001' as area_code; -- trailing"
    sql = cast_select(contract, source.replace(";", ""), con=con)
    con.execute(f"create table marts.cohort as {sql}")
    assert compare_columns(contract, _described(con, "marts.cohort")) == []


def test_cast_select_accepts_a_semicolon(
    con: duckdb.DuckDBPyConnection, contract: Contract
) -> None:
    sql = cast_select(contract, "select 1 as people, 'a' as sex, 'b' as area_code;", con=con)
    assert con.sql(sql).fetchall() == [("b", "a", 1)]


def test_cast_select_names_every_missing_and_extra_column(
    con: duckdb.DuckDBPyConnection, contract: Contract
) -> None:
    with pytest.raises(ContractError) as caught:
        cast_select(contract, "select 1 as people, 2 as stray", con=con)
    text = str(caught.value)
    for name in ("area_code", "sex", "stray"):
        assert name in text
    assert len(caught.value.errors) == 3


def test_cast_select_is_strict_about_values(
    con: duckdb.DuckDBPyConnection, contract: Contract
) -> None:
    sql = cast_select(contract, "select 'x' as people, 'a' as sex, 'b' as area_code", con=con)
    with pytest.raises(duckdb.ConversionException):
        con.sql(sql).fetchall()


def test_create_table_makes_what_is_documented(
    con: duckdb.DuckDBPyConnection, contract: Contract
) -> None:
    con.execute(create_table(contract))
    assert compare_columns(contract, _described(con, "marts.cohort")) == []


@pytest.mark.parametrize("kind", ["table", "view"])
def test_comments_survive_quotes_and_markup(
    con: duckdb.DuckDBPyConnection, declared: dict[str, Any], kind: Any
) -> None:
    nasty = 'Town\'s "best"; drop table x; -- <b>&amp;</b>\nsecond line'
    declared["description"] = nasty
    declared["columns"][2]["description"] = nasty
    contract = Contract.model_validate(declared)
    select = "select 'E' as area_code, 'a' as sex, 1::bigint as people"
    con.execute(f"create {kind} marts.cohort as {select}")
    for statement in comment_statements(contract, kind=kind):
        con.execute(statement)
    comments = dict(
        con.sql("select column_name, comment from duckdb_columns() where comment is not null")
        .fetchall()
    )  # fmt: skip
    assert comments["people"] == nasty + " [people]"
    about = con.sql(f"select comment from duckdb_{kind}s() where {kind}_name = 'cohort'").fetchall()
    assert about[0][0].startswith(nasty)


@pytest.mark.parametrize(
    ("name", "quoted"),
    [
        ("t", '"t"'),
        ("marts.t", '"marts"."t"'),
        ('db."odd.name".t', '"db"."odd.name"."t"'),
    ],
)
def test_qualified_names_are_quoted_part_by_part(name: str, quoted: str) -> None:
    assert quote_qualified(name) == quoted


@pytest.mark.parametrize("name", ["", "a..b", 'a."b', ".a", "a."])
def test_bad_qualified_names_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not a table name"):
        quote_qualified(name)


def test_compare_columns_finds_each_kind_of_difference(contract: Contract) -> None:
    actual = [("sex", "VARCHAR"), ("area_code", "VARCHAR"), ("people", "INTEGER"), ("new", "DATE")]
    text = compare_columns(contract, actual)
    assert len(text) == 3
    assert "column new (DATE) is in the table but not declared" in text[0]
    assert "people is INTEGER, declared BIGINT" in text[1]
    assert "order" in text[2]
    assert "area_code is declared but missing" in compare_columns(contract, [])[0]
