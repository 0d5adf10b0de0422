"""What went wrong with rows of persons, told outside the secure home without any of their values.

What belongs here: what becomes of an exception that nobody foresaw. What does not: faults of an
extract, which the gate names by table and column.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from beacon.core.errors import BeaconError
from beacon.people.secure_home import SecureHome


@contextmanager
def without_values(secure: SecureHome) -> Iterator[None]:
    """Keep what an unforeseen exception says inside the secure home.

    The message of a database or of Python can show values of persons, and a traceback goes to the
    terminal, to logs and into the orchestrator's history.

    Raises:
        BeaconError: In place of any other exception, with its type and the file that has the rest.
    """
    try:
        yield
    except BeaconError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, it must not be shown
        descriptor = os.open(secure.faults, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "a", encoding="utf-8") as file:
            file.write("".join(traceback.format_exception(error)) + "\n")
        raise BeaconError(
            f"Counting people failed ({type(error).__name__}). What happened is in "
            f"{secure.faults}, which can show values of persons and stays in the secure home."
        ) from None
