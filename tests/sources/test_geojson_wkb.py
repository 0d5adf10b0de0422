"""Outlines of GeoJSON: the bytes that GEOS writes, or left to GEOS."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
import shapely

from beacon.sources.geojson_wkb import polygon_wkb

RING = [[-3, 53.4], [-2.9, 53.4], [-2.9, 53.123456789012345], [-3, 53.4]]
HOLE = [[-2.96, 53.3], [-2.95, 53.3], [-2.95, 53.31], [-2.96, 53.3]]


@pytest.mark.parametrize(
    ("kind", "coordinates"),
    [
        ("Polygon", [RING]),
        ("Polygon", [RING, HOLE]),
        ("MultiPolygon", [[RING, HOLE]]),
        ("MultiPolygon", [[RING], [HOLE], [RING]]),
    ],
)
def test_polygons_are_written_as_geos_writes_them(kind: str, coordinates: Any) -> None:
    geometry = {"type": kind, "coordinates": coordinates}
    assert polygon_wkb(geometry) == shapely.to_wkb(shapely.from_geojson(json.dumps(geometry)))


@pytest.mark.parametrize(
    "geometry",
    [
        None,
        {},
        {"type": "Point", "coordinates": [1, 2]},
        {"type": "Polygon", "coordinates": []},
        {"type": "MultiPolygon", "coordinates": []},
        {"type": "MultiPolygon", "coordinates": [[]]},
        {"type": "Polygon", "coordinates": [RING[:-1]]},
        {"type": "Polygon", "coordinates": [RING[:2]]},
        {"type": "Polygon", "coordinates": [[[*point, 1.0] for point in RING]]},
        {"type": "Polygon", "coordinates": [[RING[0], [True, 2], RING[2], RING[0]]]},
        {"type": "Polygon", "coordinates": [[RING[0], ["1", 2], RING[2], RING[0]]]},
        {"type": "Polygon", "coordinates": [[RING[0], [None, 2], RING[2], RING[0]]]},
        {"type": "Polygon", "coordinates": [[RING[0], [math.inf, 2], RING[2], RING[0]]]},
        {"type": "Polygon", "coordinates": [[RING[0], [10**400, 2], RING[2], RING[0]]]},
        {"type": "Polygon", "coordinates": RING},
    ],
)
def test_other_geometry_is_left_to_geos(geometry: Any) -> None:
    assert polygon_wkb(geometry) is None
