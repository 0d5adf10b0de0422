"""A release's outlines as a QGIS project: a GeoPackage and a project file with relative paths.

Only what QGIS 3.22 and later needs is in the project file; QGIS adds the rest when it saves.
"""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import geopandas as gpd

from beacon.core.errors import BeaconError
from beacon.core.files import write_atomically
from beacon.release.layout import Release

GEOPACKAGE = "outlines.gpkg"
PROJECT = "beacon.qgs"

# Value of imd2025_decile, words of the legend, colour; without a value, all others.
_DECILES = [
    ("1", "Decile 1, the most deprived tenth (Core20)", "#5b1f58"),
    ("2", "Decile 2 (Core20)", "#b073ab"),
    ("", "Deciles 3 to 10", "#e9e6ea"),
]
_WGS84 = {
    "proj4": "+proj=longlat +datum=WGS84 +no_defs", "srsid": "3452", "srid": "4326",
    "authid": "EPSG:4326", "description": "WGS 84", "projectionacronym": "longlat",
    "ellipsoidacronym": "EPSG:7030", "geographicflag": "true",
}  # fmt: skip
"""Longitude and latitude, as QGIS names it; srsid is its own number."""


def write_qgis(release: Release, directory: Path) -> Path:
    """Write the outlines of LSOAs and Places and a project that draws them.

    Args:
        release: The release; its marts `lsoa` and `place` hold the outlines.
        directory: Is made; two files are written into it.

    Returns:
        The project file.

    Raises:
        BeaconError: When the release has no outlines.
    """
    directory.mkdir(parents=True, exist_ok=True)
    package = directory / GEOPACKAGE
    package.unlink(missing_ok=True)
    for mart in ("lsoa", "place"):
        rows = gpd.read_parquet(release.path / f"{mart}.parquet").to_crs(_WGS84["authid"])
        if rows.geometry.isna().all():
            raise BeaconError(f"{release.label} has no outlines in {mart}: supply boundary files.")
        rows[rows.geometry.notna()].to_file(package, layer=mart, driver="GPKG")
    fictional = bool(rows["fictional"].all())
    project = _project(release.label, fictional, tuple(map(float, rows.total_bounds)))
    text = ET.tostring(project, encoding="unicode")
    write_atomically(directory / PROJECT, f"<!DOCTYPE qgis>\n{text}\n".encode())
    return directory / PROJECT


def _project(label: str, fictional: bool, bounds: tuple[float, ...]) -> ET.Element:
    title = f"Beacon {label}" + (" (fictional sample)" if fictional else "")
    project = ET.Element("qgis", projectname=title, version="3.22.0")
    _text(project, "title", title)
    _crs(ET.SubElement(project, "projectCrs"))
    properties = ET.SubElement(project, "properties")
    _text(ET.SubElement(properties, "SpatialRefSys"), "ProjectionsEnabled", "1", type="int")
    _text(ET.SubElement(properties, "Paths"), "Absolute", "false", type="bool")
    tree = ET.SubElement(project, "layer-tree-group")
    canvas = ET.SubElement(project, "mapcanvas", name="theMapCanvas")
    _text(canvas, "units", "degrees")
    extent = ET.SubElement(canvas, "extent")
    for name, value in zip(("xmin", "ymin", "xmax", "ymax"), bounds, strict=True):
        _text(extent, name, repr(value))
    _crs(ET.SubElement(canvas, "destinationsrs"))
    layers = ET.SubElement(project, "projectlayers")
    for mart, name in (("place", "Places"), ("lsoa", "LSOAs by national decile, IMD 2025")):
        source = f"./{GEOPACKAGE}|layername={mart}"
        ET.SubElement(
            tree, "layer-tree-layer", id=f"beacon_{mart}_layer", name=name, source=source,
            providerKey="ogr", checked="Qt::Checked", expanded="1",
        )  # fmt: skip
        layer = ET.SubElement(layers, "maplayer", type="vector", geometry="Polygon")
        # QGIS gives another where it is shorter than eleven letters.
        _text(layer, "id", f"beacon_{mart}_layer")
        _text(layer, "datasource", source)
        _text(layer, "layername", name)
        _crs(ET.SubElement(layer, "srs"))
        _text(layer, "provider", "ogr", encoding="UTF-8")
        layer.append(_deciles() if mart == "lsoa" else _outline())
    return project


def _deciles() -> ET.Element:
    renderer = ET.Element("renderer-v2", type="categorizedSymbol", attr="imd2025_decile")
    categories = ET.SubElement(renderer, "categories")
    symbols = ET.SubElement(renderer, "symbols")
    for number, (value, words, fill) in enumerate(_DECILES):
        ET.SubElement(
            categories, "category", symbol=str(number), value=value, label=words, render="true",
            type="long" if value else "string",
        )  # fmt: skip
        _fill(symbols, str(number), {"color": _rgba(fill), "outline_color": _rgba("#ffffff"),
                                     "outline_width": "0.1"})  # fmt: skip
    return renderer


def _outline() -> ET.Element:
    renderer = ET.Element("renderer-v2", type="singleSymbol")
    symbols = ET.SubElement(renderer, "symbols")
    _fill(symbols, "0", {"style": "no", "outline_color": _rgba("#1b2733"), "outline_width": "0.5"})
    return renderer


def _fill(symbols: ET.Element, name: str, options: dict[str, str]) -> None:
    symbol = ET.SubElement(symbols, "symbol", type="fill", name=name)
    layer = ET.SubElement(symbol, "layer", {"class": "SimpleFill", "enabled": "1", "locked": "0"})
    mapping = ET.SubElement(layer, "Option", type="Map")
    for key, value in options.items():
        ET.SubElement(mapping, "Option", type="QString", name=key, value=value)


def _rgba(colour: str) -> str:
    return ",".join(str(int(colour[at : at + 2], 16)) for at in (1, 3, 5)) + ",255"


def _crs(parent: ET.Element) -> None:
    system = ET.SubElement(parent, "spatialrefsys")
    for tag, text in _WGS84.items():
        _text(system, tag, text)


def _text(parent: ET.Element, tag: str, text: str, **attributes: str) -> None:
    ET.SubElement(parent, tag, attributes).text = text
