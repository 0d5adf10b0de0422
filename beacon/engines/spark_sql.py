"""From the dialect of `sql/` to Spark's SQL.

What belongs here: what Spark says otherwise than DuckDB. What does not: running it.

sqlglot writes most of it. The rules here are for what it leaves as it is: lists in an order,
positions in a list, sums over a list, decimal constants, and names of schemas, which become part of
the name of a view. Spark 4.1 or later, ANSI mode on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlglot import exp, parse_one

from beacon.engines.common_tree import NO_SCHEMA, common_tree

_SPARK = "spark"


def view_name(table: str) -> str:
    """The name of the view that stands for a table of a schema."""
    return table.replace(".", "__")


def spark_columns(columns: Mapping[str, str]) -> str:
    """Columns with DuckDB's types as Spark declares them."""
    return ", ".join(
        f"`{name}` {exp.DataType.build(kind, dialect='duckdb').sql(_SPARK)}"
        for name, kind in columns.items()
    )


def spark_sql(sql: str, schemas: Mapping[str, Mapping[str, str]]) -> str:
    """A query of `sql/` as Spark takes it.

    Args:
        sql: One query in the common dialect.
        schemas: Columns and DuckDB types of every table that it reads, by `schema.table`.

    Raises:
        sqlglot.errors.SqlglotError: When the text cannot be read.
        NotFollowedError: When a union by name is of columns that are not known.
    """
    tree = common_tree(sql, schemas, once=True)
    for table in tree.find_all(exp.Table):
        if table.db:
            name = table.name if table.db == NO_SCHEMA else f"{table.db}.{table.name}"
            table.set("this", exp.to_identifier(view_name(name)))
            table.set("db", None)
    for made in list(tree.find_all(exp.Lambda)):
        _count_from_one(made)
    for alias in list(tree.find_all(exp.Alias)):
        # Of a union of columns named as themselves, below a window, Spark 4.3's optimiser makes a
        # plan that it then refuses (RemoveRedundantAliases).
        if isinstance(alias.this, exp.Column) and alias.this.name == alias.alias:
            alias.replace(alias.this)
    # Children before their parents, so that what is replaced is not lost.
    for node in reversed(list(tree.walk(bfs=False))):
        if isinstance(node, exp.Anonymous):
            rule = FUNCTIONS.get(node.name.lower())
        else:
            rule = _NODES.get(type(node))
        if rule is not None:
            rule(node)
    return tree.sql(_SPARK, identify=True, pretty=True, comments=False)


def _put(node: exp.Expr, text: str, **parts: exp.Expr | None) -> None:
    """Replace a node by Spark SQL in which `:name` stands for a part."""
    tree = parse_one(text, dialect=_SPARK)
    found = {k: v.copy() for k, v in parts.items() if v is not None}
    node.replace(exp.replace_placeholders(tree, **found))


def _count_from_one(made: exp.Lambda) -> None:
    """The position that a lambda over a list gets second: from 0 in Spark, from 1 in DuckDB."""
    if len(made.expressions) != 2 or not isinstance(made.parent, exp.Transform | exp.ArrayFilter):
        return
    name = made.expressions[1].name

    def add_one(node: exp.Expr) -> exp.Expr:
        is_position = (
            isinstance(node, exp.Identifier)
            and node.name == name
            and not isinstance(node.parent, exp.Column | exp.Dot | exp.PropertyEQ)
        )
        if not is_position:
            return node
        return exp.Paren(this=exp.Add(this=node.copy(), expression=exp.Literal.number(1)))

    made.set("this", made.this.transform(add_one, copy=False))


# Lists that are gathered in an order.


def _gathered(node: exp.Expr, value: exp.Expr, keys: list[exp.Expr]) -> tuple[exp.Expr, exp.Expr]:
    """What is to be replaced, and the list of values in the order of the keys.

    NULL values stay in it, as in DuckDB; it is NULL where there are no rows.
    """
    outer = node.parent if isinstance(node.parent, exp.Filter) else node
    where = "FILTER (WHERE :condition)" if outer is not node else ""
    condition = outer.expression.this if outer is not node else None
    fields = (
        ", ".join(["named_struct('v', :v", *(f"'k{n}', :k{n}" for n in range(len(keys)))]) + ")"
    )
    parts = {"v": value, **{f"k{n}": key.this for n, key in enumerate(keys)}}
    if condition is not None:
        parts["condition"] = condition
    rows = f"collect_list({fields}) {where}"
    if keys:
        compared = " ".join(
            f"WHEN a.k{n} IS NULL AND b.k{n} IS NOT NULL THEN 1 "
            f"WHEN a.k{n} IS NOT NULL AND b.k{n} IS NULL THEN -1 "
            f"WHEN a.k{n} {'>' if key.args.get('desc') else '<'} b.k{n} THEN -1 "
            f"WHEN a.k{n} {'<' if key.args.get('desc') else '>'} b.k{n} THEN 1"
            for n, key in enumerate(keys)
        )
        rows = f"array_sort({rows}, (a, b) -> CASE {compared} ELSE 0 END)"
    text = f"nullif(transform({rows}, s -> s.v), array())"
    tree = parse_one(text, dialect=_SPARK)
    return outer, exp.replace_placeholders(tree, **{k: v.copy() for k, v in parts.items()})


def _value_and_keys(node: exp.Expr) -> tuple[exp.Expr, list[exp.Expr]]:
    inner = node.this
    keys: list[exp.Expr] = []
    if isinstance(inner, exp.Order):
        inner, keys = inner.this, inner.expressions
    return inner, keys


