"""Recognising and reading a run's files while the orchestrator is being imported.

It leaves nothing but what is remembered in the home of files' hashes, and what was read of them
under those hashes; the run's own look at the same files then finds both. If it fails, the run looks
for itself and words what is wrong.
"""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path
from typing import Any

from beacon.core.settings import Home, Settings
from beacon.ingest.reading_ahead import (
    ReadingAhead,
    ReadingJob,
    most_processes,
    reading_environment,
    worth_processes,
)
from beacon.processes import ChildFailed, ChildProcess

MODULE = "beacon.ingest.looking_process"
LOOK_SECONDS = 600.0
# The file of a home's state in which it remembers what files were.
REMEMBERED = "recognised.json"

_looking: dict[Path, threading.Thread] = {}
_reading: dict[Path, ReadingAhead] = {}


def start_looking(settings: Settings) -> None:
    """Begin to find, recognise and read the files of a run; returns at once.

    Only for a folder, and a home that remembers none of its files. Publishers are asked once. The
    sample is written where it is not yet there, which needs the home's lock, and this has none.
    """
    home = Home(settings.home)
    if settings.inputs != "folder" or (home.state / REMEMBERED).is_file():
        return
    thread = threading.Thread(
        target=_look,
        args=(home.root, settings.model_dump(mode="json")),
        name="beacon-looking",
        daemon=True,
    )
    _looking[home.root] = thread
    thread.start()


def start_reading(home: Home, jobs: list[ReadingJob]) -> None:
    """Begin to read files of a run that have been recognised already, if that is worth it."""
    if home.root not in _reading and worth_processes(jobs):
        _reading[home.root] = ReadingAhead(jobs)


def finish_looking(home: Home) -> None:
    """Wait until the files of a home have been recognised, if that was begun."""
    thread = _looking.pop(home.root, None)
    if thread is not None:
        thread.join()


def reading_begun(home: Home) -> ReadingAhead | None:
    """What is being read for a home already, for whoever goes on with it and ends it."""
    finish_looking(home)
    return _reading.pop(home.root, None)


def _look(home: Path, settings: dict[str, Any]) -> None:
    log = tempfile.TemporaryFile()  # noqa: SIM115 - the process may outlive this call
    try:
        child = ChildProcess(MODULE, log, reading_environment(most_processes()))
    except OSError:
        log.close()
        return
    jobs: list[ReadingJob] = []
    try:
        answer = child.exchange({"settings": settings}, LOOK_SECONDS)
        jobs = [ReadingJob.of(message) for message in answer["jobs"]]
    except ChildFailed:
        pass  # the run looks for itself, and meets the same
    if worth_processes(jobs):
        # The process has loaded by now what reading takes.
        _reading[home] = ReadingAhead(jobs, ready=child)
    else:
        child.end()
