"""The `beacon` program: the command, and its end.

At its end Python looks through all that was made for garbage and takes every module apart, which
after a run lasts as long as importing the orchestrator: a third of a night without news. The
system takes back the memory of a process at once.
"""

from __future__ import annotations

import atexit
import os
import sys

_status: int | None = None


def _end() -> None:
    """End now, if the command has come to its end; whatever is to be done before has been done."""
    if _status is None:
        return  # an error that nobody foresaw: Python tells it, as ever
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        return  # nobody reads on: Python has its own words and status for that
    os._exit(_status)


# Before anything else registers: the last are called first.
atexit.register(_end)


def main() -> None:
    """Run the command line and end the process with its status."""
    global _status
    from beacon.cli.main import main as run

    try:
        run()
        _status = 0
    except SystemExit as ending:
        if ending.code is None or isinstance(ending.code, int):
            _status = ending.code or 0
        raise
