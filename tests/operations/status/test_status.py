"""Every condition that a person must hear of, from a home in which it holds."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from beacon.cli.main import app
from beacon.core.clock import LONDON, last_night, next_night
from beacon.core.files import write_json
from beacon.core.home import Home
from beacon.operations.health import beat, read_heartbeat, write_health
from beacon.operations.runs import (
    KEPT_RUNS,
    end_dead_runs,
    list_runs,
    lock_is_held,
    process_is_there,
    this_process,
    write_run,
)
from beacon.operations.status import Condition, gather
from tests.operations.status.conftest import (
    LABEL,
    NIGHT,
    NOW,
    beat_at,
    iso,
    refused_source,
    run_record,
)


def failed_run(home: Home) -> None:
    earlier = run_record(
        outcome="failed", errors=("stage: OSError: boom",), started=NIGHT - timedelta(days=1)
    )
    write_run(home, earlier)
    write_run(home, run_record(outcome="failed", errors=("stage: OSError: boom",)))


def killed_run(home: Home) -> None:
    _, host, _ = this_process()
    write_run(
        home, run_record(state="running", outcome="", ended_at="", process=(999_999_999, host, "1"))
    )


def full_disk(home: Home) -> None:
    write_run(
        home,
        run_record(
            outcome="failed", errors=("publish: OSError: [Errno 28] No space left on device",)
        ),
    )


def foreign_lock(home: Home) -> None:
    write_run(
        home,
        run_record(
            outcome="failed",
            errors=("stage: Another program has warehouse.duckdb open (process 7).",),
        ),
    )


def missing_file(home: Home) -> None:
    missing = "publish: Nothing was published: what no release can be made without is missing."
    write_run(home, run_record(outcome="failed", errors=(missing,)))


def failed_check(home: Home) -> None:
    write_run(home, run_record(outcome="blocked", failed_checks=("marts.place: key_unique",)))


def stale_source(home: Home) -> None:
    write_json(home.state / "sources.json", refused_source())


def overdue_source(home: Home) -> None:
    seen = refused_source()
    seen["sources"][0] |= {"refused": [], "received_at": iso(NOW - timedelta(days=500))}
    write_json(home.state / "sources.json", seen)


def held_release(home: Home) -> None:
    write_run(home, run_record(outcome="held", errors=("publish: held back",)))
    write_json(
        home.releases / ".held.json",
        {
            "content": "abc",
            "held_at": iso(NIGHT),
            "previous": LABEL,
            "reasons": ["3 published values change by more than their indicators allow"],
            "changes": 3,
            "examples": [],
        },
    )


def silent_daemon(home: Home) -> None:
    beat_at(home, NOW - timedelta(hours=2))


def missed_night(home: Home) -> None:
    for run in list_runs(home):
        (home.state / "runs" / f"{run.run_id}.json").unlink()
    write_run(home, run_record(started=NIGHT - timedelta(days=1)))


def differing_rebuild(home: Home) -> None:
    write_json(
        home.state / "rebuild.json",
        {
            "outcome": "differs",
            "release": LABEL,
            "at": iso(NIGHT),
            "differences": ["place.parquet says something else."],
            "kept": "rebuild",
        },
    )


def damaged_pointer(home: Home) -> None:
    home.latest.write_text("{")


RAISES: list[tuple[Callable[[Home], None], str, str, str]] = [
    (failed_run, "run_failed", "critical", "beacon run"),
    (killed_run, "run_failed", "critical", "beacon run"),
    (full_disk, "run_failed", "critical", "beacon prune --keep 7"),
    (foreign_lock, "run_failed", "critical", "beacon run"),
    (missing_file, "run_failed", "critical", "beacon sources check FOLDER"),
    (failed_check, "release_blocked", "critical", "beacon run"),
    (stale_source, "source_stale", "warning", "beacon run --inputs live"),
    (overdue_source, "source_overdue", "warning", "beacon sources"),
    (held_release, "approval_needed", "warning", "beacon approve"),
    (silent_daemon, "daemon_silent", "critical", "systemctl restart beacon-daemon"),
    (missed_night, "night_missed", "critical", "beacon run"),
    (differing_rebuild, "rebuild_differs", "critical", "beacon verify"),
    (damaged_pointer, "home_damaged", "critical", f"beacon rollback {LABEL}"),
]


def conditions(home: Home, at: datetime = NOW) -> list[Condition]:
    return gather(home, at).conditions


def test_a_home_in_which_all_is_well_has_no_condition(home: Home) -> None:
    assert conditions(home) == []
    assert gather(home, NOW).level == "ok"


@pytest.mark.parametrize(
    ("spoil", "kind", "level", "command"), RAISES, ids=[case[0].__name__ for case in RAISES]
)
def test_each_fault_is_one_condition_with_one_command(
    home: Home, spoil: Callable[[Home], None], kind: str, level: str, command: str
) -> None:
    spoil(home)
    (found,) = conditions(home)
    assert (found.kind, found.level, found.command) == (kind, level, command)
    assert found.what
    assert found.then
    assert datetime.fromisoformat(found.since).tzinfo is not None
    if kind != "home_damaged":
        assert LABEL in found.still_good


def test_a_disk_without_room_for_a_run_is_critical(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    monkeypatch.setattr(shutil, "disk_usage", lambda _: os.terminal_size((1, 1)) and _Usage(10))
    (found,) = conditions(home)
    assert (found.kind, found.level) == ("disk_low", "critical")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: _Usage(100_000_000))
    (found,) = conditions(home)
    assert (found.kind, found.level) == ("disk_low", "warning")


class _Usage:
    def __init__(self, free: int) -> None:
        self.free = free


def test_since_is_the_first_of_the_failures_in_a_row(home: Home) -> None:
    failed_run(home)
    (found,) = conditions(home)
    assert found.since == run_record(started=NIGHT - timedelta(days=1)).started_at
    assert "2 runs in a row" in found.what


def test_a_good_run_after_a_bad_one_is_good(home: Home) -> None:
    failed_run(home)
    write_run(home, run_record(started=NIGHT + timedelta(hours=5), outcome="unchanged"))
    assert conditions(home) == []


@pytest.mark.parametrize("job", ["rebuild", "backfill", "assets"])
def test_runs_aside_say_nothing_about_the_night(home: Home, job: str) -> None:
    write_run(
        home,
        run_record(started=NIGHT + timedelta(hours=5), outcome="failed", job=job, errors=("x",)),
    )
    assert conditions(home) == []


def test_the_night_is_not_missed_within_its_grace(home: Home) -> None:
    missed_night(home)
    soon = NIGHT + timedelta(hours=1)
    beat_at(home, soon)
    assert conditions(home, soon) == []


def test_a_daemon_that_was_stopped_on_purpose_is_not_missed(home: Home) -> None:
    beat(home, stopped=True, at=NOW - timedelta(hours=5))
    assert conditions(home) == []
    beat(home, at=NOW)
    heartbeat = read_heartbeat(home)
    assert heartbeat is not None
    # Nights from before it was started again are not its fault.
    assert heartbeat.first_at == iso(NOW)


def test_a_local_return_is_not_quoted(home: Home) -> None:
    from beacon.core.errors import Problem
    from beacon.ingest.land import LandingOutcome, LandingReport
    from beacon.operations.source_history import see_sources
    from beacon.registry.sources import load_source_register

    register = load_source_register()
    key = next(key for key in register.datasets if key.startswith("local_return/"))
    report = LandingReport(
        (
            LandingOutcome(
                key, key, "refused", None, None, (Problem("form.xlsx", "'Jo Bloggs' is no number"),)
            ),
        )
    )
    seen = see_sources(home, register, report, [])
    assert seen.sources[0].refused[0].message == ""


def test_refused_since_is_kept_from_night_to_night(home: Home) -> None:
    from beacon.core.errors import Problem
    from beacon.ingest.land import LandingOutcome, LandingReport
    from beacon.operations.source_history import see_sources
    from beacon.registry.sources import load_source_register

    name = "fingertips/indicator/93014"
    write_json(home.state / "sources.json", refused_source(since=NIGHT - timedelta(days=9)))
    report = LandingReport(
        (
            LandingOutcome(
                name, "fingertips/indicator", "refused", None, None, (Problem("f", "bad"),)
            ),
        )
    )
    seen = see_sources(home, load_source_register(), report, [])
    assert seen.sources[0].refused[0].since == iso(NIGHT - timedelta(days=9))


def test_a_run_whose_process_is_gone_is_ended_and_one_that_works_is_not(home: Home) -> None:
    killed_run(home)
    alive = run_record(
        run_id="alive", state="waiting", outcome="", started=NIGHT + timedelta(hours=1)
    )
    write_run(home, alive)
    (ended,) = end_dead_runs(home)
    assert ended.outcome == "cut_short"
    assert [run.state for run in list_runs(home)] == ["waiting", "ended"]


def test_a_process_is_known_by_its_start_not_by_its_number_alone() -> None:
    pid, host, start = this_process()
    assert process_is_there((pid, host, start))
    assert process_is_there((pid, host, "1")) is False
    assert process_is_there((pid, "another host", start)) is None


def test_old_records_are_forgotten(home: Home) -> None:
    for number in range(KEPT_RUNS + 30):
        write_run(home, run_record(run_id=f"r{number}", started=NIGHT - timedelta(days=number)))
    assert KEPT_RUNS <= len(list_runs(home)) <= KEPT_RUNS + 10


def test_the_lock_of_another_process_is_seen(home: Home) -> None:
    import fcntl

    assert not lock_is_held(home)
    with (home.root / ".lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        assert lock_is_held(home)


@pytest.mark.parametrize("day", [(2027, 3, 28), (2026, 10, 25), (2026, 7, 1)])
def test_nights_are_at_half_past_two_in_london_on_every_day(day: tuple[int, int, int]) -> None:
    noon = datetime(*day, 12, tzinfo=UTC)
    due = last_night(noon).astimezone(LONDON)
    assert (due.hour, due.minute, due.day) == (2, 30, day[2])
    assert last_night(next_night(noon)) == next_night(noon)
    assert next_night(noon - timedelta(days=1)) == last_night(noon)


# The command


def status(home: Home, *options: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["status", "--home", str(home.root), *options])
    return done.exit_code, done.stdout


def fresh(home: Home) -> None:
    """As `home`, at the real present."""
    now = datetime.now(UTC)
    write_run(home, run_record(started=now - timedelta(minutes=1)))
    beat_at(home, now)


def test_exit_status_and_first_line_are_those_of_a_monitoring_plugin(
    home: Home, tmp_path: Path
) -> None:
    fresh(home)
    assert status(home, "--format", "line") == (
        0,
        f"BEACON OK: all is well | release {LABEL}\n",
    )
    stale_source(home)
    code, line = status(home, "--format", "line")
    assert code == 1
    assert line.startswith("BEACON WARNING: Fingertips could not be used")
    write_run(
        home, run_record(run_id="last", started=datetime.now(UTC), outcome="failed", errors=("x",))
    )
    code, text = status(home)
    assert code == 2
    assert "Do:          beacon run" in text
    assert "Still good:" in text
    code, line = status(Home(tmp_path / "nothing"))
    assert code == 3
    assert "UNKNOWN" in line
    assert not (tmp_path / "nothing").exists()


@pytest.mark.parametrize(
    ("minutes", "stopped", "runs"), [(1, False, True), (1, True, False), (20, False, False)]
)
def test_a_next_night_is_promised_only_where_a_daemon_runs(
    home: Home, minutes: int, stopped: bool, runs: bool
) -> None:
    fresh(home)
    at = datetime.now(UTC)
    beat(home, stopped=stopped, at=at - timedelta(minutes=minutes))
    # The command in it names the home, so that the row may take several lines.
    text = " ".join(status(home)[1].split())
    row = text[text.index("next night") :].partition(" sources ")[0]
    due = json.loads(status(home, "--format", "json")[1])["next_night"]
    probed = write_health(home, gather(home))["next_night"]
    if runs:
        assert row.endswith(", 02:30")
        assert due == probed == next_night(at).isoformat(timespec="seconds")
    else:
        assert "no daemon runs; the next night will not start by itself: beacon ui" in row
        assert "or the service" in row
        assert due is probed is None


def test_json_says_the_same(home: Home) -> None:
    fresh(home)
    held_release(home)
    code, text = status(home, "--format", "json")
    found = json.loads(text)
    assert code == 1
    assert found["approval_waiting"] is True
    assert found["conditions"][0]["command"] == f"beacon approve --home {home.root}"
    assert found["release"] == LABEL


def test_status_loads_no_orchestrator_and_no_database(home: Home) -> None:
    code = (
        "import sys; from beacon.cli.main import app\n"
        f"try: app(['status', '--home', {str(home.root)!r}])\n"
        "except SystemExit: pass\n"
        "heavy = {'dagster', 'duckdb', 'polars', 'httpx', 'yaml', 'geopandas'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_run_under_way_is_shown(home: Home) -> None:
    fresh(home)
    write_run(
        home,
        replace(run_record(started=datetime.now(UTC)), run_id="now", state="running", outcome=""),
    )
    code, text = status(home)
    assert code == 0
    assert "at work" in text
