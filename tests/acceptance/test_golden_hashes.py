"""The content hash of every mart, of the sample and of the official files.

A hash moves only where a number was mended on purpose; the commit that moves it says why.
`python -m tests.acceptance.renew_golden HOME sample|official` writes them from a published home.
"""

import json
from pathlib import Path

import pytest

from beacon.core.home import Home
from beacon.release.layout import latest_release

GOLDEN = Path(__file__).with_name("golden")


def mart_hashes(home: Path) -> dict[str, str]:
    """Content hash of each mart of a home's current release."""
    release = latest_release(Home(home))
    assert release is not None
    marts = release.manifest["marts"]
    return {mart["name"]: mart["content_sha256"] for mart in sorted(marts, key=lambda m: m["name"])}


def _moved(home: Path, name: str) -> list[str]:
    expected = json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))
    found = mart_hashes(home)
    return sorted(mart for mart in expected.keys() | found if expected.get(mart) != found.get(mart))


def test_no_mart_of_the_sample_has_moved(published_sample: Path) -> None:
    assert _moved(published_sample, "sample") == []


@pytest.mark.given
def test_no_mart_of_the_official_files_has_moved(official_home: Path) -> None:
    assert _moved(official_home, "official") == []
