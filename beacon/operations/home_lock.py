"""The lock of a home: one run, or one command that changes releases, at a time."""

from __future__ import annotations

import contextlib
import fcntl
import time
from collections.abc import Iterator

from beacon.core.errors import BeaconError
from beacon.core.home import Home
from beacon.core.progress import report

# How long a run waits for another run on the same home before it gives up.
LOCK_WAIT_SECONDS = 600.0
_PAUSE_SECONDS = 0.2


class HomeBusyError(BeaconError):
    """Another run is writing to the same home."""


@contextlib.contextmanager
def home_lock(home: Home, wait_seconds: float = LOCK_WAIT_SECONDS) -> Iterator[None]:
    """Keep every other run off a home.

    Args:
        home: The home; it is made where it is not there yet.
        wait_seconds: How long to wait for another run.

    Raises:
        HomeBusyError: When another run still holds it after the wait.
    """
    home.root.mkdir(parents=True, exist_ok=True)
    with (home.root / ".lock").open("w") as handle:
        deadline = time.monotonic() + wait_seconds
        waiting = False
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise HomeBusyError(
                        f"Another run is writing to {home.root}. Wait for it to end, then run "
                        "again."
                    ) from None
                if not waiting:
                    report(f"waiting for another run on {home.root}, {wait_seconds:.0f} s at most")
                    waiting = True
                time.sleep(_PAUSE_SECONDS)
        yield
