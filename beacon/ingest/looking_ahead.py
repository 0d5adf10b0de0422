"""Recognising a run's files in a process of its own while the orchestrator is being imported.

What belongs here: starting that process and waiting for it. What does not: what a run does with
the files (`beacon.ingest.collect`).

The process leaves nothing but what it remembers in the home of files' hashes, which the run's own
look at the same files then finds. If it fails, the run looks for itself and words what is wrong.
"""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path

from beacon.processes import ChildFailed, ChildProcess
from beacon.settings import Home, Settings

MODULE = "beacon.ingest.looking_process"
LOOK_SECONDS = 600.0
# The file of a home's state in which it remembers what files were.
REMEMBERED = "recognised.json"

_looking: dict[Path, threading.Thread] = {}


def start_looking(settings: Settings) -> None:
    """Begin to find and recognise the files of a run; returns at once.

    Only for a folder, and a home that remembers none of its files. Publishers are asked once. The
    sample is written where it is not yet there, which needs the home's lock, and this has none.
    """
    home = Home(settings.home)
    if settings.inputs != "folder" or (home.state / REMEMBERED).is_file():
        return
    thread = threading.Thread(
        target=_look, args=(settings.model_dump(mode="json"),), name="beacon-looking", daemon=True
    )
    _looking[home.root] = thread
    thread.start()


def finish_looking(home: Home) -> None:
    """Wait until what was begun for a home has ended, if anything was."""
    thread = _looking.pop(home.root, None)
    if thread is not None:
        thread.join()


def _look(settings: dict[str, object]) -> None:
    with tempfile.TemporaryFile() as log:
        try:
            child = ChildProcess(MODULE, log)
        except OSError:
            return
        try:
            child.exchange({"settings": settings}, LOOK_SECONDS)
        except ChildFailed:
            pass  # the run looks for itself, and meets the same
        finally:
            child.end()
