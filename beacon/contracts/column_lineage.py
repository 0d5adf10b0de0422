"""Column lineage of a query, derived from its text with sqlglot.

Lineage that would be wrong is worse than none: whatever is not understood gives no sources and a
note that says so.
"""

from collections.abc import Mapping
from typing import Any

from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError
from sqlglot.lineage import Node, lineage
from sqlglot.optimizer.scope import build_scope

from beacon.contracts.sql_trees import (
    DIALECT,
    NotFollowedError,
    align_unions_by_name,
    nested_schema,
    qualified,
    quiet,
)

Source = tuple[str, str]


class ColumnLineage(dict[str, list[Source]]):
    """Output column -> its source columns, as (schema.table, column), sorted.

    An empty list without a note is a constant or a count; with one, it is unknown.

    Attributes:
        notes: Output column -> why its lineage is not known; ``*`` for the whole query.
    """

    def __init__(self) -> None:
        super().__init__()
        self.notes: dict[str, str] = {}


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
        names = ", ".join(column.sql(DIALECT) for column in columns)
        value, name = into.expressions[0].sql(DIALECT), into.this.sql(DIALECT)
        table = node.this.sql(DIALECT)
        return parse_one(
            f"select * from {table} unpivot ({value} for {name} in ({names}))",  # noqa: S608
            dialect=DIALECT,
        )

    return tree.transform(rewrite)


def _sources(node: Node, schemas: Mapping[str, Mapping[str, str]]) -> list[Source]:
    """The base columns below a lineage node.

    Raises:
        NotFollowedError: if one of them is not a column of a known table.
    """
    found: set[Source] = set()
    for leaf in node.walk():
        if leaf.downstream or isinstance(leaf.source, exp.Placeholder):
            continue  # the second: a recursive CTE's reference to itself
        if not isinstance(leaf.source, exp.Table):
            expression: Any = leaf.expression
            if expression.find(exp.Columns, exp.Star) and not expression.find(exp.Count):
                raise NotFollowedError("it comes from columns(…) or *, which is not expanded")
            if expression.find(exp.Column):
                raise NotFollowedError("it comes from a query that is not followed")
            continue  # a constant
        table = leaf.source
        if not isinstance(table.this, exp.Identifier):
            raise NotFollowedError(f"it comes from {table.this.sql(DIALECT)}, not from a table")
        name = f"{table.db}.{table.name}" if table.db else table.name
        column = leaf.name.rpartition(".")[2].strip('"')
        if not table.db or name not in schemas:
            raise NotFollowedError(f"it comes from {name}, which is not a known table")
        if column not in schemas[name]:
            raise NotFollowedError(f"{name} has no known column {column}")
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
    nested = nested_schema(schemas)
    with quiet():
        try:
            tree: Any = parse_one(sql_text, dialect=DIALECT)
            tree = align_unions_by_name(_standard_unpivot(tree), nested)
            tree = qualified(tree, nested)
            scope = build_scope(tree)
            if scope is None or not isinstance(tree, exp.Query):
                raise NotFollowedError(f"the query is a {type(tree).__name__.lower()}")
            outputs = [select.alias_or_name for select in tree.selects]
        except Exception as error:  # noqa: BLE001 - sqlglot fails in many ways; none may stop a run
            result.notes["*"] = _note(error)
            return result
        for name in outputs:
            if not name or name == "*":
                result.notes["*"] = "the query's * cannot be expanded: what it reads is not known"
                continue
            try:
                # Nothing here changes a query, so none needs a copy.
                node = lineage(
                    name,
                    tree,
                    schema=nested,
                    scope=scope,
                    dialect=DIALECT,
                    trim_selects=False,
                    copy=False,
                )
                result[name] = _sources(node, schemas)
            except Exception as error:  # noqa: BLE001 - as above
                result[name] = []
                result.notes[name] = _note(error)
    return result


def _note(error: Exception) -> str:
    text = " ".join(str(error).split())[:200]
    if isinstance(error, NotFollowedError):
        return f"lineage not known: {text}"
    return f"lineage not known: sqlglot: {type(error).__name__}: {text}"


def referenced_tables(sql_text: str) -> set[str] | None:
    """The tables a query reads, as ``schema.table``.

    Args:
        sql_text: one or more DuckDB statements.

    Returns:
        Every table named with a schema; None if the text cannot be parsed.
    """
    with quiet():
        try:
            tree = parse_one(sql_text, dialect=DIALECT)
        except SqlglotError:
            return None
        return {f"{table.db}.{table.name}" for table in tree.find_all(exp.Table) if table.db}
