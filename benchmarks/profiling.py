"""Where a run's time goes: `python -m benchmarks.profiling DIRECTORY -- run --home H …`.

The command after `--` is run in this process while another thread looks at every thread's stack
every few milliseconds; nothing is traced, so that fast functions are not made slow. Written are:

- `profile.collapsed`: stacks with their counts, for speedscope, inferno or flamegraph.pl;
- `profile.svg`: the same as a flame graph, which shows names and shares under the pointer;
- `profile.json` and `profile.txt`: self time by package, by Beacon's stage and by function.

Child processes (validation, pages) are not sampled; their processor time is told. `-X importtime`
tells imports in more detail. Not named `profile`, which would hide Python's own module from
scripts in this directory.
"""

from __future__ import annotations

import argparse
import contextlib
import html
import json
import linecache
import resource
import sys
import threading
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

Stack = tuple[str, ...]

_STAGES = {
    "beacon.session:land": "landing",
    "beacon.ingest.collect:nothing_to_do": "landing",
    "beacon.session:stage": "reading",
    "beacon.ingest.stage:_stage_one": "reading",
    "beacon.session:derive": "deriving",
    "beacon.session:derive_indicator": "deriving",
    "beacon.session:derive_facts": "deriving",
    "beacon.session:submit_checks": "checking",
    "beacon.session:check_results": "checking",
    "beacon.session:publish": "publishing",
    "beacon.cli.run_commands:_report": "reporting",
    "beacon.warehouse.connection:open_warehouse": "opening the database",
}
_WAITS = frozenset(
    {
        ("threading", "wait"),
        ("threading", "_wait_for_tstate_lock"),
        ("queue", "get"),
        ("selectors", "select"),
        ("subprocess", "_try_wait"),
        ("concurrent.futures.thread", "_worker"),
        ("multiprocessing.connection", "wait"),
        ("multiprocessing.connection", "_recv"),
        # Threads that read the pipe of the validation process.
        ("beacon.checks.protocol", "receive"),
        ("beacon.checks.process", "_serve"),
    }
)
# Calls of compiled code, by how the calling line looks.
_NATIVE = {
    ".execute(": "duckdb or sqlite:execute",
    "con.sql(": "duckdb or sqlite:sql",
    ".fetchall(": "duckdb or sqlite:fetchall",
    ".to_arrow_table(": "duckdb or sqlite:to_arrow_table",
    "os.fsync(": "disk:fsync",
    ".write_parquet(": "polars:write_parquet",
    ".write_table(": "pyarrow:write_table",
}
_IMPORT = "importlib._bootstrap:_find_and_load"


class Sampler(threading.Thread):
    """Looks at the stacks of all threads but its own."""

    def __init__(self, every_seconds: float = 0.005) -> None:
        super().__init__(daemon=True)
        self.every_seconds = every_seconds
        self.stacks: Counter[Stack] = Counter()
        self.rounds = 0
        self._over = threading.Event()
        self._fault: Exception | None = None

    def run(self) -> None:
        """Sample until told to end."""
        try:
            self._sample()
        except Exception as fault:  # noqa: BLE001 - told when the sampler is ended
            self._fault = fault

    def _sample(self) -> None:
        me = threading.get_ident()
        while not self._over.wait(self.every_seconds):
            self.rounds += 1
            names = {thread.ident: thread.name for thread in threading.enumerate()}
            for ident, frame in sys._current_frames().items():
                if ident != me:
                    stack = _stack_of(frame)
                    if not _is_waiting(stack):
                        self.stacks[(_thread(names.get(ident, "")), *stack)] += 1

    def end(self) -> None:
        """Stop sampling; a sampler that fell over on the way has measured nothing."""
        self._over.set()
        self.join()
        if self._fault is not None:
            raise self._fault


@contextlib.contextmanager
def sampling() -> Iterator[Sampler]:
    """Sample while the block runs."""
    sampler = Sampler()
    sampler.start()
    try:
        yield sampler
    finally:
        sampler.end()


def _thread(name: str) -> str:
    return "main thread" if name == "MainThread" else "worker threads"


def _stack_of(frame: FrameType | None) -> Stack:
    """Names from the outermost frame to the innermost: module:function."""
    names = []
    # Between two lines of its code a frame has no line.
    if (
        frame is not None
        and frame.f_lineno
        and (inside := _native_call(frame.f_code, frame.f_lineno))
    ):
        names.append(inside)
    while frame is not None:
        code = frame.f_code
        names.append(f"{frame.f_globals.get('__name__', '?')}:{code.co_name}")
        frame = frame.f_back
    return tuple(reversed(names))


@cache
def _native_call(code: CodeType, line: int) -> str:
    """What compiled code the innermost line most likely is in; Python has no frames for it."""
    text = linecache.getline(code.co_filename, line)
    for pattern, name in _NATIVE.items():
        if pattern in text:
            return name
    return ""


def _is_waiting(stack: Stack) -> bool:
    module, _, function = stack[-1].partition(":")
    return (module, function) in _WAITS


def package_of(stack: Stack) -> str:
    """The package that a sample's time belongs to; an import to the package being imported."""
    for at, name in enumerate(stack):
        if name.startswith(_IMPORT):
            loaded = next((n for n in stack[at:] if n.endswith(":<module>")), "")
            return f"import {loaded.split('.')[0].split(':')[0]}" if loaded else "import (finding)"
    module = stack[-1].split(":")[0]
    return module.split(".")[0]


