"""A run that is stopped, whatever it is at, is told of without a trace."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from beacon.cli import run_commands
from beacon.cli.main import app
from beacon.core.home import Home
from beacon.operations.run_recorder import RunRecorder
from beacon.operations.runs import find_dead, list_runs
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


@pytest.mark.parametrize(
    ("stopped_by", "outcome", "told"),
    [(KeyboardInterrupt, "interrupted", "run_interrupted"), (OSError, "failed", "run_failed")],
)
def test_a_run_that_stops_while_it_looks_for_inputs_is_told_of(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    stopped_by: type[BaseException],
    outcome: str,
    told: str,
) -> None:
    home, seen = Home(tmp_path), []

    def stops(_: object) -> None:
        seen.extend(list_runs(home))
        raise stopped_by

    monkeypatch.setattr("beacon.pipeline.land", stops)
    CliRunner().invoke(app, ["run", "--home", str(tmp_path)])
    # Before it has looked it is written down as running, so that a kill leaves a trace too.
    assert [(run.state, run.job) for run in seen] == [("running", "nightly")]
    assert find_dead(home, [replace(seen[0], process=(1, *seen[0].process[1:]))], holds_lock=False)
    (run,) = list_runs(home)
    assert (run.run_id, run.outcome) == (seen[0].run_id, outcome)
    assert told in {condition.kind for condition in gather(home).conditions}
