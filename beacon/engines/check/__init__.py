"""Where SQL leaves the dialect that both engines run: file, line, what, and what to write.

What belongs here: rules that are seen in the text alone, without Java. What does not: whether both
engines give the same rows, which `pytest -m spark` tells.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.scope import traverse_scope

from beacon.contracts.sql_files import all_sql_tables
from beacon.contracts.sql_trees import (
    DIALECT,
    NotFollowedError,
    align_unions_by_name,
    nested_schema,
    qualified,
    quiet,
)
from beacon.engines.common_tree import read_tree
from beacon.engines.inline_macros import MACRO_DEFINITION, macros
from beacon.engines.known_functions import KNOWN
from beacon.engines.spark_sql import FUNCTIONS
from beacon.statistics.macros import macro_files

_WORDS = {
    r"\blen\(": ("len()", "array_length() of a list, length() of a text"),
    r"\b(?:un)?pivot\b": ("pivot or unpivot", "a cross join with values and a case"),
    r"\blist_aggr(?:egate)?\(": (
        "list_aggregate()",
        "array_to_string(), which gives '' where list_aggregate gives NULL; list_sum()",
    ),
    r"\bepoch\(": ("epoch()", "date_diff('day', earlier, later)"),
    r"\bregexp_full_match\(": ("regexp_full_match()", "regexp_matches() with ^ and $"),
    r"\basof\b|\bpositional\s+join\b": ("a join that only DuckDB has", "an ordinary join"),
    r"\bdistinct\s+on\b": ("distinct on", "group by with min(), or qualify row_number()"),
    r"\bcolumns\s*\(": ("columns()", "the columns by name"),
}
_DATES = (exp.DType.DATE, exp.DType.TIMESTAMP, exp.DType.TIMESTAMPTZ)
_IN_AN_ORDER: dict[type[exp.Expr], str] = {
    exp.First: "first()",
    exp.Last: "last()",
    exp.AnyValue: "any_value()",
    exp.GroupConcat: "string_agg()",
}


@dataclass(frozen=True)
class Departure:
    """One place where a text leaves the common dialect.

    Attributes:
        line: Line of the text, from 1; 0 where it is not known.
        construct: What is not common.
        instead: What to write.
    """

    line: int
    construct: str
    instead: str


def departures(sql: str, schemas: Mapping[str, Mapping[str, str]]) -> list[Departure]:
    """Where a query leaves the common dialect.

    Args:
        sql: One query.
        schemas: Columns and DuckDB types of every table that it reads, by `schema.table`.
    """
    nested = nested_schema(schemas)
    found = list(_words(sql))
    try:
        with quiet():
            found += _functions(read_tree(sql))
            tree = qualified(align_unions_by_name(read_tree(sql), nested), nested)
            tree = annotate_types(tree, schema=nested, dialect=DIALECT)
    except (SqlglotError, NotFollowedError) as error:
        said = " ".join(str(error).split())[:200]
        return [*found, Departure(0, f"what sqlglot cannot follow ({said})", "something plainer")]
    found += [*_typed(tree), *_shadowed(tree, schemas)]
    return sorted(set(found), key=lambda each: (each.line, each.construct))


def check_files(schemas: Mapping[str, Mapping[str, str]]) -> list[tuple[Path, Departure]]:
    """Every departure in the files of `sql/`, macros among them."""
    found = [
        (table.path, departure)
        for table in all_sql_tables().values()
        for departure in departures(table.text, schemas)
    ]
    for path in macro_files():
        text = path.read_text("utf-8")
        found += [(path, departure) for departure in _words(text)]
        for match in MACRO_DEFINITION.finditer(_without_comments(text)):
            first = text.count("\n", 0, match.start(3))
            for each in _functions(read_tree(f"select {match[3]}")):
                found.append((path, Departure(each.line + first, each.construct, each.instead)))
    return found


def _without_comments(sql: str) -> str:
    return re.sub(r"--.*$", lambda match: " " * len(match[0]), sql, flags=re.MULTILINE)


def _words(sql: str) -> Iterator[Departure]:
    plain = _without_comments(sql)
    for pattern, (construct, instead) in _WORDS.items():
        for match in re.finditer(pattern, plain, re.IGNORECASE):
            yield Departure(plain.count("\n", 0, match.start()) + 1, construct, instead)


def _line(node: exp.Expr) -> int:
    lines = [int(each.meta["line"]) for each in node.walk() if "line" in each.meta]
    return int(node.meta.get("line") or min(lines, default=0))


def _functions(tree: exp.Expr) -> Iterator[Departure]:
    for node in tree.find_all(exp.Func):
        if isinstance(node, exp.Anonymous):
            name = node.name.lower()
            if name not in macros() and name not in FUNCTIONS and name not in KNOWN:
                yield Departure(_line(node), f"the function {name}()", _UNKNOWN)
        elif node.sql_name().lower() not in KNOWN:
            yield Departure(_line(node), f"the function {node.sql_name().lower()}()", _UNKNOWN)
        if (kind := _IN_AN_ORDER.get(type(node))) and not isinstance(node.this, exp.Order):
            yield Departure(_line(node), f"{kind} without an order", f"{kind[:-1]}x order by key)")


_UNKNOWN = (
    "one that is known to be equal on both engines; where this one is, add it to "
    "beacon/engines/known_functions.py once `pytest -m spark` has compared it"
)


def _typed(tree: exp.Expr) -> Iterator[Departure]:
    for node in tree.find_all(exp.Sub):
        if node.left.is_type(*_DATES) and node.right.is_type(*_DATES):
            yield Departure(
                _line(node), "a difference of dates", "date_diff('day', earlier, later)"
            )
    for row in tree.find_all(exp.TableColumn):
        yield Departure(_line(row), f"the row {row.name} as one value", "its columns by name")


def _shadowed(tree: exp.Expr, schemas: Mapping[str, Mapping[str, str]]) -> Iterator[Departure]:
    """Outer tables whose name is that of an inner column, which Spark takes in their stead."""
    for scope in traverse_scope(tree):
        inner = {
            name
            for _, source in scope.selected_sources.values()
            for name in _columns_of(source, schemas)
        }
        for column in scope.external_columns:
            if column.table in inner:
                yield Departure(
                    _line(column),
                    f"{column.table}.{column.name}, of an outer query, where {column.table} is a "
                    "column of the inner one too",
                    "another alias for the outer table",
                )


def _columns_of(source: object, schemas: Mapping[str, Mapping[str, str]]) -> list[str]:
    if isinstance(source, exp.Table):
        return list(schemas.get(f"{source.db}.{source.name}", {}))
    expression = getattr(source, "expression", None)
    return list(expression.named_selects) if isinstance(expression, exp.Query) else []