def stage_of(stack: Stack) -> str:
    """The stage of a run that a sample belongs to."""
    for name in stack:
        if name in _STAGES:
            return _STAGES[name]
    if any(name.startswith(_IMPORT) for name in stack):
        return "imports outside a stage"
    if any(name.startswith("dagster") for name in stack):
        return "orchestration"
    return "other"


def beacon_function_of(stack: Stack) -> str:
    """The innermost function of Beacon's own, with what it waits for inside libraries."""
    own = [name for name in stack if name.split(".")[0] in ("beacon", "assets", "pipelines")]
    return own[-1] if own else "(none)"


def summarise(sampler: Sampler, seconds: float) -> dict[str, Any]:
    """Seconds by thread kind, package, stage and Beacon function."""
    main = {stack[1:]: n for stack, n in sampler.stacks.items() if stack[0] == "main thread"}
    unit = seconds / max(sampler.rounds, 1)

    def table(key: Any, stacks: dict[Stack, int], limit: int = 25) -> dict[str, float]:
        counts: Counter[str] = Counter()
        for stack, number in stacks.items():
            counts[key(stack)] += number
        return {name: round(number * unit, 3) for name, number in counts.most_common(limit)}

    workers = {stack[1:]: n for stack, n in sampler.stacks.items() if stack[0] != "main thread"}
    own = resource.getrusage(resource.RUSAGE_SELF)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "seconds": round(seconds, 2),
        "samples": sampler.rounds,
        "processor_seconds": round(own.ru_utime + own.ru_stime, 2),
        "processor_seconds_of_children": round(children.ru_utime + children.ru_stime, 2),
        "main_thread_not_waiting": round(sum(main.values()) * unit, 2),
        "by_stage": table(stage_of, main),
        "by_package": table(package_of, main),
        "by_beacon_function": table(beacon_function_of, main, 40),
        "worker_threads_by_beacon_function": table(beacon_function_of, workers, 15),
    }


def write_profile(directory: Path, sampler: Sampler, seconds: float) -> dict[str, Any]:
    """Write all four files; give the summary."""
    directory.mkdir(parents=True, exist_ok=True)
    lines = [f"{';'.join(stack)} {count}" for stack, count in sorted(sampler.stacks.items())]
    (directory / "profile.collapsed").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (directory / "profile.svg").write_text(flame_graph(sampler.stacks), encoding="utf-8")
    summary = summarise(sampler, seconds)
    (directory / "profile.json").write_text(json.dumps(summary, indent=1) + "\n")
    (directory / "profile.txt").write_text(as_text(summary), encoding="utf-8")
    return summary


def as_text(summary: dict[str, Any]) -> str:
    """The summary for people."""
    lines = []
    for name, value in summary.items():
        if isinstance(value, dict):
            lines += ["", name.replace("_", " ")]
            lines += [f"  {seconds:8.2f} s  {key}" for key, seconds in value.items()]
        else:
            lines.append(f"{name.replace('_', ' ')}: {value}")
    return "\n".join(lines) + "\n"


_WIDTH, _ROW_HEIGHT, _LEAST_WIDTH = 1400.0, 16, 0.6


def flame_graph(stacks: Counter[Stack]) -> str:
    """Stacks as an SVG: a box is a function, its width its share of all samples."""
    tree: dict[str, Any] = {"name": "all", "count": 0, "below": {}}
    for stack, count in stacks.items():
        node = tree
        node["count"] += count
        for name in stack:
            node = node["below"].setdefault(name, {"name": name, "count": 0, "below": {}})
            node["count"] += count
    boxes: list[str] = []
    scale = _WIDTH / max(tree["count"], 1)
    deepest = _draw(tree, 0.0, 0, scale, tree["count"], boxes)
    height = (deepest + 1) * _ROW_HEIGHT
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH:.0f} {height}" '
        f'font-family="monospace" font-size="11">\n' + "\n".join(boxes) + "\n</svg>\n"
    )


def _draw(
    node: dict[str, Any], left: float, depth: int, scale: float, total: int, boxes: list[str]
) -> int:
    width = node["count"] * scale
    name = node["name"]
    hue = zlib.crc32(name.split(".")[0].split(":")[0].encode()) % 360
    share = 100 * node["count"] / max(total, 1)
    y = depth * _ROW_HEIGHT
    label = html.escape(name[-int(width / 6.7) :]) if width > 30 else ""
    boxes.append(
        f"<g><title>{html.escape(name)}: {share:.1f}%</title>"
        f'<rect x="{left:.1f}" y="{y}" width="{width:.1f}" height="{_ROW_HEIGHT - 1}" '
        f'fill="hsl({hue} 55% 75%)"/><text x="{left + 2:.1f}" y="{y + 11}">{label}</text></g>'
    )
    deepest, at = depth, left
    for child in sorted(node["below"].values(), key=lambda below: str(below["name"])):
        if child["count"] * scale >= _LEAST_WIDTH:
            deepest = max(deepest, _draw(child, at, depth + 1, scale, total, boxes))
        at += child["count"] * scale
    return deepest


def main() -> int:
    """Profile a command of Beacon; its exit status is this one's."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("command", nargs=argparse.REMAINDER, help="after --: run --home …")
    chosen = parser.parse_args()
    command = [part for part in chosen.command if part != "--"]
    status: Any = 0
    began = time.perf_counter()
    with sampling() as sampler:
        sys.argv = ["beacon", *command]
        try:
            from beacon.cli.main import main as beacon

            beacon()
        except SystemExit as ended:
            status = ended.code
    summary = write_profile(chosen.directory, sampler, time.perf_counter() - began)
    sys.stderr.write(as_text(summary))
    return int(status or 0)


if __name__ == "__main__":
    sys.exit(main())
