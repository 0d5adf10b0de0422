"""Finding areas, postcodes, fitting by centroids and the page of an area, on the published sample."""

import json
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner

import beacon
from beacon.cli.main import app
from beacon.core.errors import BeaconError, InputRefusedError
from beacon.core.home import Home
from beacon.release.custom_area import custom_area
from beacon.release.find_areas import areas_of_postcodes, find_areas
from beacon.release.layout import Release, get_release
from beacon.site.area_page import write_area_page
from beacon.sources.centroid_list import read_centroids


@pytest.fixture
def home(published_sample: Path, tmp_path: Path) -> Home:
    """A home with the sample's releases and a ledger of its own."""
    root = tmp_path / "home"
    root.mkdir()
    (root / "releases").symlink_to(published_sample / "releases")
    shutil.copy(published_sample / "latest.json", root / "latest.json")
    return Home(root)


@pytest.fixture
def release(home: Home) -> Release:
    return get_release(home)


@pytest.fixture(scope="module")
def marts(published_sample: Path) -> duckdb.DuckDBPyConnection:
    return beacon.connect(home=published_sample)


def test_areas_of_all_kinds_agree_with_the_other_marts(marts: duckdb.DuckDBPyConnection) -> None:
    differing = marts.execute(
        "select area.area_code from area inner join place on area.area_code = place.place_code "
        "where kind = 'place' and (area.people, area.people_core20, area.lsoas) "
        "<> (place.people, place.people_core20, place.lsoas)"
    ).fetchall()
    assert differing == []
    kinds = dict(marts.execute("select kind, count(*) from area group by kind").fetchall())
    assert kinds["place"] == 9
    wards = marts.execute("select count(distinct ward24_code) from core20_ward").fetchone()
    assert (kinds["ward"],) == wards
    assert marts.execute(
        "select count(*) from area where kind = 'ward' and parent_kind <> 'lower_tier_authority'"
    ).fetchone() == (0,)


def test_an_area_is_found_by_a_part_of_its_name_and_by_its_code(release: Release) -> None:
    by_name = find_areas(release, "dunmarrow")
    assert ("place", "Z06000003") in {(row[0], row[2]) for row in by_name}
    assert {row[2] for row in find_areas(release, "z06000003")} == {"Z06000003"}
    assert {row[0] for row in find_areas(release, "dunmarrow", kind="place")} == {"place"}
    assert find_areas(release, "'; drop table area; --") == []


def test_the_command_prints_what_it_found(home: Home) -> None:
    found = CliRunner().invoke(
        app, ["areas", "search", "Dunmarrow", "--json", "--home", str(home.root)]
    )
    assert found.exit_code == 0, found.output
    assert "Dunmarrow" in {row["area_name"] for row in json.loads(found.output)}


def _some_lsoas(marts: duckdb.DuckDBPyConnection) -> list[tuple[str, str, int]]:
    return marts.execute(
        "select lsoa21_code, place_name, imd2025_decile from lsoa order by lsoa21_code limit 2"
    ).fetchall()


def test_postcodes_lead_to_their_lsoa(
    tmp_path: Path, release: Release, marts: duckdb.DuckDBPyConnection
) -> None:
    (first, place, decile), (second, *_) = _some_lsoas(marts)
    file = tmp_path / "postcodes.csv"
    file.write_text(
        f"pcds,oa21cd,lsoa21cd\nZZ1 1AA,x,{first}\nZZ1 1AB,x,{second}\nZZ9 9ZZ,x,Z01999999\n"
    )
    found = areas_of_postcodes(release, file, ["zz11aa", "ZZ9 9ZZ"])
    assert (found[0].lsoa21_code, found[0].place_name, found[0].imd2025_decile) == (
        first,
        place,
        decile,
    )
    # Beyond the footprint: the code and nothing else.
    assert (found[1].lsoa21_code, found[1].place_name) == ("Z01999999", None)
    (old,) = marts.execute(
        "select min(lsoa_code) from core20_lsoa where lsoa_vintage = 2011 "
        "and lsoa_code not in (select lsoa21_code from lsoa)"
    ).fetchall()[0]
    file_of_2011 = tmp_path / "of_2011.csv"
    file_of_2011.write_text(f"pcds,lsoa11cd\nZZ1 1AA,{first}\nZZ1 1AB,{old}\n")
    assert areas_of_postcodes(release, file_of_2011, ["ZZ1 1AA"])[0].place_name == place
    with pytest.raises(InputRefusedError, match=f"ZZ1 1AB lies in {old}, an LSOA of 2011"):
        areas_of_postcodes(release, file_of_2011, ["ZZ1 1AB"])
    with pytest.raises(InputRefusedError, match="ZZ2 2AA is not in it"):
        areas_of_postcodes(release, file, ["ZZ2 2AA"])
    with pytest.raises(InputRefusedError, match="is not a postcode"):
        areas_of_postcodes(release, file, ["Liverpool"])
    file.write_bytes(b"pcds,lsoa21cd\nZZ1 1AA,\xff\n")
    with pytest.raises(BeaconError, match="cannot be read as CSV"):
        areas_of_postcodes(release, file, ["ZZ1 1AA"])
    file.write_text("postcode,area\n")
    with pytest.raises(InputRefusedError, match="no column of postcodes"):
        areas_of_postcodes(release, file, ["ZZ1 1AA"])


