"""Checks as DuckDB predicates, so that a large table is searched for counterexamples set-based."""

from __future__ import annotations

import math
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from beacon.contracts.ddl import quote_identifier, quote_literal
from beacon.contracts.suite import SuiteItem

if TYPE_CHECKING:
    from beacon.contracts.model import Contract

_OPTIONS: dict[str, frozenset[str]] = {
    "expect_column_values_to_not_be_null": frozenset({"column"}),
    "expect_column_values_to_match_regex": frozenset({"column", "regex"}),
    "expect_column_values_to_be_in_set": frozenset({"column", "value_set"}),
    "expect_column_values_to_be_between": frozenset(
        {"column", "min_value", "max_value", "strict_min", "strict_max"}
    ),
    "expect_column_pair_values_a_to_be_greater_than_b": frozenset(
        {"column_A", "column_B", "or_equal", "ignore_row_if"}
    ),
}


def sql_value(value: Any) -> str:
    """A literal for a number, text, truth value, date or timestamp.

    Raises:
        ValueError: for anything else.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
        return repr(value)
    if isinstance(value, str):
        return quote_literal(value)
    if isinstance(value, datetime):
        return f"timestamp {quote_literal(value.isoformat(sep=' '))}"
    if isinstance(value, date):
        return f"date {quote_literal(value.isoformat())}"
    raise ValueError(f"{value!r} has no SQL literal")


def _not_a_number(column: str, contract: Contract) -> str | None:
    """Great Expectations takes NaN for missing; DuckDB takes it for the largest number."""
    declared = contract.column(column)
    is_float = declared.duck_type.family == "float" and not declared.duck_type.is_list
    return f"isnan({quote_identifier(column)})" if is_float else None


def _given(column: str, contract: Contract) -> str:
    given = f"{quote_identifier(column)} is not null"
    nan = _not_a_number(column, contract)
    return f"{given} and not {nan}" if nan else given


def is_plain(item: SuiteItem) -> bool:
    """Whether a check is of a known type and only uses options whose meaning is known here.

    So it neither tolerates a share of failures (``mostly``) nor looks at some rows only
    (``row_condition``).
    """
    options = _OPTIONS.get(item.type)
    return options is not None and set(item.kwargs) <= options


def violation(contract: Contract, item: SuiteItem) -> str | None:
    """SQL that is true for exactly the rows that break a check.

    Args:
        contract: declares the columns.
        item: the check.

    Returns:
        A predicate that is never NULL, or None where the check has no exact predicate: it is of
        another type, or uses an option such as ``mostly`` or ``row_condition``.
    """
    if not is_plain(item):
        return None
    try:
        return _predicate(contract, item)
    except (KeyError, TypeError, ValueError):
        return None  # a kwarg is absent or of the wrong kind: Great Expectations will say so


def _predicate(contract: Contract, item: SuiteItem) -> str | None:
    kwargs = item.kwargs
    if item.type == "expect_column_pair_values_a_to_be_greater_than_b":
        if kwargs.get("ignore_row_if") != "either_value_is_missing":
            return None
        a, b = kwargs["column_A"], kwargs["column_B"]
        operator = ">=" if kwargs.get("or_equal") else ">"
        held = f"{quote_identifier(a)} {operator} {quote_identifier(b)}"
        return f"({_given(a, contract)} and {_given(b, contract)} and not ({held}))"
    column = kwargs["column"]
    name, given = quote_identifier(column), _given(column, contract)
    if item.type == "expect_column_values_to_not_be_null":
        nan = _not_a_number(column, contract)
        return f"({name} is null{f' or {nan}' if nan else ''})"
    if item.type == "expect_column_values_to_match_regex":
        pattern = contract.column(column).pattern
        if item.kind != "pattern" or pattern is None:
            return None  # a pattern written by hand need not mean the same in RE2
        matched = f"regexp_full_match({name}, {quote_literal(f'(?:{pattern})')})"
        return f"({given} and not {matched})"
    if item.type == "expect_column_values_to_be_in_set":
        values = ", ".join(sql_value(value) for value in kwargs["value_set"])
        return f"({given} and {name} not in ({values}))" if values else None
    breaks = []
    if (low := kwargs.get("min_value")) is not None:
        operator = "<=" if kwargs.get("strict_min") else "<"
        breaks.append(f"{name} {operator} {sql_value(low)}")
    if (high := kwargs.get("max_value")) is not None:
        operator = ">=" if kwargs.get("strict_max") else ">"
        breaks.append(f"{name} {operator} {sql_value(high)}")
    return f"({given} and ({' or '.join(breaks)}))" if breaks else None
