"""Reading a release with SQL, without any means to change it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from beacon.core.errors import BeaconError
from beacon.core.home import Home
from beacon.release.board_views import BOARD, board_views, quoted
from beacon.release.layout import BOARD_TABLE, Release, damaged
from beacon.statistics.macros import install_macros, names_macros

if TYPE_CHECKING:
    import duckdb

TIMEOUT_SECONDS = 60.0
MEMORY_LIMIT = "1GB"

# MULTI is what DuckDB makes of a PIVOT whose columns it must look up first.
_READING = frozenset({"SELECT", "EXPLAIN", "MULTI"})
_TO_FILES = frozenset({"COPY", "EXPORT"})
_TO_A_FILE = '\nTo write rows to a file: beacon query --format csv "SELECT ..." > FILE'
_ALLOWED = "SELECT, FROM, WITH, VALUES, TABLE, PIVOT, DESCRIBE, SUMMARIZE, SHOW or EXPLAIN"


def connect_release(release: Release, *, sql: str | None = None) -> duckdb.DuckDBPyConnection:
    """A connection with a view for each mart of a release, and the statistics macros.

    Args:
        release: The release to read.
        sql: All that will be asked, where that is known: macros that it does not name are not
            made, which takes longer than most questions.
    """
    import duckdb

    con = duckdb.connect()
    if sql is None or names_macros(sql):
        install_macros(con)
    for name, source in _marts(release).items():
        _create(con, "view", release, name, source)
    return con


def ask(
    release: Release, sql: str, *, timeout_seconds: float = TIMEOUT_SECONDS
) -> tuple[list[str], list[tuple[Any, ...]]]:
    """The answer to one query that somebody typed: names of columns, and rows.

    The marts that the query names are copied into memory; then DuckDB's access to files,
    extensions and settings is shut off for good, and the query runs in a transaction that may only
    read. A list of allowed files would not do: DuckDB may write to a file that it may read, and a
    COPY inside a WITH counts as a SELECT.

    Raises:
        BeaconError: When it is not exactly one statement that reads, when it fails, or when it
            takes longer than `timeout_seconds` or more memory than `MEMORY_LIMIT`.
    """
    import duckdb

    con = duckdb.connect(config={"memory_limit": MEMORY_LIMIT, "temp_directory": ""})
    try:
        _load_and_lock(con, release, sql)
        statement = _the_statement(con, sql)
        clock = threading.Timer(timeout_seconds, con.interrupt)
        clock.daemon = True
        clock.start()
        try:
            cursor = con.execute(statement)
            columns = [column[0] for column in cursor.description or []]
            return columns, cursor.fetchall()
        finally:
            clock.cancel()
    except duckdb.InterruptException as error:
        raise BeaconError(
            f"The query was stopped after {timeout_seconds:g} seconds. Ask for less, or give "
            "--timeout SECONDS."
        ) from error
    except (duckdb.OutOfMemoryException, MemoryError) as error:
        raise BeaconError(
            f"The query needs more memory than a query may have ({MEMORY_LIMIT}). Ask for less, or "
            "read the mart in Python: beacon.connect()."
        ) from error
    except duckdb.CatalogException as error:
        raise BeaconError(
            f'The query failed. {error}\nThe tables of a release: beacon query "show tables"'
        ) from error
    except duckdb.Error as error:
        raise BeaconError(f"The query failed. {error}") from error
    finally:
        con.close()


def _load_and_lock(con: duckdb.DuckDBPyConnection, release: Release, sql: str) -> None:
    if names_macros(sql):
        install_macros(con)
    asked = sql.lower()
    for name, source in _marts(release).items():
        # A view of the others, so that SHOW TABLES and DESCRIBE tell of them.
        kind = "table" if name.lower() in asked else "view"
        _create(con, kind, release, name, source)
    con.execute("set enable_external_access = false")
    con.execute("set lock_configuration = true")
    con.execute("begin transaction read only")


def _marts(release: Release) -> dict[str, str]:
    """A query for each mart: of its file, or of the files of all boards that a collection names."""
    manifest = release.manifest
    files = {mart["name"]: mart["file"] for mart in manifest["marts"]}
    queries: dict[str, str] = {}
    if "boards" in manifest:
        files[BOARD] = BOARD_TABLE
        home = Home(release.path.parent.parent)
        queries |= board_views(quoted(str(home.root)), home, manifest["boards"])
    for name, file in files.items():
        queries[name] = f"from read_parquet({quoted((release.path / file).as_posix())})"
    return queries


def _create(
    con: duckdb.DuckDBPyConnection, kind: str, release: Release, name: str, source: str
) -> None:
    import duckdb

    try:
        con.execute(f'create {kind} "{name}" as {source}')
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        raise damaged(release, f"{name}.parquet", str(error).splitlines()[0]) from error


def _the_statement(con: duckdb.DuckDBPyConnection, sql: str) -> duckdb.Statement:
    statements = con.extract_statements(sql)
    if len(statements) != 1:
        raise BeaconError(f"Give one statement, not {len(statements)}.")
    try:
        kind = statements[0].type.name
    except ValueError:  # A statement that DuckDB knows and its Python package does not.
        kind = "that"
    if kind not in _READING:
        instead = _TO_A_FILE if kind in _TO_FILES else ""
        raise BeaconError(f"Nothing can be changed: give {_ALLOWED}, not {kind}.{instead}")
    return statements[0]
