"""A query of `sql/` as a tree that any engine's rules can start from.

What belongs here: what holds for every engine. What does not: any one engine.

Columns have their tables, `*` is expanded, unions are by position, macros are in place of their
calls, comprehensions are lambdas, and the position in a list is a call, because engines count
positions from 0 or from 1.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp, parse_one
from sqlglot.dialects.duckdb import DuckDB

from beacon.contracts.sql_trees import align_unions_by_name, nested_schema, qualified, quiet

NO_SCHEMA = "main"
"""Where sqlglot is told that tables without a schema are."""


class DuckDBAsWritten(DuckDB):
    """DuckDB whose positions in lists stay as they are written; sqlglot else counts from 0."""

    INDEX_OFFSET = 0


def read_tree(sql: str) -> exp.Expr:
    """The tree of a query or expression, comprehensions and positions made plain.

    Raises:
        sqlglot.errors.ParseError: When the text cannot be read.
    """
    tree = parse_one(sql, dialect=DuckDBAsWritten)
    for made in reversed(list(tree.find_all(exp.Array))):
        _comprehension(made)
    for bracket in reversed(list(tree.find_all(exp.Bracket))):
        _position(bracket)
    return tree


def common_tree(sql: str, schemas: Mapping[str, Mapping[str, str]], *, once: bool) -> exp.Expr:
    """The tree of a query that reads the tables given.

    Args:
        sql: One query.
        schemas: Columns and DuckDB types of every table that it reads, by `schema.table`.
        once: As in `inline_macros`.

    Raises:
        sqlglot.errors.SqlglotError: When the text cannot be read.
        NotFollowedError: When a union by name is of columns that are not known.
    """
    from beacon.engines.inline_macros import inline_macros

    nested = nested_schema(schemas)
    with quiet():
        tree = read_tree(sql)
        ctes = {cte.alias for cte in tree.find_all(exp.CTE)}
        for table in tree.find_all(exp.Table):
            if not table.db and table.name in schemas and table.name not in ctes:
                table.set("db", exp.to_identifier(NO_SCHEMA))
        tree = qualified(align_unions_by_name(tree, nested), nested)
    for select in reversed(list(tree.find_all(exp.Select))):
        if select.args.get("qualify"):
            made = _without_qualify(select)
            tree = made if select is tree else tree
    return inline_macros(tree, once=once)


def _without_qualify(select: exp.Select) -> exp.Expr:
    """QUALIFY as a condition on a query around it.

    sqlglot's own rewriting takes a column of another table in the window for the selected one of
    that name, and so loses rows (30.30: `order by (other.measure is null)` beside `t.measure`).
    """
    condition = exp.Paren(this=select.args["qualify"].pop().this)
    names = [column.alias_or_name for column in select.selects]
    for number, window in enumerate(list(condition.find_all(exp.Window)), 1):
        alias = f"window_{number}"
        select.select(exp.alias_(window.copy(), alias), copy=False)
        window.replace(exp.column(alias))
    inner = select.copy()
    outer = exp.select(*(exp.column(name, "windowed") for name in names))
    outer = outer.from_(inner.subquery("windowed")).where(condition)
    if select.parent is not None:
        select.replace(outer)
    return outer


def _comprehension(array: exp.Array) -> None:
    """`[f(x, i) for x, i in list]` as a call of transform with a lambda of x and i."""
    if len(array.expressions) != 1 or not isinstance(array.expressions[0], exp.Comprehension):
        return
    made = array.expressions[0]
    variables = [v for v in (made.args["expression"], made.args.get("position")) if v is not None]
    names = {variable.name for variable in variables}

    def as_variable(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Column) and not node.table and node.name in names:
            return exp.to_identifier(node.name)
        return node

    body = made.this.transform(as_variable)
    array.replace(
        exp.Transform(
            this=made.args["iterator"],
            expression=exp.Lambda(
                this=body, expressions=[exp.to_identifier(v.name) for v in variables]
            ),
        )
    )


def _position(bracket: exp.Bracket) -> None:
    """`list[i]` as list_extract(list, i), `list[i:j]` as list_slice(list, i, j)."""
    (index,) = bracket.expressions
    if not isinstance(index, exp.Slice):
        bracket.replace(exp.Anonymous(this="list_extract", expressions=[bracket.this, index]))
        return
    start = index.this or exp.Literal.number(1)
    end = index.expression or exp.Anonymous(this="len", expressions=[bracket.this.copy()])
    bracket.replace(exp.Anonymous(this="list_slice", expressions=[bracket.this, start, end]))
