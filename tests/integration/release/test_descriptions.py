"""What a release says to machines, read by the standards' own tools."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import csvw
import duckdb
import pandas as pd
import pytest
import rdflib
from cml_schemas import pandas_schemas

from beacon.contracts import load_contracts
from beacon.core.home import Home
from beacon.release.cml import TABLES, write_cml
from beacon.release.descriptions import CROISSANT, CSVW, DCAT
from beacon.release.layout import Release, get_release

DCAT_NS = rdflib.Namespace("http://www.w3.org/ns/dcat#")
DCT = rdflib.Namespace("http://purl.org/dc/terms/")


@pytest.fixture(scope="module")
def release(_published_sample: Path) -> Release:
    return get_release(Home(_published_sample))


def test_csvw_reads_every_row_and_type(release: Release) -> None:
    group = csvw.TableGroup.from_file(release.path / CSVW)
    marts = {mart["name"]: mart["rows"] for mart in release.manifest["marts"]}
    tables = {Path(table.url.string).stem: table for table in group.tables}
    assert set(tables) <= set(marts)
    for name in ("place", "scorecard", "indicator", "source_status", "target"):
        rows = list(tables[name])
        assert len(rows) == marts[name]
    with duckdb.connect() as con:
        people = con.sql(
            f"select people from '{release.path}/place.parquet' order by place_code"
        ).fetchall()
    assert [row["people"] for row in tables["place"]] == [value for (value,) in people]


def test_csvw_refuses_a_cell_of_another_type(release: Release, tmp_path: Path) -> None:
    shutil.copytree(release.path / "csv", tmp_path / "csv")
    shutil.copy(release.path / CSVW, tmp_path / CSVW)
    file = tmp_path / "csv" / "place.csv"
    file.chmod(0o644)
    header, first, *others = file.read_text().splitlines()
    cells = first.split(",")
    cells[header.split(",").index("people")] = "many"
    file.write_text("\n".join([header, ",".join(cells), *others]) + "\n")
    (table,) = [
        t
        for t in csvw.TableGroup.from_file(tmp_path / CSVW).tables
        if t.url.string == "csv/place.csv"
    ]
    with pytest.raises(ValueError, match="many"):
        list(table)


# mlcroissant brings absl's log handler, which keeps the stderr that it finds when it is imported: in
# a process of pytest that is the captured one, and a later `dictConfig` closes it for every test.
_READ_CROISSANT = """
import json, sys
import mlcroissant
described = mlcroissant.Dataset(jsonld=sys.argv[1])
records = list(described.records("place"))
found = {
    "errors": len(described.metadata.ctx.issues.errors),
    "rows": len(records),
    "fields": sorted(records[0]),
    "conforms_to": described.metadata.to_json()["conformsTo"],
}
print(json.dumps(found))
"""


def _read_croissant(file: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", _READ_CROISSANT, str(file)], capture_output=True, text=True
    )


def test_croissant_is_valid_and_leads_to_the_rows(release: Release) -> None:
    read = _read_croissant(release.path / CROISSANT)
    assert read.returncode == 0, read.stderr
    found = json.loads(read.stdout)
    with duckdb.connect() as con:
        (expected,) = con.sql(f"select count(*) from '{release.path}/place.parquet'").fetchall()[0]
    assert (found["errors"], found["rows"]) == (0, expected)
    assert {"place/people", "place/place_code"} <= set(found["fields"])
    assert "1.0" in found["conforms_to"].split("/")


def test_croissant_s_own_check_finds_a_fault(release: Release, tmp_path: Path) -> None:
    broken = json.loads((release.path / CROISSANT).read_text())
    del broken["distribution"][0]["encodingFormat"]
    file = tmp_path / CROISSANT
    file.write_text(json.dumps(broken))
    read = _read_croissant(file)
    assert read.returncode != 0
    assert "ValidationError" in read.stderr


def test_dcat_has_what_dcat_ap_makes_mandatory(release: Release) -> None:
    graph = rdflib.Graph()
    graph.parse(release.path / DCAT, format="json-ld", publicID="https://beacon.example/r/")
    (catalogue,) = graph.subjects(rdflib.RDF.type, DCAT_NS.Catalog)
    for needed in (DCT.title, DCT.description, DCT.publisher, DCAT_NS.dataset):
        assert (catalogue, needed, None) in graph
    datasets = set(graph.subjects(rdflib.RDF.type, DCAT_NS.Dataset))
    assert len(datasets) == len(release.manifest["marts"])
    for dataset in datasets:
        assert (dataset, DCT.title, None) in graph
        assert (dataset, DCT.description, None) in graph
        (*distributions,) = graph.objects(dataset, DCAT_NS.distribution)
        assert len(distributions) == 2
        for distribution in distributions:
            (address,) = graph.objects(distribution, DCAT_NS.accessURL)
            file = str(address).removeprefix("https://beacon.example/r/")
            assert (release.path / file).is_file()


def _frames(folder: Path) -> dict[str, pd.DataFrame]:
    return {name: pd.read_parquet(folder / f"{name}.parquet") for name in TABLES}


def _validate(frames: dict[str, pd.DataFrame]) -> None:
    schemas: dict[str, Any] = {
        "metric": pandas_schemas.get_metric_schema("float"),
        "dimensions": pandas_schemas.create_dimensions_schema(
            ["sex", "age", "category_type", "category"]
        ),
        "metadata": pandas_schemas.METADATA_SCHEMA,
        "source": pandas_schemas.SOURCE_SCHEMA,
        "relationships": pandas_schemas.RELATIONSHIPS_SCHEMA,
    }
    for name, schema in schemas.items():
        frame = frames[name]
        # A column with nothing in it has no type of its own in pandas.
        empty = [column for column in frame if frame[column].isna().all()]
        texts = {field.name for field in schema.fields if field.dtype == "object"}
        frame = frame.astype({column: "object" for column in empty if column in texts})
        pandas_schemas.validate_schema(frame, schema)
        assert set(frame.columns) == {field.name for field in schema.fields}


def _hold_together(release: Release, frames: dict[str, pd.DataFrame], left_out: int) -> None:
    """Every value of the marts is a data point or counted as left out, under the same number."""
    with duckdb.connect() as con:
        con.execute(
            f"create view rows as from '{release.path}/beacon_indicator.parquet' "
            f"union all from '{release.path}/core20plus5_indicator.parquet'"
        )
        published, total = con.sql(
            "select count(*), sum(value) from rows where value is not null "
            "and period_start is not null"
        ).fetchall()[0]
        (with_value,) = con.sql("select count(*) from rows where value is not null").fetchall()[0]
    metric = frames["metric"]
    assert len(metric) == published == with_value - left_out
    assert metric["metric_value"].sum() == pytest.approx(total)
    assert metric["datapoint_id"].is_unique
    assert set(metric["metric_id"]) == set(frames["metadata"]["metric_id"])
    assert frames["metadata"]["metric_id"].is_unique
    assert set(metric["dimension_id"]) == set(frames["dimensions"]["dimension_id"])


def test_cml_passes_its_own_schemas_on_the_sample(release: Release, tmp_path: Path) -> None:
    counts = write_cml(release, tmp_path)
    frames = _frames(tmp_path)
    _validate(frames)
    _hold_together(release, frames, counts["left_out"])
    withheld = frames["metadata"].set_index("metric_id")["statistical_disclosure_control_flag"]
    assert set(withheld) == {"Y", "N"}


def test_cml_s_own_schema_refuses_a_missing_value(release: Release, tmp_path: Path) -> None:
    write_cml(release, tmp_path)
    frames = _frames(tmp_path)
    frames["metric"].loc[0, "metric_value"] = None
    with pytest.raises(TypeError, match="metric_value"):
        _validate(frames)


@pytest.mark.given
@pytest.mark.slow
def test_cml_passes_its_own_schemas_on_official_files(official_home: Path, tmp_path: Path) -> None:
    official = get_release(Home(official_home))
    counts = write_cml(official, tmp_path)
    frames = _frames(tmp_path)
    _validate(frames)
    _hold_together(official, frames, counts["left_out"])


def test_every_column_of_a_csv_is_described(release: Release) -> None:
    contracts = load_contracts()
    for table in json.loads((release.path / CSVW).read_text())["tables"]:
        header = (release.path / table["url"]).read_text().splitlines()[0].split(",")
        assert header == [column["name"] for column in table["tableSchema"]["columns"]]
        name = Path(table["url"]).stem
        assert tuple(table["tableSchema"]["primaryKey"]) == contracts[f"marts.{name}"].key
