"""What stands beside the Parquet files: workbook, CSVs, data package, and the Python interface."""

import csv
import gzip
import json
import re
import shutil
from pathlib import Path

import frictionless
import geopandas as gpd
import openpyxl
import pandas as pd
import polars as pl
import pytest

import beacon
from beacon.contracts import load_contracts
from beacon.contracts.sql_files import mart_names
from beacon.core.errors import BeaconError, ReleaseNotFoundError
from beacon.core.files import sha256_of
from beacon.core.home import Home
from beacon.release.layout import Release, get_release
from beacon.release.query import connect_release
from beacon.release.workbook import write_workbook
from beacon.release.workbook_sheets import SHEETS, place_sheets
from beacon.statistics.macros import macro_names


@pytest.fixture
def release(published: Path) -> Release:
    return get_release(Home(published))


# The workbook

MARTS = mart_names()
NAMES = {"Read me", *(sheet.name for sheet in SHEETS)}


@pytest.fixture(scope="module")
def book(_published_sample: Path) -> openpyxl.Workbook:
    release = get_release(Home(_published_sample))
    return openpyxl.load_workbook(release.path / "workbook.xlsx")


def test_each_subject_has_a_sheet_with_one_table(book: openpyxl.Workbook) -> None:
    assert [n for n in book.sheetnames if n in NAMES] == ["Read me", *(s.name for s in SHEETS)]
    for sheet in SHEETS:
        page = book[sheet.name]
        assert page["A1"].value == sheet.title
        assert page.freeze_panes == "A6"
        (table,) = page.tables.values()
        assert table.headerRowCount == 1
        assert [cell.value for cell in page[5]] == [head for head, *_ in sheet.columns]
        assert not page.merged_cells.ranges


def test_each_place_has_a_sheet_to_print_with_its_judgements_in_colour(
    book: openpyxl.Workbook, release: Release
) -> None:
    mart = pl.read_parquet(release.path / "scorecard.parquet")
    places = sorted(mart["place_name"].unique().to_list())
    assert [name for name in book.sheetnames if name not in NAMES] == places
    fills = {"worse": "FFB0430D", "better": "FF1D6FB0", "similar": "FFEFDCA6"}
    seen = set()
    for place in places:
        page = book[place]
        own = mart.filter(pl.col("place_name") == place)
        assert page.max_row - 5 == own.height
        heads = [cell.value for cell in page[5]]
        for row in range(6, page.max_row + 1):
            cell = page.cell(row, heads.index("Against the nation") + 1)
            if cell.value in fills:
                seen.add(cell.value)
                assert cell.fill.start_color.rgb == fills[cell.value]
        words = [page.cell(r, heads.index("Against the nation") + 1).value for r in range(6, 90)]
        judged = own.filter(pl.col("value").is_not_null())["compared_with_nation"].to_list()
        assert words.count("worse") == judged.count("worse")
    assert seen == set(fills)


def test_every_sheet_is_printed_on_a4_as_wide_as_the_paper(book: openpyxl.Workbook) -> None:
    for page in book:
        assert page.page_setup.paperSize == 9, page.title
        assert page.page_setup.orientation == "landscape"
        assert (page.page_setup.fitToWidth, page.page_setup.fitToHeight) == (1, 0) or (
            page.page_setup.fitToHeight in (0, None)
        )
    assert book["Scorecard"].print_area.endswith("$O$" + str(book["Scorecard"].max_row))


def test_tabs_of_places_are_names_that_excel_takes() -> None:
    names = ["A/B: [c]", "Read me", "x" * 40, "Twice", "twice", "'"]
    tabs = [s.name for s in place_sheets([(f"E{n}", name) for n, name in enumerate(names)])]
    assert tabs == ["A B   c", "E1", "x" * 31, "Twice", "E4", "E5"]


def test_every_sheet_says_that_it_is_fictional(book: openpyxl.Workbook) -> None:
    for page in book:
        first = [str(page.cell(row, 1).value) for row in range(1, 5)]
        assert any("FICTIONAL SAMPLE" in text for text in first), page.title


