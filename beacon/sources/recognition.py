"""What a file turned out to be, for those who only pass it on."""

from __future__ import annotations

from dataclasses import dataclass, field

from beacon.core.errors import Problem
from beacon.registry.sources import Container


@dataclass(frozen=True)
class Recognition:
    """What a file turned out to be.

    Attributes:
        key: Dataset key, or None when nothing in the register matches.
        part: Part of a dataset that comes in several files, else an empty string.
        members: Publisher's series found in the part (indicator ids, indicator names).
        problems: Why a file that was meant to be a dataset cannot be it.
    """

    key: str | None
    part: str = ""
    members: tuple[str, ...] = ()
    container: Container | None = None
    problems: tuple[Problem, ...] = field(default=())
