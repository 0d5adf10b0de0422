"""Reading a release with SQL, without any means to change it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from beacon.release.layout import Release
from beacon.statistics.macros import install_macros, names_macros

if TYPE_CHECKING:
    import duckdb


def connect_release(
    release: Release, *, lock: bool = False, sql: str | None = None
) -> duckdb.DuckDBPyConnection:
    """A connection with a view for each mart of a release, and the statistics macros.

    Args:
        release: The release to read.
        sql: All that will be asked, where that is known: macros that it does not name are not
            made, which takes longer than most questions.
        lock: Bar every file outside the release and every change of settings, for SQL that comes
            from elsewhere.
    """
    import duckdb

    con = duckdb.connect()
    if sql is None or names_macros(sql):
        install_macros(con)
    root = str(release.path)
    for mart in release.manifest["marts"]:
        file = (release.path / mart["file"]).as_posix().replace("'", "''")
        con.execute(
            f"create view \"{mart['name']}\" as select * from read_parquet('{file}')"  # noqa: S608
        )
    if lock:
        con.execute("set allowed_directories = [?]", [root])
        con.execute("set enable_external_access = false")
        con.execute("set lock_configuration = true")
    return con
