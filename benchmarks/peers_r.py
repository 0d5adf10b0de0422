"""The same jobs in R, where this machine has it.

What belongs here: running one job of `peers.R` in a warm R process, and the lines of the table.
What does not: the jobs' data and Beacon's ways (`benchmarks.peers`).

R times itself, so that neither its start nor reading the data counts. Two ways are compared with:
the field's own package, where it is installed, and the arithmetic alone in whole columns, which is
the fastest that plain R has.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.measure import Options, Row, Timing, call_timed

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

Answer = dict[str, "np.ndarray[Any, Any]"]


_PACKAGE = "PHEindicatormethods"


@cache
def r_version() -> str | None:
    """The version of R on this machine; None where there is none."""
    return _said_by_r("getRversion()")


@cache
def package_version() -> str | None:
    """The version of the field's package in R; None where it is not installed."""
    return _said_by_r(f"packageVersion('{_PACKAGE}')")


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


def run_in_r(job: str, frame: pl.DataFrame, repeats: int) -> tuple[Answer, Timing]:
    """Do one job in R.

    Args:
        job: Name of a job of `peers.R`; with "package:" before it for the field's package.
        frame: Its columns, all numbers, in the order that the function has them.
        repeats: How many times it is measured, after two that are not; once if it takes seconds.

    Returns:
        The answer's columns, and what each repeat took.

    Raises:
        RuntimeError: When R fails; what it said is told.
    """
    import numpy as np

    names = _ANSWERS.get(job, _VALUE_AND_LIMITS)
    with tempfile.TemporaryDirectory() as folder:
        given, answer = Path(folder) / "in", Path(folder) / "out"
        given.write_bytes(frame.cast(float).to_numpy().tobytes(order="F"))
        columns = str(frame.width)
        done = subprocess.run(
            ["Rscript", str(_SCRIPT), job, str(given), columns, str(answer), str(repeats)],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"R failed at {job}: {done.stderr[-500:]}")
        values = np.fromfile(answer).reshape(len(names), -1)
    timing = Timing()
    for line in done.stdout.splitlines():
        elapsed, processor = map(float, line.split())
        timing.add(Timing([elapsed], [processor]))
    return dict(zip(names, values, strict=True)), timing


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
    in_r = {f"R {version}, whole columns, no package": job}
    if package is None:
        why = f"not available: Rscript is there, {_PACKAGE} is not"
        rows.append(Row(f"{case}, beside {_PACKAGE}", size, note=why))
    else:
        in_r = {f"{_PACKAGE} {package} (R {version})": f"package:{job}", **in_r}
    for label, named in in_r.items():
        answer, theirs = run_in_r(named, frame, options.repeats)
        for name, ours in ways.items():
            agreed = check(ours(), answer)
            mine = Timing()
            for _ in range(max(3, options.repeats)):
                mine.add(call_timed(ours))
            beside = _PACKAGE if named != job else "plain R"
            rows.append(
                Row(f"{case}, {name}, beside {beside}", size, mine, theirs, label, agreed, note)
            )
    return rows


__all__ = ["compare_with_r", "package_version", "r_version", "run_in_r"]
