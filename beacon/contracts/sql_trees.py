"""Queries as sqlglot's trees, made plain: columns with their tables, unions by position.

What belongs here: what column lineage and other engines need alike. What does not: either of them.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from sqlglot import exp, parse_one
from sqlglot.optimizer.qualify import qualify
from sqlglot.schema import MappingSchema, Schema

DIALECT = "duckdb"


class NotFollowedError(Exception):
    """The query holds something that sqlglot cannot follow."""


@contextmanager
def quiet() -> Iterator[None]:
    """Without sqlglot's warnings, which say in its own terms what ours say."""
    logger = logging.getLogger("sqlglot")
    before = logger.disabled
    logger.disabled = True
    try:
        yield
    finally:
        logger.disabled = before


def nested_schema(schemas: Mapping[str, Mapping[str, str]]) -> Schema:
    """Columns and types by ``schema.table``, as sqlglot reads them.

    Read once: given a plain dictionary, sqlglot would read it anew for every query and column.
    """
    nested: dict[str, dict[str, dict[str, str]]] = {}
    for name, columns in schemas.items():
        if not columns:
            continue  # a table of which nothing is known; sqlglot refuses the whole schema for it
        schema, _, table = name.rpartition(".")
        nested.setdefault(schema or "main", {})[table] = dict(columns)
    return MappingSchema({**nested}, dialect=DIALECT)


def qualified(tree: exp.Expr, schema: Schema) -> exp.Expr:
    """The tree with every column's table named and every ``*`` expanded."""
    return qualify(
        tree, dialect=DIALECT, schema=schema, validate_qualify_columns=False, identify=False
    )


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


def _names(query: exp.Expr, ctes: list[exp.Expr], schema: Schema) -> list[str]:
    """The output columns of one side of a set operation."""
    text = f"select * from (\n{query.sql(DIALECT)}\n) as side"  # noqa: S608 - only parsed
    if ctes:
        text = f"with {', '.join(cte.sql(DIALECT) for cte in ctes)} {text}"
    plain = qualified(parse_one(text, dialect=DIALECT), schema)
    if not isinstance(plain, exp.Query):
        raise NotFollowedError("a union by name of something other than queries")
    names = [select.alias_or_name for select in plain.selects]
    if not names or "*" in names or "" in names:
        raise NotFollowedError("a union by name of columns that are not known")
    return names


def align_unions_by_name(tree: exp.Expr, schema: Schema) -> exp.Expr:
    """Make ``union by name`` positional; sqlglot would pair its columns by position as they are.

    Raises:
        NotFollowedError: When the columns of a side are not known.
    """

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
            raise NotFollowedError("a union by name inside another that is not known")
        sides = [ready.this, ready.expression]
        names = [_names(side, ctes, schema) for side in sides]
        every = list(dict.fromkeys([*names[0], *names[1]]))
        for key, side, own in zip(("this", "expression"), sides, names, strict=True):
            columns = ", ".join(f'"{n}"' if n in own else f'null as "{n}"' for n in every)
            query = side.unnest() if isinstance(side, exp.Subquery) else side
            aligned = f"select {columns} from (\n{query.sql(DIALECT)}\n) as side"  # noqa: S608
            ready.set(key, parse_one(aligned, dialect=DIALECT))
        ready.set("by_name", False)
    return tree
