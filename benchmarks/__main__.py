"""`python -m benchmarks`: measure everything, or the parts named; print a table; write JSON."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.measure import ROOT, AnswersDifferError, Options
from benchmarks.render import print_table, render_into

# Module of each part, in the order in which they run. A part whose module is absent is left out.
PARTS = {
    "statistics": "benchmarks.peers",
    "readers": "benchmarks.readers",
    "core20": "benchmarks.core20",
    "floor": "benchmarks.floor",
    "startup": "benchmarks.startup",
    "growth": "benchmarks.growth",
    "footprints": "benchmarks.footprints",
    "queries": "benchmarks.queries",
}


def available_parts() -> list[str]:
    """Parts that can be run: a module with `run(options)`."""
    return [
        part
        for part, module in PARTS.items()
        if importlib.util.find_spec(module) is not None
        and hasattr(importlib.import_module(module), "run")
    ]


def machine() -> dict[str, Any]:
    """What the figures were taken on, and how busy it was."""
    import duckdb
    import numpy as np
    import polars as pl

    return {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "duckdb": duckdb.__version__,
        "polars": pl.__version__,
        "numpy": np.__version__,
        "load_average_before": round(os.getloadavg()[0], 2),
    }


def measure(parts: list[str], options: Options, report: Path | None) -> dict[str, Any]:
    """Run parts one after another; the report is written after each of them."""
    record: dict[str, Any] = {
        "started_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
        "quick": options.quick,
        "machine": machine(),
        "parts": {},
    }
    for part in parts:
        began = time.monotonic()
        _say(f"measuring {part} …")
        try:
            found = importlib.import_module(PARTS[part]).run(options).record()
        except AnswersDifferError as error:
            found = {"rows": [], "notes": [], "error": f"answers differ: {error}"}
        except Exception as error:  # noqa: BLE001 - the other parts can still be measured
            found = {"rows": [], "notes": [], "error": f"{type(error).__name__}: {error}"}
        found["seconds"] = time.monotonic() - began
        record["parts"][part] = found
        record["machine"]["load_average_after"] = round(os.getloadavg()[0], 2)
        if report is not None:
            report.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return record


def _commit() -> str:
    """The commit that is checked out, with a plus where files differ from it."""
    done = subprocess.run(
        ["git", "describe", "--always", "--abbrev=10", "--dirty=+", "--exclude=*"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or "unknown"


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def given_inputs() -> Path | None:
    """The folder of official files that tests are given too; None where there is none."""
    folder = Path(os.environ.get("BEACON_TEST_INPUTS", ROOT.parent / "shared" / "inputs"))
    return folder.resolve() if folder.is_dir() else None


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmarks; 0 when every part ran and all answers were equal."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", help=f"parts, with commas between: {', '.join(PARTS)}")
    parser.add_argument("--quick", action="store_true", help="small sizes: does everything work?")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure")
    parser.add_argument("--inputs", type=Path, help="official files; else BEACON_TEST_INPUTS")
    parser.add_argument("--work", type=Path, help="directory to work in and to leave")
    parser.add_argument("--repeats", type=int, default=3, help="pairs at most (3)")
    parser.add_argument("--seconds", type=float, default=120.0, help="for each comparison (120)")
    parser.add_argument(
        "--render", type=Path, metavar="FILE", help="put a JSON's figures into docs/performance.md"
    )
    chosen = parser.parse_args(arguments)
    if chosen.render is not None:
        render_into(ROOT / "docs" / "performance.md", json.loads(chosen.render.read_text()))
        return 0
    parts = chosen.only.split(",") if chosen.only else available_parts()
    if unknown := sorted(set(parts) - set(available_parts())):
        parser.error(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}")
    with tempfile.TemporaryDirectory(prefix="beacon-benchmarks-") as temporary:
        work = (chosen.work or Path(temporary)).resolve()
        work.mkdir(parents=True, exist_ok=True)
        options = Options(
            quick=chosen.quick,
            repeats=1 if chosen.quick else chosen.repeats,
            seconds=chosen.seconds,
            inputs=chosen.inputs.resolve() if chosen.inputs else given_inputs(),
            work=work,
        )
        record = measure(parts, options, chosen.json)
    print_table(record)
    return 1 if any("error" in part for part in record["parts"].values()) else 0


if __name__ == "__main__":
    sys.exit(main())
