"""The default engine: DuckDB."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from beacon.contracts.ddl import quote_literal
from beacon.engines.protocol import SCHEMAS
from beacon.statistics.macros import install_macros


class DuckDBEngine:
    """Runs derivations in a connection of DuckDB; the text is run as it is.

    Args:
        con: The connection; one in memory by default.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection | None = None) -> None:
        self._own = con is None
        self.con = con or duckdb.connect()
        if self._own:
            for schema in SCHEMAS:
                self.con.execute(f"create schema if not exists {schema}")
            install_macros(self.con)

    def load(self, name: str, *files: Path) -> None:
        """See `Engine`."""
        listed = ", ".join(quote_literal(str(file)) for file in files)
        self.con.execute(f"create or replace view {name} as from read_parquet([{listed}])")

    def make(self, name: str, sql: str) -> None:
        """See `Engine`."""
        self.con.execute(f"create or replace temp table {name} as {sql}")

    def set_variable(self, name: str, values: Sequence[str]) -> None:
        """See `Engine`."""
        self.con.execute(f"set variable {name} = ?", [list(values)])

    def derive(self, sql: str, target: Path) -> Path:
        """See `Engine`."""
        target.parent.mkdir(parents=True, exist_ok=True)
        self.con.execute(
            f"copy ({sql}) to {quote_literal(str(target))} (format parquet, compression zstd)"
        )
        return target

    def hand_over(self, name: str, sql: str, con: duckdb.DuckDBPyConnection) -> None:
        """See `Engine`."""
        if con is not self.con:
            raise ValueError("Counts are handed over in the connection that made them.")
        self.make(name, sql)

    def close(self) -> None:
        """See `Engine`."""
        if self._own:
            self.con.close()
