"""Saying what a run is doing, to whoever asked to be told."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Say = Callable[[str], None]

_listeners: list[tuple[Say, float]] = []


@contextmanager
def reporting_to(say: Say) -> Iterator[None]:
    """Tell `say` what runs are doing, each line with the seconds since this began."""
    listener = (say, time.monotonic())
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def report(text: str) -> None:
    """Say one thing; nobody may be listening."""
    for say, started in _listeners:
        say(f"{time.monotonic() - started:5.1f} s  {text}")
