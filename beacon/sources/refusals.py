"""The one boundary around everything that opens a file from outside."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from beacon.core.errors import InputRefusedError, Problem

# What ends a process or a generator is no fault of a file, nor is what the worker pool looks after.
_NOT_THE_FILE = (KeyboardInterrupt, SystemExit, GeneratorExit, MemoryError)


@contextmanager
def refusing_by_name(path: Path) -> Iterator[None]:
    """Turn whatever is raised within into a refusal that names the file.

    Libraries written in Rust raise what is no `Exception` where they meet what they do not expect.

    Raises:
        InputRefusedError: In place of anything but an end of the process and a lack of memory.
    """
    try:
        yield
    except (InputRefusedError, *_NOT_THE_FILE):
        raise
    except BaseException as error:
        said = " ".join(str(error).split())[:200]
        message = f"the file cannot be read ({type(error).__name__}: {said})."
        raise InputRefusedError([Problem(path.name, message)]) from error
