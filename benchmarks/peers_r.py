"""The same jobs in R, where this machine has it.

R times itself, so that neither its start nor reading the data counts, and takes turns with Beacon.
Two ways are compared with: the field's own package, where it is installed, and the arithmetic alone
in whole columns, which is the fastest that plain R has.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.measure import Options, Row, Timing, alternate, call_timed

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

_SCRIPT = Path(__file__).with_name("peers.R")
_ANSWERS: Mapping[str, Sequence[str]] = {
    "life_expectancy": ("at_birth",),
    "slope_index": ("sii", "sii_lower", "sii_upper"),
    "package:slope_index": ("sii", "sii_lower", "sii_upper"),
}
_VALUE_AND_LIMITS = ("value", "lower95_0cl", "upper95_0cl", "lower99_8cl", "upper99_8cl")

_PACKAGE = "PHEindicatormethods"
_ONCE_FROM_SECONDS = 10.0
"""A way so slow is measured by the call that gave its answer; a second would tell nothing new."""

Answer = dict[str, "np.ndarray[Any, Any]"]


class RInTroubleError(RuntimeError):
    """R ended before it had done what it was asked for."""


@cache
def r_version() -> str | None:
    """The version of R on this machine; None where there is none."""
    return _said_by_r("getRversion()")


@cache
def package_version() -> str | None:
    """The version of the field's package in R; None where it is not installed."""
    return _said_by_r(f"packageVersion('{_PACKAGE}')")


@cache
def dplyr_version() -> str | None:
    """The version of dplyr in R, which does most of the field's package's work."""
    return _said_by_r("packageVersion('dplyr')")


def _said_by_r(expression: str) -> str | None:
    if shutil.which("Rscript") is None:
        return None
    done = subprocess.run(
        ["Rscript", "-e", f"cat(as.character({expression}))"],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() if done.returncode == 0 else None


@dataclass(frozen=True)
class JobInR:
    """A job in an R process that lives.

    Attributes:
        answer: The columns of its answer.
        first: What the call took that gave the answer.
        again: Does it once more.
    """

    answer: Answer
    first: Timing
    again: Callable[[], Timing]


@contextlib.contextmanager
def job_in_r(job: str, frame: pl.DataFrame) -> Iterator[JobInR]:
    """Do one job in R, and again whenever asked, until the block ends.

    Args:
        job: Name of a job of `peers.R`; with "package:" before it for the field's package.
        frame: Its columns, all numbers, in the order that the function has them.

    Raises:
        RInTroubleError: When R fails; what it said is told.
    """
    import numpy as np

    names = _ANSWERS.get(job, _VALUE_AND_LIMITS)
    with tempfile.TemporaryDirectory() as folder:
        given, answer, said = (Path(folder) / name for name in ("in", "out", "said"))
        given.write_bytes(frame.cast(float).to_numpy().tobytes(order="F"))
        with (
            said.open("w") as errors,
            subprocess.Popen(
                ["Rscript", str(_SCRIPT), job, str(given), str(frame.width), str(answer)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            ) as process,
        ):
            assert process.stdin is not None
            assert process.stdout is not None
            asked, told = process.stdin, process.stdout

            def timing() -> Timing:
                line = told.readline()
                if not line:
                    process.wait()
                    raise RInTroubleError(f"R failed at {job}: {said.read_text()[-500:].strip()}")
                return timing_said(line)

            def again() -> Timing:
                # R that has ended cannot be asked; that it tells nothing is what is reported. A
                # buffer would keep the line and raise once more when the pipe is closed.
                with contextlib.suppress(BrokenPipeError):
                    os.write(asked.fileno(), b"again\n")
                return timing()

            try:
                first = timing()
                values = np.fromfile(answer).reshape(len(names), -1)
                yield JobInR(dict(zip(names, values, strict=True)), first, again)
            except BaseException:
                process.kill()
                raise


def timing_said(line: str) -> Timing:
    """What R says of one call: its seconds, and those of processor."""
    elapsed, processor = map(float, line.split())
    return Timing([elapsed], [processor])


def compare_with_r(
    case: str,
    size: str,
    ways: Mapping[str, Callable[[], Answer]],
    job: str,
    frame: pl.DataFrame,
    check: Callable[[Answer, Answer], str],
    options: Options,
    note: str = "",
) -> list[Row]:
    """A line for each of Beacon's ways beside each way in R, or one that says what is not there."""
    version, package = r_version(), package_version()
    if version is None:
        why = "not available: there is no Rscript on this machine"
        return [Row(f"{case}, beside R", size, note=why)]
    rows = []
    if package is None:
        why = f"not available: Rscript is there, {_PACKAGE} is not"
        rows.append(Row(f"{case}, beside {_PACKAGE}", size, note=why))
    else:
        label, dplyr = f"{_PACKAGE} {package} (R {version})", dplyr_version()
        note_of_package = f"{_PACKAGE} works on data frames, with dplyr {dplyr}. {note}".strip()
        try:
            with job_in_r(f"package:{job}", frame) as theirs:
                rows += [
                    _row(f"{case}, {name}, beside {_PACKAGE}", size, ours, theirs, check, options)
                    for name, ours in ways.items()
                ]
        except RInTroubleError as error:
            # An older package lacks functions; what else is compared is not lost with them.
            rows.append(Row(f"{case}, beside {_PACKAGE}", size, note=f"not available: {error}"))
        for row in rows:
            row.other, row.note = label, row.note or note_of_package
    with job_in_r(job, frame) as theirs:
        for name, ours in ways.items():
            row = _row(f"{case}, {name}, beside plain R", size, ours, theirs, check, options)
            row.other, row.note = f"R {version}, whole columns, no package", note
            rows.append(row)
    return rows


def _row(
    case: str,
    size: str,
    ours: Callable[[], Answer],
    theirs: JobInR,
    check: Callable[[Answer, Answer], str],
    options: Options,
) -> Row:
    """Answers first, then both ways in turns."""
    agreed = check(ours(), theirs.answer)
    if theirs.first.wall[0] > _ONCE_FROM_SECONDS:
        mine, other = Timing(), theirs.first
        for _ in range(max(3, options.repeats)):
            mine.add(call_timed(ours))
    else:
        mine, other = alternate(lambda: call_timed(ours), theirs.again, options)
    return Row(case, size, mine, other, answers=agreed)


__all__ = ["JobInR", "compare_with_r", "job_in_r", "package_version", "r_version", "timing_said"]
