"""A child process of our own modules, spoken to over its pipes.

What belongs here: starting one, exchanging messages with it, its last words, and its end. What does
not: what any of them does.

Messages are JSON with their length before it. A child ends when its standard input does, so it
cannot outlive the run it serves, however that ends.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any, BinaryIO

import beacon

_LENGTH = struct.Struct(">Q")


class ProtocolError(Exception):
    """The other side ended, or said something that is not a message."""


class ChildFailed(Exception):  # noqa: N818 - it is caught and worded, never shown as an error
    """The process ended, took too long or could not be started."""


def send(
    stream: IO[bytes] | BinaryIO,
    message: Mapping[str, Any],
    default: Callable[[Any], Any] | None = None,
) -> None:
    """Write one message.

    Args:
        stream: The pipe.
        message: JSON values.
        default: Turns what JSON does not know into what it does.

    Raises:
        OSError: If the other side has gone.
    """
    data = json.dumps(message, default=default).encode()
    stream.write(_LENGTH.pack(len(data)) + data)
    stream.flush()


def receive(
    stream: IO[bytes] | BinaryIO, object_hook: Callable[[dict[str, Any]], Any] | None = None
) -> dict[str, Any]:
    """Read one message, waiting for it.

    Args:
        stream: The pipe.
        object_hook: What `default` of `send` did, undone.

    Raises:
        ProtocolError: If the stream ends or holds something else.
    """
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise ProtocolError("the stream ended")
    size = _LENGTH.unpack(head)[0]
    data = stream.read(size)
    if len(data) < size:
        raise ProtocolError("the stream ended inside a message")
    try:
        message = json.loads(data, object_hook=object_hook)
    except ValueError as error:
        raise ProtocolError(f"not a message: {error}") from error
    if not isinstance(message, dict):
        raise ProtocolError("not a message")
    return message


class ChildProcess:
    """One operating system process and its pipes; started when it is made."""

    def __init__(
        self, module: str, log: IO[bytes], environment: Mapping[str, str] | None = None
    ) -> None:
        """Start a module of ours.

        Args:
            module: Its name, as for `python -m`.
            log: File for its standard error.
            environment: What it is told beside what this process was.

        Raises:
            OSError: If it cannot be started.
        """
        told = {**os.environ, **(environment or {})}
        # -P keeps the current directory, which may hold anything, off the import path; the
        # library is found wherever this process found it.
        root = str(Path(beacon.__file__).resolve().parent.parent)
        inherited = told.get("PYTHONPATH")
        told["PYTHONPATH"] = os.pathsep.join([root, inherited] if inherited else [root])
        self.log = log
        self.popen = subprocess.Popen(  # noqa: S603 - our own module in our own interpreter
            (sys.executable, "-P", "-m", module),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env=told,
        )

    def exchange(self, message: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        """Send a message and wait for the answer.

        Raises:
            ChildFailed: If it has not come after `seconds`, or cannot come any more.
        """
        late = threading.Event()

        def give_up() -> None:
            late.set()
            self.popen.kill()  # which ends the read below

        timer = threading.Timer(seconds, give_up)
        timer.daemon = True
        timer.start()
        try:
            stdin, stdout = self.popen.stdin, self.popen.stdout
            if stdin is None or stdout is None:
                raise ChildFailed("it has no pipes")
            send(stdin, message)
            return receive(stdout)
        except (ProtocolError, OSError, ValueError) as error:
            self.end()
            if late.is_set():
                raise ChildFailed(f"it gave no answer in {seconds:g} seconds") from error
            raise ChildFailed(f"it ended {_way(self.popen.returncode)}") from error
        finally:
            timer.cancel()

    def end(self) -> None:
        """Kill it and wait for it, so that nothing is left of it."""
        if self.popen.poll() is None:
            self.popen.kill()
        self.popen.wait()
        for pipe in (self.popen.stdin, self.popen.stdout):
            try:
                if pipe is not None:
                    pipe.close()
            except OSError:
                pass  # what was still to be written has no reader


def _way(status: int) -> str:
    if status < 0:
        return f"by signal {signal.Signals(-status).name}"
    return f"with status {status}"


def serve(
    answer: Callable[[dict[str, Any]], dict[str, Any]], *, prepare: Callable[[], None] | None = None
) -> None:
    """A child's main loop: answer messages until standard input ends.

    What the child's libraries print goes to standard error, so that it cannot run into messages.

    Args:
        answer: Gives the answer to a message.
        prepare: What may be done before the first message comes.
    """
    # Most of what a child makes while it loads stays until it ends.
    gc.set_threshold(50_000, 20, 100)
    # Ctrl-C reaches the whole process group; the run decides what becomes of this process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    if prepare is not None:
        prepare()
    while True:
        try:
            message = receive(sys.stdin.buffer)
        except (ProtocolError, OSError):
            return
        send(out, answer(message))