def _box(x: float, y: float) -> dict[str, Any]:
    ring = [[x - 0.02, y - 0.02], [x + 0.02, y - 0.02], [x + 0.02, y + 0.02], [x - 0.02, y + 0.02],
            [x - 0.02, y - 0.02]]  # fmt: skip
    return {"type": "Polygon", "coordinates": [ring]}


def test_an_outline_is_fitted_by_centroids_where_they_are_given(
    tmp_path: Path, home: Home, release: Release, marts: duckdb.DuckDBPyConnection
) -> None:
    codes = [
        row[0] for row in marts.execute("select lsoa21_code from lsoa order by all").fetchall()
    ]
    outline, points = tmp_path / "box.geojson", tmp_path / "centroids.csv"
    outline.write_text(json.dumps(_box(10.0, 10.0)))
    # Two LSOAs have their people in the box, far from their outlines.
    points.write_text("LSOA21CD,long,lat\n" + "".join(
        f"{code},{10 if n < 2 else 50},10\n" for n, code in enumerate(codes)))  # fmt: skip
    found = custom_area(home, release, outline, centroids=points)
    assert list(found.lsoa21_codes) == codes[:2]
    assert found.rule.startswith("An LSOA counts whole where its population-weighted centroid")
    points.write_text(f"LSOA21CD,long,lat\n{codes[0]},10,10\n")
    with pytest.raises(BeaconError, match="The centroids lack"):
        custom_area(home, release, outline, centroids=points)


def test_centroids_in_british_national_grid_are_converted(tmp_path: Path) -> None:
    file = tmp_path / "grid.csv"
    # A worked point: Caister water tower is 651409.903, 313177.270 (Ordnance Survey, "A guide to
    # coordinate systems in Great Britain"), 52.6580 N 1.7161 E in WGS 84.
    file.write_text("FID,LSOA21CD,x,y\n1,E01000001,651409.903,313177.270\n")
    ((longitude, latitude),) = read_centroids(file).values()
    assert (longitude, latitude) == (
        pytest.approx(1.7161, abs=2e-4),
        pytest.approx(52.6580, abs=2e-4),
    )
    file.write_text("LSOA21CD,x,y\nE01000001,far,1\n")
    with pytest.raises(InputRefusedError, match="row 2"):
        read_centroids(file)
    file.write_text("code,x,y\n")
    with pytest.raises(InputRefusedError, match="no columns LSOA21CD"):
        read_centroids(file)


def test_the_page_of_an_area_stands_alone(
    tmp_path: Path, home: Home, release: Release, marts: duckdb.DuckDBPyConnection
) -> None:
    codes = [row[0] for row in _some_lsoas(marts)]
    found = custom_area(home, release, codes, "<Two> LSOAs")
    page = tmp_path / "area.html"
    write_area_page(release, found, page)
    text = page.read_text()
    assert "Everything here is fictional." in text
    assert f"{found.people:,}" in text
    assert "&lt;Two&gt; LSOAs" in text
    assert "<Two>" not in text
    assert "<svg" in text
    # One file: nothing is fetched and nothing runs.
    assert "<script" not in text
    assert "src=" not in text
    assert "<link" not in text
