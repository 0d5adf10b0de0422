"""`beacon.duckdb`: views over the current release, for people with a DuckDB shell."""

from __future__ import annotations

import os
import re
import uuid
from functools import cache
from pathlib import Path

import duckdb

from beacon.contracts import Contract, comment_statements, load_contracts
from beacon.contracts.ddl import quote_literal
from beacon.core.home import Home
from beacon.release.board_views import BOARD, board_views
from beacon.release.catalogue_home import HOME_VARIABLE, record_home_read
from beacon.release.layout import BOARD_TABLE, Release, damaged
from beacon.statistics.macros import install_macros

# The same for a single release that was exported: a folder or the address of an object store.
RELEASE_VARIABLE = "beacon_release"

# Which release the views are over; a view of its own, so that a query can say it.
RELEASE_VIEW = "release"

_TEMPORARY = re.compile(r"\.beacon\.[0-9a-f]{32}\.duckdb(\.wal)?")
_LABEL_IN_VIEW = re.compile(r"'(v[\d.]+-b?\d+)'")


@cache
def _contracts() -> dict[str, Contract]:
    return load_contracts()


def views_sql(contracts: list[Contract]) -> str:
    """A script of views over the files of one release, for any DuckDB with the release at hand."""
    lines = [
        "-- Views over the Parquet files of this release.",
        "-- In the release's own directory:   duckdb -init views.sql",
        "-- From elsewhere, or over an object store, say first where the release is:",
        f"--   set variable {RELEASE_VARIABLE} = 'folder or address without a closing slash';",
    ]
    lines += [
        f"create or replace view {contract.table} as select * from read_parquet("  # noqa: S608
        f"coalesce(getvariable('{RELEASE_VARIABLE}') || '/', '') "
        f"|| {quote_literal(contract.table + '.parquet')});"
        for contract in contracts
    ]
    return "\n".join(lines) + "\n"


def write_catalogue(home: Home, release: Release) -> None:
    """Write the analysts' database beside the current one and swap it in.

    Whoever has the old one open keeps it; who opens it anew sees the new release. Beside the views
    there are macros that read any release of the home: `as_of(release, mart)`, and
    `<mart>_as_of(release)` for each mart.
    """
    contracts = _contracts()
    temporary = home.root / f".beacon.{uuid.uuid4().hex}.duckdb"
    root = f"coalesce(getvariable('{HOME_VARIABLE}'), {quote_literal(str(home.root))})"
    con = duckdb.connect(str(temporary))
    try:
        install_macros(con)
        # One transaction for some 700 statements; the macros above call each other, and DuckDB
        # binds a macro only to what has been committed.
        con.begin()
        boards = release.manifest.get("boards", [])
        for name, query in board_views(root, home, boards).items():
            con.execute(f'create view "{name}" as {query}')
            if contract := contracts.get(f"marts.{name}"):
                con.execute(";".join(comment_statements(contract, name, kind="view")))
        if boards:
            path = quote_literal(f"/releases/{release.label}/{BOARD_TABLE}")
            con.execute(f"create view {BOARD} as select * from read_parquet({root} || {path})")  # noqa: S608
        con.execute(
            f"create macro as_of(release, mart) as table select * from read_parquet({root} "  # noqa: S608
            "|| '/releases/' || release || '/' || mart || '.parquet')"
        )
        for mart in release.manifest["marts"]:
            name, path = mart["name"], f"/releases/{release.label}/{mart['file']}"
            con.execute(
                f'create view "{name}" as '  # noqa: S608
                f"select * from read_parquet({root} || {quote_literal(path)})"
            )
            con.execute(
                f'create macro "{name}_as_of"(release) as table select * from read_parquet('  # noqa: S608
                f"{root} || '/releases/' || release || {quote_literal('/' + mart['file'])})"
            )
            contract = contracts.get(f"marts.{name}")
            if contract is None or list(contract.column_names) != [
                column["name"] for column in mart["columns"]
            ]:
                # An older release under newer contracts: its own columns stand, undescribed.
                continue
            con.execute(";".join(comment_statements(contract, name, kind="view")))
        con.execute(
            f"create view {RELEASE_VIEW} as select {quote_literal(release.label)} as release, "
            f"{str(release.manifest['fictional']).lower()} as fictional, "
            f"{quote_literal(str(home.root))} as home"
        )
        con.commit()
    except duckdb.Error as error:
        raise damaged(release, "", f"a view of it cannot be made: {error}") from error
    finally:
        con.close()
    temporary.chmod(0o644)
    Path(f"{temporary}.wal").unlink(missing_ok=True)
    os.replace(temporary, home.catalogue)  # noqa: PTH105
    record_home_read(home)


def catalogue_label(home: Home) -> str | None:
    """The release that the analysts' database is over.

    None where it cannot be told, or where the database was written when the home was elsewhere.
    """
    if not home.catalogue.is_file():
        return None
    try:
        with duckdb.connect(str(home.catalogue), read_only=True) as con:
            found = con.execute(
                "select sql from duckdb_views() where view_name = ? and not internal",
                [RELEASE_VIEW],
            ).fetchone()
    except duckdb.Error:
        return None
    if not found or quote_literal(str(home.root)) not in found[0]:
        return None
    match = _LABEL_IN_VIEW.search(found[0])
    return match.group(1) if match else None


def remove_temporary_catalogues(home: Home) -> list[Path]:
    """Remove what an interrupted swap left behind; give the files removed."""
    if not home.root.is_dir():
        return []
    found = [path for path in home.root.iterdir() if _TEMPORARY.fullmatch(path.name)]
    for path in found:
        path.unlink(missing_ok=True)
    return found
