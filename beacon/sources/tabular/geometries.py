"""Outlines of areas from GeoPackage and GeoJSON, and whether they can be outlines at all."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from beacon.core.errors import InputRefusedError, Problem
from beacon.sources.remarks import remark
from beacon.sources.tabular.tidy_text import fold

# Envelope sizes by the three envelope bits of a GeoPackage geometry header.
# Source: OGC 12-128r18, GeoPackage Encoding Standard, 2.1.3 "BLOB format".
_ENVELOPE_BYTES = {0: 0, 1: 32, 2: 48, 3: 48, 4: 64}
# WGS 84, and what GeoPackage calls an undefined geographic system.
_WGS84 = (4326, 0)
# ETRS89 and WGS 84 differ by less than a metre; CRS84 is WGS 84 with longitude first.
_DEGREES = re.compile(r"(?i)crs:?:?84$|epsg:?:?(?:4326|4258)$")

# Longitude and latitude of the United Kingdom with its waters.
_UNITED_KINGDOM = (-9.0, 49.0, 3.0, 61.5)
_EARTH = (-180.0, -90.0, 180.0, 90.0)
# Latitude where longitude belongs.
_SWAPPED = (49.0, -60.0, 61.5, 3.0)
_SHOWN = 5
# The first feature's geometry may stand before its properties.
_PEEKED_BYTES = 1 << 20
_MOST_CROSSED = 0.1


@dataclass(frozen=True)
class Feature:
    """One area as it stands in a file: its number from 1, properties, and WKB or GeoJSON."""

    number: int
    properties: dict[str, Any]
    geometry: bytes | str | None


def property_of(properties: dict[str, Any], name: str) -> Any:
    """A property by its name, whatever its case."""
    if name in properties:
        return properties[name]
    wanted = fold(name)
    return next((value for key, value in properties.items() if fold(key) == wanted), None)


def geojson_fields(path: Path) -> list[str]:
    """Names of the properties of a GeoJSON's first feature.

    Raises:
        InputRefusedError: When the file is damaged or holds no feature.
    """
    features = features_of(path, _geojson(path)["features"])
    if not features:
        raise InputRefusedError([Problem(path.name, "the GeoJSON holds no feature.")])
    return list(features[0].properties)


def fields_of_damaged_geojson(path: Path) -> list[str]:
    """Names of the first properties in the text of a GeoJSON that is cut short or damaged."""
    with path.open("rb") as stream:
        text = stream.read(_PEEKED_BYTES).decode("utf-8-sig", errors="replace")
    # The coordinate system, which stands above the features, has properties too.
    features = text.partition('"features"')[2]
    found = re.search(r'"properties"\s*:\s*\{([^{}]*)\}', features)
    return re.findall(r'"([^"]+)"\s*:', found[1]) if found else []


def _geojson(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_bytes().decode("utf-8-sig"))
        if not isinstance(document["features"], list):
            raise TypeError("its features are no list")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        row = getattr(error, "lineno", None)
        raise InputRefusedError(
            [Problem(path.name, f"the GeoJSON is damaged or cut short ({error}).", row)]
        ) from error
    return dict(document)


def geojson_features(path: Path) -> list[Feature]:
    """The features of a GeoJSON whose coordinates are in degrees.

    Raises:
        InputRefusedError: When the file is damaged, or declares another coordinate system.
    """
    document = _geojson(path)
    refuse_other_systems(path, coordinate_system(document))
    return features_of(path, document["features"])


def refuse_other_systems(path: Path, named: str) -> None:
    """Refuse coordinates that a GeoJSON says are in another system than degrees.

    Raises:
        InputRefusedError: Naming the system.
    """
    if named and not _DEGREES.search(named):
        code = re.search(r"(\d+)$", named)
        _refuse_system(path, f"EPSG:{code[1]}" if code else repr(named))


def coordinate_system(document: dict[str, Any]) -> str:
    """The coordinate system that a GeoJSON's old member `crs` names; empty for none."""
    member = document.get("crs")
    properties = member.get("properties") if isinstance(member, dict) else None
    return str(properties.get("name", "")) if isinstance(properties, dict) else ""


