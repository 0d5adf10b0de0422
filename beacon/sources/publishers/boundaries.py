"""Boundaries: the outline of areas as well-known binary in longitude and latitude (WGS 84)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from beacon.core.errors import InputRefusedError, Problem
from beacon.registry.sources import Container, DatasetSpec
from beacon.sources.page_archive import read_features
from beacon.sources.tabular.codes import area_pattern
from beacon.sources.tabular.geometries import (
    Feature,
    features_of,
    geojson_features,
    geopackage_features,
    outlines,
    property_of,
)
from beacon.sources.tabular.tidy_text import code_column, tidy_column

_SHOWN = 5


def read_boundaries(
    path: Path, container: Container, spec: DatasetSpec, fictional: bool
) -> pl.DataFrame:
    """Read outlines. Options: `area_type`, `code`, `name`, `kind`, `resolution`.

    Returns:
        One row per area: area_type, area_code, area_name, resolution, geometry (WKB, EPSG:4326),
        source_row (feature number).

    Raises:
        InputRefusedError: For a damaged file, another coordinate system, a bad or repeated code,
            and by its number for a feature that is no outline.
    """
    options = spec.dataset.options
    code, name = str(options["code"]), str(options["name"])
    if container == "gpkg":
        features = geopackage_features(path, (code, name))
    elif container == "pages":
        features = features_of(path, read_features(path))
    else:
        features = geojson_features(path)
    missing = [
        Problem(path.name, "the property is missing.", feature.number, field)
        for feature in features
        for field in (code, name)
        if property_of(feature.properties, field) is None
    ]
    if missing:
        raise InputRefusedError(missing[:_SHOWN])
    frame = pl.DataFrame(
        {
            "source_row": pl.Series([f.number for f in features], dtype=pl.UInt32),
            "area_code": code_column(_texts(features, code)),
            "area_name": tidy_column(_texts(features, name)),
        }
    )
    _check(path, frame, spec, fictional)
    shapes = outlines(path, features, fictional=fictional)
    frame = frame.with_columns(pl.Series("geometry", shapes, dtype=pl.Binary))
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
        message = f"{code!r} is not a code of this kind."
        problems.append(Problem(path.name, message, row, column, wrong_codes=1))
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


def _texts(features: Sequence[Feature], field: str) -> pl.Series:
    values = [str(property_of(feature.properties, field)) for feature in features]
    return pl.Series(values, dtype=pl.String)
