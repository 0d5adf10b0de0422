"""Small files of our own, one for each kind of thing that people and programs do to a sound file."""

from __future__ import annotations

import json
import sqlite3
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import xlsxwriter

from beacon.sources.tabular.file_kinds import kind_of_archive, kind_of_binary, kind_of_markup
from beacon.sources.tabular.file_names import publishers_name
from beacon.sources.tabular.periods import parse_fingertips, parse_iso
from tests.fixtures.small_files import lines, look, row, text_file

THREE = lines(row(1), row(2), row(3))


@pytest.mark.parametrize(
    "content",
    [
        THREE,
        "\n\n" + THREE,
        "Downloaded on 3 November, by hand\n" + THREE,
        "sep=,\n" + THREE,
        "sep=;\n" + THREE.replace(",", ";"),
        THREE.replace(",", "\t"),
        THREE.replace("\n", "\r"),
        THREE.replace("\n", "\r\n"),
        THREE.encode("utf-16"),
        THREE.replace(",", "\t").encode("utf-16-be").join([b"\xfe\xff", b""]),
        b"\xef\xbb\xbf" + THREE.encode(),
        THREE.replace("Lower CI 95.0 limit", '"Lower CI\n95.0 limit"'),
        THREE.replace("Area Code", " area\u00a0CODE "),
        THREE + "\nSource: a fictional office\n",
        THREE + "Source: a fictional office, 2026\n",
        THREE + "Source: a fictional office" + "," * 25 + "\n",
        THREE + "," * 25 + "\n",
        THREE.replace("\n", ",\n"),
        "\n".join(line[:-1] if n else line for n, line in enumerate(THREE.split("\n"))),
    ],
)
def test_ways_to_save_a_table(tmp_path: Path, content: str | bytes) -> None:
    report, rows = look(text_file(tmp_path, content))
    assert rows is not None, report.problems
    assert rows["value"].to_list() == [15.5, 15.5, 15.5]
    assert rows["area_code"].to_list() == ["Z06000001", "Z06000002", "Z06000003"]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"Area Code": "z06000001 "}, {"area_code": "Z06000001"}),
        ({"Area Code": "\u200bZ06\u00a0000001"}, {"area_code": "Z06000001"}),
        ({"Age": "18\u201364 yrs"}, {"age": "18-64 yrs"}),
        ({"Age": "18\u2212 64  yrs"}, {"age": "18-64 yrs"}),
        ({"Sex": "PERSONS"}, {"sex": "Persons"}),
        ({"Time period": "2021 \u2013 23"}, {"period": "2021-23"}),
        ({"Time period": "2021 - 2023"}, {"period": "2021-23"}),
        ({"Time period": "2022/2023"}, {"period": "2022/23"}),
        ({"Value": "N/A"}, {"value": None, "value_status": "not_published"}),
        ({"Value": "[c]"}, {"value": None, "value_status": "suppressed"}),
        ({"Value": "[C]"}, {"value": None, "value_status": "suppressed"}),
        ({"Value": "\u2014"}, {"value": None, "value_status": "suppressed"}),
        ({"Value": "\u2026"}, {"value": None, "value_status": "not_published"}),
        ({"Value": "15.2 [r]"}, {"value": 15.2, "value_note": "Revised"}),
        ({"Value": "\u22120.5", "Indicator ID": "90631"}, None),
    ],
)
def test_ways_to_write_a_cell(
    tmp_path: Path, change: dict[str, str], found: dict[str, Any] | None
) -> None:
    report, rows = look(text_file(tmp_path, lines(row(1, **change), row(2), row(3))))
    if found is None:
        assert report.status == "refused"
        return
    assert rows is not None, report.problems
    first = rows.row(0, named=True)
    assert {name: first[name] for name in found} == found


