"""Custom areas on the published sample: they give what the marts give, or say why not."""

import csv
import io
import json
import re
import shutil
from pathlib import Path
from typing import Any

import duckdb
import geopandas
import numpy as np
import pytest
import shapely
from typer.testing import CliRunner

import beacon
from beacon.cli.main import app
from beacon.core.errors import BeaconError, InputRefusedError
from beacon.core.home import Home
from beacon.operations.damage import find_damage, mend
from beacon.release.area_ledger import GuardedAreaError
from beacon.release.custom_area import custom_area
from beacon.release.layout import get_release


@pytest.fixture
def home(published_sample: Path, tmp_path: Path) -> Path:
    """A home with the sample's releases and a ledger of its own, and nothing else."""
    root = tmp_path / "home"
    root.mkdir()
    (root / "releases").symlink_to(published_sample / "releases")
    shutil.copy(published_sample / "latest.json", root / "latest.json")
    return root


@pytest.fixture(scope="module")
def marts(published_sample: Path) -> duckdb.DuckDBPyConnection:
    return beacon.connect(home=published_sample)


def rows(con: duckdb.DuckDBPyConnection, sql: str, *given: Any) -> list[tuple[Any, ...]]:
    return con.execute(sql, list(given)).fetchall()


def outline_of(con: duckdb.DuckDBPyConnection, where: str) -> Any:
    wkb = [row[0] for row in rows(con, f"select geometry from lsoa where {where}")]
    return shapely.union_all(shapely.from_wkb(np.array(wkb, dtype=object)))


def drawn(folder: Path, outline: Any) -> Path:
    path = folder / "drawn.geojson"
    path.write_text(json.dumps(shapely.geometry.mapping(outline)))
    return path


def refused(home: Path, given: Any) -> str:
    with pytest.raises(InputRefusedError) as error:
        beacon.area(given, home=home)
    return str(error.value)


def ward_rows(con: duckdb.DuckDBPyConnection, ward: str) -> list[tuple[Any, ...]]:
    """Age band, people, Core20 people and LSOAs of a ward, from its own mart."""
    return rows(
        con,
        "select age_band, people_in_ward, people, lsoas_in_ward, lsoas from core20_ward "
        "where ward24_code = ? and imd_vintage = 2025 and sex = 'Persons' and core20",
        ward,
    )


def most_mixed_ward(con: duckdb.DuckDBPyConnection) -> str:
    ((ward,),) = rows(
        con,
        "select ward24_code from lsoa group by ward24_code having count(*) >= 4 order by "
        "abs(avg(core20_imd2025::int) - 0.5), ward24_code limit 1",
    )
    return str(ward)


