"""`beacon query`: read-only SQL on a release."""

from __future__ import annotations

from typing import Annotated

import typer

from beacon.cli.common import Format, FormatOption, HomeOption, print_rows, settings_from


def query(
    sql: Annotated[str, typer.Argument(help="A DuckDB query; marts are tables.")],
    release: Annotated[
        str | None, typer.Option("--release", help="Release label; the current one by default.")
    ] = None,
    form: FormatOption = Format.table,
    home: HomeOption = None,
) -> None:
    """Run a query on the marts of a release. Nothing can be changed and no other file read."""
    import duckdb

    from beacon.core.errors import BeaconError
    from beacon.core.settings import Home
    from beacon.release.layout import get_release
    from beacon.release.query import connect_release

    found = get_release(Home(settings_from(home=home).home), release)
    con = connect_release(found, lock=True, sql=sql)
    try:
        cursor = con.execute(sql)
        columns = [column[0] for column in cursor.description or []]
        rows = cursor.fetchall()
    except duckdb.Error as error:
        raise BeaconError(f"The query failed. {error}") from error
    print_rows(columns, rows, form)