def _list(node: exp.Expr) -> None:
    value, keys = _value_and_keys(node)
    if isinstance(value, exp.Distinct):
        outer, made = _gathered(node, value.expressions[0], [])
        _put(
            outer,
            "array_sort(array_distinct(:made))" if keys else "array_distinct(:made)",
            made=made,
        )
        return
    outer, made = _gathered(node, value, keys)
    outer.replace(made)


def _first(node: exp.Expr) -> None:
    value, keys = _value_and_keys(node)
    outer, made = _gathered(node, value, keys)
    place = "1" if isinstance(node, exp.First) else "-1"
    _put(outer, f"try_element_at(:made, {place})", made=made)


def _string_agg(node: exp.Expr) -> None:
    value, keys = _value_and_keys(node)
    outer, made = _gathered(node, value, keys)
    _put(outer, "array_join(:made, :separator)", made=made, separator=node.args["separator"])


# What is said otherwise.


def _filter_over(node: exp.Expr) -> None:
    """An aggregate of some rows over a window; Spark before 4.3 has FILTER only without one."""
    if isinstance(node.parent, exp.Binary):
        # Spark reads `over w - x` as a window named w-x.
        node.replace(exp.Paren(this=node.copy()))
        return
    if not isinstance(node.this, exp.Filter):
        return
    aggregate, condition = node.this.this, node.this.expression.this
    value = exp.Literal.number(1) if isinstance(aggregate.this, exp.Star) else aggregate.this
    aggregate.set("this", exp.case().when(condition.copy(), value.copy()))
    node.this.replace(aggregate)


def _decimal(node: exp.Expr) -> None:
    """1.5 is a decimal number to Spark; here every number with decimals is a double."""
    if not node.is_string and "." in node.name and "e" not in node.name.lower():
        node.set("this", f"{node.name}e0")


def _huge(node: exp.Expr) -> None:
    if node.args["to"].this in (exp.DType.INT128, exp.DType.UINT128):
        node.set("to", exp.DataType.build("decimal(38, 0)"))


def _inline_view(node: exp.Expr) -> None:
    node.set("materialized", None)


def _list_sum(node: exp.Expr) -> None:
    text = "aggregate(:list, CAST(NULL AS DOUBLE), (a, v) -> coalesce(a + v, a, v))"
    _put(node, text, list=node.expressions[0])


def _dot_product(node: exp.Expr) -> None:
    text = "aggregate(zip_with(:a, :b, (x, y) -> x * y), CAST(0 AS DOUBLE), (a, v) -> a + v)"
    _put(node, text, a=node.expressions[0], b=node.expressions[1])


def _element(node: exp.Expr) -> None:
    _put(
        node,
        "try_element_at(:list, CAST(:place AS INT))",
        list=node.expressions[0],
        place=node.expressions[1],
    )


def _slice(node: exp.Expr) -> None:
    listed, start, end = node.expressions
    _put(node, "slice(:list, :start, :end - :start + 1)", list=listed, start=start, end=end)


def _range(node: exp.Expr) -> None:
    _put(node, "sequence(0, :end - 1)", end=node.expressions[0])


def _reduce(node: exp.Expr) -> None:
    text = "aggregate(slice(:list, 2, size(:list)), try_element_at(:list, 1), :made)"
    _put(node, text, list=node.expressions[0], made=node.expressions[1])


def _prepend(node: exp.Expr) -> None:
    _put(node, "concat(array(:first), :rest)", first=node.expressions[0], rest=node.expressions[1])


def _log_gamma(node: exp.Expr) -> None:
    """Stirling's series at x + 10 (1e-14 or better), and the recurrence down to x."""
    product = " * ".join(f"(x + {n})" for n in range(10))
    _put(
        node,
        "aggregate(array(CAST(:x AS DOUBLE)), CAST(0 AS DOUBLE), (a, x) -> "
        "(x + 9.5e0) * ln(x + 10) - (x + 10) + 0.918938533204672742e0 + 1 / (12 * (x + 10)) "
        "- 1 / (360 * power(x + 10, 3)) + 1 / (1260 * power(x + 10, 5)) "
        f"- 1 / (1680 * power(x + 10, 7)) + 1 / (1188 * power(x + 10, 9)) - ln({product}))",
        x=node.expressions[0],
    )


def _is_finite(node: exp.Expr) -> None:
    _put(node, "(abs(:x) < CAST('Infinity' AS DOUBLE))", x=node.expressions[0])


def _variable(node: exp.Expr) -> None:
    node.replace(exp.column(node.expressions[0].name))


FUNCTIONS: dict[str, Callable[[exp.Expr], None]] = {
    "list_sum": _list_sum,
    "list_dot_product": _dot_product,
    "list_extract": _element,
    "list_slice": _slice,
    "list_reduce": _reduce,
    "list_prepend": _prepend,
    "lgamma": _log_gamma,
    "range": _range,
    "isfinite": _is_finite,
    "getvariable": _variable,
}

_NODES: dict[type, Callable[[exp.Expr], None]] = {
    exp.ArrayAgg: _list,
    exp.First: _first,
    exp.Last: _first,
    exp.GroupConcat: _string_agg,
    exp.Window: _filter_over,
    exp.Literal: _decimal,
    exp.Cast: _huge,
    exp.CTE: _inline_view,
}
