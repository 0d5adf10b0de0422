"""What the files have that a home has read so far, to tell a definition what it will find."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import duckdb

from beacon.core.home import Home
from beacon.registry.loading import load_successions


def unknown_series(home: Home, series: Iterable[tuple[str, str]]) -> list[str] | None:
    """Series that no file of observations has which a home has staged, in words.

    None where it has staged none, or where one cannot be read: `beacon status` names it.

    Args:
        home: The home.
        series: Source and series of each.
    """
    rows = _distinct(home, "observation", "source, series")
    if rows is None:
        return None
    return [f"{name!r} of {source}" for source, name in series if (source, name) not in rows]


def unknown_authorities(home: Home, codes: Iterable[str]) -> list[str] | None:
    """Local authorities that no LSOA lies in, of the deprivation files that a home has staged.

    None where it has staged none, or where one cannot be read. An authority is known by each code
    that it has had, and by those of areas that it took over whole.

    Args:
        home: The home.
        codes: Codes of the authorities.
    """
    rows = _distinct(home, "imd_lsoa", "lad_code")
    if rows is None:
        return None
    known, successions = {code for (code,) in rows}, load_successions()
    return [code for code in codes if known.isdisjoint(successions.within(code))]


def _distinct(home: Home, table: str, columns: str) -> set[tuple[Any, ...]] | None:
    files = [str(path) for path in sorted((home.staging / table).glob("*.parquet"))]
    if not files:
        return None
    try:
        found = duckdb.read_parquet(files, union_by_name=True).project(columns).distinct()
        return set(found.fetchall())
    except duckdb.Error:
        return None
