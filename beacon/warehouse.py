"""The working DuckDB database: staged rows, curated facts, and the tables derived from them.

What belongs here: opening it, loading what `sql/` reads, and running `sql/` files into tables that
keep their contracts. What does not: the derivations themselves (`sql/`), releases, checks.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from beacon.contracts import Contract, cast_select, comment_statements, create_table
from beacon.ingest.stage import StagedPart
from beacon.sql_files import SqlTable, read_sql_table, sql_tables
from beacon.statistics.macros import install_macros
from beacon.warehouse_registry import load_registry_tables
from beacon.workspace import Workspace

if TYPE_CHECKING:
    import duckdb

SCHEMAS = ("registry", "staging", "geography", "cohorts", "indicators", "marts")


class Warehouse:
    """An open connection to the working database."""

    def __init__(self, con: duckdb.DuckDBPyConnection, workspace: Workspace) -> None:
        self.con = con
        self.workspace = workspace

    def prepare(self) -> None:
        """Make the schemas and macros, and load the curated facts that SQL joins to."""
        for schema in SCHEMAS:
            self.con.execute(f"create schema if not exists {schema}")
        install_macros(self.con)
        load_registry_tables(self.con, self.workspace)

    def _contract(self, name: str) -> Contract:
        return self.workspace.contracts[name]

    def load_staged(self, table: str, parts: list[StagedPart]) -> int:
        """Make a staging table from the staged files in use; give its number of rows."""
        name = f"staging.{table}"
        contract = self._contract(name)
        files = [str(self.workspace.home.staging / part.parquet) for part in parts if part.parquet]
        if files:
            names = ", ".join("'" + file.replace("'", "''") + "'" for file in sorted(files))
            query = cast_select(contract, f"select * from read_parquet([{names}])", con=self.con)  # noqa: S608
            self.con.execute(f"create or replace table {name} as {query}")
        else:
            self.con.execute(create_table(contract, name))
        return self.row_count(name)

    def derive(self, name: str, sql: str | None = None) -> int:
        """Make one derived table from its SQL file, in the shape of its contract."""
        schema = name.split(".")[0]
        text = sql if sql is not None else sql_tables(schema)[name].text
        contract = self._contract(name)
        query = cast_select(contract, text, con=self.con)
        keys = ", ".join(f'"{key}"' for key in contract.key)
        # One order of rows, whatever the thread count: releases must not differ by chance.
        self.con.execute(f"create or replace table {name} as from ({query}) order by {keys}")
        return self.row_count(name)

    def comment(self, name: str) -> None:
        """Put the contract's descriptions on a table and its columns."""
        for statement in comment_statements(self._contract(name), name):
            self.con.execute(statement)

    def row_count(self, name: str) -> int:
        """Rows of a table."""
        # Fetching all of a result frees the connection for the next statement; fetching one does not.
        ((count,),) = self.con.execute(f"select count(*) from {name}").fetchall()  # noqa: S608
        return int(count)

    def columns(self, name: str) -> list[tuple[str, str]]:
        """Columns of a table and their types."""
        return [(row[0], row[1]) for row in self.con.execute(f"describe {name}").fetchall()]


@contextmanager
def open_warehouse(workspace: Workspace, *, prepare: bool = True) -> Iterator[Warehouse]:
    """Open the working database for writing. Only one process can have it open."""
    import duckdb

    workspace.home.root.mkdir(parents=True, exist_ok=True)
    con = duckdb.connect(str(workspace.home.warehouse))
    try:
        warehouse = Warehouse(con, workspace)
        if prepare:
            warehouse.prepare()
        yield warehouse
    finally:
        con.close()


__all__ = ["SCHEMAS", "SqlTable", "Warehouse", "open_warehouse", "read_sql_table", "sql_tables"]
