"""The documentation as a site: built whole, with no link that leads nowhere."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("docs") / "site"
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return folder


def test_every_document_is_a_page(site: Path) -> None:
    documents = [path.relative_to(ROOT / "docs") for path in (ROOT / "docs").rglob("*.md")]
    for document in documents:
        folder = document.parent if document.stem == "README" else document.with_suffix("")
        assert (site / folder / "index.html").is_file(), document
    for page in ("", "contributing", "changelog", "deploy"):
        assert (site / page / "index.html").is_file(), page


def test_functions_are_described_from_their_docstrings(site: Path) -> None:
    text = (site / "api" / "index.html").read_text(encoding="utf-8")
    for name in ("beacon.api.read", "beacon.api.connect", "beacon.api.area"):
        assert f'id="{name}"' in text


def test_links_out_of_a_folder_lead_to_pages(site: Path) -> None:
    operations = (site / "operations" / "index.html").read_text(encoding="utf-8")
    assert 'href="../deploy/"' in operations
    start = (site / "index.html").read_text(encoding="utf-8")
    assert 'href="data_dictionary/"' in start
    assert 'href="contributing/"' in start


def test_nothing_is_fetched_from_another_server(site: Path) -> None:
    for page in site.rglob("index.html"):
        fetched = re.findall(r'(?:src|<link[^>]+href)="(https?://[^"]+)"', page.read_text("utf-8"))
        assert fetched == [], page
