"""Reading objects in processes of their own, ahead of the steps that want them.

Half of reading is work on Python's own objects, which one process does on one core only. What a
process took for a file goes back to the system when the last is read, and a file that makes a
library crash or grow without end is refused like any other that cannot be read.
"""

from __future__ import annotations

import base64
import os
import pickle
import tempfile
import threading
from collections import deque
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from beacon.allocators import ARENAS
from beacon.core.errors import InputRefusedError, Problem
from beacon.ingest.landing_store import LandedObject
from beacon.processes import ChildFailed, ChildProcess, Closing
from beacon.registry.sources import DatasetSpec

MODULE = "beacon.ingest.reading_process"
# A process takes a third of a second to get ready, in which some 4 MB are read.
WORTH_BYTES = 16_000_000
MOST_PROCESSES = 4
# The largest official file takes 3 seconds on a slow machine.
READ_SECONDS = 900.0
# A process may be killed for what others on the machine do; a file that does it twice is at fault.
ATTEMPTS = 2


class SourceChangedError(Exception):
    """A file that is read where it was found is no longer what it was when it was recognised."""


class ReaderError(RuntimeError):
    """A reader is at fault, not the file: the trace of where."""


@dataclass(frozen=True)
class ReadingJob:
    """One object to be read.

    Attributes:
        source: Its bytes.
        target: The Parquet file to write.
        landed: The object.
        spec: The dataset it is one of.
        fictional: Whether it is the sample's.
        may_change: Whether the bytes are still where they were found.
    """

    source: Path
    target: Path
    landed: LandedObject
    spec: DatasetSpec
    fictional: bool
    may_change: bool = False

    def message(self) -> dict[str, str]:
        """The job as a message. Pickled: JSON would turn the register's whole numbers to text."""
        return {"job": base64.b64encode(pickle.dumps(self)).decode("ascii")}

    @classmethod
    def of(cls, message: Mapping[str, str]) -> ReadingJob:
        """The job of a message, which must come from a process of our own."""
        job = pickle.loads(base64.b64decode(message["job"]))  # noqa: S301 - our own parent's
        if not isinstance(job, cls):
            raise TypeError(f"not a job: {type(job).__name__}")
        return job


def worth_processes(jobs: Iterable[ReadingJob]) -> bool:
    """Whether there is so much to read that processes of their own are worth their start."""
    return sum(job.landed.size_bytes for job in jobs) >= WORTH_BYTES


