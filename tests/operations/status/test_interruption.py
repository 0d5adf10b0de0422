"""A run that a person or a service stops is no failure, and is told without a trace."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from beacon.cli import run_commands
from beacon.cli.main import app
from beacon.core.home import Home
from beacon.operations.run_recorder import RunRecorder
from beacon.operations.runs import list_runs
from beacon.operations.status import gather


def test_the_command_says_it_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(run_commands, "_execute", stopped)
    found = CliRunner().invoke(app, ["run", "--home", str(tmp_path)])
    assert found.exit_code == 130
    assert "Interrupted. Nothing half done was published" in found.output
    assert "Traceback" not in found.output


def test_the_record_and_the_status_call_it_interrupted(tmp_path: Path) -> None:
    home = Home(tmp_path)
    recorder = RunRecorder(home, run_id="one", job="nightly", inputs="sample")
    recorder.lock_taken()
    with pytest.raises(KeyboardInterrupt), recorder.step("stage"):
        raise KeyboardInterrupt
    recorder.end()
    (run,) = list_runs(home)
    assert run.outcome == "interrupted"
    told = {condition.kind: condition.level for condition in gather(home).conditions}
    assert told["run_interrupted"] == "warning"
    assert "run_failed" not in told
