"""Column lineage of a query, derived from its text with sqlglot.

Lineage that would be wrong is worse than none: whatever is not understood gives no sources and a
note that says so.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError
from sqlglot.lineage import Node, lineage
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import build_scope

Source = tuple[str, str]
_Schema = dict[str, object]
_DIALECT = "duckdb"


class ColumnLineage(dict[str, list[Source]]):
    """Output column -> its source columns, as (schema.table, column), sorted.

    An empty list without a note is a constant or a count; with one, it is unknown.

    Attributes:
        notes: Output column -> why its lineage is not known; ``*`` for the whole query.
    """

    def __init__(self) -> None:
        super().__init__()
        self.notes: dict[str, str] = {}


class _NotFollowedError(Exception):
    """The query holds something that sqlglot cannot follow."""


@contextmanager
def _quiet() -> Iterator[None]:
    """Without sqlglot's warnings, which say in its own terms what our notes say."""
    logger = logging.getLogger("sqlglot")
    before = logger.disabled
    logger.disabled = True
    try:
        yield
    finally:
        logger.disabled = before


def _nested(schemas: Mapping[str, Mapping[str, str]]) -> _Schema:
    nested: dict[str, dict[str, dict[str, str]]] = {}
    for name, columns in schemas.items():
        if not columns:
            continue  # a table of which nothing is known; sqlglot refuses the whole schema for it
        schema, _, table = name.rpartition(".")
        nested.setdefault(schema or "main", {})[table] = dict(columns)
    return {**nested}


def _qualified(tree: exp.Expr, schema: _Schema) -> exp.Expr:
    return qualify(
        tree, dialect=_DIALECT, schema=schema, validate_qualify_columns=False, identify=False
    )


def _standard_unpivot(tree: exp.Expr) -> exp.Expr:
    """``unpivot t on a, b into name n value v`` as ``select * from t unpivot (v for n in (a, b))``.

    sqlglot follows only the second form.
    """

    def rewrite(node: exp.Expr) -> exp.Expr:
        if not (isinstance(node, exp.Pivot) and node.args.get("unpivot") and node.this):
            return node
        columns = node.expressions
        into = node.args.get("into")
        if not (
            isinstance(node.this, exp.Table)
            and into is not None
            and len(into.expressions) == 1
            and columns
            and all(isinstance(column, exp.Column) for column in columns)
        ):
            return node
        names = ", ".join(column.sql(_DIALECT) for column in columns)
        value, name = into.expressions[0].sql(_DIALECT), into.this.sql(_DIALECT)
        table = node.this.sql(_DIALECT)
        return parse_one(
            f"select * from {table} unpivot ({value} for {name} in ({names}))",  # noqa: S608
            dialect=_DIALECT,
        )

    return tree.transform(rewrite)


def _visible_ctes(node: exp.Expr) -> list[exp.Expr]:
    """The CTEs that ``node`` may name, outermost first."""
    visible: list[exp.Expr] = []
    trail: set[int] = set()
    above: exp.Expr | None = node
    while above is not None:
        for with_ in above.args.values():
            if isinstance(with_, exp.With):
                ctes = with_.expressions
                # Inside a CTE only those before it can be named.
                own = next((n for n, cte in enumerate(ctes) if id(cte) in trail), len(ctes))
                visible = [*ctes[:own], *visible]
        trail.add(id(above))
        above = above.parent
    return visible


def _names(query: exp.Expr, ctes: list[exp.Expr], schema: _Schema) -> list[str]:
    """The output columns of one side of a set operation."""
    text = f"select * from (\n{query.sql(_DIALECT)}\n) as side"  # noqa: S608 - only parsed
    if ctes:
        text = f"with {', '.join(cte.sql(_DIALECT) for cte in ctes)} {text}"
    qualified = _qualified(parse_one(text, dialect=_DIALECT), schema)
    if not isinstance(qualified, exp.Query):
        raise _NotFollowedError("a union by name of something other than queries")
    names = [select.alias_or_name for select in qualified.selects]
    if not names or "*" in names or "" in names:
        raise _NotFollowedError("a union by name of columns that are not known")
    return names


