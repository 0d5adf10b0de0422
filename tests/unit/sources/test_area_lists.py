"""Outlines and lists of codes that say which area is meant."""

import json
from pathlib import Path
from typing import Any

import pytest
import shapely

from beacon.core.errors import InputRefusedError
from beacon.sources import area_lists
from beacon.sources.area_lists import DrawnArea, ListedArea, listed_codes, read_area

SQUARE = [[[-2.7, 53.3], [-2.6, 53.3], [-2.6, 53.4], [-2.7, 53.4], [-2.7, 53.3]]]
BOW_TIE = [[[-2.7, 53.3], [-2.6, 53.4], [-2.6, 53.3], [-2.7, 53.4], [-2.7, 53.3]]]
# There and back.
LINE = {
    "type": "Polygon",
    "coordinates": [[[-2.7, 53.3], [-2.6, 53.3], [-2.5, 53.3], [-2.7, 53.3]]],
}
POLYGON = {"type": "Polygon", "coordinates": SQUARE}


def read(folder: Path, name: str, content: Any) -> DrawnArea | ListedArea:
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return read_area(path, fictional=False)


def refusal(folder: Path, name: str, content: Any) -> str:
    with pytest.raises(InputRefusedError) as refused:
        read(folder, name, content)
    said = str(refused.value)
    assert name in said
    assert "publisher" not in said
    return said


def collection(*geometries: Any, **members: Any) -> dict[str, Any]:
    features = [{"type": "Feature", "properties": {}, "geometry": each} for each in geometries]
    return {"type": "FeatureCollection", "features": features, **members}


def crs(name: str) -> dict[str, Any]:
    return {"type": "name", "properties": {"name": name}}


@pytest.mark.parametrize(
    "content",
    [
        POLYGON,
        {"type": "Feature", "properties": None, "geometry": POLYGON},
        collection(POLYGON),
        collection({"type": "MultiPolygon", "coordinates": [SQUARE]}),
        collection(POLYGON, crs=crs("urn:ogc:def:crs:OGC:1.3:CRS84")),
    ],
)
def test_every_form_of_geojson_is_read(tmp_path: Path, content: Any) -> None:
    found = read(tmp_path, "area.geojson", content)
    assert isinstance(found, DrawnArea)
    assert found.outline.equals(shapely.geometry.shape(POLYGON))


def test_several_outlines_are_one_area(tmp_path: Path) -> None:
    east = shapely.geometry.mapping(shapely.box(-2.6, 53.3, -2.5, 53.4))
    found = read(tmp_path, "area.json", collection(POLYGON, east))
    assert isinstance(found, DrawnArea)
    assert found.features == 2
    assert found.outline.equals(shapely.box(-2.7, 53.3, -2.5, 53.4))


def test_british_national_grid_is_converted_where_it_is_declared(tmp_path: Path) -> None:
    # Ordnance Survey's worked example of OSTN02: 52° 39' 28.8282" N, 1° 42' 57.8663" E (ETRS89) is
    # E 651409.792, N 313177.448.
    east, north = 651409.792, 313177.448
    ring = [[east, north], [east + 100, north], [east + 100, north + 100], [east, north]]
    grid = {"type": "Polygon", "coordinates": [ring]}
    found = read(tmp_path, "g.geojson", collection(grid, crs=crs("urn:ogc:def:crs:EPSG::27700")))
    assert isinstance(found, DrawnArea)
    assert found.from_grid
    corner = shapely.Point(1 + 42 / 60 + 57.8663 / 3600, 52 + 39 / 60 + 28.8282 / 3600)
    # A ten-thousandth of a degree is about ten metres.
    assert shapely.distance(corner, found.outline) < 1e-4
    undeclared = refusal(tmp_path, "g.geojson", collection(grid))
    assert "no degrees of longitude and latitude" in undeclared


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{not json", "not JSON"),
        ("[1, 2]", "no GeoJSON feature or geometry"),
        ({"type": "FeatureCollection", "features": []}, "no GeoJSON feature or geometry"),
        ({"type": "Topology"}, "no GeoJSON feature or geometry"),
        (collection(POLYGON, crs=crs("EPSG:3857")), "EPSG:3857"),
        (collection({"type": "Point", "coordinates": [-2.7, 53.3]}), "is a Point"),
        (collection({"type": "Polygon", "coordinates": BOW_TIE}), "crosses itself"),
        (collection({"type": "Polygon", "coordinates": []}), "is empty"),
        (collection(None), "missing or damaged"),
        (collection(POLYGON, {"type": "Polygon", "coordinates": [[[1, 2]]]}), "row 2"),
        (
            collection({"type": "Polygon", "coordinates": [[p[::-1] for p in SQUARE[0]]]}),
            "changed places",
        ),
        ("[" * 100_000, "not JSON"),
        (
            {"type": "Polygon", "coordinates": [[[-2.7, 53.3]] * 4]},
            "row 1, column 'geometry': the geometry has no surface",
        ),
        (collection(POLYGON, LINE), "row 2, column 'geometry': the geometry has no surface"),
    ],
)  # fmt: skip
def test_what_is_no_outline_is_refused_with_its_fault(
    tmp_path: Path, content: Any, said: str
) -> None:
    assert said in refusal(tmp_path, "area.geojson", content)


