"""All SQL is in the dialect that both engines run, and what leaves it is named with its line."""

from __future__ import annotations

import pytest

from beacon.engines.check import departures
from beacon.engines.check.__main__ import main
from beacon.engines.spark_sql import spark_sql

TABLES = {"m.s": {"d": "DATE", "e": "DATE", "k": "INTEGER", "t": "VARCHAR", "x": "INTEGER[]"}}


def test_every_file_is_in_the_common_dialect(capsys: pytest.CaptureFixture[str]) -> None:
    assert main() == 0, capsys.readouterr().out


@pytest.mark.parametrize(
    ("sql", "line", "construct"),
    [
        ("select k,\n len(x) as n from m.s", 2, "len()"),
        ("-- len(x)\nselect k from m.s", None, None),
        ("select k,\n\n d - e as n from m.s", 3, "a difference of dates"),
        ("select date_diff('day', e, d) as n from m.s", None, None),
        ("select first(k) as n\nfrom m.s", 1, "first() without an order"),
        ("select first(k order by t) as n from m.s", None, None),
        ("select k,\n string_agg(t, ',') as n from m.s", 2, "string_agg() without an order"),
        ("select k,\n kurtosis(k) as n from m.s", 2, "the function kurtosis()"),
        ("select list_cosine_similarity(x, x) as n from m.s", 1, "the function list_cosine_similarity()"),
        ("select own.k from (select\n s as own from m.s as s)", 2, "the row s as one value"),
        ("select list_aggregate(x, 'string_agg', ',') as n from m.s", 1, "list_aggregate()"),
        ("unpivot m.s on d, e into name n value v", 1, "pivot or unpivot"),
        ("select distinct on (k) t from m.s", 1, "distinct on"),
        (
            "select t.k from m.s as t where exists (\n select 1 from m.s as u where u.k = t.k)",
            2,
            "t.k, of an outer query, where t is a column of the inner one too",
        ),
    ],
)  # fmt: skip
def test_what_leaves_it_is_named(sql: str, line: int | None, construct: str | None) -> None:
    found = [(each.line, each.construct) for each in departures(sql, TABLES)]
    assert ((line, construct) in found) if line else found == []


def test_qualify_keeps_the_table_of_its_columns() -> None:
    # sqlglot 30.30 orders by b.t, and so kept one of nine Places' rows from the scorecard.
    sql = (
        "select b.k, b.t from m.s as b left join m.s as a on b.k = a.k "
        "qualify row_number() over (partition by b.k order by (a.t is null)) = 1"
    )
    assert "`a`.`t` IS NULL" in spark_sql(sql, TABLES)


def test_a_column_is_not_named_as_itself() -> None:
    # Of a union of such columns below a window Spark 4.3 makes a plan that it refuses.
    made = spark_sql("select k as k, t as u from m.s", TABLES)
    assert "`s`.`k`,\n" in made
    assert "`s`.`t` AS `u`" in made
