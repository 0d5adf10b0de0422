"""The SQL macros of `sql/macros`, put into a DuckDB connection."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from beacon.core.paths import resource_dir

if TYPE_CHECKING:
    import duckdb

_DEFINITION = re.compile(r"CREATE\s+OR\s+REPLACE\s+MACRO\s+(\w+)\s*\(", re.IGNORECASE)


def macro_files() -> list[Path]:
    """The macro files in the order in which they must be read.

    The two-digit prefix of each name is that order: DuckDB binds a macro when it is created, so
    the macros it calls must exist by then.
    """
    return sorted((resource_dir("sql") / "macros").glob("*.sql"))


def macro_names() -> list[str]:
    """Names of all macros, in the order of their definition."""
    found = (
        name for path in macro_files() for name in _DEFINITION.findall(path.read_text("utf-8"))
    )
    return list(dict.fromkeys(found))


def names_macros(sql: str) -> bool:
    """Whether the name of any macro is a word of a text, or it asks what functions there are."""
    words = set(re.findall(r"\w+", sql.lower()))
    return "duckdb_functions" in words or not words.isdisjoint(map(str.lower, macro_names()))


def install_macros(con: duckdb.DuckDBPyConnection, schema: str | None = None) -> None:
    """Create every macro of `sql/macros` in a connection; running it again replaces them.

    Args:
        con: An open DuckDB connection that may write its catalogue.
        schema: Schema to hold the macros, created where absent; None for the current one. Macros
            in a schema call each other by their qualified name, so no search path is needed.

    Raises:
        duckdb.Error: The connection is read-only or a macro does not parse.
    """
    script = "\n".join(path.read_text("utf-8") for path in macro_files())
    if schema is not None:
        quoted = '"' + schema.replace('"', '""') + '"'
        names = "|".join(sorted(macro_names(), key=len, reverse=True))
        script = re.sub(rf"\b({names})\s*\(", lambda match: f"{quoted}.{match[1]}(", script)
        con.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted}")
    con.execute(script)
