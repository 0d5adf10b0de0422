"""What an engine is: where a derivation of `sql/` is run.

What belongs here: the protocol. What does not: any engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import duckdb

SCHEMAS = ("registry", "staging", "geography", "cohorts", "people", "indicators", "marts")
"""Schemas of the tables that derivations read and make."""


class Engine(Protocol):
    """Tables as Parquet in, tables as Parquet out; SQL in the dialect of `sql/`."""

    def load(self, name: str, *files: Path) -> None:
        """Let a table be read by its name, such as `marts.place` or `person`, from its files."""
        ...

    def make(self, name: str, sql: str) -> None:
        """Make a table of this engine from a query, for later queries by its name."""
        ...

    def set_variable(self, name: str, values: Sequence[str]) -> None:
        """Give a variable, which queries read by getvariable, a list of texts."""
        ...

    def derive(self, sql: str, target: Path) -> Path:
        """Write the rows of a query to one Parquet file; give its path."""
        ...

    def hand_over(self, name: str, sql: str, con: duckdb.DuckDBPyConnection) -> None:
        """Make a temporary table of a connection of DuckDB from a query: counts, never persons."""
        ...

    def close(self) -> None:
        """Give back what the engine holds. A session that was handed over stays open."""
        ...
