"""The checks of a contract, each as a Great Expectations type with kwargs, severity and reason."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from beacon.contracts.model import Column, Contract, Expectation, Severity

Kind = Literal[
    "columns",
    "types",
    "row_count",
    "key_unique",
    "not_null",
    "pattern",
    "allowed",
    "range",
    "declared",
]

TYPES_CHECK = "expect_column_types_to_match_contract"
"""The one check that is ours alone: Great Expectations on pandas knows no DuckDB types."""


@dataclass(frozen=True, slots=True)
class SuiteItem:
    """One check of a table.

    Attributes:
        name: Unique within the table; letters, digits and underscores.
        kind: What generated it; ``declared`` for one written out in the contract.
        type: The Great Expectations type.
        kwargs: The kwargs of that type.
        severity: Whether failing blocks (critical), warns or only informs.
        summary: What is expected, completing "it is expected that …".
        why: Why it matters.
        columns: The columns it reads.
    """

    name: str
    kind: Kind
    type: str
    kwargs: dict[str, Any] = field(hash=False)
    severity: Severity
    summary: str
    why: str
    columns: tuple[str, ...] = ()


def whole_value(pattern: str) -> str:
    r"""The pattern anchored so that it must match the whole value.

    ``$`` alone would let a value that ends in a line break pass.
    """
    return rf"\A(?:{pattern})\Z"


def _range(column: Column) -> str:
    unit = f" {column.unit}" if column.unit else ""
    if column.min is not None and column.max is not None:
        return f"from {column.min} to {column.max}{unit}"
    return (
        f"{column.min}{unit} or more" if column.min is not None else f"{column.max}{unit} or less"
    )


def _column_items(column: Column) -> list[SuiteItem]:
    name = column.name
    items: list[SuiteItem] = []

    def add(kind: Kind, expectation: str, summary: str, why: str, **kwargs: Any) -> None:
        items.append(
            SuiteItem(
                name=f"{name}__{kind}",
                kind=kind,
                type=expectation,
                kwargs={"column": name, **kwargs},
                severity=column.severity,
                summary=summary,
                why=why,
                columns=(name,),
            )
        )

    about = f"{name}: {column.description}"
    if not column.nullable:
        add(
            "not_null",
            "expect_column_values_to_not_be_null",
            f"column {name} is never missing",
            f"The contract promises a value on every row ({about})",
        )
    if column.pattern is not None:
        add(
            "pattern",
            "expect_column_values_to_match_regex",
            f"every value of column {name} matches {column.pattern}",
            f"Values of another form do not join to other tables ({about})",
            regex=whole_value(column.pattern),
        )
    if column.allowed is not None:
        shown = ", ".join(str(value) for value in column.allowed)
        add(
            "allowed",
            "expect_column_values_to_be_in_set",
            f"every value of column {name} is one of {shown}",
            f"The list is closed; readers filter on these values ({about})",
            value_set=list(column.allowed),
        )
    if column.min is not None or column.max is not None:
        bounds = {"min_value": column.min, "max_value": column.max}
        add(
            "range",
            "expect_column_values_to_be_between",
            f"every value of column {name} is {_range(column)}",
            f"Values outside cannot be right ({about})",
            **{key: bound for key, bound in bounds.items() if bound is not None},
        )
    return items


def _key_item(contract: Contract) -> SuiteItem:
    key = list(contract.key)
    single = len(key) == 1
    return SuiteItem(
        name="key_unique",
        kind="key_unique",
        type="expect_column_values_to_be_unique"
        if single
        else "expect_compound_columns_to_be_unique",
        kwargs={"column": key[0]} if single else {"column_list": key},
        severity="critical",
        summary=f"no two rows share {', '.join(key)}",
        why=f"The grain is {contract.grain}; a repeated row is counted twice.",
        columns=contract.key,
    )


def _declared_summary(expectation: Expectation) -> str:
    kwargs, columns = expectation.kwargs, expectation.columns()
    named = ", ".join(columns)
    if expectation.type == "expect_column_pair_values_a_to_be_greater_than_b":
        comparison = "at least" if kwargs.get("or_equal") else "greater than"
        return f"{kwargs.get('column_A')} is {comparison} {kwargs.get('column_B')}"
    if expectation.type == "expect_column_pair_values_to_be_equal":
        return f"{kwargs.get('column_A')} equals {kwargs.get('column_B')}"
    if expectation.type in (
        "expect_column_values_to_be_unique",
        "expect_compound_columns_to_be_unique",
    ):
        return f"no two rows share {named}"
    options = ", ".join(
        f"{key} {value}"
        for key, value in kwargs.items()
        if not key.startswith("column") and key != "ignore_row_if"
    )
    words = expectation.type.removeprefix("expect_").replace("_", " ")
    return f"{words}{f' ({options})' if options else ''} holds for {named or 'the table'}"


def _declared_item(expectation: Expectation) -> SuiteItem:
    columns = expectation.columns()
    stem = expectation.type.removeprefix("expect_")
    return SuiteItem(
        name=re.sub(r"[^a-z0-9_]", "_", "__".join([*columns, stem])),
        kind="declared",
        type=expectation.type,
        kwargs=dict(expectation.kwargs),
        severity=expectation.severity,
        summary=_declared_summary(expectation),
        why=expectation.why,
        columns=columns,
    )


def build_suite(contract: Contract) -> list[SuiteItem]:
    """Every check that a contract's columns, key, rows and expectations amount to.

    SQL checks are not among them (``beacon.checks.run_sql_checks``).

    Args:
        contract: the table.

    Returns:
        Checks in a stable order with unique names: columns, types, row count, key, then each
        column's own, then those written out in the contract. Never empty.
    """
    low, high = contract.rows.min, contract.rows.max
    names = ", ".join(contract.column_names)
    items = [
        SuiteItem(
            name="columns",
            kind="columns",
            type="expect_table_columns_to_match_ordered_list",
            kwargs={"column_list": list(contract.column_names)},
            severity="critical",
            summary=f"the columns are {names}, in this order",
            why="Readers rely on the documented columns.",
        ),
        SuiteItem(
            name="types",
            kind="types",
            type=TYPES_CHECK,
            kwargs={"types": {c.name: c.type for c in contract.columns}},
            severity="critical",
            summary="every column has its documented type",
            why="Readers rely on the documented types.",
        ),
        SuiteItem(
            name="row_count",
            kind="row_count",
            type="expect_table_row_count_to_be_between",
            kwargs={"min_value": low} | ({} if high is None else {"max_value": high}),
            severity="critical",
            summary=f"there are {low} or more rows"
            if high is None
            else f"there are {low} to {high} rows",
            why="Too few or too many rows mean that an input or a join is not what it should be.",
        ),
        _key_item(contract),
    ]
    for column in contract.columns:
        items.extend(_column_items(column))
    items.extend(_declared_item(expectation) for expectation in contract.expectations)
    seen: Counter[str] = Counter()
    unique: list[SuiteItem] = []
    for item in items:
        seen[item.name] += 1
        count = seen[item.name]
        unique.append(item if count == 1 else replace(item, name=f"{item.name}_{count}"))
    return unique
