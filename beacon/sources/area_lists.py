"""What somebody gives to say which area is meant: an outline, or a list of codes."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import shapely

from beacon.core.errors import InputRefusedError, Problem
from beacon.sources.tabular.csv_text import open_csv
from beacon.sources.tabular.geometries import (
    Feature,
    coordinate_system,
    features_of,
    outlines,
    refuse_other_systems,
)

MOST_BYTES = 20_000_000
_SHOWN = 5
_ADVICE = "Give a GeoJSON of polygons, or a list with one LSOA 2021 or ward code on each line."
_REDRAW = "Mend it in the program that drew it, and save it again as GeoJSON in WGS 84."
_REMEDY_FOR_CODE = "Correct or remove the line."
_ONE_CODE = "Put one code on each line; where another column has codes too, delete that column."

_CODE = re.compile(r"[A-Z]\d{8}")
_CODE_IN_TEXT = re.compile(r"(?<![A-Z0-9])[A-Z]\d{8}(?![A-Z0-9])")
# What may be meant as a code, though it is none: a first line that holds it is no heading.
_LIKE_A_CODE = re.compile(r"\d{5}")
_KINDS: dict[str, Literal["lsoa", "ward"]] = {"01": "lsoa", "05": "ward"}
# What other codes are of, by the two digits after the letter of the country.
_OTHER_KINDS = {
    "00": "an output area", "02": "an MSOA", "06": "an authority", "07": "an authority",
    "08": "an authority", "09": "an authority", "38": "a sub-ICB location", "54": "a board",
}  # fmt: skip
_BRITISH_NATIONAL_GRID = re.compile(r"(?i)epsg:?:?27700$")
# Geometry without properties, as GeoJSON allows it at the top.
_GEOMETRIES = ("Polygon", "MultiPolygon", "GeometryCollection", "Point", "MultiPoint",
               "LineString", "MultiLineString")  # fmt: skip


@dataclass(frozen=True)
class ListedArea:
    """Codes of LSOAs or of wards, each with the line where it first stands."""

    kind: Literal["lsoa", "ward"]
    lines: dict[str, int]
    repeated: int = 0


@dataclass(frozen=True)
class DrawnArea:
    """One outline in longitude and latitude.

    Attributes:
        outline: A Shapely polygon or multipolygon.
        features: How many features of the file it was dissolved from.
        from_grid: Whether coordinates were converted from British National Grid.
    """

    outline: Any
    features: int
    from_grid: bool = False


def read_area(path: Path, *, fictional: bool) -> ListedArea | DrawnArea:
    """Read a GeoJSON of polygons, or a list of codes as text or CSV.

    What begins like JSON is a GeoJSON. Coordinates are in WGS 84; British National Grid is
    converted where the file declares it, exact to a few metres.

    Args:
        path: The file; at most `MOST_BYTES`.
        fictional: Whether codes and outlines are those of the sample.

    Raises:
        InputRefusedError: Naming file, row and what to do.
    """
    if not path.is_file():
        raise InputRefusedError([Problem(path.name, "there is no such file.", remedy=_ADVICE)])
    if path.stat().st_size > MOST_BYTES:
        message = f"the file is larger than {MOST_BYTES // 1_000_000} MB."
        remedy = "Simplify the outline, or keep only the codes."
        raise InputRefusedError([Problem(path.name, message, remedy=remedy)])
    with path.open("rb") as stream:
        beginning = stream.read(64).removeprefix(b"\xef\xbb\xbf").lstrip()
    if beginning.startswith((b"{", b"[")) or path.suffix.lower() in (".geojson", ".json"):
        return _drawn(path, fictional)
    return _listed(path, open_csv(path, "csv").records())


def listed_codes(codes: Iterable[str]) -> ListedArea:
    """Codes that are given in Python, held to the same rules as a list in a file.

    Raises:
        InputRefusedError: Naming the code by its number in the list.
    """
    return _listed(Path("list of codes"), ([str(code)] for code in codes), headed=False)


def _listed(path: Path, records: Iterable[list[str]], *, headed: bool = True) -> ListedArea:
    """Codes of records, the first of which may be a heading."""
    rows: list[tuple[int, list[str]]] = []
    try:
        for number, record in enumerate(records, 1):
            cells = [cell.strip().upper() for cell in record]
            heading = headed and number == 1 and not any(map(_LIKE_A_CODE.search, cells))
            if any(cells) and not heading:
                rows.append((number, cells))
    except csv.Error as error:
        raise InputRefusedError([Problem(path.name, f"{error}.", remedy=_ADVICE)]) from error
    if not rows:
        raise InputRefusedError([Problem(path.name, "holds no codes.", remedy=_ADVICE)])
    at = _column(rows)
    found = [(number, cells[at] if at < len(cells) else "") for number, cells in rows]
    problems = [
        Problem(path.name, fault, row, remedy=remedy)
        for (row, text), (_, cells) in zip(found, rows, strict=True)
        for fault, remedy in _more_than_one(cells) or _faults(text)
    ]
    if problems:
        raise InputRefusedError(problems[:_SHOWN])
    kinds = {_KINDS[code[1:3]]: row for row, code in reversed(found)}
    if len(kinds) > 1:
        later = max(kinds, key=kinds.__getitem__)
        message = "codes of LSOAs and of wards are in one list."
        remedy = "Give a list of one kind."
        raise InputRefusedError([Problem(path.name, message, kinds[later], remedy=remedy)])
    lines: dict[str, int] = {}
    for row, code in found:
        lines.setdefault(code, row)
    (kind,) = kinds
    return ListedArea(kind, lines, len(found) - len(lines))


def _column(rows: list[tuple[int, list[str]]]) -> int:
    """The column of the codes: that of an LSOA or a ward, else of what comes nearest to one."""
    for looks in (_is_listed, _CODE.fullmatch, _LIKE_A_CODE.search):
        for _, cells in rows:
            for at, cell in enumerate(cells):
                if looks(cell):
                    return at
    return 0


def _is_listed(text: str) -> bool:
    return bool(_CODE.fullmatch(text)) and text[1:3] in _KINDS


def _more_than_one(cells: list[str]) -> list[tuple[str, str]]:
    """What is wrong with a row of several codes, of which nobody can tell which is meant."""
    codes = [code for cell in cells for code in _CODE_IN_TEXT.findall(cell) if _is_listed(code)]
    if len(codes) < 2:
        return []
    named = ", ".join(codes[:3]) + (", ..." if len(codes) > 3 else "")
    return [(f"holds {len(codes)} codes of LSOAs or wards ({named}).", _ONE_CODE)]


def _faults(text: str) -> Iterable[tuple[str, str]]:
    if not _CODE.fullmatch(text):
        yield f"{text[:40]!r} is no code of an area.", f"{_REMEDY_FOR_CODE} {_ADVICE}"
    elif text[1:3] not in _KINDS:
        what = _OTHER_KINDS.get(text[1:3], "another kind of area")
        yield f"{text} is the code of {what}.", "Give its LSOAs of 2021 or its wards instead."


def _drawn(path: Path, fictional: bool) -> DrawnArea:
    try:
        document = json.loads(path.read_bytes().decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        row = getattr(error, "lineno", None)
        message = f"it is not JSON, or is cut short ({error})."
        raise InputRefusedError([Problem(path.name, message, row, remedy=_ADVICE)]) from error
    given = _features_in(document)
    if not given:
        message = "it holds no GeoJSON feature or geometry."
        raise InputRefusedError([Problem(path.name, message, remedy=_ADVICE)])
    system = coordinate_system(document)
    from_grid = bool(_BRITISH_NATIONAL_GRID.search(system))
    try:
        if not from_grid:
            refuse_other_systems(path, system)
        features = features_of(path, given)
        if from_grid:
            features = _to_degrees(features)
        shapes = shapely.from_wkb(outlines(path, features, fictional=fictional))
    except InputRefusedError as error:
        # What is said of publishers' files does not fit a file of one's own.
        raise InputRefusedError(replace(p, remedy=_REDRAW) for p in error.problems) from error
    sound = shapely.make_valid(shapely.force_2d(shapes))
    flat = [
        Problem(
            path.name, "the geometry has no surface: its points are one point or lie on a line.",
            features[place].number, "geometry", _REDRAW,
        )
        for place in (shapely.area(sound) == 0).nonzero()[0]
    ]  # fmt: skip
    if flat:
        raise InputRefusedError(flat[:_SHOWN])
    outline = shapely.union_all(sound)
    return DrawnArea(outline, len(features), from_grid)


def _features_in(document: Any) -> list[Any]:
    """Features of a collection, one feature, or one geometry as a feature."""
    if not isinstance(document, dict):
        return []
    if isinstance(document.get("features"), list):
        return list(document["features"])
    if document.get("type") == "Feature":
        return [document]
    if document.get("type") in _GEOMETRIES:
        return [{"type": "Feature", "properties": {}, "geometry": document}]
    return []


def _to_degrees(features: list[Feature]) -> list[Feature]:
    """Outlines in British National Grid (EPSG:27700), in longitude and latitude."""
    import geopandas as gpd

    texts = np.array([feature.geometry for feature in features], dtype=object)
    grid = gpd.GeoSeries(shapely.from_geojson(texts, on_invalid="ignore"), crs=27700)
    degrees = shapely.to_wkb(grid.to_crs(4326).to_numpy())
    return [replace(each, geometry=wkb) for each, wkb in zip(features, degrees, strict=True)]
