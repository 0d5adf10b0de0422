"""What one request may take, and the gate that holds requests to it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb

from beacon.serve.problems import ProblemError

MOST_VALUES = 100
"""Values that one filter may name."""

MOST_TEXT = 200
"""Characters of one value of a filter, or of a name in a path."""


@dataclass(frozen=True)
class Limits:
    """What requests may take.

    Attributes:
        page_size: Rows of a page where none is asked for.
        most_rows: Rows of a page at most.
        most_differences: Differences of two releases that are listed at most.
        seconds: Time of one query.
        queries: Queries at one time; others wait.
        wait_seconds: How long a query waits for its turn.
        memory: Memory of all queries together, as DuckDB writes it.
    """

    page_size: int = 1_000
    most_rows: int = 10_000
    most_differences: int = 50_000
    seconds: float = 10.0
    queries: int = 4
    wait_seconds: float = 5.0
    memory: str = "512MB"


class QueryGate:
    """Hands out connections to one DuckDB in memory: so many at a time, each for so long."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._places = threading.BoundedSemaphore(limits.queries)
        self._database = duckdb.connect(
            config={"memory_limit": limits.memory, "temp_directory": "", "threads": 2}
        )

    @contextmanager
    def connection(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection of its own, interrupted when its time is over.

        Raises:
            ProblemError: 503, saying what to do, when no place is free in time, or when the query
                takes longer or more memory than a query may.
        """
        if not self._places.acquire(timeout=self.limits.wait_seconds):
            raise ProblemError(
                503,
                "Too many queries at once",
                f"{self.limits.queries} queries are running. Ask again in some seconds.",
                retry_after=5,
            )
        try:
            with self._database.cursor() as con:
                clock = threading.Timer(self.limits.seconds, con.interrupt)
                clock.daemon = True
                clock.start()
                try:
                    yield con
                finally:
                    clock.cancel()
        except duckdb.InterruptException as error:
            raise ProblemError(
                503,
                "The query took too long",
                f"It was stopped after {self.limits.seconds:g} seconds. Ask for fewer rows, or "
                "take the whole file of the mart from `files`.",
            ) from error
        except (duckdb.OutOfMemoryException, MemoryError) as error:
            raise ProblemError(
                503,
                "The query needs too much memory",
                "Ask for fewer rows, or take the whole file of the mart from `files`.",
            ) from error
        except (duckdb.IOException, duckdb.InvalidInputException) as error:
            # Whoever asks does not learn where the files are.
            raise ProblemError(
                503,
                "A file of the release cannot be read",
                "It was removed meanwhile, or is damaged. Ask for another release; its operator "
                "finds out which file it is with `beacon verify`.",
            ) from error
        finally:
            self._places.release()
