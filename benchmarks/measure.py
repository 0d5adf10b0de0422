"""Timing two ways of doing the same thing side by side, and the memory of whole processes.

Two ways are always run in turns (A B A B …), so that whatever else the machine does falls on both;
their answers are compared first, and ways that disagree are not timed.
"""

from __future__ import annotations

import contextlib
import gc
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_SAMPLE_SECONDS = 0.02
MEGABYTE = 1_000_000
_NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"


class AnswersDifferError(Exception):
    """Two ways of doing the same thing gave different answers; neither is worth timing."""


@dataclass
class Timing:
    """Repeated measurements of one way of doing something.

    Attributes:
        wall: Seconds from start to end, one a repeat.
        cpu: Seconds of processor, of all threads and of child processes, one a repeat.
        peak_mb: Largest resident memory of the process alone, megabytes, where it was measured.
        tree_mb: Largest resident memory of the process and all its children at one moment.
        first_output: Seconds to the first byte of output, where it was measured.
    """

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    peak_mb: list[float] = field(default_factory=list)
    tree_mb: list[float] = field(default_factory=list)
    first_output: list[float] = field(default_factory=list)

    def add(self, other: Timing) -> None:
        """Take in the measurements of another."""
        for name, values in asdict(other).items():
            getattr(self, name).extend(values)

    def record(self) -> dict[str, Any]:
        """Medians, extremes and every single measurement."""
        summary: dict[str, Any] = {"repeats": len(self.wall)}
        for name, values in asdict(self).items():
            if values:
                summary[name] = {
                    "median": statistics.median(values),
                    "min": min(values),
                    "max": max(values),
                    "all": values,
                }
        return summary


@dataclass
class Row:
    """One line of the table.

    Attributes:
        case: What was done.
        size: On how much.
        ours: What Beacon took.
        theirs: What the other way took; None where there is nothing to compare with.
        other: Name of the other way.
        answers: What was compared and how closely it agreed.
        note: What must be known to read the line.
        figures: Further figures by name.
    """

    case: str
    size: str
    ours: Timing | None = None
    theirs: Timing | None = None
    other: str = ""
    answers: str = ""
    note: str = ""
    figures: dict[str, Any] = field(default_factory=dict)

    def record(self) -> dict[str, Any]:
        """The line as JSON; ratios above 1 mean that Beacon takes less."""
        record: dict[str, Any] = {
            "case": self.case,
            "size": self.size,
            "other": self.other,
            "answers": self.answers,
            "note": self.note,
            "figures": self.figures,
        }
        if self.ours is not None:
            record["ours"] = self.ours.record()
        if self.theirs is not None:
            record["theirs"] = self.theirs.record()
        if self.ours is not None and self.theirs is not None:
            for name in ("wall", "cpu", "tree_mb", "peak_mb"):
                mine, other = record["ours"].get(name), record["theirs"].get(name)
                if mine and other and mine["median"] > 0:
                    record.setdefault("ratios", {})[name] = other["median"] / mine["median"]
        return record


@dataclass(frozen=True)
class Options:
    """How much is measured.

    Attributes:
        quick: Small sizes and one repeat: shows that everything works, not how fast it is.
        repeats: Pairs of measurements at most.
        seconds: Time that one comparison may take before it stops repeating.
        inputs: Folder of all England's official files; None where there is none.
        work: Directory for everything written.
    """

    quick: bool
    repeats: int
    seconds: float
    inputs: Path | None
    work: Path


@dataclass
class PartResult:
    """What one part of the benchmarks found."""

    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def record(self) -> dict[str, Any]:
        """As JSON."""
        return {"rows": [row.record() for row in self.rows], "notes": self.notes}


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
    case: str,
    size: str,
    ours: Callable[[], Any],
    theirs: Callable[[], Any],
    check: Callable[[Any, Any], str],
    options: Options,
    *,
    other: str,
    note: str = "",
) -> Row:
    """Compare two ways in this process. The first, untimed calls give the answers compared.

    A slow way is called for its answer and for its time in one: its first call is then its first
    measurement, because a second would cost minutes and tell nothing new.

    Raises:
        AnswersDifferError: When the answers differ.
    """
    answer = ours()
    kept: list[Any] = []
    first = call_timed(lambda: kept.append(theirs()))
    answers = check(answer, kept.pop())
    if first.wall[0] > options.seconds / 2:
        mine = Timing()
        for _ in range(max(2, options.repeats)):
            mine.add(call_timed(ours))
        other_timing = first
    else:
        mine, other_timing = alternate(
            lambda: call_timed(ours), lambda: call_timed(theirs), options
        )
    return Row(case, size, mine, other_timing, other, answers, note)


