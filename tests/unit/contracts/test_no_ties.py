"""No SQL takes "some" row: the same inputs give the same bytes, whatever the number of threads.

Picking functions without an order are refused, and so are those of one key (`max_by`), whose ties
fall as threads do. `first(x order by …)`, `last(x order by …)` and `row_number()` may pick, where
the file's header names the column that settles ties in a line `-- ties: column, …`.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

from beacon.contracts.sql_header import parse_header_text
from beacon.core.paths import resource_dir

_UNORDERED = {"any_value", "arg_max", "arg_min", "max_by", "min_by", "argmax", "argmin", "mode",
              "arbitrary", "first_value", "last_value", "nth_value"}  # fmt: skip
_ORDERED = {"first", "last"}
_TIES = re.compile(r"^-- ties: (.+)$", re.MULTILINE)


def faults(text: str) -> list[str]:
    """What of a file's SQL may fall either way."""
    ties = {name.strip() for line in _TIES.findall(text) for name in line.split(",")}
    found = []
    for tree in sqlglot.parse(text, read="duckdb"):
        for node in tree.walk() if tree is not None else ():
            if isinstance(node, exp.Func):
                name = (node.name if isinstance(node, exp.Anonymous) else node.sql_name()).lower()
                if name in _UNORDERED:
                    found.append(f"{node.sql('duckdb')}: takes some row")
                if name in _ORDERED and not isinstance(node.this, exp.Order):
                    found.append(f"{node.sql('duckdb')}: has no order")
            keys = _keys_of_choice(node)
            if keys is not None and (not keys or keys[-1].alias_or_name not in ties):
                found.append(f"{node.sql('duckdb')}: nothing said to settle ties")
    return found


def _keys_of_choice(node: exp.Expression) -> list[exp.Expression] | None:
    """The order by which a row is chosen; None where the node chooses none."""
    order: exp.Expression | None = None
    if isinstance(node, exp.Window) and isinstance(node.this, exp.RowNumber):
        order = node.args.get("order")
    elif isinstance(node, exp.First | exp.Last) and isinstance(node.this, exp.Order):
        order = node.this
    else:
        return None
    return [key.this for key in order.expressions] if order is not None else []


def _files() -> list[Path]:
    return sorted(
        path for path in resource_dir("sql").glob("**/*.sql") if path.parent.name != "macros"
    )


@pytest.mark.parametrize("path", _files(), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_no_file_leaves_a_choice_open(path: Path) -> None:
    assert faults(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "sql",
    [
        "select any_value(a) from t",
        "select any_value(a order by b) from t",
        "select max_by(a, b) from t",
        "select arg_min(a, b) from t",
        "select first(a) from t",
        "select mode(a) from t",
        "select first(a order by b) from t",
        "select row_number() over (partition by a) from t",
        "select row_number() over (partition by a order by b) from t",
        "-- ties: c\nselect a from t qualify row_number() over (partition by a order by c, b) = 1",
    ],
)
def test_open_choices_are_found(sql: str) -> None:
    assert len(faults(sql)) == 1


@pytest.mark.parametrize(
    "sql",
    [
        "select max(a), min({'b': b, 'a': a}).a from t",
        "-- ties: b\nselect first(a order by c desc, b) from t",
        "-- ties: b\nselect a from t qualify row_number() over (partition by a order by c, b) = 1",
    ],
)
def test_settled_choices_pass(sql: str) -> None:
    assert faults(sql) == []


def test_the_line_on_ties_does_not_disturb_the_header() -> None:
    text = "-- table: a.b\n-- grain: one\n-- depends: a.c\n-- columns: x\n-- Text.\n-- ties: x\nselect 1"
    assert parse_header_text(text, Path("a/b.sql")).columns == ("x",)