@pytest.mark.parametrize("form", ["ward", "lsoas", "drawn"])
def test_an_area_that_equals_a_ward_gives_the_wards_numbers(
    form: str, home: Path, marts: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    ward = most_mixed_ward(marts)
    codes = [
        code for (code,) in rows(marts, "select lsoa21_code from lsoa where ward24_code = ?", ward)
    ]
    given: Any = {"ward": [ward], "lsoas": codes}.get(form)
    if form == "drawn":
        given = drawn(tmp_path, outline_of(marts, f"ward24_code = '{ward}'"))
    area = beacon.area(given, home=home)
    published = {row[0]: row[1:] for row in ward_rows(marts, ward)}
    people, core20, lsoas, core20_lsoas = published.pop("All ages")
    assert 0 < core20 < people
    assert (area.people, area.core20_people) == (people, core20)
    assert (area.lsoas, area.core20_lsoas) == (lsoas, core20_lsoas)
    assert area.core20_share_percent == pytest.approx(100 * core20 / people)
    ages = {
        (each.measure, each.group.removeprefix("Persons, ")): each.value
        for each in area.figures
        if each.measure in ("people_by_age", "core20_people_by_age")
    }
    assert ages == {
        (measure, band): values[at]
        for band, values in published.items()
        for measure, at in (("people_by_age", 0), ("core20_people_by_age", 1))
    }
    assert sorted(area.lsoa21_codes) == sorted(codes)
    assert (area.fit is not None) == (form == "drawn")
    if area.fit is not None:
        assert area.fit.lsoas_cut == 0
        assert area.fit.people_by_surface_share == people


def test_an_area_that_equals_a_place_gives_the_places_numbers(
    home: Path, marts: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    code, people, core20, lsoas = rows(
        marts,
        "select place_code, people, people_core20, lsoas from place order by people_core20 desc",
    )[0]
    area = beacon.area(drawn(tmp_path, outline_of(marts, f"place_code = '{code}'")), home=home)
    assert (area.people, area.core20_people, area.lsoas) == (people, core20, lsoas)
    movement = rows(
        marts,
        "select movement, sum(people) from core20_movement_area where area_code = ? group by all",
        code,
    )
    found = {f.group: f.value for f in area.figures if f.measure == "core20_2019_to_2025"}
    assert sum(found.values()) == people
    assert found["entered"] == dict(movement)["entered"]
    score, decile = rows(
        marts,
        "select sum(people * score) / sum(people), sum(people * decile) / sum(people) "
        "from deprivation_domain inner join lsoa on lsoa_code = lsoa21_code "
        "where imd_vintage = 2025 and domain = 'imd' and lsoa.place_code = ?",
        code,
    )[0]
    assert area.imd_average_score == pytest.approx(score)
    assert area.imd_average_decile == pytest.approx(decile)


def test_the_error_of_a_boundary_that_cuts_lsoas_is_said(
    home: Path, marts: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    whole = outline_of(marts, f"ward24_code = '{most_mixed_ward(marts)}'")
    west, south, east, north = whole.bounds
    half = shapely.intersection(whole, shapely.box(west, south, (west + east) / 2, north))
    area = beacon.area(drawn(tmp_path, half), home=home)
    assert area.fit is not None
    shapes = {
        code: (shapely.from_wkb(wkb), people)
        for code, people, wkb in rows(marts, "select lsoa21_code, people, geometry from lsoa")
    }
    inside = {code for code, (shape, _) in shapes.items() if half.contains(shape.centroid)}
    assert set(area.lsoa21_codes) == inside
    cut = {
        code
        for code, (shape, _) in shapes.items()
        if 0.01 < shape.intersection(half).area / shape.area < 0.99
    }
    assert cut
    assert area.fit.lsoas_cut == len(cut)
    assert area.fit.people_in_cut_lsoas_counted == sum(shapes[code][1] for code in cut & inside)
    assert area.fit.people_in_cut_lsoas_left_out == sum(shapes[code][1] for code in cut - inside)


def test_an_outline_beyond_the_footprint_says_how_much_is_not_covered(
    home: Path, marts: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    west, south, east, north = outline_of(marts, "true").bounds
    around = shapely.box(west - 1, south, east, north)
    area = beacon.area(drawn(tmp_path, around), home=home)
    assert area.lsoas == 540
    assert area.fit is not None
    assert area.fit.uncovered_percent > 10
    assert any("outside the footprint" in note for note in area.notes)


def test_an_outline_without_lsoas_is_refused(
    home: Path, marts: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    corner = shapely.Point(outline_of(marts, "true").exterior.coords[0])
    assert "it is too small" in refused(home, drawn(tmp_path, corner.buffer(1e-6)))
    west, south, *_ = outline_of(marts, "true").bounds
    away = shapely.box(west - 2, south - 2, west - 1, south - 1)
    assert "outside all LSOAs" in refused(home, drawn(tmp_path, away))


def test_codes_that_the_release_does_not_have_are_named(
    published_sample: Path, home: Path, marts: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    ((old,), *_) = rows(
        marts,
        "select distinct lsoa_code from core20_lsoa where lsoa_vintage = 2011 "
        "and lsoa_code not in (select lsoa21_code from lsoa) order by 1",
    )
    path = tmp_path / "mine.csv"
    path.write_text(f"LSOA21CD\nZ01000001\n{old}\n")
    said = refused(home, path)
    assert f"mine.csv, row 3: {old} is an LSOA of 2011" in said
    # What it became is not in the release; it is where the home has the lookup.
    (home / "staging").symlink_to(published_sample / "staging")
    (home / "state").mkdir(exist_ok=True)
    shutil.copy(published_sample / "state/staging-lsoa11_lsoa21.json", home / "state")
    became = re.search(r"It became ([Z0-9, ]+)\.", refused(home, path))
    assert became is not None
    assert set(became[1].split(", ")) <= {
        row[0] for row in rows(marts, "select lsoa21_code from lsoa")
    }
    path.write_text("Z01009999\n")
    assert "row 1: Z01009999 is no LSOA of 2021" in refused(home, path)
    assert "Z05999999 is no ward of 2024" in refused(home, ["Z05999999"])


def test_an_area_that_leaves_few_people_beside_an_earlier_one_is_refused(
    home: Path, marts: duckdb.DuckDBPyConnection
) -> None:
    (small, people), *_ = rows(marts, "select lsoa21_code, people from lsoa order by people, 1")
    others = [
        code
        for (code,) in rows(
            marts, "select lsoa21_code from lsoa where people > ? order by 1 limit 9", people + 1
        )
    ]
    release, place = get_release(Home(home)), Home(home)
    custom_area(place, release, others, "without", fewest=people + 1)
    with pytest.raises(GuardedAreaError, match="custom area 'without'") as guarded:
        custom_area(place, release, [*others, small], "with", fewest=people + 1)
    assert str(people) not in str(guarded.value).replace(str(people + 1), "")
    # No LSOA of the sample or of England has fewer than the hundred people of the rule in use.
    assert beacon.area([*others, small], home=home).lsoas == 10
    with pytest.raises(GuardedAreaError, match="has fewer than"):
        custom_area(place, release, [small], "small", fewest=people + 1)


def test_a_damaged_ledger_is_told_and_no_run_removes_it(home: Path) -> None:
    beacon.area(["Z01000001"], home=home)
    place = Home(home)
    assert [each for each in find_damage(place) if "custom_areas" in each.file] == []
    place.custom_areas.write_text("")
    (found,) = (each for each in find_damage(place) if "custom_areas" in each.file)
    assert (found.level, found.renewable) == ("critical", False)
    mend(place)
    assert place.custom_areas.exists()
    with pytest.raises(BeaconError, match="is damaged"):
        beacon.area(["Z01000001"], home=home)


def test_the_command_prints_a_table_csv_and_json(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    path = tmp_path / "north.txt"
    path.write_text("Z05000001\n")

    def ask(*options: str) -> Any:
        return CliRunner().invoke(app, ["area", str(path), "--home", str(home), *options])

    table = ask("--name", "North end")
    assert table.exit_code == 0, table.output
    assert [line for line in table.stdout.splitlines() if len(line) > 80] == []
    assert "North end" in table.stdout
    assert "fictional" in table.stdout
    found = json.loads(ask("--format", "json").stdout)
    assert found["name"] == "north"
    assert {type(found[key]) for key in ("lsoas", "people", "core20_people")} == {int}
    assert found["lsoas"] == len(found["lsoa21_codes"])
    assert found["population_base"] == "census_2021"
    assert json.loads(ask("--json").stdout) == found
    lines = {
        row["measure"]: row for row in csv.DictReader(io.StringIO(ask("--format", "csv").stdout))
    }
    assert lines["people"]["value"] == str(found["people"])
    mapped = tmp_path / "north.parquet"
    assert ask("--geoparquet", str(mapped)).exit_code == 0
    outlines = geopandas.read_parquet(mapped)
    assert outlines.crs == "OGC:CRS84"
    assert sorted(outlines["lsoa21_code"]) == sorted(found["lsoa21_codes"])
    assert outlines["people"].sum() == found["people"]
    assert set(outlines["custom_area"]) == {"north"}
    assert outlines["fictional"].all()
    path.write_text("nothing\n")
    wrong = ask()
    assert wrong.exit_code == 1
    assert "north.txt: holds no codes" in str(wrong.exception)


@pytest.mark.given
@pytest.mark.slow
def test_official_wards_and_a_drawn_authority_are_right_to_the_person(
    official_home: Path, official_files: Path, tmp_path: Path
) -> None:
    """Against sums of the publishers' own files, which share no code with Beacon."""
    from python_calamine import CalamineWorkbook

    home = tmp_path / "home"
    home.mkdir()
    (home / "releases").symlink_to(official_home / "releases")
    shutil.copy(official_home / "latest.json", home / "latest.json")
    book = CalamineWorkbook.from_path(
        official_files / "imd2025/File_1_IoD2025_Index_of_Multiple_Deprivation.xlsx"
    )
    head, *body = book.get_sheet_by_name("IMD25").to_python()
    at = {str(name): number for number, name in enumerate(head)}
    code, lad = at["LSOA code (2021)"], at["Local Authority District code (2024)"]
    decile = next(number for name, number in at.items() if "Decile" in name)
    deprivation = {row[code]: (row[lad], int(row[decile])) for row in body if row[code]}
    residents = {}
    census = official_files / "population/TS007A_age_by_five_year_age_bands_lsoa21.csv"
    with census.open(encoding="utf-8-sig", newline="") as stream:
        for row in csv.reader(stream):
            if len(row) > 2 and row[1].startswith("E01"):
                residents[row[1]] = int(row[2])
    wards: dict[str, set[str]] = {}
    lookup = official_files / "lookups/LSOA21_WD24_LAD24_EW_LU.csv"
    with lookup.open(encoding="utf-8-sig", newline="") as stream:
        for row in csv.DictReader(stream):
            if row["LAD24CD"] == "E06000006":
                wards.setdefault(row["WD24CD"], set()).add(row["LSOA21CD"])

    def independent(codes: set[str]) -> tuple[int, int, int]:
        core20 = sum(residents[code] for code in codes if deprivation[code][1] <= 2)
        return len(codes), sum(residents[code] for code in codes), core20

    assert len(wards) > 10
    for ward, codes in wards.items():
        area = beacon.area([ward], home=home)
        assert (area.lsoas, area.people, area.core20_people) == independent(codes)
    (path,) = (official_files / "boundaries").glob("Local_Authority_Districts*")
    (halton,) = (
        feature
        for feature in json.loads(path.read_text())["features"]
        if feature["properties"]["LAD24CD"] == "E06000006"
    )
    outline = tmp_path / "halton.geojson"
    outline.write_text(json.dumps(halton))
    area = beacon.area(outline, home=home)
    members = {code for code, (authority, _) in deprivation.items() if authority == "E06000006"}
    assert (area.lsoas, area.people, area.core20_people) == independent(members)
