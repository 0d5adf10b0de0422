"""Boundaries: the outline of areas as well-known binary in longitude and latitude (WGS 84)."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import polars as pl

from beacon.core.errors import InputRefusedError, Problem
from beacon.registry.sources import Container, DatasetSpec
from beacon.sources.page_archive import read_features
from beacon.sources.tabular.codes import area_pattern

# Envelope sizes by the three envelope bits of a GeoPackage geometry header.
# Source: OGC 12-128r18, GeoPackage Encoding Standard, 2.1.3 "BLOB format".
_ENVELOPE_BYTES = {0: 0, 1: 32, 2: 48, 3: 48, 4: 64}
# By the flags, of which the envelope's bits are the second to the fourth.
_HEADER_BYTES = [8 + _ENVELOPE_BYTES.get((flags >> 1) & 7, 0) for flags in range(256)]
_WGS84 = (4326, 0)


def read_boundaries(
    path: Path, container: Container, spec: DatasetSpec, fictional: bool
) -> pl.DataFrame:
    """Read outlines. Options: `area_type`, `code`, `name`, `kind`, `resolution`.

    Returns:
        One row per area: area_type, area_code, area_name, resolution, geometry (WKB, EPSG:4326),
        source_row (feature number).

    Raises:
        InputRefusedError: For a damaged file, another coordinate system, a bad or repeated code.
    """
    options = spec.dataset.options
    if container == "gpkg":
        rows = _geopackage_rows(path, options)
    elif container == "pages":
        rows = _feature_rows(path, read_features(path), options)
    else:
        rows = _geojson_rows(path, options)
    frame = pl.DataFrame(
        rows,
        schema={"area_code": pl.String, "area_name": pl.String, "geometry": pl.Binary},
        orient="row",
    ).with_row_index("source_row", offset=1)
    _check(path, frame, spec, fictional)
    return frame.select(
        pl.lit(options["area_type"]).alias("area_type"),
        "area_code",
        "area_name",
        pl.lit(options["resolution"]).alias("resolution"),
        "geometry",
        pl.col("source_row").cast(pl.Int32),
    )


def _check(path: Path, frame: pl.DataFrame, spec: DatasetSpec, fictional: bool) -> None:
    problems: list[Problem] = []
    column = str(spec.dataset.options["code"])
    letters = "Z" if fictional else "[A-Z]"
    kind = spec.dataset.options["kind"]
    # Boundaries of the United Kingdom carry Scottish and Northern Irish codes too.
    pattern = area_pattern(kind, fictional=fictional).replace("[EW]", letters, 1)
    if not fictional and kind not in ("lsoa",):
        pattern = r"[A-Z]\d{8}"
    for row, code in frame.filter(~pl.col("area_code").str.contains(f"^{pattern}$")).select(
        "source_row", "area_code"
    ).head(5).iter_rows():  # fmt: skip
        problems.append(Problem(path.name, f"{code!r} is not a code of this kind.", row, column))
    for row, code in frame.filter(pl.col("area_code").is_duplicated()).select(
        "source_row", "area_code"
    ).head(2).iter_rows():  # fmt: skip
        problems.append(Problem(path.name, f"{code!r} occurs more than once.", row, column))
    bounds = spec.dataset.rows
    if not fictional and frame.height < bounds.min:
        problems.append(
            Problem(path.name, f"has {frame.height:,} areas where {bounds.min:,} are expected.")
        )
    if problems:
        raise InputRefusedError(problems)


def _geopackage_rows(path: Path, options: dict[str, Any]) -> list[tuple[str, str, bytes]]:
    try:
        with sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True) as connection:
            table, srs = connection.execute(
                "select table_name, srs_id from gpkg_contents where data_type = 'features'"
            ).fetchone()
            (geometry,) = connection.execute(
                "select column_name from gpkg_geometry_columns where table_name = ?", (table,)
            ).fetchone()
            fields = connection.execute("select name from pragma_table_info(?)", (table,))
            known = {name for (name,) in fields}
            wanted = [options["code"], options["name"], geometry]
            missing = [name for name in wanted if name not in known]
            if missing:
                raise InputRefusedError(
                    [Problem(path.name, "the field is missing.", column=name) for name in missing]
                )
            quoted = ", ".join('"' + name.replace('"', '""') + '"' for name in wanted)
            source = '"' + table.replace('"', '""') + '"'
            found = connection.execute(f"select {quoted} from {source} order by rowid").fetchall()  # noqa: S608
    except (sqlite3.DatabaseError, TypeError) as error:
        raise InputRefusedError(
            [Problem(path.name, f"the GeoPackage is damaged or cut short ({error}).")]
        ) from error
    if srs not in _WGS84:
        raise InputRefusedError(
            [Problem(path.name, f"coordinates are in EPSG:{srs}; EPSG:4326 is needed.")]
        )
    rows: list[tuple[str, str, bytes]] = []
    for row, (code, name, blob) in enumerate(found, 1):
        if not blob or blob[:2] != b"GP":
            problem = Problem(path.name, "the geometry is missing or damaged.", row)
            raise InputRefusedError([problem])
        rows.append((code, name, blob[_HEADER_BYTES[blob[3]] :]))
    return rows


def _geojson_rows(path: Path, options: dict[str, Any]) -> list[tuple[str, str, bytes]]:
    try:
        document = json.loads(path.read_bytes().decode("utf-8-sig"))
        features = document["features"]
    except (UnicodeDecodeError, json.JSONDecodeError, KeyError, TypeError) as error:
        row = getattr(error, "lineno", None)
        raise InputRefusedError(
            [Problem(path.name, f"the GeoJSON is damaged or cut short ({error}).", row)]
        ) from error
    return _feature_rows(path, features, options)


def _feature_rows(
    path: Path, features: list[dict[str, Any]], options: dict[str, Any]
) -> list[tuple[str, str, bytes]]:
    import shapely

    rows: list[tuple[str, str, bytes]] = []
    texts: list[str] = []
    for number, feature in enumerate(features, start=1):
        properties = feature.get("properties") or {}
        for name in (options["code"], options["name"]):
            if properties.get(name) is None:
                raise InputRefusedError(
                    [Problem(path.name, "the property is missing.", number, name)]
                )
        rows.append((str(properties[options["code"]]), str(properties[options["name"]]), b""))
        texts.append(json.dumps(feature.get("geometry")))
    try:
        shapes = shapely.from_geojson(texts)
    except shapely.errors.GEOSException as error:
        raise InputRefusedError(
            [Problem(path.name, f"a geometry cannot be read ({error}).")]
        ) from error
    return [
        (code, name, shapely.to_wkb(shape))
        for (code, name, _), shape in zip(rows, shapes, strict=True)
    ]
