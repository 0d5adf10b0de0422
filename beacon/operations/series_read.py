"""Which series the files have that a home has read so far."""

from __future__ import annotations

import duckdb

from beacon.core.home import Home


def series_read(home: Home) -> frozenset[tuple[str, str]] | None:
    """Source and series of every observation that a home has staged.

    None where it has staged none, or where a file of them cannot be read: `beacon status` names it.
    """
    files = [str(path) for path in sorted((home.staging / "observation").glob("*.parquet"))]
    if not files:
        return None
    try:
        found = duckdb.execute(
            "select distinct source, series from read_parquet(?, union_by_name = true)", [files]
        ).fetchall()
    except duckdb.Error:
        return None
    return frozenset((source, series) for source, series in found)
