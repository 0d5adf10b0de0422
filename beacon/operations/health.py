"""Signs of life: the daemon's heartbeat, and one file that a probe can look at."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from beacon.core.clock import now
from beacon.core.files import read_json, write_json
from beacon.core.home import Home

if TYPE_CHECKING:
    from beacon.operations.status import Status

# The daemon beats every minute; it may be kept from it for a while by a run on a small machine.
SILENT_AFTER_SECONDS = 600.0
HEALTH = "health.json"

# What starts the daemon again, where it is not `beacon ui`. Set by the service's own unit.
RESTART_COMMAND_VARIABLE = "BEACON_RESTART_COMMAND"


@dataclass(frozen=True)
class Heartbeat:
    """The daemon's last sign of life.

    Attributes:
        at: When it was.
        first_at: When this daemon, or one before it without a long pause, first gave one.
        host: Where.
        stopped: True where it was stopped on purpose.
        restart_command: What starts it again.
    """

    at: datetime
    first_at: str
    host: str
    stopped: bool
    restart_command: str

    def shows_life(self, at: datetime) -> bool:
        """Whether the daemon runs, as far as can be told: not stopped, and not silent for long."""
        return not self.stopped and (at - self.at).total_seconds() <= SILENT_AFTER_SECONDS


def _file(home: Home) -> Any:
    return home.state / "heartbeat.json"


def beat(home: Home, *, stopped: bool = False, at: datetime | None = None) -> None:
    """Give a sign of life, or say that the daemon was stopped on purpose."""
    moment = (at or now()).isoformat(timespec="seconds")
    known = read_json(_file(home)) or {}
    first = known.get("first_at") if known and not known.get("stopped") else None
    write_json(
        _file(home),
        {
            "at": moment,
            "first_at": first or moment,
            "host": socket.gethostname(),
            "stopped": stopped,
            "restart_command": os.environ.get(RESTART_COMMAND_VARIABLE, "beacon ui"),
        },
    )


def read_heartbeat(home: Home) -> Heartbeat | None:
    """The daemon's last sign of life; None where there never was one."""
    record: dict[str, Any] | None = read_json(_file(home))
    if record is None:
        return None
    return Heartbeat(
        at=datetime.fromisoformat(record["at"]),
        first_at=record["first_at"],
        host=record["host"],
        stopped=record["stopped"],
        restart_command=record["restart_command"],
    )


def write_health(home: Home, status: Status) -> dict[str, Any]:
    """Write `health.json` for a probe: the level, the release, and what needs a person.

    The file must also be young: where nothing writes it any more, its last word means nothing.
    """
    beat_at = status.heartbeat.at.isoformat(timespec="seconds") if status.heartbeat else None
    health = {
        "level": status.level,
        "at": status.at.isoformat(timespec="seconds"),
        "heartbeat_at": beat_at,
        "next_night": status.next_night and status.next_night.isoformat(timespec="seconds"),
        "release": status.release.label if status.release else None,
        "published_at": status.published_at,
        "conditions": [
            {"kind": each.kind, "key": each.key, "level": each.level, "since": each.since}
            for each in status.conditions
        ],
    }
    write_json(home.root / HEALTH, health)
    return health
