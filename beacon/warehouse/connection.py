"""The working DuckDB database: staged rows, curated facts, and the tables derived from them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from beacon.contracts import Contract, cast_select, create_table
from beacon.contracts.ddl import quote_literal
from beacon.contracts.sql_files import SqlTable
from beacon.core.errors import BeaconError
from beacon.ingest.stage import StagedPart
from beacon.statistics.macros import install_macros
from beacon.warehouse.registry_tables import load_registry_tables
from beacon.workspace import Workspace

# Every indicator reads all observations.
_READ_OFTEN = frozenset({"observation"})

# Tables too large to be made at once, and the table that has every pair of their first two keys.
_IN_RANGES = {"cohorts.lsoa_population": "cohorts.lsoa_deprivation"}
# A range is at most so many values of the second key. Each range reads the staged rows again, so
# that small ones cost time, and large ones memory: this is about the LSOAs of one England.
_KEYS_AT_ONCE = 34_000

# What the database is called in a connection.
_NAME = "warehouse"
# Rows are written to the file in groups of so many; what is left over goes through the log first,
# and so is written twice. Most tables here are smaller than one of DuckDB's usual groups.
_ROWS_WRITTEN_AT_ONCE = 20_480

SCHEMAS = ("registry", "staging", "geography", "cohorts", "people", "indicators", "marts")


class WarehouseLockedError(BeaconError):
    """Another program has the working database open."""


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

    def for_board(self, workspace: Workspace) -> Warehouse:
        """The same working database with the curated facts of another board; staged rows stay."""
        load_registry_tables(self.con, workspace)
        return Warehouse(self.con, workspace)

    def _contract(self, name: str) -> Contract:
        return self.workspace.contracts[name]

    def load_staged(self, table: str, parts: list[StagedPart]) -> int:
        """Make a staging table from the staged files in use; give its number of rows.

        Rows stay in their Parquet files and the table is a view, except where a table is read
        many times over.
        """
        name = f"staging.{table}"
        contract = self._contract(name)
        files = [str(self.workspace.home.staging / part.parquet) for part in parts if part.parquet]
        self._drop(name)
        if not files:
            self.con.execute(create_table(contract, name))
            return 0
        names = ", ".join(quote_literal(file) for file in sorted(files))
        query = cast_select(contract, f"select * from read_parquet([{names}])", con=self.con)  # noqa: S608
        kind = "table" if table in _READ_OFTEN else "view"
        self.con.execute(f"create {kind} {name} as {query}")
        return sum(part.rows for part in parts if part.parquet)

    def _drop(self, name: str) -> None:
        """Drop a table or view of this name, whichever it is."""
        schema, table = name.split(".")
        found = self.con.execute(
            "select table_type from information_schema.tables "
            "where table_schema = ? and table_name = ?",
            [schema, table],
        ).fetchall()
        for (kind,) in found:
            self.con.execute(f"drop {'view' if kind == 'VIEW' else 'table'} {name}")

    def derive(self, table: SqlTable) -> int:
        """Make one derived table from its SQL file, in the shape of its contract.

        Raises:
            ContractError: When the file lacks a column of the contract.
        """
        name, text = table.name, table.text
        contract = self._contract(name)
        # Planning some queries takes longer than running them, so that they are not planned once
        # more just to see their columns.
        query = cast_select(contract, text)
        keys = ", ".join(f'"{key}"' for key in contract.key)
        try:
            if name in _IN_RANGES:
                self._derive_in_ranges(name, query)
            else:
                # One order of rows, whatever the thread count: releases must not differ by chance.
                self.con.execute(
                    f"create or replace table {name} as from ({query}) order by {keys}"
                )
        except duckdb.BinderException:
            cast_select(contract, text, con=self.con)  # names every column that is wrong
            raise
        return self.row_count(name)

    def _derive_in_ranges(self, name: str, query: str) -> None:
        """Make a table range by range of its first two keys.

        What a range takes is given back before the next one, so that memory does not grow with
        the number of rows. Within a range they are not sorted, which would take half of the time:
        all that is made of them are sums of whole numbers, which no order changes.
        """
        contract = self._contract(name)
        first, second, *_ = (f'"{key}"' for key in contract.key)
        ranges = self.con.execute(
            f"select {first}, lag({second}) over (partition by {first} order by {second}), "  # noqa: S608
            f"if(last, null, {second}) from (select {first}, {second}, "
            f"row_number() over (partition by {first} order by {second}) as place, "
            f"place = count(*) over (partition by {first}) as last "
            f"from (select distinct {first}, {second} from {_IN_RANGES[name]})) "
            f"where last or place % {_KEYS_AT_ONCE} = 0 order by {first}, {second}"
        ).fetchall()
        self.con.execute("begin")
        try:
            self.con.execute(create_table(contract, name))
            for value, above, up_to in ranges:
                # Constants in the text are compared while files are read; parameters are not.
                wanted = [f"{first} = {value}"]
                wanted += [f"{second} > {quote_literal(above)}"] if above is not None else []
                wanted += [f"{second} <= {quote_literal(up_to)}"] if up_to is not None else []
                self.con.execute(f"insert into {name} from ({query}) where {' and '.join(wanted)}")
            self.con.execute("commit")
        except BaseException:
            self.con.execute("rollback")
            raise

    def row_count(self, name: str) -> int:
        """Rows of a table."""
        # Fetching all of a result frees the connection for what comes next; fetching one does not.
        ((count,),) = self.con.execute(f"select count(*) from {name}").fetchall()  # noqa: S608
        return int(count)

    def columns(self, name: str) -> list[tuple[str, str]]:
        """Columns of a table and their types."""
        return [(row[0], row[1]) for row in self.con.execute(f"describe {name}").fetchall()]


@contextmanager
def open_warehouse(workspace: Workspace, *, prepare: bool = True) -> Iterator[Warehouse]:
    """Open the working database for writing. Only one process can have it open.

    Raises:
        WarehouseLockedError: When another program has it open.
    """
    workspace.home.root.mkdir(parents=True, exist_ok=True)
    con = duckdb.connect()
    try:
        file = quote_literal(str(workspace.home.warehouse))
        con.execute(f"attach {file} as {_NAME} (row_group_size {_ROWS_WRITTEN_AT_ONCE})")
        con.execute(f"use {_NAME}")
    except duckdb.IOException as error:
        con.close()
        holder = re.search(r"Conflicting lock is held in (.*?)\. ", str(error))
        if holder is None:
            raise
        raise WarehouseLockedError(
            f"Another program has {workspace.home.warehouse.name} open: {holder.group(1)}. "
            "Close it and run again. To look at the numbers, open beacon.duckdb, which is never "
            "locked."
        ) from error
    try:
        warehouse = Warehouse(con, workspace)
        if prepare:
            warehouse.prepare()
        yield warehouse
    finally:
        con.close()
