"""What each run came to, one small file a run in `state/runs/`.

A run writes its record before it waits for the home's lock and again when it has ended. A process
that is killed writes nothing more; whoever next holds the lock, or finds nobody holding it, knows
from that.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from beacon.core.clock import now
from beacon.core.files import read_json, write_json
from beacon.core.home import Home

# A full year of nights is in the orchestrator's history; this is what operators look at.
KEPT_RUNS = 60

RunState = Literal["waiting", "running", "ended"]
# done: a run that was not meant to publish, such as one asset made by hand.
Outcome = Literal[
    "",
    "published",
    "unchanged",
    "done",
    "held",
    "blocked",
    "failed",
    "cut_short",
    "interrupted",
    "differs",
]
# Jobs whose ending says nothing about tonight's release.
ASIDE = frozenset({"rebuild", "backfill", "assets"})
BAD_OUTCOMES: frozenset[str] = frozenset({"held", "blocked", "failed", "cut_short"})


@dataclass(frozen=True)
class RunRecord:
    """One run.

    Attributes:
        run_id: The orchestrator's id of the run.
        job: Name of the job.
        inputs: Where its bytes came from.
        state: waiting for the home's lock, running, or ended.
        started_at: UTC, ISO 8601.
        ended_at: UTC, ISO 8601; empty until it has ended.
        outcome: What it came to; empty until it has ended.
        release: The release that was current at its end.
        errors: What went wrong, step by step, in words.
        failed_checks: Critical checks that kept a release from being published.
        process: Process id, host and the process's start, to tell whether it is still there.
        scheduled: Whether a schedule started it.
        folder: The folder that it read; empty where it read none, or it is not known.
        footprint: The footprint that it was told; empty where it is not known.
    """

    run_id: str
    job: str
    inputs: str
    state: RunState
    started_at: str
    ended_at: str = ""
    outcome: Outcome = ""
    release: str | None = None
    errors: tuple[str, ...] = ()
    failed_checks: tuple[str, ...] = ()
    process: tuple[int, str, str] = (0, "", "")
    scheduled: bool = False
    folder: str = ""
    footprint: str = ""

    @property
    def is_bad(self) -> bool:
        """Whether it ended without doing what it was for."""
        return self.outcome in BAD_OUTCOMES


def _runs_directory(home: Home) -> Path:
    return home.state / "runs"


def _path(home: Home, run_id: str) -> Path:
    return _runs_directory(home) / f"{run_id}.json"


def this_process() -> tuple[int, str, str]:
    """Process id, host and start of this process."""
    pid = os.getpid()
    return pid, socket.gethostname(), _process_start(pid) or ""


def _process_start(pid: int) -> str | None:
    """When a process started, in the kernel's ticks since boot; None where it is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The command's name, in brackets, may hold spaces.
    fields = text.rpartition(")")[2].split()
    # Field 3 is the state: a zombie has ended.
    return None if fields[0] in ("Z", "X") else fields[19]


def process_is_there(process: tuple[int, str, str]) -> bool | None:
    """Whether the process of a record still runs; None where this host cannot tell."""
    pid, host, start = process
    if host != socket.gethostname() or not Path("/proc/self/stat").is_file():
        return None
    return pid > 0 and _process_start(pid) == start


def lock_is_held(home: Home) -> bool:
    """Whether a run, or a command that changes releases, holds the home's lock."""
    try:
        with (home.root / ".lock").open("r") as handle:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def write_run(home: Home, record: RunRecord) -> None:
    """Keep a record. Never raises for want of space: a full disk must not hide why a run failed."""
    with contextlib.suppress(OSError):
        write_json(_path(home, record.run_id), asdict(record))
        _forget_old(home)


def _forget_old(home: Home) -> None:
    files = list(_runs_directory(home).glob("*.json"))
    if len(files) > KEPT_RUNS + 10:
        for old in list_runs(home)[KEPT_RUNS:]:
            if old.state == "ended":
                _path(home, old.run_id).unlink(missing_ok=True)


def get_run(home: Home, run_id: str) -> RunRecord | None:
    """The record of one run, or None."""
    return _from_json(read_json(_path(home, run_id)))


def list_runs(home: Home) -> list[RunRecord]:
    """All remembered runs, the latest first."""
    found: list[RunRecord] = []
    for path in _runs_directory(home).glob("*.json"):
        with contextlib.suppress(ValueError, KeyError, TypeError):
            record = _from_json(read_json(path))
            if record is not None:
                found.append(record)
    return sorted(found, key=lambda record: (record.started_at, record.run_id), reverse=True)


def _from_json(entry: dict[str, Any] | None) -> RunRecord | None:
    if entry is None:
        return None
    known = {key: value for key, value in entry.items() if key in RunRecord.__dataclass_fields__}
    pid, host, start = known.pop("process", (0, "", ""))
    return RunRecord(
        **{
            **known,
            "errors": tuple(known.get("errors", ())),
            "failed_checks": tuple(known.get("failed_checks", ())),
            "process": (pid, host, start),
        }
    )


def find_dead(home: Home, records: Iterable[RunRecord], *, holds_lock: bool) -> list[RunRecord]:
    """Runs that are recorded as under way and are not.

    Args:
        home: Where they ran.
        records: The records to look at.
        holds_lock: True where the caller holds the home's lock, so that nobody else does.
    """
    open_runs = [record for record in records if record.state != "ended"]
    if not open_runs:
        return []
    lock_free = holds_lock or not lock_is_held(home)
    dead = []
    for record in open_runs:
        there = process_is_there(record.process)
        if there is False or (there is None and record.state == "running" and lock_free):
            dead.append(record)
    return dead


def end_dead_runs(home: Home, *, holds_lock: bool = False) -> list[RunRecord]:
    """Write down that runs whose process is gone were cut short; give them as they now stand."""
    ended = []
    for record in find_dead(home, list_runs(home), holds_lock=holds_lock):
        closed = replace(
            record,
            state="ended",
            ended_at=now().isoformat(timespec="seconds"),
            outcome="cut_short",
            errors=(
                *record.errors,
                "The process was killed or the machine stopped; nothing half done was published.",
            ),
        )
        write_run(home, closed)
        ended.append(closed)
    return ended
