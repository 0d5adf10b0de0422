"""The areas that a release knows: those it counts people of, and those it has figures for."""

from __future__ import annotations

from typing import Any

import duckdb

from beacon.core.suggestions import did_you_mean
from beacon.serve.served_release import ServedRelease
from beacon.serve.trace_rows import records

_MOST_AREAS = 20_000


class UnknownNameError(Exception):
    """A name that the release does not know, with what it does know."""


# Mart, and what of it names areas. A code that is of several kinds (a Place that is one authority)
# is listed once, as the first of them.
_NAMED_IN = {
    "place": "select place_code as code, place_name as name, 'place' as type, "
    "icb_code as parent_code, 0 as priority",
    "area": "select area_code, area_name, kind, parent_code, 1 + 1 / (1.0 + vintage)",
    "observation": "select area_code, area_name, area_type, null, 3",
    "lsoa": "select lsoa21_code, lsoa21_name, 'lsoa', place_code, 4",
}
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
    """
    marts = [mart for mart in _NAMED_IN if mart in served.marts]
    every = " union all ".join(f"{_NAMED_IN[mart]} from read_parquet(?)" for mart in marts)
    return records(
        con,
        "select code, arg_min(name, priority) as name, arg_min(type, priority) as type, "  # noqa: S608
        f"arg_min(parent_code, priority) as parent_code from ({every}) group by code "
        "having (? is null or type = ?) "
        "and (? is null or contains(lower(arg_min(name, priority) || ' ' || code), lower(?))) "
        f"order by type, code limit {_MOST_AREAS}",
        [*(str(served.path_of(mart)) for mart in marts), kind, kind, name, name],
    )


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
