"""A child process of our own modules, spoken to over its pipes.

Messages are JSON with their length before it. A child ends when its standard input does, so it
cannot outlive the run it serves, however that ends.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import queue
import signal
import struct
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, BinaryIO, NoReturn, Self

import beacon

_LENGTH = struct.Struct(">Q")
_LAST_MOMENT_SECONDS = 2.0


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


class Closing:
    """Something that is to be closed, and is at the end of a `with`."""

    def close(self) -> None:
        """Give up what is not done and leave nothing behind; once more does nothing."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class ChildProcess:
    """One operating system process and its pipes; started when it is made."""

    def __init__(
        self,
        module: str | Sequence[str],
        log: IO[bytes],
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Start a module of ours.

        Args:
            module: Its name, as for `python -m`, and what it is told; or a whole command.
            log: File for its standard error.
            environment: What it is told beside what this process was.

        Raises:
            OSError: If it cannot be started.
        """
        told = {**os.environ, **(environment or {})}
        # The current directory may hold anything and is kept off the import path; the library is
        # found wherever this process found it.
        root = str(Path(beacon.__file__).resolve().parent.parent)
        inherited = told.get("PYTHONPATH")
        told["PYTHONPATH"] = os.pathsep.join([root, inherited] if inherited else [root])
        self.log = log
        self.popen = subprocess.Popen(  # noqa: S603 - our own module in our own interpreter
            module_command(module) if isinstance(module, str) else module,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env=told,
        )

    def exchange(
        self,
        message: Mapping[str, Any] | None,
        seconds: float,
        *,
        default: Callable[[Any], Any] | None = None,
        object_hook: Callable[[dict[str, Any]], Any] | None = None,
    ) -> dict[str, Any]:
        """Send a message, if any, and wait for the next one.

        Args:
            message: JSON values.
            seconds: How long to wait.
            default: As for `send`.
            object_hook: As for `receive`.

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
            if message is not None:
                send(stdin, message, default)
            return receive(stdout, object_hook)
        except (ProtocolError, OSError, ValueError) as error:
            # Pipes close a moment before a process has a status of its own to tell.
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.popen.wait(_LAST_MOMENT_SECONDS)
            self.end()
            if late.is_set():
                raise ChildFailed(f"it gave no answer in {seconds:g} seconds") from error
            raise ChildFailed(f"it ended {_way(self.popen.returncode)}") from error
        finally:
            timer.cancel()

    def last_words(self) -> str:
        """The last line it wrote to standard error, or nothing."""
        try:
            self.log.flush()
            end = self.log.seek(0, os.SEEK_END)
            self.log.seek(max(0, end - 4000))
            lines = self.log.read().decode("utf-8", "replace").strip().splitlines()
        except OSError:
            return ""
        return lines[-1].strip()[:300] if lines else ""

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


def module_command(module: str, *told: str) -> tuple[str, ...]:
    """The command that runs a module of ours; -P keeps the current directory off its path."""
    return (sys.executable, "-P", "-m", module, *told)


def _way(status: int) -> str:
    if status < 0:
        return f"by signal {signal.Signals(-status).name}"
    return f"with status {status}"


def serve(
    answer: Callable[[dict[str, Any]], dict[str, Any]],
    *,
    prepare: Callable[[], dict[str, Any] | None] | None = None,
    default: Callable[[Any], Any] | None = None,
    object_hook: Callable[[dict[str, Any]], Any] | None = None,
    at_end: Callable[[], None] | None = None,
) -> NoReturn:
    """A child's main loop: answer messages, one after another, until standard input ends.

    The child then ends at once, whatever it is at: the run has ended or was killed, and nobody
    waits for an answer. What its libraries print goes to standard error, so that it cannot run
    into messages.

    Args:
        answer: Gives the answer to a message.
        prepare: What may be done before the first message comes; what it gives is sent.
        default: As for `send`.
        object_hook: As for `receive`.
        at_end: What is to be done before the end.
    """
    # Ctrl-C reaches the whole process group; the run decides what becomes of this process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Most of what a child makes while it loads stays until it ends.
    gc.set_threshold(50_000, 20, 100)
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    messages: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()

    def read() -> None:
        try:
            while True:
                messages.put(receive(sys.stdin.buffer, object_hook))
        except (ProtocolError, OSError):
            if at_end is not None:
                at_end()
            os._exit(0)

    threading.Thread(target=read, daemon=True).start()
    try:
        greeting = prepare() if prepare is not None else None
        if greeting is not None:
            send(out, greeting, default)
        while True:
            send(out, answer(messages.get()), default)
    except BaseException:  # noqa: BLE001 - told in the log, and by the status
        traceback.print_exc()
        sys.stderr.flush()
        # At once: Python's own way out would wait for the thread that waits for standard input.
        os._exit(1)