def features_of(path: Path, features: Sequence[Any]) -> list[Feature]:
    """Features of GeoJSON that has been parsed.

    Raises:
        InputRefusedError: Naming the first that is none.
    """
    found: list[Feature] = []
    for number, feature in enumerate(features, 1):
        if not isinstance(feature, dict) or not isinstance(feature.get("properties") or {}, dict):
            raise InputRefusedError([Problem(path.name, "this is no GeoJSON feature.", number)])
        geometry = feature.get("geometry")
        text = None if geometry is None else json.dumps(geometry)
        found.append(Feature(number, feature.get("properties") or {}, text))
    return found


def geopackage_layers(path: Path) -> dict[str, list[str]]:
    """Fields of every layer of outlines; tables of other kinds, such as styles, are left out.

    Raises:
        InputRefusedError: When the file is damaged or has no such layer.
    """
    with _opened(path) as connection:
        tables = connection.execute(
            "select table_name from gpkg_contents where data_type = 'features' order by rowid"
        ).fetchall()
        layers = {
            table: [name for (name,) in connection.execute(_FIELDS, (table,))]
            for (table,) in tables
        }
    if not layers:
        raise InputRefusedError([Problem(path.name, "the GeoPackage holds no layer of features.")])
    return layers


_FIELDS = "select name from pragma_table_info(?)"


def geopackage_features(path: Path, wanted: Sequence[str]) -> list[Feature]:
    """The features of the one layer that has some fields.

    Raises:
        InputRefusedError: When the file is damaged, no layer has the fields or several have, or
            coordinates are not in degrees.
    """
    layers = geopackage_layers(path)
    folded = {layer: {fold(name): name for name in fields} for layer, fields in layers.items()}
    having = [layer for layer, names in folded.items() if all(fold(w) in names for w in wanted)]
    if not having:
        missing = [name for name in wanted if fold(name) not in next(iter(folded.values()))]
        raise InputRefusedError(
            [Problem(path.name, "no layer has the field.", column=name) for name in missing]
        )
    if len(having) > 1:
        message = f"the layers {' and '.join(map(repr, having))} both hold these areas."
        remedy = "Save the layer that should be used in a file of its own."
        raise InputRefusedError([Problem(path.name, message, remedy=remedy)])
    (layer,) = having
    with _opened(path) as connection:
        geometry, *systems = connection.execute(
            "select g.column_name, g.srs_id, c.srs_id from gpkg_geometry_columns g "
            "join gpkg_contents c using (table_name) where table_name = ?",
            (layer,),
        ).fetchone()
        for system in systems:
            if system is not None and system not in _WGS84:
                _refuse_system(path, f"EPSG:{system}")
        names = [*(folded[layer][fold(name)] for name in wanted), geometry]
        columns = ", ".join(map(_quoted, names))
        query = f"select {columns} from {_quoted(layer)} order by rowid"  # noqa: S608 - quoted
        rows = connection.execute(query).fetchall()
    return [
        Feature(number, dict(zip(wanted, row[:-1], strict=True)), _without_header(row[-1]))
        for number, row in enumerate(rows, 1)
    ]


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
        try:
            yield connection
        finally:
            connection.close()
    except (sqlite3.Error, TypeError, ValueError, OverflowError) as error:
        raise InputRefusedError(
            [Problem(path.name, f"the GeoPackage is damaged or cut short ({error}).")]
        ) from error


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _without_header(blob: Any) -> bytes | None:
    """The well-known binary behind a GeoPackage's own header; None where there is none."""
    if not isinstance(blob, bytes) or blob[:2] != b"GP" or len(blob) < 8:
        return None
    return blob[8 + _ENVELOPE_BYTES.get((blob[3] >> 1) & 7, 0) :] or None


