"""Kill a run at random moments and see what is left: `python benchmarks/kills.py --kills 100`.

A home with one release is made once. For each kill, a copy of it is given inputs that make another
release, the run is killed (SIGKILL, no time to clean up), and then:

- every release must verify, the pointer must name one, and the analysts' database must answer;
- the next run must succeed, publish what an undisturbed run publishes, and leave nothing behind.

Every other kill is aimed: it waits for the release's building directory to appear and strikes
within the moments in which files are written, renamed and pointed to.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from beacon.core.settings import Home
from beacon.release import layout
from beacon.release.build import digest_of
from beacon.release.layout import latest_release, list_releases
from beacon.release.verify import verify_release

FIRST_SEED, SECOND_SEED = "20260101", "20260102"
GOOD_EXITS = (0, 3)
RUN_LIMIT_SECONDS = 300.0
AIMED_SPREAD_SECONDS = 1.5


@dataclass
class Tally:
    """What was seen over all kills."""

    kills: int = 0
    too_late: int = 0
    old_current: int = 0
    new_current: int = 0
    interrupted_publications: int = 0
    half_published: list[str] = field(default_factory=list)
    failed_verify: list[str] = field(default_factory=list)
    unclean_next_runs: list[str] = field(default_factory=list)
    next_run_seconds: list[float] = field(default_factory=list)


def start(home: Path, seed: str) -> subprocess.Popen[bytes]:
    """Start a run of the sample in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "beacon.cli.main", "run", "--home", str(home)],
        env={**os.environ, "BEACON_SAMPLE_SEED": seed},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def finish(process: subprocess.Popen[bytes]) -> int:
    """Wait for a run, within its limit."""
    try:
        return process.wait(RUN_LIMIT_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return -1


def make_template(home: Path) -> tuple[float, str]:
    """A home with one release and a yes to the next; how long a run takes; what it says."""
    if (code := finish(start(home, FIRST_SEED))) not in GOOD_EXITS:
        raise SystemExit(f"The undisturbed run failed with {code}.")
    reference = home.with_name("reference")
    shutil.copytree(home, reference)
    finish(start(reference, SECOND_SEED))
    approve = ["approve", "--yes", "--by", "kills.py", "--home", str(reference)]
    subprocess.run(
        [sys.executable, "-m", "beacon.cli.main", *approve], check=True, capture_output=True
    )
    shutil.copy(reference / "releases" / ".approvals.json", home / "releases" / ".approvals.json")
    began = time.monotonic()
    trial = home.with_name("trial")
    shutil.copytree(home, trial)
    if (code := finish(start(trial, SECOND_SEED))) not in GOOD_EXITS:
        raise SystemExit(f"The undisturbed second run failed with {code}.")
    seconds = time.monotonic() - began
    current = latest_release(Home(trial))
    if current is None or len(list_releases(Home(trial))) != 2:
        raise SystemExit("The undisturbed second run published nothing.")
    digest = digest_of(current)
    shutil.rmtree(reference)
    shutil.rmtree(trial)
    return seconds, digest


def wait_to_kill(
    process: subprocess.Popen[bytes], home: Home, aimed: bool, seconds: float, dice: random.Random
) -> None:
    """Wait until the moment to strike, or the end of the run."""
    if aimed:
        while process.poll() is None and not layout.unfinished_builds(home):
            time.sleep(0.002)
        delay = dice.uniform(0, AIMED_SPREAD_SECONDS)
    else:
        delay = dice.uniform(0, seconds)
    deadline = time.monotonic() + delay
    while process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.001)


def inspect(home: Home, first: str, tally: Tally) -> None:
    """Look at a home right after a kill, as a reader would."""
    name = f"kill {tally.kills}"
    pointer = latest_release(home)
    releases = list_releases(home)
    if pointer is None or pointer.label not in {release.label for release in releases}:
        tally.half_published.append(f"{name}: the pointer names {pointer}")
        return
    for release in releases:
        faults = verify_release(home, release).faults
        if faults:
            tally.failed_verify.append(f"{name}: {release.label}: {'; '.join(faults)}")
    tally.old_current += pointer.label == first
    tally.new_current += pointer.label != first
    tally.interrupted_publications += bool(
        layout.unfinished_builds(home) or layout.interrupted_label(home)
    )
    try:
        with duckdb.connect(str(home.catalogue), read_only=True) as con:
            con.execute("select count(*) from beacon_indicator").fetchall()
    except duckdb.Error as error:
        tally.half_published.append(f"{name}: beacon.duckdb: {error}")


def run_again(home: Home, digest: str, tally: Tally) -> None:
    """The next run must end what was begun and leave nothing behind."""
    name = f"kill {tally.kills}"
    began = time.monotonic()
    code = finish(start(home.root, SECOND_SEED))
    tally.next_run_seconds.append(time.monotonic() - began)
    faults = [] if code in GOOD_EXITS else [f"exit status {code}"]
    current = latest_release(home)
    if current is None or digest_of(current) != digest:
        faults.append(f"{current.label if current else 'nothing'} is current, and says otherwise")
    for release in list_releases(home):
        faults += verify_release(home, release).faults
    left = [path.name for path in layout.unfinished_builds(home)]
    left += [path.name for path in home.root.glob(".beacon.*")]
    left += [layout.JOURNAL] if (home.releases / layout.JOURNAL).exists() else []
    faults += [f"left behind: {item}" for item in left]
    if faults:
        tally.unclean_next_runs.append(f"{name}: {'; '.join(faults)}")


def main() -> None:
    """Kill as often as asked, and print what was seen."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=120.0, help="Stop after this long.")
    options = parser.parse_args()
    dice = random.Random(options.seed)
    tally = Tally()
    deadline = time.monotonic() + 60 * options.minutes
    with tempfile.TemporaryDirectory(prefix="beacon-kills-") as folder:
        template = Path(folder) / "template"
        seconds, digest = make_template(template)
        first = latest_release(Home(template))
        label = first.label if first else ""
        print(f"an undisturbed run takes {seconds:.1f} s", flush=True)
        while tally.kills < options.kills and time.monotonic() < deadline:
            home = Home(Path(folder) / "home")
            shutil.copytree(template, home.root)
            process = start(home.root, SECOND_SEED)
            wait_to_kill(process, home, tally.kills % 2 == 1, seconds, dice)
            tally.kills += 1
            tally.too_late += process.poll() is not None
            process.kill()
            process.wait()
            inspect(home, label, tally)
            run_again(home, digest, tally)
            shutil.rmtree(home.root)
            print(f"{tally.kills} kills", end="\r", flush=True)
    print_tally(tally)


def print_tally(tally: Tally) -> None:
    """The closing report; exit status 1 if anything was wrong."""
    for name in (
        "kills", "too_late", "interrupted_publications", "old_current", "new_current",
    ):  # fmt: skip
        print(f"{name.replace('_', ' '):<26} {getattr(tally, name)}")
    wrong = 0
    for name in ("half_published", "failed_verify", "unclean_next_runs"):
        found = getattr(tally, name)
        wrong += len(found)
        print(f"{name.replace('_', ' '):<26} {len(found)}")
        for line in found:
            print(f"  {line}")
    if tally.next_run_seconds:
        print(f"{'next run, median seconds':<26} {statistics.median(tally.next_run_seconds):.1f}")
    raise SystemExit(1 if wrong else 0)


if __name__ == "__main__":
    main()
