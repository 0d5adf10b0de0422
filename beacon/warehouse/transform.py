"""Making one derived table of the working database."""

from __future__ import annotations

from collections.abc import Callable

from beacon.contracts.sql_files import all_sql_tables, sql_table
from beacon.warehouse.connection import Warehouse
from beacon.warehouse.indicator_rows import PUBLISHED, derive_published
from beacon.warehouse.outlines import derive_place_outlines


def _derive_published(warehouse: Warehouse) -> int:
    return sum(derive_published(warehouse).values())


# Tables that need more than their SQL.
_IN_PYTHON: dict[str, Callable[[Warehouse], int]] = {
    PUBLISHED: _derive_published,
    "geography.place_outline": derive_place_outlines,
}


def derived_tables() -> list[str]:
    """Every derived table, each after those that it reads."""
    return list(all_sql_tables())


def derive_table(warehouse: Warehouse, table: str) -> int:
    """Make one derived table from the tables that it reads; give its number of rows.

    Args:
        warehouse: The open working database.
        table: Its name, such as "marts.place".

    Raises:
        KeyError: When no file of `sql/` makes it.
        ContractError: When its SQL lacks a column of its contract.
    """
    if table in _IN_PYTHON:
        return _IN_PYTHON[table](warehouse)
    return warehouse.derive(sql_table(table))
