"""One fault in a night: what the run ends in, which alert comes, and what mends it."""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from beacon.release.layout import list_releases
from pipelines.instance import instance_directory
from tests.operations.faults.conftest import REVISED, ROOT, Rehearsal, stop_group
from tests.replicas.server import always, web_page
from tests.servers.postgres import Cluster

pytestmark = pytest.mark.slow

# What a publisher, a reviewer or a reader does reaches a run whatever its history is kept in; a
# run, a daemon or a server that stops is tested on each.
on_sqlite = pytest.mark.parametrize("history", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize("history", ["postgres"], indirect=True)

PROGRAMS = Path(sys.executable).parent
"""Where Dagster's programs are; each is a Python script."""


@on_sqlite
def test_a_publisher_that_is_away_is_told_once_and_so_is_its_return(rehearsal: Rehearsal) -> None:
    with rehearsal.world.fingertips.failing(always(lambda: web_page(503))):
        assert rehearsal.beacon("run").returncode == 3
        assert set(rehearsal.alerts()) == {("source_stale", "raised")}
        assert rehearsal.beacon("run").returncode == 3
        assert rehearsal.alerts() == {}
    assert rehearsal.beacon("run").returncode == 0
    assert set(rehearsal.alerts()) == {("source_stale", "recovered")}


@on_sqlite
def test_a_file_with_damaged_rows_leaves_the_last_good_one_in_use(rehearsal: Rehearsal) -> None:
    exports, before = rehearsal.world.fingertips.exports, rehearsal.release
    good = exports[REVISED]
    header, *lines = good.split(b"\r\n")
    exports[REVISED] = b"\r\n".join([header, *(b"x," * 27 for _ in lines)])
    assert rehearsal.beacon("run").returncode == 3
    assert set(rehearsal.alerts()) == {("source_stale", "raised")}
    assert rehearsal.release == before
    exports[REVISED] = good
    assert rehearsal.beacon("run").returncode == 0
    assert set(rehearsal.alerts()) == {("source_stale", "recovered")}


@on_sqlite
def test_a_series_revised_beyond_tolerance_waits_for_approval(rehearsal: Rehearsal) -> None:
    before = rehearsal.release
    rehearsal.revise(0.8)
    assert rehearsal.beacon("run").returncode == 1
    assert rehearsal.release == before
    command = rehearsal.alerts()["approval_needed", "raised"]
    assert command == "beacon approve"
    rehearsal.follow(f"{command} --yes --by 'a person'")
    assert rehearsal.beacon("run").returncode == 0
    assert rehearsal.release != before
    assert ("approval_needed", "recovered") in rehearsal.alerts()


def test_a_killed_run_is_told_and_the_next_publishes(rehearsal: Rehearsal) -> None:
    before = rehearsal.release
    rehearsal.revise(1.0005)
    process = rehearsal.start()
    assert rehearsal.wait_until(rehearsal.is_writing)
    stop_group(process, signal.SIGKILL)
    process.wait()
    rehearsal.assert_sound()
    assert rehearsal.release == before
    command = rehearsal.alerts()["run_failed", "raised"]
    assert rehearsal.follow(command).returncode == 0
    assert rehearsal.release != before
    assert ("run_failed", "recovered") in rehearsal.alerts()
    rehearsal.assert_nothing_left_behind()


@on_sqlite
def test_a_database_that_another_program_has_open_is_named_with_it(rehearsal: Rehearsal) -> None:
    before = rehearsal.release
    rehearsal.revise(1.0005)
    hold = "import sys, duckdb; con = duckdb.connect(sys.argv[1]); print(1, flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(rehearsal.home.warehouse)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        done = rehearsal.beacon("run")
        holder.communicate(b"\n")
    assert done.returncode == 1
    assert str(holder.pid) in done.stdout + done.stderr
    command = rehearsal.alerts()["run_failed", "raised"]
    assert rehearsal.follow(command).returncode == 0
    assert rehearsal.release != before


def test_two_runs_at_once_make_one_release(rehearsal: Rehearsal) -> None:
    before = {release.label for release in list_releases(rehearsal.home)}
    rehearsal.revise(1.0005)
    processes = [rehearsal.start(), rehearsal.start()]
    assert [process.wait(600) for process in processes] == [0, 0]
    made = {release.label for release in list_releases(rehearsal.home)} - before
    assert len(made) == 1
    rehearsal.assert_nothing_left_behind()


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
def test_a_restart_of_postgresql_leaves_nothing_half_done(
    rehearsal: Rehearsal, request: pytest.FixtureRequest
) -> None:
    cluster: Cluster = request.getfixturevalue("_postgres_cluster")
    before = rehearsal.release
    rehearsal.revise(1.0005)
    process = rehearsal.start()
    assert rehearsal.wait_until(rehearsal.is_writing)
    cluster.restart("immediate", away_seconds=5.0)
    # A run may outlive it or fail; one that fails has published nothing, and says what to do.
    if process.wait(600) != 0:
        rehearsal.assert_sound()
        assert rehearsal.release == before
        command = rehearsal.alerts()["run_failed", "raised"]
        assert rehearsal.follow(command).returncode == 0
    assert rehearsal.release != before
    rehearsal.assert_nothing_left_behind()
