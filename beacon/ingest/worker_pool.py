"""Worker processes in which files from outside are opened.

A file can make a library crash, take all memory or never end. In a process of its own, with limits
of memory and time, it costs that process: the file is refused by name and the others go on.
Workers start with the first job, one a core, and end with `end_workers`.
"""

from __future__ import annotations

import atexit
import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import TimeoutError as JobTimeoutError
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from pebble import ProcessExpired, ProcessPool

from beacon.core.errors import InputRefusedError, Problem
from beacon.core.settings import FileLimits

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

# A worker is replaced after so many files, so that what libraries keep does not add up.
_FILES_A_WORKER = 100
_MEGABYTE = 1 << 20


@dataclass(frozen=True)
class FileJob(Generic[T_co]):
    """A function to be called in a worker for one file.

    Attributes:
        file: The file's name for messages.
        function: A function of a module; what it takes and gives can be pickled.
        arguments: Its arguments.
    """

    file: str
    function: Callable[..., T_co]
    arguments: tuple[Any, ...]


@dataclass(frozen=True)
class _Answer:
    """What a worker found: a value, problems of the file, or that memory was not enough."""

    value: Any = None
    problems: tuple[Problem, ...] = ()
    out_of_memory: bool = False


class WorkerLostError(InputRefusedError):
    """A file ended its worker or went past its limits, twice."""


def run_jobs(
    jobs: Sequence[FileJob[T]], limits: FileLimits | None = None, *, trusted: bool = False
) -> list[T | InputRefusedError]:
    """Call each job's function in a worker.

    What is lost with its worker is tried once more, alone in a new one: a machine that was
    suspended, or short of memory for another reason, refuses no sound file.

    Args:
        jobs: One for each file.
        limits: What each may take.
        trusted: Whether the files are our own, such as the sample's, so that none needs a worker.

    Returns:
        For each job what its function gave, or why its file is refused (`WorkerLostError` where
        that is not known from the file itself).

    Raises:
        Exception: What a function raised that is no fault of its file.
    """
    if trusted:
        return [_outcome(job, _answer(job.function, job.arguments)) for job in jobs]
    limits = limits or FileLimits()
    if not jobs:
        return []
    pool = _workers.pool(limits)
    futures = [
        pool.schedule(_answer, args=(job.function, job.arguments), timeout=limits.file_seconds)
        for job in jobs
    ]
    try:
        answers = [_result(future, limits) for future in futures]
        return [
            _outcome(job, answer) if isinstance(answer, _Answer) else _once_more(job, limits)
            for job, answer in zip(jobs, answers, strict=True)
        ]
    except BaseException:
        end_workers(at_once=True)
        raise


def _answer(function: Callable[..., Any], arguments: tuple[Any, ...]) -> _Answer:
    try:
        return _Answer(function(*arguments))
    except InputRefusedError as error:
        return _Answer(problems=error.problems)
    except MemoryError:
        return _Answer(out_of_memory=True)


def _result(future: Any, limits: FileLimits) -> _Answer | str:
    """What a worker gave, or why it gave nothing."""
    too_large = f"it needs more than {limits.file_memory_mb:,} MB of memory"
    try:
        answer: _Answer = future.result()
    except JobTimeoutError:
        return f"it could not be read within {limits.file_seconds:,.0f} seconds"
    except ProcessExpired as error:
        killed = error.exitcode in (-signal.SIGABRT, -signal.SIGKILL)
        return too_large + " or ends the program" if killed else "it ends the program that reads it"
    return too_large if answer.out_of_memory else answer


def _once_more(job: FileJob[T], limits: FileLimits) -> T | InputRefusedError:
    with _new_pool(1, limits) as pool:
        future = pool.schedule(
            _answer, args=(job.function, job.arguments), timeout=limits.file_seconds
        )
        answer = _result(future, limits)
    if isinstance(answer, _Answer):
        return _outcome(job, answer)
    remedy = (
        "It is damaged or made to do harm; download it again from its publisher. If it is sound "
        "and large, raise BEACON_FILE_SECONDS or BEACON_FILE_MEMORY_MB."
    )
    message = f"the file cannot be read: {answer} (tried twice)."
    return WorkerLostError([Problem(job.file, message, remedy=remedy)])


def _outcome(job: FileJob[T], answer: _Answer) -> T | InputRefusedError:
    if answer.out_of_memory:
        raise MemoryError(f"while {job.file} was read")
    if answer.problems:
        return InputRefusedError(answer.problems)
    found: T = answer.value
    return found


@contextlib.contextmanager
def _new_pool(workers: int, limits: FileLimits) -> Iterator[ProcessPool]:
    pool = _started(workers, limits)
    try:
        yield pool
    finally:
        pool.stop()
        pool.join()


def _started(workers: int, limits: FileLimits) -> ProcessPool:
    return ProcessPool(
        max_workers=workers,
        max_tasks=_FILES_A_WORKER,
        initializer=_limit_this_process,
        initargs=(limits.file_memory_mb,),
        # A fork would take over locks that another thread holds at that moment.
        context=multiprocessing.get_context("spawn"),
    )


def _limit_this_process(memory_mb: int) -> None:
    """Bound a worker, and leave to its parent what is said and when it ends."""
    # One worker a core: more threads in each would only take turns.
    os.environ["POLARS_MAX_THREADS"] = "1"
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(OSError), Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    with contextlib.suppress(OSError):
        # Where memory runs out, the system ends a worker and not the run.
        Path("/proc/self/oom_score_adj").write_text("800", encoding="ascii")
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        size = memory_mb * _MEGABYTE
        resource.setrlimit(resource.RLIMIT_DATA, (size, size))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


class _Workers:
    """The workers of this process, started when they are first needed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pool: ProcessPool | None = None
        self._limits = FileLimits()

    def pool(self, limits: FileLimits) -> ProcessPool:
        with self._lock:
            if self._pool is not None and (not self._pool.active or self._limits != limits):
                self._end(at_once=False)
            if self._pool is None:
                self._pool, self._limits = _started(os.cpu_count() or 1, limits), limits
            return self._pool

    def end(self, *, at_once: bool) -> None:
        with self._lock:
            self._end(at_once=at_once)

    def _end(self, *, at_once: bool) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.stop() if at_once else pool.close()
            pool.join()


_workers = _Workers()


def end_workers(*, at_once: bool = False) -> None:
    """End the workers of this process, if any have started; the next job starts new ones."""
    _workers.end(at_once=at_once)


atexit.register(end_workers, at_once=True)
