"""What one run fetched, kept for the next run and for people."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from beacon.core.errors import Problem
from beacon.core.files import read_json, write_json
from beacon.fetch.tasks import Retrieved


@dataclass(frozen=True)
class Failure:
    """Something that could not be fetched, or that is not what it should be.

    Attributes:
        name: Name of the item.
        key: Key of its dataset.
        url: What was asked.
        problems: What went wrong.
        unreached: True where no answer came, so that asking again later may help.
    """

    name: str
    key: str
    url: str
    problems: tuple[Problem, ...]
    unreached: bool = False


@dataclass
class FetchRecord:
    """What one run fetched, kept for the next.

    Attributes:
        held: What is held and current, by name; with what is held though it could not be checked.
        confirmed: Names of what was fetched or confirmed to be current.
        arrived: Names of what is new.
        failures: What went wrong.
        nothing: Name -> the publisher's own word that it has no such thing.
        not_configured: Dataset key -> what this installation lacks for it.
        finished_at: When it ended, UTC, ISO 8601; empty while it lasts.
    """

    held: dict[str, Retrieved] = field(default_factory=dict)
    confirmed: list[str] = field(default_factory=list)
    arrived: list[str] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    nothing: dict[str, str] = field(default_factory=dict)
    not_configured: dict[str, str] = field(default_factory=dict)
    finished_at: str = ""

    def save(self, path: Path, finished_at: datetime) -> None:
        """Write what is held and what happened, for the next run and for people."""
        write_json(
            path,
            {
                "finished_at": finished_at.isoformat(timespec="seconds"),
                "held": {name: asdict(record) for name, record in self.held.items()},
                "confirmed": self.confirmed,
                "arrived": self.arrived,
                "failures": [asdict(failure) for failure in self.failures],
                "nothing": self.nothing,
                "not_configured": self.not_configured,
            },
        )


def load_fetch_record(path: Path) -> FetchRecord:
    """What the last run fetched, as it was saved; an empty record where there was none."""
    record: dict[str, Any] = read_json(path) or {}
    return FetchRecord(
        held={
            name: Retrieved(**{**entry, "members": tuple(entry["members"])})
            for name, entry in record.get("held", {}).items()
        },
        confirmed=record.get("confirmed", []),
        arrived=record.get("arrived", []),
        failures=[
            Failure(
                entry["name"],
                entry["key"],
                entry["url"],
                tuple(Problem(**problem) for problem in entry["problems"]),
                entry.get("unreached", False),
            )
            for entry in record.get("failures", [])
        ],
        nothing=record.get("nothing", {}),
        not_configured=record.get("not_configured", {}),
        finished_at=record.get("finished_at", ""),
    )
