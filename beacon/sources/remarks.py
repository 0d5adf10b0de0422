"""What a reader has to say of a file that it can use all the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from beacon.core.errors import Problem

_collected: ContextVar[list[Problem] | None] = ContextVar("remarks", default=None)


def remark(problem: Problem) -> None:
    """Note something that a person should know of the file that is being read."""
    collected = _collected.get()
    if collected is not None and problem not in collected:
        collected.append(problem)


@contextmanager
def collecting_remarks() -> Iterator[list[Problem]]:
    """Collect what readers note within the context; outside one, it is dropped."""
    collected: list[Problem] = []
    token = _collected.set(collected)
    try:
        yield collected
    finally:
        _collected.reset(token)
