"""The QGIS project of a release: its layers are the marts, and QGIS opens and draws it."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

import duckdb
import geopandas as gpd
import pyogrio
import pytest

from beacon.core.errors import BeaconError
from beacon.core.home import Home
from beacon.release.layout import Release, get_release
from beacon.release.qgis_project import write_qgis

PYTHON_OF_QGIS = "/usr/bin/python3"
"""Debian's QGIS has its module in the system's Python only."""

_OPEN = """
import json, sys
from qgis.core import QgsApplication, QgsMapRendererParallelJob, QgsMapSettings, QgsProject
from qgis.PyQt.QtCore import QSize
app = QgsApplication([], False)
app.initQgis()
project = QgsProject.instance()
assert project.read(sys.argv[1])
layers = list(project.mapLayers().values())
settings = QgsMapSettings()
settings.setLayers([project.mapLayer("beacon_place_layer"), project.mapLayer("beacon_lsoa_layer")])
settings.setDestinationCrs(project.crs())
settings.setExtent(project.mapLayer("beacon_place_layer").extent())
settings.setOutputSize(QSize(400, 400))
job = QgsMapRendererParallelJob(settings)
job.start()
job.waitForFinished()
image = job.renderedImage()
image.save(sys.argv[2])
colours = {image.pixelColor(x, y).name() for x in range(400) for y in range(400)}
print(json.dumps({
    "title": project.title(), "crs": project.crs().authid(), "colours": sorted(colours),
    "layers": {l.id(): [l.isValid(), l.featureCount(), l.renderer().type()] for l in layers},
}))
"""


@pytest.fixture(scope="module")
def release(published_sample: Path) -> Release:
    return get_release(Home(published_sample))


@pytest.fixture(scope="module")
def project(release: Release, tmp_path_factory: pytest.TempPathFactory) -> Path:
    written = write_qgis(release, tmp_path_factory.mktemp("qgis") / "one")
    # Its paths are its own, so it may be moved.
    return shutil.move(written.parent, written.parent.with_name("moved")) / written.name


def _rows(release: Release, mart: str) -> int:
    with duckdb.connect() as con:
        found = con.execute(f"select count(*) from '{release.path}/{mart}.parquet'").fetchone()
    assert found is not None
    return int(found[0])


def test_layers_are_the_marts(release: Release, project: Path) -> None:
    layers = ET.parse(project).getroot().findall("./projectlayers/maplayer")
    ids = [layer.findtext("id") for layer in layers]
    assert ids == ["beacon_place_layer", "beacon_lsoa_layer"]
    for layer in layers:
        file, _, name = str(layer.findtext("datasource")).partition("|layername=")
        told = pyogrio.read_info(project.parent / file, layer=name)
        assert told["features"] == _rows(release, name)
        assert told["crs"] == "EPSG:4326"
        assert set(told["fields"]) >= {f"{'lsoa21' if name == 'lsoa' else name}_code", "people"}


def test_it_says_that_the_sample_is_fictional(project: Path) -> None:
    assert "fictional" in str(ET.parse(project).getroot().findtext("title"))


def test_a_release_without_outlines_is_refused(release: Release, tmp_path: Path) -> None:
    bare = Release(release.label, tmp_path / release.label)
    bare.path.mkdir()
    for mart in ("lsoa", "place"):
        rows = gpd.read_parquet(release.path / f"{mart}.parquet")
        rows.geometry = gpd.GeoSeries([None] * len(rows), crs=rows.crs)
        rows.to_parquet(bare.path / f"{mart}.parquet")
    with pytest.raises(BeaconError, match="has no outlines"):
        write_qgis(bare, tmp_path / "project")


def test_qgis_opens_and_draws_it(release: Release, project: Path, tmp_path: Path) -> None:
    probe = [PYTHON_OF_QGIS, "-c", "import qgis.core"]
    if subprocess.run(probe, capture_output=True, check=False).returncode != 0:
        pytest.skip("QGIS is not installed (Debian's package python3-qgis)")
    done = subprocess.run(
        [PYTHON_OF_QGIS, "-c", _OPEN, str(project), str(tmp_path / "map.png")],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["crs"] == "EPSG:4326"
    assert told["layers"] == {
        "beacon_place_layer": [True, _rows(release, "place"), "singleSymbol"],
        "beacon_lsoa_layer": [True, _rows(release, "lsoa"), "categorizedSymbol"],
    }
    assert {"#5b1f58", "#b073ab", "#e9e6ea"} <= set(told["colours"])
