"""`beacon site`."""

from __future__ import annotations

import webbrowser

from typer.testing import CliRunner

from beacon.cli.main import app

runner = CliRunner()


def test_build_writes_the_site_beside_the_releases(sample_home):
    result = runner.invoke(app, ["site", "build", "--home", str(sample_home)])
    assert result.exit_code == 0, result.output
    front = next((sample_home / "site").glob("v*/index.html"))
    assert "FICTIONAL" in front.read_text(encoding="utf-8").upper()
    assert "pages" in result.output
    releases = next((sample_home / "releases").glob("v*"))
    assert not (releases / "site").exists()


def test_open_builds_what_is_not_there_and_hands_it_to_the_browser(
    sample_home, tmp_path, monkeypatch
):
    opened = []
    monkeypatch.setattr(webbrowser, "open", lambda url: opened.append(url) or True)
    out = tmp_path / "pages"
    result = runner.invoke(app, ["site", "open", "--home", str(sample_home), "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert opened == [(out / "index.html").as_uri()]


def test_open_says_so_where_there_is_no_browser(sample_home, monkeypatch):
    monkeypatch.setattr(webbrowser, "open", lambda url: False)
    result = runner.invoke(app, ["site", "open", "--home", str(sample_home)])
    assert result.exit_code == 0
    assert "by hand" in result.output


def test_a_home_without_a_release_is_told_what_to_do(tmp_path):
    result = runner.invoke(app, ["site", "build", "--home", str(tmp_path)])
    assert result.exit_code != 0
    assert "beacon run" in str(result.exception)
