"""`beacon query`: read-only SQL on a release."""

from __future__ import annotations

import os
import resource
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from beacon.cli.common import Format, FormatOption, HomeOption, home_of, print_rows

_TIMEOUT_SECONDS = 60.0
# DuckDB stops between vectors of rows, and counts the memory of its buffers. One call of a function
# on a long text can take longer and more; these bounds are the operating system's.
_GRACE_SECONDS = 2.0
_PROCESS_BYTES = 3 << 30


def query(
    sql: Annotated[str, typer.Argument(help="A DuckDB query; marts are tables.")],
    release: Annotated[
        str | None, typer.Option("--release", help="Release label; the current one by default.")
    ] = None,
    form: FormatOption = Format.table,
    timeout: Annotated[
        float, typer.Option("--timeout", min=0.1, help="Seconds until the query is stopped.")
    ] = _TIMEOUT_SECONDS,
    home: HomeOption = None,
) -> None:
    """Run one query on the marts of a release. Nothing can be changed and no file can be read."""
    from beacon.release.layout import get_release
    from beacon.release.query import ask

    found = get_release(home_of(home), release, of_many=True)
    with _bounded(timeout):
        columns, rows = ask(found, sql, timeout_seconds=timeout)
    print_rows(columns, rows, form)


@contextmanager
def _bounded(seconds: float) -> Iterator[None]:
    """Keep this process within its memory, and end it where DuckDB does not stop in time.

    The bound is on what the query adds: beneath what the process holds already, not even a thread
    could start, and Python would wait for it for ever.
    """
    watchdog = threading.Timer(seconds + _GRACE_SECONDS, _end, [seconds])
    watchdog.daemon = True
    watchdog.start()
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    bound = _held_bytes() + _PROCESS_BYTES
    bound = bound if hard == resource.RLIM_INFINITY else min(bound, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (bound, hard))
    try:
        yield
    finally:
        watchdog.cancel()
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def _held_bytes() -> int:
    """What RLIMIT_DATA counts of this process; 0 where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[5])
    except OSError:
        return 0
    return pages * resource.getpagesize()


def _end(seconds: float) -> None:
    sys.stderr.write(f"beacon: The query was ended after {seconds:g} seconds. Ask for less.\n")
    sys.stderr.flush()
    os._exit(1)