def _align_unions_by_name(tree: exp.Expr, schema: _Schema) -> exp.Expr:
    """Make ``union by name`` positional; sqlglot would pair its columns by position as they are."""

    def by_name(node: exp.Expr) -> list[exp.Expr]:
        return [op for op in node.find_all(exp.SetOperation) if op.args.get("by_name")]

    while operations := by_name(tree):
        ready = None
        for operation in operations:
            ctes = _visible_ctes(operation)
            if len(by_name(operation)) == 1 and not any(by_name(cte) for cte in ctes):
                ready = operation
                break
        if ready is None:
            raise _NotFollowedError("a union by name inside another that is not known")
        sides = [ready.this, ready.expression]
        names = [_names(side, ctes, schema) for side in sides]
        every = list(dict.fromkeys([*names[0], *names[1]]))
        for key, side, own in zip(("this", "expression"), sides, names, strict=True):
            columns = ", ".join(f'"{n}"' if n in own else f'null as "{n}"' for n in every)
            query = side.unnest() if isinstance(side, exp.Subquery) else side
            aligned = f"select {columns} from (\n{query.sql(_DIALECT)}\n) as side"  # noqa: S608
            ready.set(key, parse_one(aligned, dialect=_DIALECT))
        ready.set("by_name", False)
    return tree


def _sources(node: Node, schemas: Mapping[str, Mapping[str, str]]) -> list[Source]:
    """The base columns below a lineage node.

    Raises:
        _NotFollowedError: if one of them is not a column of a known table.
    """
    found: set[Source] = set()
    for leaf in node.walk():
        if leaf.downstream or isinstance(leaf.source, exp.Placeholder):
            continue  # the second: a recursive CTE's reference to itself
        if not isinstance(leaf.source, exp.Table):
            expression: Any = leaf.expression
            if expression.find(exp.Columns, exp.Star) and not expression.find(exp.Count):
                raise _NotFollowedError("it comes from columns(…) or *, which is not expanded")
            if expression.find(exp.Column):
                raise _NotFollowedError("it comes from a query that is not followed")
            continue  # a constant
        table = leaf.source
        if not isinstance(table.this, exp.Identifier):
            raise _NotFollowedError(f"it comes from {table.this.sql(_DIALECT)}, not from a table")
        name = f"{table.db}.{table.name}" if table.db else table.name
        column = leaf.name.rpartition(".")[2].strip('"')
        if not table.db or name not in schemas:
            raise _NotFollowedError(f"it comes from {name}, which is not a known table")
        if column not in schemas[name]:
            raise _NotFollowedError(f"{name} has no known column {column}")
        found.add((name, column))
    return sorted(found)


def derive_column_lineage(sql_text: str, schemas: Mapping[str, Mapping[str, str]]) -> ColumnLineage:
    """From which columns each output column of a query is computed.

    Columns that only filter, join or order are not sources.

    Args:
        sql_text: one DuckDB query; comments are ignored.
        schemas: columns and their types of every table it may read, by ``schema.table``.

    Returns:
        Sources by output column, in the query's order, with notes on what is not known. Never
        raises for SQL that cannot be followed.
    """
    result = ColumnLineage()
    nested = _nested(schemas)
    with _quiet():
        try:
            tree: Any = parse_one(sql_text, dialect=_DIALECT)
            tree = _align_unions_by_name(_standard_unpivot(tree), nested)
            tree = _qualified(tree, nested)
            scope = build_scope(tree)
            if scope is None or not isinstance(tree, exp.Query):
                raise _NotFollowedError(f"the query is a {type(tree).__name__.lower()}")
            outputs = [select.alias_or_name for select in tree.selects]
        except Exception as error:  # noqa: BLE001 - sqlglot fails in many ways; none may stop a run
            result.notes["*"] = _note(error)
            return result
        for name in outputs:
            if not name or name == "*":
                result.notes["*"] = "the query's * cannot be expanded: what it reads is not known"
                continue
            try:
                node = lineage(name, tree, schema=nested, scope=scope, dialect=_DIALECT)
                result[name] = _sources(node, schemas)
            except Exception as error:  # noqa: BLE001 - as above
                result[name] = []
                result.notes[name] = _note(error)
    return result


def _note(error: Exception) -> str:
    text = " ".join(str(error).split())[:200]
    if isinstance(error, _NotFollowedError):
        return f"lineage not known: {text}"
    return f"lineage not known: sqlglot: {type(error).__name__}: {text}"


def referenced_tables(sql_text: str) -> set[str] | None:
    """The tables a query reads, as ``schema.table``.

    Args:
        sql_text: one or more DuckDB statements.

    Returns:
        Every table named with a schema; None if the text cannot be parsed.
    """
    with _quiet():
        try:
            tree = parse_one(sql_text, dialect=_DIALECT)
        except SqlglotError:
            return None
        return {f"{table.db}.{table.name}" for table in tree.find_all(exp.Table) if table.db}