def run_process(
    command: Sequence[str],
    *,
    expect: Sequence[int] = (0,),
    environment: dict[str, str] | None = None,
    log: Path | None = None,
    limit_seconds: float = 1800.0,
) -> Timing:
    """Run a whole process; measure time, processor time and memory, children's included.

    Processor time is what the kernel counted for the process and every child it waited for. Memory
    is looked up every 20 ms, so that a shorter peak of several processes together is missed; that
    of the largest single process is the kernel's own.

    Raises:
        RuntimeError: When its exit status is none of those expected; the end of its output is told.
    """
    with tempfile.TemporaryDirectory() as folder:
        output = log or Path(folder) / "output"
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        with output.open("wb") as stream:
            started = time.perf_counter()
            process = subprocess.Popen(
                list(command),
                stdout=stream,
                stderr=subprocess.STDOUT,
                cwd=ROOT,
                env=told(environment),
            )
            watch = _Watch(process.pid, output, started)
            watch.start()
            try:
                status = process.wait(limit_seconds)
            except BaseException:
                process.kill()
                process.wait()
                raise
            finally:
                wall = time.perf_counter() - started
                watch.end()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if status not in expect:
            said = output.read_text(errors="replace")[-2000:]
            raise RuntimeError(f"{' '.join(command)} ended with {status}:\n{said}")
    cpu = (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)
    first = [watch.first_output] if watch.first_output is not None else []
    return Timing([wall], [cpu], [watch.peak / MEGABYTE], [watch.tree / MEGABYTE], first)


def told(environment: dict[str, str] | None = None) -> dict[str, str]:
    """The environment of a process that is measured: this one's, and what is given.

    A shell that tells Python to keep no bytecode would have every process compile all its libraries
    anew, which Beacon's six would do six times. Both ways keep it, as Python does by itself.
    """
    kept = {name: value for name, value in os.environ.items() if name != _NO_BYTECODE}
    return {**kept, **(environment or {})}


class _Watch(threading.Thread):
    """Looks at a process and its children while they live."""

    def __init__(self, pid: int, output: Path, started: float) -> None:
        super().__init__(daemon=True)
        self._pid = pid
        self._output = output
        self._began = started
        self._over = threading.Event()
        self.peak = 0
        self.tree = 0
        self.first_output: float | None = None

    def run(self) -> None:
        """Sample until told to end."""
        while True:
            sizes = {pid: resident_bytes(pid) for pid in family(self._pid)}
            self.peak = max(self.peak, high_water_bytes(self._pid), sizes.get(self._pid, 0))
            self.tree = max(self.tree, sum(sizes.values()), self.peak)
            if self.first_output is None and self._output.stat().st_size:
                self.first_output = time.perf_counter() - self._began
            if self._over.wait(_SAMPLE_SECONDS):
                return

    def end(self) -> None:
        """Stop sampling."""
        self._over.set()
        self.join()


def family(pid: int) -> list[int]:
    """A process and all its descendants that live now."""
    found, queue = [], [pid]
    while queue:
        one = queue.pop()
        found.append(one)
        # A process may end between being found and being looked at.
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{one}/task").iterdir():
                queue.extend(int(child) for child in (task / "children").read_text().split())
    return found


def resident_bytes(pid: int) -> int:
    """Resident memory of a process; 0 when it is gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_BYTES
    except (OSError, IndexError, ValueError):
        return 0


def high_water_bytes(pid: int) -> int:
    """Largest resident memory that a process has had; 0 when it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    for line in status.splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def python(*arguments: str) -> list[str]:
    """The command of this Python with arguments."""
    return [sys.executable, *arguments]


def beacon(*arguments: str) -> list[str]:
    """The command of Beacon as its console script starts it."""
    return python("-c", "from beacon.program import main; main()", *arguments)


def largest_difference(ours: Any, theirs: Any) -> float:
    """Largest relative difference of two float arrays; missing values must match.

    Raises:
        AnswersDifferError: When shapes differ or a value is missing in one only.
    """
    import numpy as np

    mine, other = np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float)
    if mine.shape != other.shape:
        raise AnswersDifferError(f"shapes {mine.shape} and {other.shape}")
    if (np.isnan(mine) != np.isnan(other)).any():
        count = int((np.isnan(mine) != np.isnan(other)).sum())
        raise AnswersDifferError(f"{count} values are missing in one answer only")
    known = ~np.isnan(mine)
    if not known.any():
        raise AnswersDifferError("there is no value to compare")
    # An exact zero and one with rounding behind it are the same answer.
    scale = np.maximum(np.abs(other[known]), 1e-6)
    difference = np.abs(mine[known] - other[known])
    return float(np.where(difference == 0, 0.0, difference / scale).max())


def must_agree(name: str, ours: Any, theirs: Any, tolerance: float) -> str:
    """Say how closely two arrays agree.

    Raises:
        AnswersDifferError: When they do not agree within the tolerance.
    """
    difference = largest_difference(ours, theirs)
    if difference > tolerance:
        raise AnswersDifferError(f"{name} differ by {difference:.3g}, more than {tolerance:.0e}")
    return f"{name} equal within {difference:.0e}" if difference else f"{name} equal"
