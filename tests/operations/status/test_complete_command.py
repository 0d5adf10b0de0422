"""What `beacon status` says to type does what it says, in the shell of whoever reads it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from beacon.cli.main import app
from beacon.core.files import write_json
from beacon.core.home import Home
from beacon.operations.alerts import tick
from beacon.operations.complete_command import Completion, completion_for
from beacon.operations.run_recorder import RunRecorder
from beacon.operations.runs import list_runs, write_run
from tests.operations.status.conftest import NOW, refused_source, run_record
from tests.operations.status.test_status import RAISES

OFFICIAL = {"inputs": "folder", "folder": "/srv/down loads", "footprint": "cheshire_merseyside"}


@pytest.fixture(autouse=True)
def _a_shell_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("BEACON_HOME", "BEACON_INPUTS", "BEACON_FOLDER", "BEACON_FOOTPRINT"):
        monkeypatch.delenv(name, raising=False)
    shell = tmp_path / "shell"
    shell.mkdir()
    monkeypatch.chdir(shell)


def told(home: Home) -> list[str]:
    """The commands of `beacon status` for a home, as they are printed."""
    done = CliRunner().invoke(app, ["status", "--home", str(home.root), "--format", "json"])
    return [condition["command"] for condition in json.loads(done.stdout)["conditions"]]


def home_of(command: str) -> str | None:
    """The home that a command works on, read from it as the program itself reads it."""
    program, *words = shlex.split(command)
    assert program == "beacon"
    found = typer.main.get_command(app)
    context = found.make_context(program, words[:0], resilient_parsing=True)
    while words and words[0] in (within := getattr(found, "commands", {})):
        found = within[words.pop(0)]
        context = found.make_context(found.name, list(words), parent=context)
    return str(context.params["home"]) if context.params.get("home") else None


@pytest.mark.parametrize("spoil", [case[0] for case in RAISES], ids=lambda case: case.__name__)
def test_each_command_is_for_the_home_that_was_asked_about(
    home: Home, spoil: Callable[[Home], None]
) -> None:
    spoil(home)
    for command in told(home):
        if command.startswith("systemctl"):
            continue
        if command.startswith("beacon sources check"):
            assert command == "beacon sources check FOLDER"  # looks at files, has no home
            continue
        assert home_of(command) == str(home.root), command
        if command.split()[1] in ("approve", "sources", "verify", "prune", "rollback"):
            done = CliRunner().invoke(app, shlex.split(command)[1:])
            assert done.exit_code in (0, 1, 3), done.output
    assert list(Path.cwd().iterdir()) == []


def test_a_home_that_the_shell_gives_is_not_named(home: Home) -> None:
    mine = {"BEACON_HOME": str(home.root)}
    assert Completion(home, None, mine).command("beacon prune") == "beacon prune"
    other = Completion(home, None, {"BEACON_HOME": "/srv/other"}).command("beacon prune")
    assert other == f"beacon prune --home {home.root}"
    assert Completion(Home(Path("data")), None, {}).command("beacon prune") == "beacon prune"
    spaced = Completion(Home(Path("/srv/my home")), None, {}).command("beacon prune")
    assert spaced == "beacon prune --home '/srv/my home'"


def test_a_run_is_given_the_inputs_of_the_last_one() -> None:
    data = Home(Path("data"))
    official = Completion(data, run_record(**OFFICIAL), {})
    assert official.command("beacon run") == "beacon run --inputs folder --folder '/srv/down loads'"
    stale = official.command("beacon run --inputs folder --folder FOLDER")
    assert stale == official.command("beacon run")
    checked = official.command("beacon sources check FOLDER")
    assert checked == "beacon sources check '/srv/down loads'"
    essex = Completion(data, run_record(**{**OFFICIAL, "footprint": "essex_2026"}), {})
    assert essex.command("beacon ui").endswith("'/srv/down loads' --footprint essex_2026")
    # What the service has in its environment.
    service = {"BEACON_INPUTS": "folder", "BEACON_FOLDER": "/srv/down loads"}
    assert Completion(data, run_record(**OFFICIAL), service).command("beacon run") == "beacon run"
    before = Completion(data, run_record(inputs="folder"), {})  # recorded by an earlier version
    assert before.command("beacon run") == "beacon run --inputs folder --folder FOLDER"
    live = Completion(data, run_record(inputs="live"), {})
    assert live.text("Then `beacon run`.") == "Then `beacon run --inputs live`."
    assert Completion(data, run_record(inputs="sample"), {}).command("beacon run") == "beacon run"
    board = Completion(Home(Path("/srv/b")), None, {})
    assert board.command("beacon status --home HOME/boards/essex") == (
        "beacon status --home /srv/b/boards/essex"
    )
    assert board.command("timedatectl") == "timedatectl"
    restore = "beacon restore BACKUP --home NEW_HOME"
    assert board.command(restore) == restore


def test_a_run_keeps_the_folder_and_the_footprint_that_it_was_told(home: Home) -> None:
    for run in list_runs(home):
        (home.state / "runs" / f"{run.run_id}.json").unlink()
    folder = Path("downloads")
    RunRecorder(home, run_id="one", job="nightly", inputs="folder", folder=folder,
                footprint="essex_2026")  # fmt: skip
    (run,) = list_runs(home)
    assert (run.folder, run.footprint) == (str(folder.absolute()), "essex_2026")
    aside = run_record(run_id="aside", job="backfill", inputs="sample", started=NOW)
    write_run(home, aside)
    assert completion_for(home).run == run


def test_no_path_of_the_machine_is_in_an_alert(home: Home) -> None:
    write_run(home, run_record(**OFFICIAL))
    write_json(home.state / "sources.json", refused_source(inputs="folder"))
    tick(home, channels=[], at=NOW)
    kept = (home.state / "alerts.json").read_text("utf-8")
    assert "beacon run --inputs folder --folder FOLDER" in kept
    assert "/srv" not in kept
    assert str(home.root) not in kept
    listed = CliRunner().invoke(app, ["alerts", "--home", str(home.root), "--format", "json"])
    (row,) = [row for row in json.loads(listed.stdout) if "Fingertips" in row["alert"]]
    assert row["do"] == (
        f"beacon run --inputs folder --folder '/srv/down loads' --home {home.root}"
    )
