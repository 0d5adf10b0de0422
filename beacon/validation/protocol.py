"""Messages between a run and its validation process: JSON with its length before it.

What belongs here: framing, and turning checks and outcomes into JSON and back.
What does not: processes.
"""

import json
import struct
from dataclasses import asdict
from datetime import date, datetime
from typing import Any, BinaryIO

from beacon.contracts.suite import SuiteItem
from beacon.validation.result import Outcome

_LENGTH = struct.Struct(">Q")


class ProtocolError(Exception):
    """The other side ended, or said something that is not a message."""


def _encode(value: Any) -> Any:
    # A contract's bounds may be dates, which JSON does not know.
    if isinstance(value, datetime):
        return {"$datetime": value.isoformat()}
    if isinstance(value, date):
        return {"$date": value.isoformat()}
    return str(value)


def _decode(value: dict[str, Any]) -> Any:
    if len(value) == 1:
        if "$datetime" in value:
            return datetime.fromisoformat(value["$datetime"])
        if "$date" in value:
            return date.fromisoformat(value["$date"])
    return value


def send(stream: BinaryIO, message: dict[str, Any]) -> None:
    """Write one message.

    Raises:
        OSError: if the other side has gone.
    """
    data = json.dumps(message, default=_encode).encode()
    stream.write(_LENGTH.pack(len(data)) + data)
    stream.flush()


def receive(stream: BinaryIO) -> dict[str, Any]:
    """Read one message, waiting for it.

    Raises:
        ProtocolError: if the stream ends or holds something else.
    """
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise ProtocolError("the stream ended")
    size = _LENGTH.unpack(head)[0]
    data = stream.read(size)
    if len(data) < size:
        raise ProtocolError("the stream ended inside a message")
    try:
        message = json.loads(data, object_hook=_decode)
    except ValueError as error:
        raise ProtocolError(f"not a message: {error}") from error
    if not isinstance(message, dict):
        raise ProtocolError("not a message")
    return message


def item_to_json(item: SuiteItem) -> dict[str, Any]:
    """A check as JSON values."""
    return asdict(item)


def item_from_json(data: dict[str, Any]) -> SuiteItem:
    """A check from JSON values."""
    return SuiteItem(**{**data, "columns": tuple(data["columns"])})


def outcome_to_json(outcome: Outcome) -> dict[str, Any]:
    """An outcome as JSON values."""
    return asdict(outcome)


def outcome_from_json(data: dict[str, Any]) -> Outcome:
    """An outcome from JSON values."""
    return Outcome(**{**data, "examples": tuple(data["examples"])})