@pytest.mark.parametrize(
    ("content", "place", "words"),
    [
        (
            lines(row(1), row(2, Value="15,2").copy()).replace("15,2", '"15,2"'),
            (3, "Value"),
            "15,2",
        ),
        (lines(row(1), row(2, Age="14-Oct")), (3, "Age"), "Excel"),
        (lines(row(1), row(2, Age="Oct-14")), (3, "Age"), "Excel"),
        (lines(row(1), row(2, Category="2018-10-14 00:00:00")), (3, "Category"), "Excel"),
        (lines(row(1), row(2, **{"Time period": "Jan-18"})), (3, "Time period"), "not a period"),
        (lines(row(1), row(2, Value="120")), (3, "Value"), "is above 100"),
        (lines(row(1), row(2, Value="-1")), (3, "Value"), "is below 1"),
        (
            lines(row(1)) + "\n\n" + lines(row(2, Value="abc"))[len(lines()) :],
            (5, "Value"),
            "'abc'",
        ),
        (lines(row(1), ["92443", "Smo"]), (3, None), "2 fields"),
        (THREE[:-60], (4, None), "fields"),
        (THREE.replace("Brackenmouth 2", '"Brackenmouth 2'), (3, None), "not closed"),
        (THREE.replace("Brackenmouth 2", "Bracken\0mouth"), (3, "Area Name"), "NUL"),
        (THREE.replace("15.5", "1.2.3", 1), (2, "Value"), "1.2.3"),
    ],
)
def test_faults_are_named_by_row_and_column(
    tmp_path: Path, content: str, place: tuple[int, str | None], words: str
) -> None:
    report, _ = look(text_file(tmp_path, content))
    assert report.status == "refused", report.status
    problem = report.problems[0]
    assert problem.row == place[0], problem
    assert place[1] is None or problem.column == place[1]
    assert words in problem.message


def test_windows_1252_is_read_and_said_and_broken_utf_8_is_not(tmp_path: Path) -> None:
    content = THREE.replace("Brackenmouth 2", "Brackenm\u00f4uth")
    report, rows = look(text_file(tmp_path, content.encode("windows-1252")))
    assert rows is not None
    assert rows["area_name"][1] == "Brackenm\u00f4uth"
    (said,) = report.problems
    assert (said.row, said.column) == (3, "Area Name")
    mixed = content.replace("Brackenmouth 3", "\u00e9l\u00e8ve").encode()
    report, rows = look(text_file(tmp_path, mixed.replace("\u00f4".encode(), b"\xf4")))
    assert report.status == "refused"
    assert (report.problems[0].row, report.problems[0].column) == (3, "Area Name")


def test_series_that_nothing_uses_are_left_out_before_they_are_judged(tmp_path: Path) -> None:
    other = row(4, **{"Indicator ID": "99901", "Time period": "2023/24 Q3", "Value": "Higher"})
    report, rows = look(text_file(tmp_path, lines(row(1), other, row(2))))
    assert rows is not None
    assert set(rows["series"]) == {"92443"}
    assert "'99901'" in report.problems[0].message


def test_kinds_of_year_are_each_rows_own(tmp_path: Path) -> None:
    active = row(2, **{"Indicator ID": "93014", "Time period": "2022/23"})
    smoking = row(1, **{"Time period": "2022/23"})
    for rows in ([active, smoking], [smoking, active]):
        _, found = look(text_file(tmp_path, lines(*rows)))
        assert found is not None
        starts = dict(zip(found["series"], found["period_start"].cast(pl.String), strict=True))
        assert starts == {"93014": "2022-11-16", "92443": "2022-04-01"}


# Outlines.

SQUARE = [[-2.9, 53.4], [-2.8, 53.4], [-2.8, 53.5], [-2.9, 53.5], [-2.9, 53.4]]


def polygon(*rings: list[list[float]]) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def collection(*geometries: Any, **members: Any) -> dict[str, Any]:
    features = [
        {
            "type": "Feature",
            "geometry": geometry,
            "properties": {"objectid": n, "LSOA21CD": f"Z0100000{n}", "LSOA21NM": f"Area {n}"},
        }
        for n, geometry in enumerate(geometries, 1)
    ]
    return {"features": features, "type": "FeatureCollection", **members}


def crs(code: str) -> dict[str, Any]:
    return {"crs": {"type": "name", "properties": {"name": code}}}


def times(factor: float) -> list[list[float]]:
    return [[x * factor, y * factor] for x, y in SQUARE]


@pytest.mark.parametrize(
    ("document", "number", "words"),
    [
        (collection(polygon(SQUARE), polygon([[y, x] for x, y in SQUARE])), 2, "changed places"),
        (collection(polygon(times(100_000))), 1, "no degrees"),
        (collection(polygon(SQUARE), {"type": "Point", "coordinates": [-2.9, 53.4]}), 2, "Point"),
        (collection(polygon(SQUARE), {"type": "Polygon", "coordinates": []}), 2, "is empty"),
        (collection(polygon(SQUARE), None), 2, "is missing"),
        (collection({"type": "LineString", "coordinates": SQUARE}), 1, "LineString"),
        (
            collection(polygon([SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3], SQUARE[0]])),
            1,
            "crosses",
        ),
        (collection(polygon(SQUARE), {"type": "Polygon", "coordinates": "x"}), 2, "is missing"),
        (collection(polygon(SQUARE), **crs("EPSG:27700")), None, "EPSG:27700"),
        (collection(polygon(SQUARE), **crs("urn:ogc:def:crs:EPSG::3857")), None, "EPSG:3857"),
    ],
)
def test_outlines_that_are_none(
    tmp_path: Path, document: dict[str, Any], number: int | None, words: str
) -> None:
    report, _ = look(text_file(tmp_path, json.dumps(document), "areas.geojson"))
    assert report.status == "refused"
    assert report.problems[0].row == number
    assert words in report.problems[0].message


