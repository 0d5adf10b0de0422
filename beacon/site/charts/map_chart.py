"""Outlines as SVG paths, simplified so that neighbours still share their edges."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

WIDTH = 1000


@dataclass(frozen=True)
class Projection:
    """Longitude and latitude to whole drawing units, true to shape at the map's own latitude."""

    west: float
    north: float
    units_per_degree: float
    squeeze: float
    height: int

    def __call__(self, x: float, y: float) -> tuple[int, int]:
        """A point in whole drawing units."""
        return (
            round((x - self.west) * self.squeeze * self.units_per_degree),
            round((self.north - y) * self.units_per_degree),
        )


def projection_of(bounds: Sequence[float], finer: int = 1) -> Projection:
    """A projection that fits longitude and latitude bounds into the drawing's width.

    Args:
        bounds: West, south, east and north.
        finer: How many times `WIDTH` the drawing is wide, for one that is zoomed into.
    """
    west, south, east, north = bounds
    squeeze = math.cos(math.radians((south + north) / 2))
    span = max((east - west) * squeeze, (north - south) * 0.45, 1e-9)
    scale = WIDTH * finer / span
    return Projection(west, north, scale, squeeze, max(math.ceil((north - south) * scale), 1))


def simplified(outlines: Mapping[str, bytes], tolerance_metres: float) -> dict[str, Any]:
    """Outlines with fewer points; edges that two areas share stay shared.

    Args:
        outlines: WKB in longitude and latitude, by code.
        tolerance_metres: Detail smaller than about this is dropped.

    Returns:
        Shapely geometries by code, without empty ones.
    """
    import numpy as np
    import shapely

    codes = sorted(outlines)
    shapes = shapely.from_wkb([bytes(outlines[code]) for code in codes])
    whole = np.array(shapes, dtype=object)
    # One degree of latitude is about 111 km.
    tolerance = tolerance_metres / 111_000
    kept = shapely.coverage_simplify(whole, tolerance) if len(codes) else whole
    return {
        code: shape
        for code, shape in zip(codes, kept, strict=True)
        if shape is not None and not shape.is_empty
    }


def united(shapes: Sequence[Any]) -> Any:
    """The outline of areas that share edges.

    Super-generalised outlines of some boards overlap by a hair, which the fast union of a coverage
    refuses; the general one takes them.
    """
    import shapely

    try:
        return shapely.coverage_union_all(list(shapes))
    except shapely.errors.GEOSException:
        return shapely.union_all(shapely.make_valid(list(shapes)))


def bounds_of(shapes: Sequence[Any]) -> tuple[float, float, float, float]:
    """West, south, east and north of all shapes."""
    import shapely

    west, south, east, north = shapely.total_bounds(list(shapes))
    return float(west), float(south), float(east), float(north)


def path_of(shape: Any, projection: Projection) -> str:
    """A shape as the data of one SVG path, in whole units, each step relative to the last."""
    import shapely

    parts = []
    for polygon in shapely.get_parts(shape):
        if polygon.geom_type != "Polygon":
            continue
        for ring in (polygon.exterior, *polygon.interiors):
            text = _ring(shapely.get_coordinates(ring).tolist(), projection)
            if text:
                parts.append(text)
    return "".join(parts)


def _ring(coordinates: list[list[float]], projection: Projection) -> str:
    points: list[tuple[int, int]] = []
    for x, y in coordinates[:-1]:
        at = projection(x, y)
        if not points or at != points[-1]:
            points.append(at)
    if len(points) < 3:
        return ""
    steps = [f"M{points[0][0]} {points[0][1]}l"]
    for (x0, y0), (x1, y1) in pairwise(points):
        steps.append(f"{x1 - x0} {y1 - y0} ")
    return "".join(steps).rstrip() + "z"


def label_point(shape: Any, projection: Projection) -> tuple[int, int]:
    """Where an area's name goes: well inside its largest part."""
    import shapely

    largest = max(shapely.get_parts(shape), key=lambda part: part.area)
    circle = shapely.maximum_inscribed_circle(largest, tolerance=0.005)
    x, y = shapely.get_coordinates(circle)[0]
    return projection(float(x), float(y))
