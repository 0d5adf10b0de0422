"""Macros of `sql/macros` put in place of their calls, for engines that have no macros.

What belongs here: that replacement, in the dialect of `sql/`. What does not: any other dialect.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from itertools import count

import duckdb
from sqlglot import exp

from beacon.contracts.sql_trees import DIALECT
from beacon.engines.common_tree import read_tree
from beacon.statistics.macros import install_macros, macro_files

MACRO_DEFINITION = re.compile(
    r"CREATE OR REPLACE MACRO (\w+)\s*\((.*?)\)\s*AS\s(.*?);\s*$", re.DOTALL | re.MULTILINE
)


@dataclass(frozen=True)
class Macro:
    """A macro.

    Attributes:
        parameters: Name to the SQL of its default, None where it has none.
        body: Its expression, as `read_tree` reads it.
    """

    name: str
    parameters: dict[str, str | None]
    body: exp.Expr


@cache
def macros() -> dict[str, Macro]:
    """Every macro by its name in lower case."""
    found = {}
    for path in macro_files():
        text = re.sub(r"--.*$", "", path.read_text("utf-8"), flags=re.MULTILINE)
        for name, listed, body in MACRO_DEFINITION.findall(text):
            parameters: dict[str, str | None] = {}
            for part in filter(None, (each.strip() for each in listed.split(","))):
                parameter, _, default = part.partition(":=")
                parameters[parameter.strip().lower()] = default.strip() or None
            (tree,) = read_tree(f"select {body}").selects  # type: ignore[attr-defined]
            found[name.lower()] = Macro(name, parameters, tree)
    return found


def inline_macros(tree: exp.Expr, *, once: bool = False) -> exp.Expr:
    """The tree without a call of a macro.

    A macro all of whose arguments are constants, such as the z of a confidence level, becomes the
    number that DuckDB makes of it.

    Args:
        tree: A query.
        once: Whether an argument that a macro uses several times is written once, as the variable
            of a lambda over a list of it alone. Keeps texts short where an engine has lambdas.

    Raises:
        TypeError: When a call has too many or too few arguments.
    """
    numbers = count(1)
    while True:
        calls = [node for node in tree.find_all(exp.Anonymous) if node.name.lower() in macros()]
        if not calls:
            return tree
        for call in reversed(calls):
            made = _constant(call) or _expanded(call, numbers, once)
            if call is tree:
                tree = made
            else:
                call.replace(made)


def _constant(call: exp.Anonymous) -> exp.Expr | None:
    if not call.expressions or not all(
        isinstance(each, exp.Literal) and not each.is_string for each in call.expressions
    ):
        return None
    return exp.Literal.number(_of_constants(call.sql(DIALECT)))


@cache
def _of_constants(sql: str) -> str:
    with duckdb.connect() as con:
        install_macros(con)
        ((value,),) = con.execute(f"select ({sql})::double").fetchall()
    text = repr(value)
    return text if "e" in text else f"{text}e0"


def _expanded(call: exp.Anonymous, numbers: count[int], once: bool) -> exp.Expr:
    macro = macros()[call.name.lower()]
    given = dict(zip(macro.parameters, call.expressions, strict=False))
    if len(call.expressions) > len(macro.parameters):
        raise TypeError(f"{macro.name} takes {len(macro.parameters)} arguments at most.")
    for each in call.expressions:
        if isinstance(each, exp.PropertyEQ):
            given = {k: v for k, v in given.items() if v is not each}
            given[each.this.name.lower()] = each.expression
    for name, default in macro.parameters.items():
        if name not in given:
            if default is None:
                raise TypeError(f"{macro.name} lacks its argument {name}.")
            given[name] = read_tree(default)
    body = _renamed_variables(macro.body.copy(), numbers)
    bound: list[tuple[exp.Expr, exp.Identifier]] = []
    if once and not aggregates(macro.name.lower()):
        for name, value in given.items():
            uses = sum(c.name.lower() == name for c in body.find_all(exp.Column))
            if uses > 2 and not isinstance(value, exp.Column | exp.Literal | exp.Identifier):
                variable = exp.to_identifier(f"{name}_{next(numbers)}")
                bound.append((value.copy(), variable))
                given[name] = variable

    def put(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Column) and not node.table and node.name.lower() in given:
            value = given[node.name.lower()].copy()
            atom = isinstance(value, exp.Column | exp.Literal | exp.Func | exp.Identifier)
            return value if atom else exp.Paren(this=value)
        return node

    made: exp.Expr = exp.Paren(this=body.transform(put))
    for value, variable in bound:
        each = exp.Transform(
            this=exp.Array(expressions=[value]),
            expression=exp.Lambda(this=made, expressions=[variable.copy()]),
        )
        made = exp.Anonymous(this="list_extract", expressions=[each, exp.Literal.number(1)])
    return made


@cache
def aggregates(name: str) -> bool:
    """Whether a macro aggregates rows, itself or through one that it calls."""
    body = macros()[name].body
    called = (node.name.lower() for node in body.find_all(exp.Anonymous))
    return body.find(exp.AggFunc) is not None or any(
        aggregates(other) for other in called if other in macros()
    )


def _renamed_variables(body: exp.Expr, numbers: count[int]) -> exp.Expr:
    """With names of its own for the variables of lambdas, so that arguments keep theirs."""
    for made in reversed(list(body.find_all(exp.Lambda))):
        for variable in made.expressions:
            old, new = variable.name, f"{variable.name}_{next(numbers)}"
            for node in list(made.find_all(exp.Identifier)):
                if node.name == old and not _is_a_field(node):
                    node.set("this", new)
    return body


def _is_a_field(node: exp.Identifier) -> bool:
    """Whether a name is that of a column, or follows a dot."""
    parent = node.parent
    return isinstance(parent, exp.Column | exp.PropertyEQ) or (
        isinstance(parent, exp.Dot) and parent.expression is node
    )
