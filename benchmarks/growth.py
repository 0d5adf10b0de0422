"""Time and memory as work grows: 1, 3 and 10 Englands of the fictional nation.

Memory of a step is the kernel's own high-water mark, reset before the step (proc(5),
/proc/pid/clear_refs), so that a step is not charged for an earlier one's peak. What the process
still holds from earlier steps counts; it is told as "before".
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.measure import (
    MEGABYTE,
    Options,
    PartResult,
    Row,
    high_water_bytes,
    python,
    resident_bytes,
    run_process,
)

if TYPE_CHECKING:
    from beacon.session import Session
    from beacon.workspace import Workspace

STAGES = ("generating", "landing", "reading", "deriving", "publishing")
_LARGEST_STEPS = 4


def run(options: Options) -> PartResult:
    """Grow the nation and run every stage on it."""
    result = PartResult()
    sizes = ("small",) if options.quick else ("england", "three_englands", "ten_englands")
    peaks: dict[str, list[float]] = {stage: [] for stage in STAGES}
    seconds: dict[str, list[float]] = {stage: [] for stage in STAGES}
    million: list[float] = []
    for size in sizes:
        home = options.work / "growth" / size
        shutil.rmtree(home, ignore_errors=True)
        measured: list[tuple[str, Any, dict[str, Any]]] = []
        for stage in STAGES:
            report = options.work / "growth.json"
            timing = run_process(
                python("-m", "benchmarks.growth", stage, "--home", str(home), "--size", size,
                       "--report", str(report)),
                limit_seconds=3600,
            )  # fmt: skip
            measured.append((stage, timing, json.loads(report.read_text())))
            peaks[stage].append(timing.peak_mb[0])
            seconds[stage].append(timing.cpu[0])
        rows = next(told["rows"] for stage, _, told in measured if stage == "reading") / 1e6
        million.append(rows)
        for stage, timing, told in measured:
            steps = sorted(told["steps"], key=lambda step: step["added_mb"], reverse=True)
            result.rows.append(
                Row(
                    f"{stage}, {size}",
                    f"{rows:.2f} million rows",
                    ours=timing,
                    answers=told["answers"],
                    figures={
                        "million_rows": rows,
                        "cpu_seconds_per_million_rows": timing.cpu[0] / rows,
                        "peak_mb_per_million_rows": timing.peak_mb[0] / rows,
                        "largest_steps": steps[:_LARGEST_STEPS],
                    },
                )
            )
        shutil.rmtree(home, ignore_errors=True)
    for stage in STAGES:
        grown = million[-1] / million[0]
        result.notes.append(
            f"{stage}: {grown:.1f} times the rows took {seconds[stage][-1] / seconds[stage][0]:.1f}"
            f" times the processor and {peaks[stage][-1] / peaks[stage][0]:.1f} times the memory "
            f"({peaks[stage][0]:.0f} to {peaks[stage][-1]:.0f} MB)"
        )
    return result


class _Steps:
    """Peak memory and time of each step within this process."""

    def __init__(self) -> None:
        self.records: list[dict[str, Any]] = []

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Measure one step."""
        pid = os.getpid()
        with contextlib.suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5")
        before, began = resident_bytes(pid), time.perf_counter()
        yield
        peak = max(high_water_bytes(pid), before)
        self.records.append(
            {
                "step": name,
                "seconds": time.perf_counter() - began,
                "before_mb": before / MEGABYTE,
                "peak_mb": peak / MEGABYTE,
                "added_mb": (peak - before) / MEGABYTE,
                "kept_mb": (resident_bytes(pid) - before) / MEGABYTE,
            }
        )


def _workspace(home: Path, size: str) -> Workspace:
    from beacon.core.settings import Settings
    from beacon.sample import PRESETS, SampleSize
    from beacon.workspace import Workspace

    PRESETS.setdefault("three_englands", SampleSize("three_englands", 101_265, 126, 178, 112))
    return Workspace(Settings(home=home, inputs="sample", sample_size=size))


