"""The areas that a release knows: those it counts people of, and those it has figures for."""

from __future__ import annotations

from typing import Any

import duckdb

from beacon.contracts.sql_files import value_marts
from beacon.core.suggestions import did_you_mean
from beacon.serve.mart_models import mart_contracts
from beacon.serve.served_release import ServedRelease
from beacon.serve.trace_rows import records

_MOST_AREAS = 20_000


class UnknownNameError(Exception):
    """A name that the release does not know, with what it does know."""


_OF_THE_FOOTPRINT = ("place", "board", "nation")


def list_areas(
    con: duckdb.DuckDBPyConnection,
    served: ServedRelease,
    *,
    kind: str | None = None,
    name: str | None = None,
) -> list[dict[str, Any]]:
    """Areas in order of kind and code.

    Args:
        con: A connection.
        served: The release.
        kind: One kind only, as mart `area` names them, or lsoa, region, metropolitan_county.
        name: Part of the name or of the code; case is ignored.

    Raises:
        UnknownNameError: When there is no such kind, with those that the release has.
    """
    # A code of several kinds and vintages (a Place that is one authority) is listed once: as a
    # Place, else as mart `area` has it last, else as its figures are called.
    every = {
        "area": "area_code, area_name, kind, parent_code, if(kind = 'place', 0, 1), vintage",
        **dict.fromkeys(value_marts(served.marts), "area_code, area_name, area_type, null, 2, 0"),
        "lsoa": "lsoa21_code, lsoa21_name, 'lsoa', place_code, 3, 0",
    }
    marts = [mart for mart in every if mart in served.marts]
    named = " union all ".join(f"select {every[mart]} from read_parquet(?)" for mart in marts)  # noqa: S608
    once = (
        "with named(code, name, type, parent_code, priority, vintage) as "
        f"({named}), once as (from named qualify row_number() over "
        "(partition by code order by priority, vintage desc, type, name) = 1) "
    )
    files = [str(served.path_of(mart)) for mart in marts]
    found = records(
        con,
        f"{once} select code, name, type, parent_code from once where (? is null or type = ?) "  # noqa: S608
        "and (? is null or contains(lower(name || ' ' || code), lower(?))) "
        f"order by type, code limit {_MOST_AREAS}",
        [*files, kind, kind, name, name],
    )
    if kind is not None and not found:
        kinds_sql = f"{once} select distinct type from once order by type"  # noqa: S608
        kinds = [row["type"] for row in records(con, kinds_sql, files)]
        # A kind that other releases have is one, though this one has none of it.
        if kind not in (*kinds, *(mart_contracts()["area"].column("kind").allowed or ())):
            raise UnknownNameError(
                f"There is no kind of area {kind[:80]!r}.{did_you_mean(kind, kinds)} "
                f"Kinds: {', '.join(kinds)}."
            )
    return found


def find_area(con: duckdb.DuckDBPyConnection, served: ServedRelease, area: str) -> dict[str, Any]:
    """The area of a code or a name; of several of one name, the Place, the board or the nation.

    Raises:
        UnknownNameError: When there is none, or more than one of that name.
    """
    areas = list_areas(con, served)
    wanted = area.strip().casefold()
    found = [a for a in areas if a["code"].casefold() == wanted]
    found = found or [a for a in areas if a["name"].casefold() == wanted]
    if len(found) > 1:
        found = [a for a in found if a["type"] in _OF_THE_FOOTPRINT] or found
    if len(found) > 1:
        named = "; ".join(f"{a['code']} ({a['type']})" for a in found[:10])
        raise UnknownNameError(f"More than one area is called {area!r}: {named}. Give the code.")
    if not found:
        known = [a["name"] for a in areas if a["type"] not in ("lsoa", "ward", "msoa")]
        raise UnknownNameError(
            f"There is no area {area!r}.{did_you_mean(area, known)} find_areas lists them."
        )
    return found[0]
