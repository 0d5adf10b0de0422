"""Progress of long downloads, for a person who waits at a terminal."""

from __future__ import annotations

import sys
import threading
import time
from typing import TextIO
from urllib.parse import urlsplit

from beacon.fetch.client import Progress

_SECONDS_BETWEEN = 2.0
_SHORT_BYTES = 2_000_000


def terminal_progress(stream: TextIO | None = None) -> Progress | None:
    """A progress report for a terminal, or None where nobody watches.

    Downloads of less than 2 MB are not mentioned; others at most every 2 seconds.
    """
    out = stream or sys.stderr
    if not out.isatty():
        return None
    lock = threading.Lock()
    said_at = [time.monotonic()]

    def say(url: str, received: int, total: int | None) -> None:
        now = time.monotonic()
        with lock:
            if received < _SHORT_BYTES or now - said_at[0] < _SECONDS_BETWEEN:
                return
            said_at[0] = now
        of_all = f" of {total / 1e6:,.1f}" if total else ""
        parts = urlsplit(url)
        name = parts.path.rsplit("/", 1)[-1] or parts.netloc
        out.write(f"  {parts.netloc}: {name}: {received / 1e6:,.1f}{of_all} MB\n")
        out.flush()

    return say