def _generating(workspace: Workspace, steps: _Steps) -> tuple[int, str]:
    from beacon.sample import PRESETS, publisher, write_sample

    size = PRESETS[workspace.settings.sample_size]
    _watch_calls(publisher, steps, "build_world", "list_areas", "collect_truths")
    _watch_calls(publisher, steps, *(name for name in dir(publisher) if name.startswith("write_")))
    write_sample(workspace.home.sample, seed=workspace.settings.sample_seed, size=size)
    files = [path for path in workspace.home.sample.rglob("*") if path.is_file()]
    return 0, f"{len(files)} files, {sum(path.stat().st_size for path in files) / 1e6:.0f} MB"


def _watch_calls(module: Any, steps: _Steps, *names: str) -> None:
    """Measure calls of a module's functions by their name."""

    def watched(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            with steps.step(name):
                return function(*arguments, **named)

        return call

    for name in names:
        setattr(module, name, watched(name, getattr(module, name)))


def _landing(workspace: Workspace, steps: _Steps) -> tuple[int, str]:
    with _session(workspace) as session, steps.step("land"):
        report = session.land()
    refused = [outcome.name for outcome in report.refused]
    if refused:
        raise RuntimeError(f"refused: {', '.join(refused)}")
    return 0, f"{len(report.outcomes)} datasets, none refused"


def _reading(workspace: Workspace, steps: _Steps) -> tuple[int, str]:
    rows = 0
    with _session(workspace) as session:
        for table in workspace.staging_tables:
            with steps.step(f"staging.{table}"):
                parts = session.stage(table)
            rows += sum(part.rows for part in parts)
            refused = [str(problem) for part in parts for problem in part.problems]
            if refused:
                raise RuntimeError(f"{table}: {refused[0]}")
    return rows, f"{rows:,} rows read"


def _deriving(workspace: Workspace, steps: _Steps) -> tuple[int, str]:
    with _session(workspace) as session:
        derive = session.derive

        def watched(name: str) -> int:
            with steps.step(name):
                return derive(name)

        session.derive = watched  # type: ignore[method-assign]
        _watch_calls(session, steps, "derive_indicators", "derive_facts")
        session.derive_all()
        con = session.warehouse.con
        rows = sum(session.warehouse.row_count(f"marts.{mart}") for mart in _marts(con))
    return rows, f"{rows:,} rows of marts"


def _marts(con: Any) -> list[str]:
    found = con.execute("select table_name from duckdb_tables() where schema_name = 'marts'")
    return [name for (name,) in found.fetchall()]


def _publishing(workspace: Workspace, steps: _Steps) -> tuple[int, str]:
    with _session(workspace) as session, steps.step("publish"):
        publication = session.publish(pages=False)
    return 0, f"{publication.status}; planted truths: {_truths(workspace)}"


def _truths(workspace: Workspace) -> str:
    """The release must give the Core20 count that the generator planted."""
    import duckdb

    with duckdb.connect(str(workspace.home.catalogue), read_only=True) as con:
        ((lsoas, whole),) = con.execute(
            "select lsoas, lsoas_in_area from core20_cohort where area_type = 'nation' and core20 "
            "and imd_vintage = 2025 and age_band = 'All ages' and sex = 'Persons'"
        ).fetchall()
    from beacon.sample import PRESETS

    expected = PRESETS[workspace.settings.sample_size].nation_lsoas
    if whole != expected or lsoas != expected // 5:
        raise RuntimeError(f"{lsoas} of {whole} LSOAs are Core20; {expected // 5} of {expected}")
    return f"{lsoas:,} of {whole:,} LSOAs in Core20"


@contextlib.contextmanager
def _session(workspace: Workspace) -> Iterator[Session]:
    from beacon.session import Session

    with Session(workspace, run_id="benchmark") as session:
        yield session


def main() -> None:
    """Run one stage on a home."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("stage", choices=STAGES)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--size", required=True)
    parser.add_argument("--report", type=Path, required=True)
    chosen = parser.parse_args()
    stages = {
        "generating": _generating,
        "landing": _landing,
        "reading": _reading,
        "deriving": _deriving,
        "publishing": _publishing,
    }
    steps = _Steps()
    rows, answers = stages[chosen.stage](_workspace(chosen.home, chosen.size), steps)
    record = {"rows": rows, "answers": answers, "steps": steps.records}
    chosen.report.write_text(json.dumps(record))


if __name__ == "__main__":
    main()
