"""Not asking too often: one clock for each host, shared by everything that asks it."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Protocol


class Clock(Protocol):
    """The passing of time, so that tests need not wait for it."""

    def now(self) -> float:
        """Seconds since some fixed moment, never going back."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        ...


class SystemClock:
    """The computer's own clock."""

    def now(self) -> float:
        """Seconds since some fixed moment."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        time.sleep(seconds)


class Pacer:
    """Keeps requests to one host apart, whichever thread sends them."""

    def __init__(self, clock: Clock, intervals: Mapping[str, float], default: float = 1.0) -> None:
        self._clock = clock
        self._intervals = dict(intervals)
        self._default = default
        self._lock = threading.Lock()
        self._next: dict[str, float] = {}

    def wait(self, host: str) -> None:
        """Wait for this host's turn, and take it."""
        interval = self._intervals.get(host, self._default)
        with self._lock:
            now = self._clock.now()
            turn = max(now, self._next.get(host, now))
            self._next[host] = turn + interval
        if turn > now:
            self._clock.sleep(turn - now)
