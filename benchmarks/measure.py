"""Timing two ways of doing the same thing in turns, and the memory of whole processes.

Turns (A B A B …) put whatever else the machine does on both ways. Answers are compared before
anything is timed; ways that disagree are not timed.
"""

from __future__ import annotations

import contextlib
import gc
import os
import resource
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
MEGABYTE = 1_000_000
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_SAMPLE_SECONDS = 0.02


class AnswersDifferError(Exception):
    """Two ways of doing the same thing gave different answers; neither is worth timing."""


@dataclass
class Timing:
    """Repeated measurements of one way.

    Attributes:
        wall: Seconds from start to end, one a repeat.
        cpu: Seconds of processor, of all threads and of child processes, one a repeat.
        memory_mb: Largest resident memory of the process and its children at one moment, in
            megabytes (10^6 bytes); empty for a call inside this process.
    """

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    memory_mb: list[float] = field(default_factory=list)

    def add(self, other: Timing) -> None:
        """Take in the measurements of another."""
        self.wall += other.wall
        self.cpu += other.cpu
        self.memory_mb += other.memory_mb

    def medians(self) -> dict[str, float]:
        """The median of each measurement that was taken."""
        return {name: statistics.median(each) for name, each in asdict(self).items() if each}


@dataclass
class Row:
    """One line of the report.

    Attributes:
        case: What was done.
        size: On how much.
        ours: What Beacon took; None when it was not measured, and `note` says why.
        theirs: What the other way took; None where there is nothing to compare with.
        other: Name of the other way.
        answers: What was compared and how closely it agreed.
        note: What must be known to read the line.
    """

    case: str
    size: str
    ours: Timing | None = None
    theirs: Timing | None = None
    other: str = ""
    answers: str = ""
    note: str = ""

    def ratios(self) -> dict[str, float]:
        """The other way's median divided by Beacon's: above 1, Beacon takes less."""
        if self.ours is None or self.theirs is None:
            return {}
        ours, theirs = self.ours.medians(), self.theirs.medians()
        return {name: theirs[name] / ours[name] for name in ours if name in theirs and ours[name]}

    def record(self) -> dict[str, Any]:
        """The line as JSON, with every single measurement."""
        return {**asdict(self), "ratios": self.ratios()}


@dataclass(frozen=True)
class Options:
    """How much is measured.

    Attributes:
        quick: Small sizes and one repeat: shows that everything works, not how fast it is.
        repeats: Pairs of measurements at most.
        seconds: Time that one comparison may take before it stops repeating.
        inputs: Folder of official files; None where there is none.
        work: Directory for everything written.
    """

    quick: bool
    repeats: int
    seconds: float
    inputs: Path | None
    work: Path


def call_timed(work: Callable[[], Any]) -> Timing:
    """Time one call in this process."""
    gc.collect()
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return Timing([time.perf_counter() - wall], [time.process_time() - cpu])


def alternate(
    ours: Callable[[], Timing], theirs: Callable[[], Timing], options: Options
) -> tuple[Timing, Timing]:
    """Measure two ways in turns, at least once each, within the time and repeats allowed."""
    mine, other = Timing(), Timing()
    started = time.monotonic()
    for _ in range(options.repeats):
        mine.add(ours())
        other.add(theirs())
        if time.monotonic() - started > options.seconds:
            break
    return mine, other


def compare_calls(
    ours: Callable[[], Any],
    theirs: Callable[[], Any],
    check: Callable[[Any, Any], str],
    options: Options,
) -> tuple[Timing, Timing, str]:
    """Compare two ways in this process; the first calls give the answers compared.

    A way that takes more than half of the time allowed is measured by its first call only.

    Raises:
        AnswersDifferError: When the answers differ.
    """
    answer = ours()
    kept: list[Any] = []
    first = call_timed(lambda: kept.append(theirs()))
    answers = check(answer, kept.pop())
    if first.wall[0] <= options.seconds / 2:
        return (*alternate(lambda: call_timed(ours), lambda: call_timed(theirs), options), answers)
    mine = Timing()
    for _ in range(options.repeats):
        mine.add(call_timed(ours))
    return mine, first, answers


def run_process(
    command: Sequence[str],
    log: Path,
    *,
    expect: Sequence[int] = (0,),
    environment: dict[str, str] | None = None,
    limit_seconds: float = 3600.0,
) -> Timing:
    """Run a whole process; measure its time, processor time and memory, children's included.

    Processor time is the kernel's count for the process and every child it waited for. Memory is
    looked up every 20 ms, so a shorter peak of several processes together is missed.

    Args:
        command: Program and arguments.
        log: File that receives its output.
        expect: Exit statuses that are not failures.
        environment: Variables set beside this process's own.
        limit_seconds: After so long it is ended.

    Raises:
        RuntimeError: When the exit status is none of those expected.
        subprocess.TimeoutExpired: When the limit has passed.
    """
    # Bytecode is kept, as Python does unless a shell or container says otherwise.
    inherited = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with log.open("wb") as stream:
        started = time.perf_counter()
        process = subprocess.Popen(
            list(command),
            stdout=stream,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
            env={**inherited, **(environment or {})},
        )
        over, largest = threading.Event(), [0]
        watch = threading.Thread(target=_watch_memory, args=(process.pid, over, largest))
        watch.start()
        try:
            status = process.wait(limit_seconds)
        except BaseException:
            process.kill()
            process.wait()
            raise
        finally:
            wall = time.perf_counter() - started
            over.set()
            watch.join()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if status not in expect:
        said = log.read_text(errors="replace")[-2000:]
        raise RuntimeError(f"{' '.join(command)} ended with {status}:\n{said}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Timing([wall], [cpu], [largest[0] / MEGABYTE])


def _watch_memory(pid: int, over: threading.Event, largest: list[int]) -> None:
    while not over.wait(_SAMPLE_SECONDS):
        largest[0] = max(largest[0], sum(map(_resident_bytes, _with_descendants(pid))))


def _with_descendants(pid: int) -> list[int]:
    found, queue = [], [pid]
    while queue:
        one = queue.pop()
        found.append(one)
        # A process may end between being found and being looked at.
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{one}/task").iterdir():
                queue.extend(map(int, (task / "children").read_text().split()))
    return found


def _resident_bytes(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_BYTES
    except (OSError, IndexError):
        return 0


def python(*arguments: str) -> list[str]:
    """The command of this Python with arguments."""
    return [sys.executable, *arguments]


def beacon(*arguments: str) -> list[str]:
    """The command of Beacon's console script in this environment."""
    return [str(Path(sys.executable).with_name("beacon")), *arguments]


def must_agree(name: str, ours: Any, theirs: Any, tolerance: float) -> str:
    """Say how closely two arrays of numbers agree.

    Raises:
        AnswersDifferError: When shapes differ, a value is missing in one only, there is none at
            all, or the largest relative difference exceeds the tolerance.
    """
    mine, other = np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float)
    if mine.shape != other.shape:
        raise AnswersDifferError(f"{name}: shapes {mine.shape} and {other.shape}")
    missing = np.isnan(mine)
    if (missing != np.isnan(other)).any() or missing.all():
        raise AnswersDifferError(f"{name}: values are missing in one answer, or in both")
    # An exact zero and one with rounding behind it are the same answer.
    scale = np.maximum(np.abs(other[~missing]), 1e-6)
    largest = float((np.abs(mine[~missing] - other[~missing]) / scale).max())
    if largest > tolerance:
        raise AnswersDifferError(f"{name} differ by {largest:.3g}, more than {tolerance:.0e}")
    return f"{name} equal within {largest:.0e}" if largest else f"{name} equal"