@pytest.mark.parametrize(
    "document",
    [
        collection(polygon(SQUARE), polygon(SQUARE)),
        collection(polygon(SQUARE), polygon(SQUARE), **crs("urn:ogc:def:crs:OGC:1.3:CRS84")),
        json.loads(json.dumps(collection(polygon(SQUARE), polygon(SQUARE))).lower().replace(
            "featurecollection", "FeatureCollection").replace('"polygon"', '"Polygon"')),
    ],
)  # fmt: skip
def test_outlines_that_are_sound(tmp_path: Path, document: dict[str, Any]) -> None:
    report, rows = look(text_file(tmp_path, json.dumps(document), "areas.geojson"))
    assert rows is not None, report.problems
    assert rows["area_code"].to_list() == ["Z01000001", "Z01000002"]


def geopackage(path: Path, layers: dict[str, str], geometry: bytes) -> Path:
    connection = sqlite3.connect(path)
    connection.execute(
        "create table gpkg_contents (table_name text, data_type text, srs_id integer)"
    )
    connection.execute(
        "create table gpkg_geometry_columns (table_name text, column_name text, srs_id integer)"
    )
    connection.execute("insert into gpkg_contents values ('layer_styles', 'attributes', 0)")
    connection.execute("create table layer_styles (style text)")
    for layer, fields in layers.items():
        code, name = fields.split()
        connection.execute(f"create table {layer} (fid integer primary key, {code}, {name}, geom)")
        connection.execute("insert into gpkg_contents values (?, 'features', 4326)", [layer])
        connection.execute("insert into gpkg_geometry_columns values (?, 'geom', 4326)", [layer])
        connection.execute(f"insert into {layer} values (1, 'Z01000001', 'Area 1', ?)", [geometry])
    connection.commit()
    connection.close()
    return path


def gpkg_square() -> bytes:
    ring = struct.pack("<BIII", 1, 3, 1, len(SQUARE)) + b"".join(
        struct.pack("<dd", x, y) for x, y in SQUARE
    )
    return b"GP\x00\x01" + struct.pack("<i", 4326) + ring


def test_the_layer_that_has_the_fields_is_read(tmp_path: Path) -> None:
    layers = {"roads": "id label", "lsoa": "lsoa21cd lsoa21nm"}
    report, rows = look(geopackage(tmp_path / "a.gpkg", layers, gpkg_square()))
    assert rows is not None, report.problems
    assert rows["area_code"].to_list() == ["Z01000001"]


def test_two_layers_of_the_same_areas_are_refused(tmp_path: Path) -> None:
    layers = {"one": "LSOA21CD LSOA21NM", "other": "LSOA21CD LSOA21NM"}
    report, _ = look(geopackage(tmp_path / "a.gpkg", layers, gpkg_square()))
    assert "'one' and 'other'" in report.problems[0].message


def test_an_empty_outline_in_a_geopackage_is_named(tmp_path: Path) -> None:
    nothing = b"GP\x00\x11" + struct.pack("<i", 4326) + struct.pack("<BII", 1, 3, 0)
    report, _ = look(geopackage(tmp_path / "a.gpkg", {"l": "LSOA21CD LSOA21NM"}, nothing))
    assert (report.problems[0].row, "is empty" in report.problems[0].message) == (1, True)


# Workbooks.


IMD_HEADER = [
    "LSOA code (2011)", "LSOA name (2011)", "Local Authority District code (2019)",
    "Local Authority District name (2019)", "Index of Multiple Deprivation (IMD) Rank",
    "Index of Multiple Deprivation (IMD) Decile",
]  # fmt: skip


