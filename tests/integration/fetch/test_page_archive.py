"""Pages kept as they were sent: equal answers give equal bytes, and nothing is lost or doubled."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from beacon.core.errors import InputRefusedError
from beacon.sources.page_archive import (
    PageIndex,
    Shape,
    read_page_table,
    read_pages,
    write_pages,
)
from beacon.sources.publishers.boundaries import read_boundaries
from beacon.sources.recognise import recognise
from tests.conftest import given_directory
from tests.integration.fetch.conftest import whole_register

WARD = "ons_open_geography/lsoa21_ward24"
CENSUS = "ons_census_2021/ts007a"
FIELDS = ("LSOA21CD", "LSOA21NM", "WD24CD", "WD24NM", "LAD24CD", "LAD24NM")


def archive(directory: Path, key: str, shape: Shape, pages: list[bytes], records: int) -> Path:
    path = directory / "layer.pages.zip"
    write_pages(path, PageIndex(key, shape, "layer/query", {"where": "1=1"}, records), pages)
    return path


def page(*codes: str, **more: Any) -> bytes:
    return json.dumps(
        {"features": [{"attributes": {name: f"{name} {code}" for name in FIELDS}} for code in codes],
         **more}
    ).encode()  # fmt: skip


def test_pages_are_kept_byte_for_byte_and_without_dates(tmp_path: Path) -> None:
    pages = [page("a"), b"  " + page("b") + b"\n"]
    path = archive(tmp_path, WARD, "arcgis", pages, 2)
    first = path.read_bytes()
    assert list(read_pages(path)) == pages
    path.unlink()
    assert archive(tmp_path, WARD, "arcgis", pages, 2).read_bytes() == first


def test_records_of_all_pages_are_one_table(tmp_path: Path) -> None:
    path = archive(tmp_path, WARD, "arcgis", [page("a", "b"), page("c")], 3)
    table = read_page_table(path, whole_register().datasets[WARD].dataset)
    assert table.header == list(FIELDS)
    assert table.frame["c0"].to_list() == ["LSOA21CD a", "LSOA21CD b", "LSOA21CD c"]


def test_lost_records_are_counted(tmp_path: Path) -> None:
    path = archive(tmp_path, WARD, "arcgis", [page("a")], 2)
    (problem,) = recognise(path, whole_register()).problems
    assert "has 1 records where the publisher said 2" in problem.message


def test_a_renamed_field_is_named(tmp_path: Path) -> None:
    path = archive(tmp_path, WARD, "arcgis", [page("a").replace(b"WD24NM", b"WD25NM")], 1)
    seen = recognise(path, whole_register())
    assert seen.key == WARD
    assert [problem.column for problem in seen.problems] == ["WD24NM"]


def census(areas: int, codes: range = range(19)) -> bytes:
    rows = ["GEOGRAPHY_NAME,GEOGRAPHY_CODE,C2021_AGE_19,OBS_VALUE,RECORD_COUNT"]
    rows += [
        f"Area {area},Z0100000{area},{code},{18 if code == 0 else 1},0"
        for area in range(areas)
        for code in codes
    ]
    return ("\r\n".join(rows) + "\r\n").encode()


def test_cells_are_put_under_the_datasets_own_headers(tmp_path: Path) -> None:
    path = archive(tmp_path, CENSUS, "csv", [census(3)], 57)
    dataset = whole_register().datasets[CENSUS].dataset
    table = read_page_table(path, dataset)
    assert table.header == list(dataset.header)
    assert table.frame.row(0)[:4] == ("Area 0", "Z01000000", "18", "1")
    assert recognise(path, whole_register()).problems == ()


@pytest.mark.parametrize(
    ("pages", "records", "said"),
    [
        ([census(2, range(18))], 36, "no record has C2021_AGE_19 18"),
        ([census(1), census(1)], 38, "occurs more than once"),
        ([census(1), b"A,B\n1,2\n"], 20, "other columns than page 1"),
        ([census(1).replace(b"OBS_VALUE", b"OBS")], 19, "the column is missing"),
    ],
)
def test_cells_that_do_not_fit_are_named(
    tmp_path: Path, pages: list[bytes], records: int, said: str
) -> None:
    path = archive(tmp_path, CENSUS, "csv", pages, records)
    (problem, *_) = recognise(path, whole_register()).problems
    assert said in problem.message


def test_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    path = archive(tmp_path, WARD, "arcgis", [page("a")], 1)
    path.write_bytes(path.read_bytes()[:-30])
    assert recognise(path, whole_register()).problems


def test_an_archive_of_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.pages.zip"
    with zipfile.ZipFile(path, "w") as target:
        target.writestr("index.json", '{"format": "beacon-pages-9"}')
    with pytest.raises(InputRefusedError, match="another version"):
        read_page_table(path, whole_register().datasets[WARD].dataset)


@pytest.mark.given
def test_real_pages_of_a_lookup_are_read(tmp_path: Path) -> None:
    samples = given_directory("BEACON_TEST_API_SAMPLES", "api_samples") / "ons_geo"
    pages = [path.read_bytes() for path in sorted(samples.glob("lsoa11_lsoa21_lad22_v5_page*"))]
    records = sum(len(json.loads(content)["features"]) for content in pages)
    key = "ons_open_geography/lsoa11_lsoa21"
    path = archive(tmp_path, key, "arcgis", pages, records)
    table = read_page_table(path, whole_register().datasets[key].dataset)
    assert table.frame.height == 188
    assert recognise(path, whole_register()).problems == ()


@pytest.mark.given
def test_real_pages_of_boundaries_are_read(tmp_path: Path) -> None:
    samples = given_directory("BEACON_TEST_API_SAMPLES", "api_samples") / "ons_geo"
    pages = [path.read_bytes() for path in sorted(samples.glob("lsoa21_bgc_page*"))]
    records = sum(len(json.loads(content)["features"]) for content in pages)
    spec = whole_register().datasets["ons_boundaries/lsoa21"]
    path = archive(tmp_path, spec.key, "geojson", pages, records)
    assert recognise(path, whole_register()).problems == ()
    with pytest.raises(InputRefusedError, match="where 35,672 are expected"):
        read_boundaries(path, "pages", spec, False)
