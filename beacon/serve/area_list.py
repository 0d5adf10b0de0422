"""The areas that a release has figures for."""

from __future__ import annotations

from typing import Any

import duckdb

from beacon.serve.served_release import ServedRelease
from beacon.serve.trace_rows import records

_MOST_AREAS = 20_000

# Mart, and what of it names areas.
_NAMED_IN = {
    "place": (
        "select place_code as code, place_name as name, 'place' as type, icb_code as parent_code"
    ),
    "beacon_indicator": "select area_code, area_name, area_type, null",
    "core20plus5_indicator": "select area_code, area_name, area_type, null",
    "core20_ward": "select ward24_code, ward24_name, 'ward', place_code",
    "lsoa": "select lsoa21_code, lsoa21_name, 'lsoa', place_code",
}


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
        kind: One kind only.
        name: Part of the name or of the code; case is ignored.
    """
    marts = [mart for mart in _NAMED_IN if mart in served.marts]
    every = " union all ".join(f"{_NAMED_IN[mart]} from read_parquet(?)" for mart in marts)
    conditions, values = ["true"], [str(served.path_of(mart)) for mart in marts]
    if kind is not None:
        conditions.append("type = ?")
        values.append(kind)
    if name is not None:
        conditions.append("contains(lower(name || ' ' || code), lower(?))")
        values.append(name)
    # An area that crosses two Places has no one parent.
    return records(
        con,
        "select code, min(name) as name, type, "  # noqa: S608
        "if(count(distinct parent_code) = 1, min(parent_code), null) as parent_code "
        f"from ({every}) where {' and '.join(conditions)} "
        f"group by code, type order by type, code limit {_MOST_AREAS}",
        values,
    )