def imd_book(path: Path, sheets: dict[str, list[int]], hide: str | None = None) -> Path:
    book = xlsxwriter.Workbook(str(path))
    for name, ranks in sheets.items():
        sheet = book.add_worksheet(name)
        sheet.write_row(0, 0, IMD_HEADER)
        for n, rank in enumerate(ranks, 1):
            decile = -(-rank * 10 // len(ranks))
            sheet.write_row(n, 0, [f"Z0100000{n}", f"A {n}", "Z06000001", "A", rank, decile])
        sheet.write(len(ranks) + 3, 0, "Source: a fictional ministry")
        if name == hide:
            sheet.hide()
        else:
            sheet.activate()
    book.close()
    return path


@pytest.mark.parametrize("hide", ["before", "zz"])
def test_a_hidden_sheet_comes_after_visible_ones(tmp_path: Path, hide: str) -> None:
    sheets = {hide: [3, 2, 1], "IMD2019": [1, 2, 3]}
    report, rows = look(imd_book(tmp_path / "b.xlsx", sheets, hide))
    assert rows is not None, report.problems
    assert rows["imd_rank"].to_list() == [1, 2, 3]


def test_two_sheets_that_differ_are_refused_and_two_alike_are_one(tmp_path: Path) -> None:
    report, _ = look(imd_book(tmp_path / "a.xlsx", {"one": [3, 2, 1], "two": [1, 2, 3]}))
    assert "'one' and 'two'" in report.problems[0].message
    report, rows = look(imd_book(tmp_path / "b.xlsx", {"one": [1, 2, 3], "two": [1, 2, 3]}))
    assert rows is not None, report.problems


# Names and words.


@pytest.mark.parametrize(
    ("name", "publishers"),
    [
        ("PREVALENCE_2425 (1).csv", "PREVALENCE_2425.csv"),
        ("PREVALENCE_2425 - Copy.csv", "PREVALENCE_2425.csv"),
        ("PREVALENCE_2425 - Copy (2).csv.gz", "PREVALENCE_2425.csv.gz"),
        ("Copy of PREVALENCE_2425.csv", "PREVALENCE_2425.csv"),
        ("PREVALENCE_2425.csv", "PREVALENCE_2425.csv"),
        ("(1).csv", "(1).csv"),
    ],
)
def test_names_of_second_copies(name: str, publishers: str) -> None:
    assert publishers_name(name) == publishers


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (kind_of_archive({"xl/workbook.bin"}), "binary workbook"),
        (kind_of_archive({"a.shp", "a.dbf"}), "zipped shapefile"),
        (kind_of_archive({"doc.kml"}), "kmz"),
        (kind_of_archive({"x.gdb/a00000001.gdbtable"}), "geodatabase"),
        (kind_of_archive({"a.csv"}), "holds a.csv; unpack it"),
        (kind_of_archive({f"{n}.csv" for n in range(5)}), "and 2 more"),
        (kind_of_binary(b"%PDF-1.7"), "PDF"),
        (kind_of_binary(b"7z\xbc\xaf\x27\x1c"), "7-Zip"),
        (kind_of_markup(b"<?xml version='1.0'?><kml>"), "KML"),
        (kind_of_markup(b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>'), ".xlsx"),
        (kind_of_markup(b"<!DOCTYPE html><html>"), "web page"),
        (kind_of_markup(b"<?xml version='1.0'?><data/>"), "XML"),
    ],
)
def test_what_a_file_is(said: str, words: str) -> None:
    assert words in said


def test_a_workbook_with_a_password_is_named(tmp_path: Path) -> None:
    content = b"\xd0\xcf\x11\xe0" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le")
    report, _ = look(text_file(tmp_path, content, "book.xlsx"))
    assert "protected by a password" in report.problems[0].message


@pytest.mark.parametrize(
    ("text", "last"),
    [("2024-02-29/P1Y", "2025-02-28"), ("2024-01-31/P1M", "2024-02-29"), ("2023-01-01/P3Y", "2025-12-31")],
)  # fmt: skip
def test_periods_that_begin_at_the_end_of_a_month(text: str, last: str) -> None:
    period = parse_iso(text)
    assert period is not None
    assert period.end.isoformat() == last


@pytest.mark.parametrize(
    "text", ["2023/25", "2018 - 99", "0000", "2023-02-30", "9999/00", "2020-18"]
)
def test_what_is_no_period(text: str) -> None:
    assert parse_fingertips(text) is None


def _zip(path: Path, *names: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return path


@pytest.mark.parametrize(
    "make", [lambda p: _zip(p, "a.csv"), lambda p: text_file(p.parent, b"%PDF")]
)
def test_what_is_no_table_is_unrecognised_with_a_word(
    tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    report, _ = look(make(tmp_path / "something.bin"))
    assert report.status == "unrecognised"
    assert report.problems[0].message.startswith("this is ")