def test_the_scorecard_sheet_holds_the_mart(book: openpyxl.Workbook, release: Release) -> None:
    page = book["Scorecard"]
    mart = pl.read_parquet(release.path / "scorecard.parquet")
    assert page.max_row - 5 == mart.height
    heads = [cell.value for cell in page[5]]
    values = [page.cell(row, heads.index("Value") + 1) for row in range(6, page.max_row + 1)]
    shown = sorted(cell.value for cell in values if cell.value is not None)
    assert shown == pytest.approx(sorted(mart["value"].drop_nulls().to_list()))
    assert {c.number_format for c in values if c.value is not None} == {"#,##0.00"}
    # A missing value has its status beside it.
    status = heads.index("Status") + 1
    assert all(
        page.cell(cell.row, status).value != "published" for cell in values if cell.value is None
    )


def test_the_same_marts_give_the_same_bytes(release: Release, tmp_path: Path) -> None:
    for file in release.path.glob("*.parquet"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    path = write_workbook(
        tmp_path,
        [mart["name"] for mart in release.manifest["marts"]],
        label=release.label,
        footprint=release.manifest["footprint"]["name"],
        fictional=True,
    )
    assert path.read_bytes() == (release.path / "workbook.xlsx").read_bytes()


def test_text_that_looks_like_a_formula_stays_text(tmp_path: Path, release: Release) -> None:
    evil = '=HYPERLINK("http://example.org","click")'
    frame = pl.read_parquet(release.path / "place.parquet")
    frame.with_columns(pl.lit(evil).alias("place_name")).write_parquet(tmp_path / "place.parquet")
    write_workbook(tmp_path, ["place"], label="v2026.01.01-1", footprint="X", fictional=False)
    page = openpyxl.load_workbook(tmp_path / "workbook.xlsx")["Places"]
    assert page["B6"].value == evil
    assert page["B6"].data_type == "s"


# CSV


@pytest.mark.parametrize("mart", mart_names())
def test_each_mart_is_a_csv_with_the_contract_s_columns(release: Release, mart: str) -> None:
    contract = load_contracts()[f"marts.{mart}"]
    path = release.path / "csv" / contract.csv_name
    with (gzip.open if path.suffix == ".gz" else open)(
        path, "rt", encoding="utf-8", newline=""
    ) as stream:
        rows = list(csv.reader(stream))
    expected = [c.name for c in contract.columns if c.duck_type.family != "binary"]
    assert rows[0] == expected
    (entry,) = [m for m in release.manifest["marts"] if m["name"] == mart]
    assert len(rows) - 1 == entry["rows"]


# The data package, by the rules of datapackage.org (Data Package, Table Schema, version 2.0)

FIELD_TYPES = {
    "string", "number", "integer", "boolean", "object", "array", "list", "date", "time",
    "datetime", "year", "yearmonth", "duration", "geopoint", "geojson", "any",
}  # fmt: skip
CONSTRAINTS = {
    "string": {"required", "unique", "pattern", "enum", "minLength", "maxLength"},
    "integer": {"required", "unique", "enum", "minimum", "maximum"},
    "number": {"required", "unique", "enum", "minimum", "maximum"},
    "date": {"required", "unique", "enum", "minimum", "maximum"},
    "datetime": {"required", "unique", "enum", "minimum", "maximum"},
    "boolean": {"required", "enum"},
    "array": {"required", "unique", "enum", "minLength", "maxLength"},
    "any": {"required", "unique", "enum"},
}


def test_the_data_package_keeps_the_published_rules(release: Release) -> None:
    package = json.loads((release.path / "datapackage.json").read_text())
    assert package["$schema"] == "https://datapackage.org/profiles/2.0/datapackage.json"
    assert package["licenses"]
    assert all(set(licence) & {"name", "path"} for licence in package["licenses"])
    assert all(source["title"] for source in package["sources"])
    tables = {r["name"]: r for r in package["resources"] if r["type"] == "table"}
    assert set(tables) == set(mart_names())
    for resource in package["resources"]:
        assert re.fullmatch(r"[-a-z0-9._/]+", resource["name"])
        path = release.path / resource["path"]
        assert path.is_file()
        assert ".." not in resource["path"]
        assert resource["bytes"] == path.stat().st_size
        assert resource["hash"] == f"sha256:{sha256_of(path)}"
    for name, resource in tables.items():
        fields = resource["schema"]["fields"]
        names = [field["name"] for field in fields]
        assert len(set(names)) == len(names)
        assert set(resource["schema"]["primaryKey"]) <= set(names)
        columns = pl.read_parquet_schema(release.path / f"{name}.parquet").names()
        assert names == [column for column in columns if not column.startswith("geometry")]
        for field in fields:
            assert field["type"] in FIELD_TYPES
            assert field["description"]
            assert set(field.get("constraints", {})) <= CONSTRAINTS[field["type"]]


def test_the_frictionless_tool_accepts_every_row(release: Release) -> None:
    report = frictionless.validate(str(release.path / "datapackage.json"))
    assert report.valid, report.flatten(["name", "rowNumber", "fieldName", "message"])[:5]
    assert len(report.tasks) == 2 * len(mart_names())


def test_the_frictionless_tool_sees_a_changed_row(release: Release, tmp_path: Path) -> None:
    """What accepts everything proves nothing: a Core20 share of 150 % and a cut file are seen."""
    copy = tmp_path / "copy"
    shutil.copytree(release.path, copy, ignore=shutil.ignore_patterns("site"))
    place = copy / "csv" / "place.csv"
    place.chmod(0o644)
    with place.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    rows[0]["core20_share_percent"] = "150"
    with place.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    cut = copy / "scorecard.parquet"
    cut.chmod(0o644)
    cut.write_bytes(cut.read_bytes()[:-1])
    report = frictionless.validate(str(copy / "datapackage.json"))
    refused = {task.name: {error.type for error in task.errors} for task in report.tasks}
    assert "constraint-error" in refused["place"]
    assert {"hash-count", "byte-count"} & refused["scorecard.parquet"]
    assert not refused["lsoa"]


# The Python interface


def test_an_interactive_shell_is_offered_what_there_is():
    assert set(beacon.__all__) <= set(dir(beacon))


def test_connect_gives_views_and_macros(published: Path) -> None:
    con = beacon.connect(home=published)
    assert con.execute("select count(*) from place").fetchall() == [(9,)]
    assert con.execute("select wilson_lower_95(5, 10) between 0 and 1").fetchall() == [(True,)]


def test_read_gives_each_kind_of_frame(
    published: Path, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(beacon.read("scorecard", home=published), pl.DataFrame)
    assert isinstance(beacon.read("scorecard", "pandas", home=published), pd.DataFrame)
    arrow = beacon.read("scorecard", as_="arrow", home=published)
    assert arrow.num_rows == beacon.read("scorecard", home=published).height
    places = beacon.read("place", as_="geopandas", home=published, release=release.label)
    assert isinstance(places, gpd.GeoDataFrame)
    assert str(places.crs) == "OGC:CRS84"
    assert places.geometry.notna().all()
    monkeypatch.setenv("BEACON_HOME", str(published))
    assert beacon.read("place").height == 9


def test_what_cannot_be_read_says_what_can(published: Path, tmp_path: Path) -> None:
    with pytest.raises(ReleaseNotFoundError, match="scorecard"):
        beacon.read("scorecart", home=published)
    with pytest.raises(BeaconError, match="lsoa and place"):
        beacon.read("scorecard", "geopandas", home=published)
    with pytest.raises(BeaconError, match="polars"):
        beacon.read("scorecard", "excel", home=published)  # type: ignore[arg-type]
    with pytest.raises(ReleaseNotFoundError, match="beacon run"):
        beacon.connect(home=tmp_path)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = beacon.nonsense  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("sql", "made"),
    [
        ("from place", False),
        ("select count(*) from core20_cohort", False),
        ('select "wilson_lower" /* of */ (1, 2, 0.95)', True),
        ("select Wilson_Lower(1, 2, 0.95)", True),
        ("select function_name from duckdb_functions()", True),
        (None, True),
    ],
)
def test_macros_are_made_for_a_question_that_names_one(
    published: Path, sql: str | None, made: bool
) -> None:
    release = get_release(Home(published))
    names = {name.lower() for name in macro_names()}
    assert "wilson_lower" in names
    with connect_release(release, sql=sql) as con:
        found = con.execute("select lower(function_name) from duckdb_functions()").fetchall()
    assert ({name for (name,) in found} >= names) is made