def _refuse_system(path: Path, system: str) -> None:
    message = f"coordinates are in {system}; longitude and latitude (EPSG:4326) are needed."
    remedy = "Download it in WGS 84 (EPSG:4326), or save it so from a geographic program."
    raise InputRefusedError([Problem(path.name, message, remedy=remedy)])


def outlines(path: Path, features: Sequence[Feature], *, fictional: bool) -> list[bytes]:
    """Well-known binary of every feature, all of which must be areas in longitude and latitude.

    An outline that crosses itself is kept as published, with a remark, where that makes less than
    a tenth of its size: simplified outlines of islands and estuaries do.

    Raises:
        InputRefusedError: Naming the features that are none.
    """
    shapes = _shapes(features)
    boxes = shapely.bounds(shapes)
    kinds, empty = shapely.get_type_id(shapes), shapely.is_empty(shapes)
    allowed = _EARTH if fictional else _UNITED_KINGDOM
    sound = (
        ((kinds == shapely.GeometryType.POLYGON) | (kinds == shapely.GeometryType.MULTIPOLYGON))
        & ~empty
        & (boxes[:, :2] >= allowed[:2]).all(axis=1)
        & (boxes[:, 2:] <= allowed[2:]).all(axis=1)
        & ~((boxes[:, :2] >= _SWAPPED[:2]).all(axis=1) & (boxes[:, 2:] <= _SWAPPED[2:]).all(axis=1))
    )
    problems = [
        Problem(
            path.name, f"the geometry {_fault(shapes[place])}", features[place].number, "geometry"
        )
        for place in (~sound).nonzero()[0][:_SHOWN]
    ]
    slight: list[tuple[int, str]] = []
    for place in (sound & ~shapely.is_valid(shapes)).nonzero()[0]:
        number, reason = features[place].number, shapely.is_valid_reason(shapes[place])
        if _is_slight(shapes[place]):
            slight.append((number, reason))
        else:
            message = f"the geometry crosses itself ({reason})."
            problems.append(Problem(path.name, message, number, "geometry"))
    _remark_slight(path, slight)
    if problems:
        raise InputRefusedError(problems[:_SHOWN])
    return list(shapely.to_wkb(shapes))


def _shapes(features: Sequence[Feature]) -> Any:
    """Geometries as an array, None where there is none or it is damaged."""
    given = [feature.geometry for feature in features]
    if given and all(isinstance(geometry, bytes) or geometry is None for geometry in given):
        return shapely.from_wkb(np.array(given, dtype=object), on_invalid="ignore")
    return shapely.from_geojson(np.array(given, dtype=object), on_invalid="ignore")


def _fault(shape: Any) -> str:
    """Why a geometry cannot be the outline of an area."""
    if shape is None:
        return "is missing or damaged."
    if shape.is_empty:
        return "is empty."
    if shape.geom_type not in ("Polygon", "MultiPolygon"):
        return f"is a {shape.geom_type} where the outline of an area is needed."
    west, south, east, north = shape.bounds
    if (
        west >= _SWAPPED[0]
        and east <= _SWAPPED[2]
        and south >= _SWAPPED[1]
        and north <= _SWAPPED[3]
    ):
        return (
            f"has latitude ({west:.4f}) where longitude belongs ({south:.4f}): the two have "
            "changed places."
        )
    return (
        f"reaches from {west:,.7g}, {south:,.7g} to {east:,.7g}, {north:,.7g}, which are no "
        "degrees of longitude and latitude in the United Kingdom."
    )


def _is_slight(shape: Any) -> bool:
    """Whether an outline without its crossings would have nearly the same size."""
    after = shapely.make_valid(shape, method="structure").area
    return bool(abs(after - shape.area) <= _MOST_CROSSED * after)


def _remark_slight(path: Path, slight: list[tuple[int, str]]) -> None:
    if not slight:
        return
    (first, reason), *others = slight
    more = f"; so do {len(others)} others" if others else ""
    message = f"the geometry crosses itself ({reason}){more}; kept as published."
    remark(Problem(path.name, message, first, "geometry", remedy=""))
