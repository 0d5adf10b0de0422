"""`beacon.duckdb`: views over the current release, for people with a DuckDB shell.

What belongs here: the analysts' database, which holds views and macros but no rows, and the same
views as a SQL script. What does not: the working database.
"""

from __future__ import annotations

import os
import uuid
from pathlib import Path

from beacon.contracts import Contract, comment_statements, load_contracts
from beacon.contracts.ddl import quote_literal
from beacon.release import layout
from beacon.release.layout import Release
from beacon.settings import Home
from beacon.statistics.macros import install_macros

# A view finds its files through this variable where it is set, so that a home that has moved can
# still be read: set variable beacon_home = '/new/place';
HOME_VARIABLE = "beacon_home"


def views_sql(contracts: list[Contract]) -> str:
    """A script of views over the files of one release, for any DuckDB with the release at hand."""
    lines = [
        "-- Views over the Parquet files of this release.",
        "-- Run it in the release's own directory: duckdb -init views.sql",
    ]
    lines += [
        f"create or replace view {contract.table} as "  # noqa: S608
        f"select * from read_parquet({quote_literal(contract.table + '.parquet')});"
        for contract in contracts
    ]
    return "\n".join(lines) + "\n"


def write_catalogue(home: Home, release: Release) -> None:
    """Write the analysts' database beside the current one and swap it in.

    Whoever has the old one open keeps it; who opens it anew sees the new release.
    """
    import duckdb

    contracts = load_contracts()
    temporary = home.root / f".beacon.{uuid.uuid4().hex}.duckdb"
    con = duckdb.connect(str(temporary))
    try:
        install_macros(con)
        for mart in release.manifest["marts"]:
            contract = contracts[f"marts.{mart['name']}"]
            path = f"/releases/{release.label}/{mart['file']}"
            con.execute(
                f'create view "{contract.table}" as select * from read_parquet('  # noqa: S608
                f"coalesce(getvariable('{HOME_VARIABLE}'), {quote_literal(str(home.root))}) "
                f"|| {quote_literal(path)})"
            )
            for statement in comment_statements(contract, contract.table, kind="view"):
                con.execute(statement)
    finally:
        con.close()
    temporary.chmod(0o644)
    _remove_log(temporary)
    os.replace(temporary, home.catalogue)  # noqa: PTH105


def _remove_log(database: Path) -> None:
    Path(f"{database}.wal").unlink(missing_ok=True)


__all__ = ["HOME_VARIABLE", "layout", "views_sql", "write_catalogue"]
