"""Population-weighted centroids of LSOAs, as the ONS publishes them, that an analyst supplies."""

from __future__ import annotations

import csv
from pathlib import Path

from beacon.core.errors import BeaconError, InputRefusedError, Problem

_CODES = ("lsoa21cd",)
_DEGREES = (("long", "lat"), ("longitude", "latitude"))
_GRID = (("x", "y"), ("eastings", "northings"), ("bng_e", "bng_n"))
_ADVICE = (
    "Give the CSV of population-weighted centroids of LSOAs 2021, with LSOA21CD and x and y in "
    "British National Grid, or long and lat."
)
_MOST_BYTES = 20_000_000


def read_centroids(path: Path) -> dict[str, tuple[float, float]]:
    """Longitude and latitude of the population-weighted centroid of each LSOA 2021.

    Args:
        path: A CSV with LSOA21CD and coordinates: x and y in British National Grid (EPSG:27700,
            converted, exact to a few metres), or long and lat.

    Raises:
        InputRefusedError: Naming the row and column that cannot be used.
        BeaconError: When the file cannot be read or is too large.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise BeaconError(f"{path} is larger than any file of centroids. {_ADVICE}")
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BeaconError(f"{path} cannot be read: {error}. {_ADVICE}") from error
    rows = csv.reader(text.splitlines())
    header = [name.strip().lower() for name in next(rows, [])]
    code = next((header.index(name) for name in _CODES if name in header), None)
    pair = next((p for p in (*_DEGREES, *_GRID) if set(p) <= set(header)), None)
    if code is None or pair is None:
        message = "it has no columns LSOA21CD and x and y, or long and lat."
        raise InputRefusedError([Problem(path.name, message, 1, remedy=_ADVICE)])
    at = [header.index(name) for name in pair]
    found: dict[str, tuple[float, float]] = {}
    for number, row in enumerate(rows, start=2):
        if not any(row):
            continue
        try:
            x, y = (float(row[column]) for column in at)
            found[row[code].strip()] = x, y
        except (ValueError, IndexError) as error:
            message = f"has no number in {pair[0]} or {pair[1]}."
            raise InputRefusedError(
                [Problem(path.name, message, number, remedy=_ADVICE)]
            ) from error
    return found if pair in _DEGREES else _to_degrees(found)


def _to_degrees(points: dict[str, tuple[float, float]]) -> dict[str, tuple[float, float]]:
    import geopandas as gpd

    xs, ys = zip(*points.values(), strict=True) if points else ((), ())
    degrees = gpd.GeoSeries(gpd.points_from_xy(xs, ys), crs=27700).to_crs(4326)
    return {
        code: (float(point.x), float(point.y)) for code, point in zip(points, degrees, strict=True)
    }
