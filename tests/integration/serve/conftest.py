"""Applications over releases of the sample."""

import json
import shutil
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from beacon.core.files import read_json, sha256_of
from beacon.core.home import Home
from beacon.release.layout import Release, latest_release, point_to
from beacon.serve.http_app import make_app
from tests.fixtures.sites import SmallRelease

BASE = "http://127.0.0.1"


def client_of(home: Path, **options: object) -> TestClient:
    """A client of an application that answers errors as a server does."""
    app = make_app(Home(home), **options)  # type: ignore[arg-type]
    return TestClient(app, base_url=BASE, raise_server_exceptions=False)


@pytest.fixture(scope="module")
def client(published_sample: Path) -> TestClient:
    """Asks an application over the sample."""
    return client_of(published_sample)


@pytest.fixture(scope="module")
def sample(published_sample: Path) -> Release:
    """The sample's release."""
    release = latest_release(Home(published_sample))
    assert release is not None
    return release


@pytest.fixture
def two_releases(sample: Release, tmp_path: Path) -> tuple[Home, Release, Release]:
    """A home whose second release says one more of each value of its indicators. It is current."""
    home = Home(tmp_path / "home")
    first = Release(sample.label, home.releases / sample.label)
    second = Release(f"{sample.label[:-1]}2", home.releases / f"{sample.label[:-1]}2")
    for copy, day in ((first, "2026-03-01"), (second, "2026-04-01")):
        shutil.copytree(sample.path, copy.path, ignore=shutil.ignore_patterns("site", "csv"))
        for file in copy.path.iterdir():
            file.chmod(0o644)
        record = read_json(copy.path / "run.json")
        # Half past eleven at night in London is the next day's eve in UTC only in winter.
        record["published_at"] = f"{day}T22:30:00+00:00"
        (copy.path / "run.json").write_text(json.dumps(record))
    SmallRelease(second.path).replace("beacon_indicator", value="value + 1")
    manifest = read_json(second.path / "manifest.json")
    manifest["release"] = second.label
    for mart in manifest["marts"]:
        mart["sha256"] = sha256_of(second.path / mart["file"])
    (second.path / "manifest.json").write_text(json.dumps(manifest))
    point_to(home, second, sha256_of(second.path / "manifest.json"))
    return home, first, second
