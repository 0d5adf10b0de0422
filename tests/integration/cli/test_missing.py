"""What would fill an indicator without a figure, and where to get it."""

import json
from pathlib import Path

from typer.testing import CliRunner

from beacon.cli.main import app
from beacon.registry import load_indicators
from beacon.registry.sources import load_source_register
from beacon.registry.supplies import supplies


def _missing(home: Path, *options: str) -> str:
    done = CliRunner().invoke(app, ["sources", "missing", "--home", str(home), *options])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_nothing_is_missing_where_every_beacon_has_a_figure(published_sample: Path) -> None:
    assert json.loads(_missing(published_sample, "--json")) == []


def test_every_beacon_without_a_figure_says_how_to_get_one(tmp_path: Path) -> None:
    rows = json.loads(_missing(tmp_path, "--json"))
    for row in rows:
        assert row["kind"] in ("file", "return", "not_read")
        assert row["title"]
    asked = {row["where"] for row in rows if row["kind"] == "return"}
    assert asked == {f"beacon returns template {number}" for number in (8, 11, 12, 15, 20, 21)}


def test_it_reads_as_text(tmp_path: Path) -> None:
    text = _missing(tmp_path)
    assert "return to ask for" in text
    assert "beacon returns template 12" in text
    assert max(map(len, text.splitlines())) <= 80


def test_without_a_release_every_beacon_is_listed(tmp_path: Path) -> None:
    rows = json.loads(_missing(tmp_path, "--json"))
    assert {row["id"] for row in rows} == set(range(1, 23))
    assert {row["status"] for row in rows} == {"no release"}


def test_a_file_is_one_that_the_register_reads_and_is_the_right_one() -> None:
    register = load_source_register()
    for indicator in load_indicators().values():
        for supply in supplies(indicator, register):
            assert supply.where or supply.kind == "not_read"
    (nomis,) = supplies(load_indicators()["children_workless_households"], register)
    assert (nomis.kind, "NM_136_1" in nomis.title) == ("file", True)
