"""A daemon or a server that stops in a night and is back: what is left, and what goes on."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from beacon.core.progress import reporting_to
from beacon.operations.runs import list_runs
from beacon.release import layout
from beacon.release.layout import list_releases
from pipelines.instance import instance_directory
from tests.operations.faults.conftest import ROOT, Rehearsal, stop_group
from tests.servers.postgres import Cluster

pytestmark = pytest.mark.slow

on_postgresql = pytest.mark.parametrize("history", ["postgres"], indirect=True)

PROGRAMS = Path(sys.executable).parent
"""Where Dagster's programs are; each is a Python script."""


def test_a_daemon_killed_in_a_night_starts_it_again_when_it_is_back(rehearsal: Rehearsal) -> None:
    before = rehearsal.release
    rehearsal.revise(1.0005)
    workspace = str(ROOT / "workspace.yaml")
    instance_directory(rehearsal.home)
    daemon = (str(PROGRAMS / "dagster-daemon"), "run", "-w", workspace)
    first = rehearsal.start(*daemon)
    second: subprocess.Popen[bytes] | None = None
    try:
        assert rehearsal.wait_until((rehearsal.home.state / "heartbeat.json").is_file)
        launch = ("-m", "dagster", "job", "launch", "-w", workspace, "-j", "nightly")
        assert rehearsal.start(*launch).wait(300) == 0
        assert rehearsal.wait_until(rehearsal.is_writing)
        _kill_all_of(rehearsal, first)
        rehearsal.assert_sound()
        assert rehearsal.release == before
        second = rehearsal.start(*daemon)
        assert rehearsal.wait_until(lambda: rehearsal.release != before)
    finally:
        for process in filter(None, (first, second)):
            _kill_all_of(rehearsal, process)
    assert rehearsal.beacon("run").returncode == 0
    rehearsal.assert_nothing_left_behind()


def _kill_all_of(rehearsal: Rehearsal, daemon: subprocess.Popen[bytes]) -> None:
    """Kill a daemon, and the code server and run that it started for this very home."""
    stop_group(daemon, signal.SIGKILL)
    daemon.wait()
    mark = f"BEACON_HOME={rehearsal.home.root}".encode()
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and mark in (entry / "environ").read_bytes().split(b"\0"):
                os.kill(int(entry.name), signal.SIGKILL)


@on_postgresql
def test_a_restart_of_postgresql_in_a_night_leaves_nothing_half_done(
    rehearsal: Rehearsal, request: pytest.FixtureRequest
) -> None:
    """Like a power cut, and back when the run has ended; then politely, and back at once."""
    cluster: Cluster = request.getfixturevalue("_postgres_cluster")
    home, before = rehearsal.home, rehearsal.release
    rehearsal.revise(1.0005)
    with at_the_first_table(lambda: cluster.stop("immediate")) as heard:
        try:
            failed = rehearsal.beacon("run")
        finally:
            if heard:
                cluster.start()
    assert failed.returncode == 1
    assert "run history: it could not be written to" in failed.stdout
    assert not layout.unfinished_builds(home)
    rehearsal.assert_sound()
    assert rehearsal.release == before
    assert list_runs(home)[0].outcome == "failed"
    command = rehearsal.alerts()["run_failed", "raised"]
    with at_the_first_table(lambda: cluster.restart("fast", away_seconds=0)):
        done = rehearsal.follow(command)
    # That run may outlive it or fail; one that fails has published nothing, and says what to do.
    if done.returncode != 0:
        assert "history" in done.stdout
        rehearsal.assert_sound()
        assert rehearsal.release == before
        assert rehearsal.follow(command).returncode == 0
    assert rehearsal.release != before
    assert len(list_releases(home)) == 2
    assert ("run_failed", "recovered") in rehearsal.alerts()
    assert rehearsal.runs()[0].is_success
    rehearsal.assert_nothing_left_behind()


@contextlib.contextmanager
def at_the_first_table(happens: Callable[[], object]) -> Iterator[list[str]]:
    """Something happens once, when a run in this process begins to derive tables.

    Gives a list that holds the run's line on it once it has happened.
    """
    heard: list[str] = []

    def say(line: str) -> None:
        if "making" in line and not heard:
            heard.append(line)
            happens()

    with reporting_to(say):
        yield heard
    assert heard
