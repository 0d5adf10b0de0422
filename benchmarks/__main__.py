"""`python -m benchmarks`: measure everything, or the parts named; print a table; write JSON."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
from rich.console import Console
from rich.table import Table

from benchmarks import floor, growth, peers, startup
from benchmarks.measure import ROOT, AnswersDifferError, Options, Row, Timing

PARTS: dict[str, Callable[[Options], list[Row]]] = {
    "statistics": peers.run,
    "floor": floor.run,
    "startup": startup.run,
    "growth": growth.run,
}


def measure(parts: list[str], options: Options) -> dict[str, Any]:
    """Run parts one after another; a part that fails is reported and the others go on."""
    conditions = {
        "started_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
        "quick": options.quick,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "duckdb": duckdb.__version__,
        "polars": pl.__version__,
        "load_average_before": round(os.getloadavg()[0], 2),
    }
    found: dict[str, list[Row]] = {}
    errors: dict[str, str] = {}
    for part in parts:
        sys.stderr.write(f"measuring {part} …\n")
        try:
            found[part] = PARTS[part](options)
        except AnswersDifferError as error:
            errors[part] = f"answers differ: {error}"
        except Exception as error:  # noqa: BLE001 - the other parts can still be measured
            errors[part] = f"{type(error).__name__}: {error}"
    records = {part: [row.record() for row in rows] for part, rows in found.items()}
    _print_table(" ".join(f"{k} {v}" for k, v in conditions.items()), found, errors)
    return {**conditions, "parts": records, "errors": errors}


def _commit() -> str:
    done = subprocess.run(
        ["git", "describe", "--always", "--abbrev=10", "--dirty=+", "--exclude=*"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or "unknown"


def _print_table(title: str, found: dict[str, list[Row]], errors: dict[str, str]) -> None:
    console = Console(width=180, highlight=False, markup=False)
    table = Table(title=title, title_justify="left")
    for heading in ("case", "size", "Beacon", "other way", "times faster", "answers"):
        table.add_column(heading, overflow="fold")
    for rows in found.values():
        table.add_section()
        for row in rows:
            ratios = row.ratios()
            faster = f"{ratios['wall']:.2g} ({ratios['cpu']:.2g} by processor)" if ratios else ""
            theirs = f"{row.other}: {_shown(row.theirs)}" if row.theirs else row.other
            table.add_row(
                row.case, row.size, _shown(row.ours), theirs, faster, row.answers or row.note
            )
    console.print(table)
    for part, error in errors.items():
        console.print(f"{part} FAILED: {error}")


def _shown(timing: Timing | None) -> str:
    if timing is None:
        return ""
    medians = timing.medians()
    spread = f" ({min(timing.wall):.3g} to {max(timing.wall):.3g})" if len(timing.wall) > 1 else ""
    memory = f", {medians['memory_mb']:.0f} MB" if "memory_mb" in medians else ""
    return f"{medians['wall']:.3g} s{spread}, processor {medians['cpu']:.3g} s{memory}"


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmarks; 0 when every part ran and all answers were equal."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", default=",".join(PARTS), help="parts, with commas between")
    parser.add_argument("--quick", action="store_true", help="small sizes: does everything work?")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure")
    parser.add_argument("--inputs", type=Path, help="official files; else BEACON_TEST_INPUTS")
    parser.add_argument("--work", type=Path, help="directory to work in and to leave")
    parser.add_argument("--repeats", type=int, default=3, help="pairs at most (3)")
    parser.add_argument("--seconds", type=float, default=120.0, help="for each comparison (120)")
    chosen = parser.parse_args(arguments)
    parts = chosen.only.split(",")
    if unknown := sorted(set(parts) - set(PARTS)):
        parser.error(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}")
    given = Path(os.environ.get("BEACON_TEST_INPUTS", ROOT.parent / "shared" / "inputs"))
    inputs = chosen.inputs or (given if given.is_dir() else None)
    with tempfile.TemporaryDirectory(prefix="beacon-benchmarks-") as temporary:
        work = (chosen.work or Path(temporary)).resolve()
        work.mkdir(parents=True, exist_ok=True)
        options = Options(
            quick=chosen.quick,
            repeats=1 if chosen.quick else chosen.repeats,
            seconds=chosen.seconds,
            inputs=inputs.resolve() if inputs else None,
            work=work,
        )
        record = measure(parts, options)
    if chosen.json is not None:
        chosen.json.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return 1 if record["errors"] else 0


if __name__ == "__main__":
    sys.exit(main())
