"""Structured logs: one line of JSON for each thing that a run did.

A line has `time` (UTC), `level`, `event` and `logger`; where they apply `run_id`, `asset`, `source`
and `seconds`; and whatever else was given, such as `rows`. Lines go to `logs/beacon.jsonl` in the
home. Several processes may write at once: each line is one write to the end of the file, and
whoever opens the file when it has grown too large moves it aside, which loses nobody's lines.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import os
import time
from collections.abc import Iterator
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from beacon.core.home import Home
from beacon.core.redaction import redact, secret_values

ROOT = "beacon"
FILE = "beacon.jsonl"

# Some hundred lines a night are about 50 kB, so ten files hold years of quiet nights.
MAX_BYTES = 5_000_000
KEPT_FILES = 10

_FIELDS = "beacon_fields"
_bound: ContextVar[dict[str, Any] | None] = ContextVar("bound", default=None)


def log(event: str, *, level: int = logging.INFO, logger: str = ROOT, **fields: Any) -> None:
    """Write one line, if a log is open.

    Args:
        event: What happened, in two or three words that never vary: people search for them.
        level: Level of the standard library.
        logger: Name below `beacon`.
        fields: Anything that JSON can hold.
    """
    logging.getLogger(logger).log(level, event, extra={_FIELDS: fields})


@contextlib.contextmanager
def bound(**fields: Any) -> Iterator[None]:
    """Add fields to every line that is written meanwhile, by whatever is called."""
    token = _bound.set({**(_bound.get() or {}), **fields})
    try:
        yield
    finally:
        _bound.reset(token)


@contextlib.contextmanager
def step(event: str, **fields: Any) -> Iterator[dict[str, Any]]:
    """Write one line when a step has ended: how long it took, and what it says of itself.

    Gives a dictionary to put further fields into. A step that fails writes `<event> failed` with
    the error, and the error goes on its way.
    """
    told: dict[str, Any] = {}
    began = time.monotonic()
    with bound(**fields):
        try:
            yield told
        except Exception as error:
            told |= {"error": type(error).__name__, "message": str(error)}
            _end(f"{event} failed", logging.ERROR, began, told)
            raise
        _end(event, logging.INFO, began, told)


def _end(event: str, level: int, began: float, told: dict[str, Any]) -> None:
    log(event, level=level, seconds=round(time.monotonic() - began, 3), **told)


class JsonLines(logging.Formatter):
    """A record as one line of JSON without secrets."""

    def __init__(self, fields: dict[str, Any] | None = None) -> None:
        """Give every line the same fields, in whichever thread it is written."""
        super().__init__()
        self._fields = fields or {}
        self._secrets = secret_values()

    def format(self, record: logging.LogRecord) -> str:
        """One line; what JSON cannot hold is written as text."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            "logger": record.name,
            "process": record.process,
            **self._fields,
            **(_bound.get() or {}),
            **getattr(record, _FIELDS, {}),
        }
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = type(record.exc_info[1]).__name__
            line["traceback"] = self.formatException(record.exc_info)
        # Redacted value by value, so that what is hidden never breaks the JSON around it.
        return json.dumps(self._clean(line), ensure_ascii=False, default=str)

    def _clean(self, value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            return {key: self._clean(inner, str(key)) for key, inner in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self._clean(inner, name) for inner in value]
        if value is None or isinstance(value, bool | int | float):
            return value
        text = str(value)
        # A value is judged with its name beside it, as it would stand in a message.
        if name and redact(f"{name}={text}", ()) != f"{name}={redact(text, ())}":
            return "***"
        return redact(text, self._secrets)


@contextlib.contextmanager
def open_log(home: Home, **fields: Any) -> Iterator[Path | None]:
    """Write lines to the home's log while the context lasts, each with these fields.

    A log that cannot be written to stops nothing: the context is then one without a log.
    """
    try:
        handler = _handler(home.logs / FILE, fields)
    except OSError as error:
        logging.getLogger(ROOT).warning("No log is written: %s", error.strerror)
        yield None
        return
    logger = logging.getLogger(ROOT)
    level = logger.level
    logger.addHandler(handler)
    if logger.getEffectiveLevel() > logging.INFO:
        logger.setLevel(logging.INFO)
    # Standard error is for the person at the terminal, who is told in words.
    propagate, logger.propagate = logger.propagate, False
    try:
        yield home.logs / FILE
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        logger.propagate = propagate
        handler.close()


class _Lines(logging.FileHandler):
    """A file to whose end lines are written, and errors of which are nobody's but the log's."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the library's name
        """A full disk must not fill the terminal with tracebacks as well."""


def _handler(path: Path, fields: dict[str, Any]) -> logging.Handler:
    path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
    rotate(path)
    # Analysts may enter the home; what went wrong in a run is for operators.
    os.close(os.open(path, os.O_CREAT | os.O_APPEND, 0o640))
    handler = _Lines(path, encoding="utf-8")
    handler.setFormatter(JsonLines(fields))
    return handler


def rotate(path: Path, *, max_bytes: int = MAX_BYTES, keep: int = KEPT_FILES) -> bool:
    """Move a log that has grown too large aside, and drop the oldest; whether it was moved.

    Whoever has the file open goes on writing to it under its new name.
    """
    if not path.is_file() or path.stat().st_size < max_bytes:
        return False
    with path.with_name(f".{path.name}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        # Another process may have done it while this one waited.
        if not path.is_file() or path.stat().st_size < max_bytes:
            return False
        for number in range(keep - 1, 0, -1):
            older = path.with_name(f"{path.name}.{number}")
            if older.is_file():
                older.replace(path.with_name(f"{path.name}.{number + 1}"))
        path.replace(path.with_name(f"{path.name}.1"))
        path.with_name(f"{path.name}.{keep}").unlink(missing_ok=True)
    return True
