"""One fault in a night: what the run ends in, which alert comes, and what mends it."""

import signal
import subprocess
import sys

import pytest

from beacon.operations.runs import list_runs
from beacon.release.layout import list_releases
from tests.operations.faults.conftest import REVISED, Rehearsal, stop_group
from tests.replicas.server import always, web_page

pytestmark = pytest.mark.slow

# What a publisher, a reviewer or a reader does reaches a run whatever its history is kept in; a
# run, a daemon or a server that stops is tested on each (test_restarts.py has the last two).
on_sqlite = pytest.mark.parametrize("history", ["sqlite"], indirect=True)


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
def test_a_revision_beyond_tolerance_waits_for_approval_and_then_for_the_database(
    rehearsal: Rehearsal,
) -> None:
    """The approved run finds the database open in another program, and names it."""
    before = rehearsal.release
    rehearsal.revise(0.8)
    assert rehearsal.beacon("run").returncode == 1
    assert rehearsal.release == before
    command = rehearsal.alerts()["approval_needed", "raised"]
    assert command == "beacon approve"
    assert rehearsal.follow(f"{command} --yes --by 'a person'").returncode == 0
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
    assert rehearsal.release == before
    alerts = rehearsal.alerts()
    assert rehearsal.follow(alerts["run_failed", "raised"]).returncode == 0
    assert rehearsal.release != before
    alerts |= rehearsal.alerts()
    assert {("approval_needed", "recovered"), ("run_failed", "recovered")} <= set(alerts)


def test_a_killed_run_is_told_and_of_two_at_once_after_it_one_publishes(
    rehearsal: Rehearsal,
) -> None:
    before = {release.label for release in list_releases(rehearsal.home)}
    current = rehearsal.release
    rehearsal.revise(1.0005)
    process = rehearsal.start()
    assert rehearsal.wait_until(rehearsal.is_writing)
    stop_group(process, signal.SIGKILL)
    process.wait()
    rehearsal.assert_sound()
    assert rehearsal.release == current
    command = rehearsal.alerts()["run_failed", "raised"]
    processes = [rehearsal.start_as_told(command), rehearsal.start_as_told(command)]
    assert [process.wait(600) for process in processes] == [0, 0]
    made = {release.label for release in list_releases(rehearsal.home)} - before
    assert made == {rehearsal.release}
    last = list_runs(rehearsal.home)[:2]
    assert {run.outcome for run in last} == {"published", "unchanged"}
    assert ("run_failed", "recovered") in rehearsal.alerts()
    rehearsal.assert_nothing_left_behind()
