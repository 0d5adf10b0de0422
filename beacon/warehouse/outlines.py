"""Outlines of Places: the outlines of their parts, dissolved."""

from __future__ import annotations

import shapely

from beacon.contracts import create_table
from beacon.contracts.sql_files import sql_table
from beacon.warehouse.connection import Warehouse

_TABLE = "geography.place_outline"


def derive_place_outlines(warehouse: Warehouse) -> int:
    """Make `geography.place_outline`, one outline (WKB) for each Place; give its number of rows.

    The parts of each come from its SQL: authorities where there are any, else LSOAs.
    """
    con = warehouse.con
    found = con.execute(f"from ({sql_table(_TABLE).text}) order by place_code").fetchall()
    con.execute(create_table(warehouse.workspace.contracts[_TABLE]))
    for place_code, parts in found:
        con.execute(f"insert into {_TABLE} values (?, ?)", [place_code, _dissolved(parts)])  # noqa: S608
    return len(found)


def _dissolved(parts: list[bytes]) -> bytes:
    if len(parts) == 1:
        return parts[0]
    dissolved: bytes = shapely.to_wkb(shapely.union_all(shapely.from_wkb(parts)))
    return dissolved