@pytest.mark.parametrize(
    "text",
    [
        "E01012345\nE01012346\n",
        "lsoa21cd\nE01012345\n\nE01012346",
        'Name,LSOA21CD,x\nHalton 001A,E01012345,1\n"Halton, 001B",E01012346,2\n',
        "\ufeffname;code\nx;e01012345\ny; E01012346 \n",
        # As ArcGIS writes a selection: numbers before the code, and codes of other areas.
        "FID,LSOA21CD\n10001,E01012345\n10002,E01012346\n",
        "FID\tMSOA21CD\tLSOA21CD\n10001\tE02000001\tE01012345\n10002\tE02000001\tE01012346\n",
    ],
)
def test_lists_are_read_with_and_without_headings(tmp_path: Path, text: str) -> None:
    found = read(tmp_path, "codes.csv", text)
    assert isinstance(found, ListedArea)
    assert found.kind == "lsoa"
    assert list(found.lines) == ["E01012345", "E01012346"]


def test_codes_that_stand_twice_are_counted(tmp_path: Path) -> None:
    found = read(tmp_path, "codes.txt", "E05000001\nE05000002\nE05000001\n")
    assert found == ListedArea("ward", {"E05000001": 1, "E05000002": 2}, 1)
    assert listed_codes(["E05000001"]) == ListedArea("ward", {"E05000001": 1})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no codes"),
        ("codes\n", "no codes"),
        ("E01012345\nE0101234\n", "row 2: 'E0101234' is no code"),
        ("E0101234\nE01012345\n", "row 1: 'E0101234' is no code"),
        ("E01012345,x\n,y\n", "row 2: '' is no code"),
        ("E02000001\n", "E02000001 is the code of an MSOA"),
        ("E01012345\nE05000001\n", "row 2: codes of LSOAs and of wards"),
        ("heading\nsecond heading\nE01012345\n", "row 2"),
        # A letter O for a nought: meant as a code and no heading.
        ("EO1012345\nE01012346\n", "row 1: 'EO1012345' is no code"),
        ("FID,LSOA21CD\n10001,E0101234\n10002,E01012346\n", "row 2: 'E0101234' is no code"),
        ("FID\n10001\n", "row 2: '10001' is no code"),
    ],
)
def test_what_is_no_list_is_refused_by_its_line(tmp_path: Path, text: str, said: str) -> None:
    assert said in refusal(tmp_path, "codes.csv", text)


@pytest.mark.parametrize("between", [",", ";", "\t", "|", " ", ", "])
def test_several_codes_on_one_line_are_refused_and_none_is_dropped(
    tmp_path: Path, between: str
) -> None:
    codes = ["E01012367", "E01012368", "E01012369", "E01012370"]
    said = refusal(tmp_path, "codes.txt", between.join(codes) + "\n")
    assert "row 1: holds 4 codes of LSOAs or wards (E01012367, E01012368, E01012369, ...)" in said
    assert "one code on each line" in said
    later = refusal(tmp_path, "codes.txt", f"E01012366\n{between.join(codes[:2])}\n")
    assert "row 2: holds 2 codes of LSOAs or wards (E01012367, E01012368)" in later


@pytest.mark.parametrize("head", ["ward,lsoa", "lsoa11cd,lsoa21cd"])
def test_two_columns_of_codes_are_refused_since_either_may_be_meant(
    tmp_path: Path, head: str
) -> None:
    first = "E05000001" if head.startswith("ward") else "E01012345"
    said = refusal(tmp_path, "codes.csv", f"{head}\n{first},E01012345\n")
    assert f"row 2: holds 2 codes of LSOAs or wards ({first}, E01012345)" in said
    assert "delete that column" in said


def test_a_list_in_python_has_no_heading() -> None:
    with pytest.raises(InputRefusedError, match="row 1: 'HALTON' is no code"):
        listed_codes(["Halton", "E01012345"])
    with pytest.raises(InputRefusedError, match="row 1: holds 2 codes"):
        listed_codes(["E01012345,E01012346"])


def test_a_file_is_bounded_and_must_be_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(area_lists, "MOST_BYTES", 100)
    assert "larger than" in refusal(tmp_path, "area.geojson", POLYGON)
    with pytest.raises(InputRefusedError, match="no such file"):
        read_area(tmp_path / "none.csv", fictional=False)
    (tmp_path / "x.bin").write_bytes(b"E01012345\0\n")
    with pytest.raises(InputRefusedError, match="NUL"):
        read_area(tmp_path / "x.bin", fictional=False)
