"""Polygons of GeoJSON as well-known binary.

What belongs here: polygons and multipolygons in two dimensions that are whole, which is what
publishers of boundaries write. What does not: judging other geometry, which GEOS does
(`beacon.sources.boundaries`).

GEOS reads GeoJSON from text only, so coordinates that are parsed already would have to be written
out and parsed again: nine tenths of the time that a file of outlines takes.
Forms: RFC 7946, section 3.1; OGC 06-103r4, section 8.2.
"""

from __future__ import annotations

import math
import struct
from array import array
from itertools import chain
from typing import Any

_LITTLE_ENDIAN = 1
_POLYGON, _MULTIPOLYGON = 3, 6
_HEAD = struct.Struct("<BII")
_COUNT = struct.Struct("<I")
_LEAST_POINTS = 4


class _UnusualGeometryError(Exception):
    """Not a whole polygon in two dimensions."""


def polygon_wkb(geometry: Any) -> bytes | None:
    """Write a geometry as GEOS would; None where it is for GEOS to judge.

    Args:
        geometry: The value of a feature's `geometry`, as `json` gives it.
    """
    try:
        kind, coordinates = geometry["type"], geometry["coordinates"]
        if kind == "Polygon":
            return _polygon(coordinates)
        if kind == "MultiPolygon" and coordinates:
            head = _HEAD.pack(_LITTLE_ENDIAN, _MULTIPOLYGON, len(coordinates))
            return head + b"".join(map(_polygon, coordinates))
    except (_UnusualGeometryError, KeyError, TypeError, OverflowError, struct.error):
        pass
    return None


def _polygon(rings: list[Any]) -> bytes:
    if not rings:
        raise _UnusualGeometryError
    return _HEAD.pack(_LITTLE_ENDIAN, _POLYGON, len(rings)) + b"".join(map(_ring, rings))


def _ring(points: list[Any]) -> bytes:
    if len(points) < _LEAST_POINTS or points[0] != points[-1] or set(map(len, points)) != {2}:
        raise _UnusualGeometryError
    numbers = list(chain.from_iterable(points))
    # True is a number to Python, and infinity to JSON's readers, but neither to GEOS.
    if not set(map(type, numbers)) <= {float, int} or not math.isfinite(sum(numbers)):
        raise _UnusualGeometryError
    doubles = array("d", numbers)
    if _BIG_ENDIAN_MACHINE:
        doubles.byteswap()
    return _COUNT.pack(len(points)) + doubles.tobytes()


_BIG_ENDIAN_MACHINE = struct.pack("=H", 1) != struct.pack("<H", 1)
