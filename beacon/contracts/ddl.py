"""SQL generated from a contract: create table, casts that enforce it, comments."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from beacon.contracts.loader import ContractError

if TYPE_CHECKING:
    import duckdb

    from beacon.contracts.model import Column, Contract

_NAME_PART = re.compile(r'"(?:[^"]|"")+"|[^".]+')
_QUALIFIED = re.compile(rf"(?:{_NAME_PART.pattern})(?:\.(?:{_NAME_PART.pattern}))*")


def quote_identifier(name: str) -> str:
    """``name`` as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def quote_literal(text: str) -> str:
    """``text`` as a SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def quote_qualified(qualified_name: str) -> str:
    """``[database.][schema.]table`` with every part quoted; parts already quoted stay as they are.

    Raises:
        ValueError: if a part is empty or a quote is left open.
    """
    if not _QUALIFIED.fullmatch(qualified_name):
        raise ValueError(f"{qualified_name!r} is not a table name of the form [schema.]table")
    parts = _NAME_PART.findall(qualified_name)
    return ".".join(part if part.startswith('"') else quote_identifier(part) for part in parts)


def create_table(contract: Contract, qualified_name: str | None = None) -> str:
    """A ``create or replace table`` statement with the contract's columns, order and types."""
    columns = ",\n  ".join(f"{quote_identifier(c.name)} {c.type}" for c in contract.columns)
    table = quote_qualified(qualified_name or contract.name)
    return f"create or replace table {table} (\n  {columns}\n)"


def _subquery(source_sql: str) -> str:
    # The line break keeps a closing comment of the source from swallowing the bracket.
    return f"(\n{source_sql.strip().rstrip(';')}\n)"


def cast_select(
    contract: Contract,
    source_sql: str,
    *,
    con: duckdb.DuckDBPyConnection | None = None,
) -> str:
    """A select that gives the source's rows the contract's columns, order and types.

    Casts are strict: a value that does not fit its type stops the statement.

    Args:
        contract: the table to be made.
        source_sql: one query; its column order does not matter.
        con: where the source's tables are. With it the source's columns are looked up first
            (bound, not run), so that missing and extra columns are all named at once. Without it
            a missing column fails when DuckDB binds the query, and extra columns are dropped.

    Returns:
        The select statement, without a semicolon.

    Raises:
        ContractError: naming every missing and every extra column (only with ``con``).
    """
    if con is not None:
        found = con.sql(source_sql).columns
        problems = [
            f"{contract.name}: the query gives no column {name}; add it, or change the contract"
            for name in contract.column_names
            if name not in found
        ]
        problems += [
            f"{contract.name}: the query gives column {name}, which the contract does not declare; "
            "drop it, or declare it"
            for name in found
            if name not in contract.column_names
        ]
        if problems:
            raise ContractError(problems)
    casts = ",\n  ".join(
        f"cast({quote_identifier(c.name)} as {c.type}) as {quote_identifier(c.name)}"
        for c in contract.columns
    )
    return f"select\n  {casts}\nfrom {_subquery(source_sql)} as source"


def column_comment(column: Column) -> str:
    """What a reader of the database sees beside a column: description, then unit."""
    return f"{column.description} [{column.unit}]" if column.unit else column.description


def comment_statements(
    contract: Contract,
    qualified_name: str | None = None,
    *,
    kind: Literal["table", "view"] = "table",
) -> list[str]:
    """``comment on`` statements for a table or view and each of its columns.

    Args:
        contract: whose descriptions are used.
        qualified_name: where the table is; the contract's own name by default.
        kind: what ``qualified_name`` is.

    Returns:
        One statement for the table (description and grain) and one a column, without semicolons.
    """
    table = quote_qualified(qualified_name or contract.name)
    about = f"{contract.description} Grain: {contract.grain}."
    return [
        f"comment on {kind} {table} is {quote_literal(about)}",
        *(
            f"comment on column {table}.{quote_identifier(column.name)} "
            f"is {quote_literal(column_comment(column))}"
            for column in contract.columns
        ),
    ]
