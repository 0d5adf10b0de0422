"""An accepted return is in the next release; a refused one changes nothing at all."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import Path

from typer.testing import CliRunner

from beacon.cli.main import app
from beacon.core.settings import Settings
from beacon.inputs import find_files
from beacon.pipeline import run_pipeline
from beacon.warehouse.connection import open_warehouse
from beacon.workspace import Workspace
from tests.fixtures.runs import lands_nothing_new

from .conftest import BRACKENMOUTH, CAWLDERWICK, spend, write_text, write_workbook

runner = CliRunner()


def _every_byte(root: Path) -> dict[str, str]:
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        if path.is_file()
        else "directory"
        for path in sorted(root.rglob("*"))
    }


def test_an_accepted_return_is_published_by_the_next_run(sample_home: Path, tmp_path: Path) -> None:
    # For the year before that of the sample's own returns.
    year = {"period_start": date(2023, 4, 1), "period_end": date(2024, 3, 31)}
    path = write_workbook(tmp_path / "spend.xlsx", [spend(30, 120, value=25, **year)])
    result = runner.invoke(app, ["returns", "add", str(path), "--home", str(sample_home)])
    assert result.exit_code == 0, result.output
    assert "accepted; indicator 21" in result.output

    folder = sample_home / "landing" / "local_return" / "local_supply_chain_spend"
    (sidecar,) = folder.glob(f"{BRACKENMOUTH}@2023-24/*/spend.xlsx.landing.json")
    record = json.loads(sidecar.read_text())
    assert record["details"]["acceptance"]["approved_by_role"] == "Director of finance"
    assert record["details"]["acceptance"]["submitted_by_role"] == "Head of procurement"
    assert record["details"]["acceptance"]["period_end"] == "2024-03-31"
    assert (sidecar.parent / "spend.xlsx").read_bytes() == path.read_bytes()

    workspace = Workspace(Settings(home=sample_home, inputs="sample"))
    assert not lands_nothing_new(workspace)
    assert run_pipeline(workspace, checks=False).status == "published"
    with open_warehouse(workspace, prepare=False) as warehouse:
        rows = warehouse.con.execute(
            "select area_code, area_type, period, value, numerator, denominator, value_status, "
            "value_note, source from marts.beacon_indicator "
            "where indicator_slug = 'local_supply_chain_spend' and period = '2023/24'"
        ).fetchall()
        status = warehouse.con.execute(
            "select dataset, status from marts.source_status where source = 'local_return'"
        ).fetchall()
    by_area = {row[0]: row[1:] for row in rows}
    note = "Local returns: 1 of 2 expected (50%). Not returned: Brackenmouth (fictional) Hospitals"
    assert by_area[BRACKENMOUTH][:6] == ("place", "2023/24", 25.0, 30.0, 120.0, "published")
    assert by_area[BRACKENMOUTH][6].startswith(note)
    assert by_area[BRACKENMOUTH][7] == "local_return"
    assert by_area[CAWLDERWICK][2:6] == (None, None, None, "not_supplied")
    assert dict(status)["local_supply_chain_spend"] not in ("not_supplied", "refused")
    assert lands_nothing_new(Workspace(Settings(home=sample_home, inputs="sample")))

    # The table of accepted returns, laid among the inputs of a home that accepted none.
    tables = sample_home / "state" / "returns"
    other = Workspace(Settings(home=tmp_path / "other", inputs="folder", folder=tables))
    keys = [file.recognition.key for file in find_files(other)]
    assert len(keys) > 10
    assert set(keys) == {None}


def test_a_refused_return_leaves_the_home_as_it_was(sample_home: Path, tmp_path: Path) -> None:
    before = _every_byte(sample_home)
    path = write_text(tmp_path / "spend.csv", [spend(numerator=999)])
    result = runner.invoke(app, ["returns", "add", str(path), "--home", str(sample_home)])
    assert result.exit_code == 1
    assert "refused; nothing has changed" in result.output
    assert _every_byte(sample_home) == before

    nowhere = tmp_path / "no-home"
    assert runner.invoke(app, ["returns", "add", str(path), "--home", str(nowhere)]).exit_code == 1
    assert not nowhere.exists()


def test_the_commands_on_the_way(tmp_path: Path) -> None:
    template = tmp_path / "t.xlsx"
    assert runner.invoke(app, ["returns", "template", "21", "--out", str(template)]).exit_code == 0
    assert runner.invoke(app, ["returns", "check", str(template)]).exit_code == 1
    bad = write_text(tmp_path / "bad.csv", [spend(value=1)])
    result = runner.invoke(app, ["returns", "check", str(bad), "--format", "json"])
    assert result.exit_code == 1
    assert '"column": "J"' in result.output
    good = write_text(tmp_path / "good.csv", [spend()])
    assert runner.invoke(app, ["returns", "check", str(good)]).exit_code == 0
    home = str(tmp_path / "home")
    assert runner.invoke(app, ["returns", "add", str(good), "--home", home]).exit_code == 0
    again = runner.invoke(app, ["returns", "add", str(good), "--home", home])
    assert "accepted before" in again.output
    listed = runner.invoke(app, ["returns", "list", "--home", home, "--format", "csv"])
    assert "Director of finance" in listed.output
