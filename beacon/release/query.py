"""Reading a release with SQL, without any means to change it.

What belongs here: a locked-down, in-memory DuckDB with one view a mart. What does not: the working
database, which readers never open.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from beacon.release.layout import Release
from beacon.statistics.macros import install_macros

if TYPE_CHECKING:
    import duckdb


def connect_release(release: Release, *, lock: bool = False) -> duckdb.DuckDBPyConnection:
    """A connection with a view for each mart of a release, and the statistics macros.

    Args:
        release: The release to read.
        lock: Bar every file outside the release and every change of settings, for SQL that comes
            from elsewhere.
    """
    import duckdb

    con = duckdb.connect()
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