def reading_environment(processes: int) -> dict[str, str]:
    """What each of so many reading processes is told, so that together they use every core once."""
    return {
        "MALLOC_ARENA_MAX": str(ARENAS),
        "POLARS_MAX_THREADS": str(max(1, _cores() // max(processes, 1))),
    }


def most_processes() -> int:
    """As many as this process may use cores, up to four."""
    return min(_cores(), MOST_PROCESSES)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2


class ReadingAhead(Closing):
    """Reads all that it is given, in order; ask for each result when it is wanted.

    Use as a context manager: what is not read when it closes is given up. A process ends as soon
    as nothing is left for it.
    """

    def __init__(
        self,
        jobs: Iterable[ReadingJob],
        *,
        processes: int | None = None,
        seconds: float = READ_SECONDS,
        module: str = MODULE,
        ready: ChildProcess | None = None,
    ) -> None:
        """Start reading.

        Args:
            jobs: What to read, first the most urgent.
            processes: How many; by default as many as this process may use cores, up to four.
            seconds: Longest time for one object.
            module: What is run; for tests.
            ready: A process that has been started already, and is ended as the others are.
        """
        self._jobs: deque[ReadingJob] = deque()
        self._futures: dict[Path, Future[int]] = {}
        self._module, self._seconds = module, seconds
        self._lock = threading.Lock()
        self._running: set[ChildProcess] = {ready} if ready is not None else set()
        self._ready = ready
        self._closed = False
        self._processes = processes or most_processes()
        self._threads: list[threading.Thread] = []
        self._serving = 0
        jobs = list(jobs)
        self._environment = reading_environment(min(self._processes, len(jobs)))
        self.add(jobs)

    def add(self, jobs: Iterable[ReadingJob]) -> None:
        """Read more, after what was given before; what was given before is not read again."""
        with self._lock:
            for job in jobs:
                if job.target not in self._futures:
                    self._futures[job.target] = Future()
                    self._jobs.append(job)
            # Those at work may be long over what they have.
            for _ in range(min(self._processes - self._serving, len(self._jobs))):
                thread = threading.Thread(
                    target=self._serve, name=f"beacon-reading-{len(self._threads)}", daemon=True
                )
                self._serving += 1
                self._threads.append(thread)
                thread.start()

    def __contains__(self, target: Path) -> bool:
        return target in self._futures

    def rows(self, target: Path) -> int:
        """Rows of a Parquet file that is being made, once it is there.

        Raises:
            InputRefusedError: When the object cannot be read.
            SourceChangedError: When a file that is not landed yet is no longer what it was.
            ReaderError: When a reader is at fault.
        """
        return self._futures[target].result()

    def close(self) -> None:
        """End every process. What is not read has failed."""
        with self._lock:
            self._closed = True
            left, running = list(self._jobs), list(self._running)
            self._jobs.clear()
        for job in left:
            self._futures[job.target].set_exception(ReaderError("Reading was given up."))
        for child in running:
            child.popen.kill()
        for thread in self._threads:
            thread.join(timeout=10)

    def _serve(self) -> None:
        with tempfile.TemporaryFile() as log:
            child = ready = self._take_ready()
            while (job := self._next()) is not None:
                child = self._read(job, child, log)
            self._end(child)
            if ready is not None:
                ready.log.close()

    def _take_ready(self) -> ChildProcess | None:
        with self._lock:
            ready, self._ready = self._ready, None
            return ready

    def _next(self) -> ReadingJob | None:
        with self._lock:
            if self._jobs:
                return self._jobs.popleft()
            self._serving -= 1
            return None

    def _read(
        self, job: ReadingJob, child: ChildProcess | None, log: IO[bytes]
    ) -> ChildProcess | None:
        """Have one object read; give the process for the next one."""
        future = self._futures[job.target]
        failure = ""
        for _ in range(ATTEMPTS):
            try:
                child = child or self._start(log)
                _settle(future, child.exchange(job.message(), self._seconds))
                return child
            except (ChildFailed, OSError) as error:
                failure = str(error)
                self._end(child)
                child = None
            except Exception as error:  # noqa: BLE001 - or the step would wait for ever
                future.set_exception(ReaderError(f"{type(error).__name__}: {error}"))
                return child
            if self._closed:
                break
        future.set_exception(
            InputRefusedError(
                [
                    Problem(
                        job.landed.original_name,
                        f"the process that reads it failed {ATTEMPTS} times: {failure}.",
                        remedy="Look whether the machine has memory to spare, then run again. If "
                        "it fails again, the file is not what its publisher issued, or shows a "
                        "fault in a library; the last good version stays in use.",
                    )
                ]
            )
        )
        return child

    def _start(self, log: IO[bytes]) -> ChildProcess:
        with self._lock:
            if self._closed:
                raise ChildFailed("reading was given up")
            child = ChildProcess(self._module, log, self._environment)
            self._running.add(child)
            return child

    def _end(self, child: ChildProcess | None) -> None:
        if child is None:
            return
        with self._lock:
            self._running.discard(child)
        child.end()


def _settle(future: Future[int], answer: dict[str, Any]) -> None:
    if "rows" in answer:
        future.set_result(int(answer["rows"]))
    elif "changed" in answer:
        future.set_exception(SourceChangedError(str(answer["changed"])))
    elif "problems" in answer:
        problems = [Problem(**problem) for problem in answer["problems"]]
        future.set_exception(InputRefusedError(problems))
    else:
        future.set_exception(ReaderError(answer.get("error", "no answer")))
