"""Compares the columns a contract documents with those a table has."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from beacon.contracts.types import parse_type

if TYPE_CHECKING:
    from beacon.contracts.model import Contract


def normal_type(text: str) -> str:
    """DuckDB's spelling of a type, or ``text`` itself where contracts know no such type."""
    try:
        return parse_type(text).name
    except ValueError:
        return text


def compare_columns(contract: Contract, actual: Iterable[tuple[str, str]]) -> list[str]:
    """List how a table's columns differ from its contract.

    Args:
        contract: what is documented.
        actual: (name, DuckDB type) in the table's order, as ``describe`` gives them.

    Returns:
        One sentence a difference, in the contract's order; empty when there is none.
    """
    found = [(name, normal_type(str(duck_type))) for name, duck_type in actual]
    types = dict(found)
    declared = contract.column_names
    differences = [
        f"{contract.name}: column {name} is declared but missing from the table"
        for name in declared
        if name not in types
    ]
    differences += [
        f"{contract.name}: column {name} ({duck_type}) is in the table but not declared"
        for name, duck_type in found
        if name not in declared
    ]
    differences += [
        f"{contract.name}: column {column.name} is {types[column.name]}, declared {column.type}"
        for column in contract.columns
        if column.name in types and types[column.name] != column.type
    ]
    order = [name for name, _ in found if name in declared]
    expected = [name for name in declared if name in types]
    if order != expected:
        differences.append(
            f"{contract.name}: columns are in the order {', '.join(order)}; "
            f"declared {', '.join(expected)}"
        )
    return differences
