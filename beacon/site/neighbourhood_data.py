"""The system's LSOAs for the explorer's map: outlines, wards and deprivation."""

from __future__ import annotations

from typing import Any

from beacon.site.charts import map_chart
from beacon.site.facts import ReleaseFacts

# Detail that the map may drop; a drawing unit is about 20 m where the system is 80 km across.
_TOLERANCE_METRES = 50.0
_FINER = 4


def neighbourhoods(facts: ReleaseFacts, index_of_area: dict[str, int]) -> dict[str, Any] | None:
    """LSOAs with their outlines; None where the release has no outlines.

    Args:
        facts: The release.
        index_of_area: Index of each Place in the explorer's list of areas, by code.

    Returns:
        Size of the drawing, wards, and for each LSOA: code, name, Place, ward, decile of the index
        of multiple deprivation, whether it is in Core20, people, and the path of its outline.
    """
    rows = [row for row in facts.lsoas if row.get("geometry") is not None]
    if not rows:
        return None
    shapes = map_chart.simplified(
        {row["lsoa21_code"]: row["geometry"] for row in rows}, _TOLERANCE_METRES
    )
    frame = map_chart.projection_of(map_chart.bounds_of(list(shapes.values())), finer=_FINER)
    vintage = facts.imd_vintage
    wards: dict[str, int] = {}
    found = []
    for row in rows:
        shape = shapes.get(row["lsoa21_code"])
        if shape is None:
            continue
        ward = row.get("ward24_name")
        found.append(
            [
                row["lsoa21_code"],
                row["lsoa21_name"],
                index_of_area.get(row["place_code"]),
                None if not ward else wards.setdefault(ward, len(wards)),
                row.get(f"imd{vintage}_decile"),
                bool(row.get(f"core20_imd{vintage}")),
                row.get("people"),
                map_chart.path_of(shape, frame),
            ]
        )
    return {
        "vintage": vintage,
        "width": map_chart.WIDTH * _FINER,
        "height": frame.height,
        "wards": list(wards),
        "lsoas": found,
    }
