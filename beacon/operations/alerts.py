"""Telling people what needs them, once.

`state/alerts.json` keeps what is open and what some channel has not taken yet. An alert is raised
when a condition begins or its signature changes, and once more, as recovered, when it ends. A
channel that is down gets it at a later tick; the others are not held up, and no run ever fails
because of an alert.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from beacon.core.clock import in_london
from beacon.core.files import read_json, write_json
from beacon.core.home import Home
from beacon.operations.channels import (
    Channel,
    ChannelError,
    Message,
    channels_from_environment,
)
from beacon.operations.health import write_health
from beacon.operations.status import Condition, Status, gather

# An alert that a channel has refused for this long is given up on that channel.
GIVE_UP_AFTER = timedelta(days=3)
_LONGEST_TEXT = 600
_MOST_KEPT = 200
_MOST_SENT = 20

_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
_CREDENTIALS = re.compile(r"(https?://)[^/\s@]*@")
_QUERY = re.compile(r"(https?://[^\s?#]+)[?#]\S*")
_SECRET_NAME = re.compile(r"KEY|TOKEN|SECRET|PASSWORD|WEBHOOK|_UID$|_USER$")
_SHORTEST_SECRET = 6


def public_text(text: str, home: Home | None = None) -> str:
    """A text as it may leave this machine.

    Secrets of the environment, e-mail addresses, what addresses carry behind `?` and the home's
    own path are taken out, and it is cut at a length.
    """
    for name, value in os.environ.items():
        if _SECRET_NAME.search(name) and len(value) >= _SHORTEST_SECRET:
            text = text.replace(value, "***")
    text = _CREDENTIALS.sub(r"\1", text)
    text = _QUERY.sub(r"\1", text)
    text = _ADDRESS.sub("(an e-mail address)", text)
    if home is not None:
        text = text.replace(str(home.root), "$BEACON_HOME")
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 2] + " …"


@dataclass
class Book:
    """What is open, and what has still to be delivered.

    Attributes:
        open: Key of a condition -> the alert last raised for it.
        outbox: Alerts, the oldest first, with the channels that have not taken them.
    """

    open: dict[str, dict[str, Any]] = field(default_factory=dict)
    outbox: list[dict[str, Any]] = field(default_factory=list)

    def note(self, conditions: Iterable[Condition], status: Status, home: Home) -> int:
        """Compare with what holds now; give the number of alerts that are new."""
        before = len(self.outbox)
        now_open = {condition.key: condition for condition in conditions}
        for key, condition in now_open.items():
            known = self.open.get(key)
            if known is not None and known["signature"] == _signature(condition):
                continue
            self.open[key] = self._add(_alert(condition, status, home))
        for key in [key for key in self.open if key not in now_open]:
            self._add(_recovery(self.open.pop(key), status))
        return len(self.outbox) - before

    def _add(self, alert: dict[str, Any]) -> dict[str, Any]:
        self.outbox.append({"alert": alert, "pending": None, "failures": {}})
        return alert

    def deliver(self, channels: list[Channel], at: datetime) -> list[str]:
        """Send over each channel what it has not taken yet; give what went wrong."""
        names = {channel.name for channel in channels}
        for entry in self.outbox:
            pending = names if entry["pending"] is None else set(entry["pending"]) & names
            old = at - datetime.fromisoformat(entry["alert"]["at"]) > GIVE_UP_AFTER
            entry["pending"] = [] if old else sorted(pending)
        faults = []
        for channel in channels:
            waiting = [entry for entry in self.outbox if channel.name in entry["pending"]]
            if not waiting:
                continue
            now_sent = waiting[-_MOST_SENT:]
            try:
                channel.send(_message([entry["alert"] for entry in now_sent], len(waiting)))
            except ChannelError as error:
                faults.append(str(error))
                for entry in waiting:
                    failure = entry["failures"].setdefault(channel.name, {"times": 0})
                    failure["times"] += 1
                    failure |= {"last": str(error), "at": at.isoformat(timespec="seconds")}
            else:
                for entry in waiting:
                    entry["pending"].remove(channel.name)
        self.outbox = [entry for entry in self.outbox if entry["pending"]][-_MOST_KEPT:]
        return faults

    def as_json(self) -> dict[str, Any]:
        """For the file."""
        return {"open": self.open, "outbox": self.outbox}


def _signature(condition: Condition) -> str:
    return f"{condition.kind}:{condition.level}:{condition.signature}"


def _alert(condition: Condition, status: Status, home: Home) -> dict[str, Any]:
    return {
        "state": "raised",
        "at": status.at.isoformat(timespec="seconds"),
        "key": condition.key,
        "kind": condition.kind,
        "level": condition.level,
        "title": public_text(condition.title, home),
        "what": public_text(condition.what, home),
        "since": condition.since,
        "still_good": public_text(condition.still_good, home),
        "command": condition.command,
        "then": public_text(condition.then, home),
        "release": status.release.label if status.release else None,
        "signature": _signature(condition),
    }


def _recovery(raised: dict[str, Any], status: Status) -> dict[str, Any]:
    current = status.release.label if status.release else "none"
    return {
        **raised,
        "state": "recovered",
        "at": status.at.isoformat(timespec="seconds"),
        "level": "ok",
        "still_good": f"Current release: {current}.",
        "command": "",
        "then": "",
        "release": status.release.label if status.release else None,
    }


def as_text(alert: dict[str, Any]) -> str:
    """One alert in plain text."""
    if alert["state"] == "recovered":
        return (
            f"RECOVERED: {alert['title']}\n"
            f"  It had held since {in_london(alert['since'])}. {alert['still_good']}"
        )
    lines = [
        f"{alert['level'].upper()}: {alert['title']}",
        f"  What:        {alert['what']}",
        f"  Since:       {in_london(alert['since'])}",
        f"  Still good:  {alert['still_good']}",
    ]
    if alert["command"]:
        lines.append(f"  Do:          {alert['command']}")
    if alert["then"]:
        lines.append(f"               {alert['then']}")
    return "\n".join(lines)


def _message(alerts: list[dict[str, Any]], waiting: int) -> Message:
    first = alerts[0]
    word = "recovered" if first["state"] == "recovered" else first["level"]
    more = f" (and {len(alerts) - 1} more)" if len(alerts) > 1 else ""
    left_out = waiting - len(alerts)
    text = "\n\n".join(as_text(alert) for alert in alerts)
    if left_out > 0:
        text += f"\n\n{left_out} older alerts were left out; `beacon alerts` lists what is open."
    return Message(f"Beacon {word}: {first['title']}{more}", text + "\n", tuple(alerts))


@dataclass(frozen=True)
class Tick:
    """What one look came to.

    Attributes:
        status: How the Beacon is.
        raised: Number of alerts that are new, recoveries included.
        faults: What some channel did not take, or could not be kept.
    """

    status: Status
    raised: int
    faults: tuple[str, ...]


# What could not be written, for as long as this process lives: on a full disk nobody is to be told
# the same every minute.
_UNWRITTEN: dict[str, Book] = {}


def tick(
    home: Home,
    *,
    channels: list[Channel] | None = None,
    at: datetime | None = None,
    look: Callable[[Home, datetime | None], Status] = gather,
) -> Tick:
    """Look at a home, tell what is new, and write `health.json`.

    Args:
        home: The home.
        channels: Where to tell; those of the environment by default.
        at: The moment; now by default.
        look: Gathers the status.
    """
    faults: list[str] = []
    if channels is None:
        channels, faults = channels_from_environment(home)
    with _alone(home) as alone:
        status = look(home, at)
        if not alone:
            return Tick(status, 0, ("another process is telling at this moment",))
        book = _load(home)
        raised = book.note(status.conditions, status, home)
        if raised:
            # Before anything is sent: what is sent twice is better than what is never sent.
            faults += _save(home, book)
        if book.outbox:
            faults += book.deliver(channels, status.at)
            faults += _save(home, book)
        with contextlib.suppress(OSError):
            write_health(home, status)
    return Tick(status, raised, tuple(dict.fromkeys(faults)))


def send_test(home: Home, channels: list[Channel]) -> dict[str, str | None]:
    """Send a test over every channel; give what each said, None where it was taken."""
    status = gather(home)
    alert = {
        "state": "raised",
        "at": status.at.isoformat(timespec="seconds"),
        "key": "test",
        "kind": "test",
        "level": "test",
        "title": "This is a test",
        "what": "Somebody wanted to know whether alerts arrive. They do.",
        "since": status.at.isoformat(timespec="seconds"),
        "still_good": "Everything that was.",
        "command": "",
        "then": "",
        "release": status.release.label if status.release else None,
    }
    said: dict[str, str | None] = {}
    for channel in channels:
        try:
            channel.send(_message([alert], 1))
            said[channel.name] = None
        except ChannelError as error:
            said[channel.name] = str(error)
    return said


def load_book(home: Home) -> Book:
    """What is open and undelivered, as last kept."""
    try:
        record = read_json(home.state / "alerts.json") or {}
        return Book(dict(record.get("open", {})), list(record.get("outbox", [])))
    except (ValueError, AttributeError):
        # A damaged file costs a repetition, not silence.
        return Book()


def _load(home: Home) -> Book:
    return _UNWRITTEN.get(str(home.root)) or load_book(home)


def _save(home: Home, book: Book) -> list[str]:
    try:
        write_json(home.state / "alerts.json", book.as_json())
    except OSError as error:
        _UNWRITTEN[str(home.root)] = book
        return [f"state/alerts.json: {error.strerror}"]
    _UNWRITTEN.pop(str(home.root), None)
    return []


@contextlib.contextmanager
def _alone(home: Home) -> Iterator[bool]:
    """Whether this process alone is telling; the others leave it to it."""
    try:
        home.state.mkdir(parents=True, exist_ok=True)
        handle = (home.state / ".alerts.lock").open("w")
    except OSError:
        yield True
        return
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def tell(home: Home) -> list[str]:
    """`tick` for those whose work must not fail because of it; give what went wrong."""
    try:
        return list(tick(home).faults)
    except Exception as error:  # noqa: BLE001 - no run may fail because somebody could not be told
        return [f"{type(error).__name__}: {public_text(str(error), home)}"]
