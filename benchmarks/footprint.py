"""Memory of the services when nothing happens: `python benchmarks/footprint.py`.

Starts code server, webserver and daemon as a server does, on a home of their own, waits until the
daemon ticks and then for a while, and reads from the kernel what each process tree holds. Memory
that several processes share is counted whole in RSS, and by shares in PSS: the sum of PSS is what
the services cost.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = ("code", "webserver", "daemon")
READY_SECONDS = 300


def tree(pid: int) -> list[int]:
    """A process and all below it."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += tree(int(child))
    return found


def memory(pids: list[int]) -> dict[str, float]:
    """Resident, proportional and own memory of some processes together, MB (10^6 bytes)."""
    total = dict.fromkeys(("Rss", "Pss", "Private_Clean", "Private_Dirty"), 0.0)
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            name, _, rest = line.partition(":")
            if name in total:
                total[name] += int(rest.split()[0]) * 1024 / 1e6
    return total


def start(program: str, home: Path, log: Path) -> subprocess.Popen[bytes]:
    """Start one service."""
    environment = {
        **os.environ,
        "BEACON_HOME": str(home),
        "BEACON_INPUTS": "sample",
        "BEACON_CODE_SOCKET": str(home / "code.sock"),
    }
    with log.open("ab") as out:
        return subprocess.Popen(
            [sys.executable, "-m", "pipelines.programs", program],
            cwd=ROOT,
            env=environment,
            stdout=out,
            stderr=out,
        )


def wait_until_ready(running: dict[str, subprocess.Popen[bytes]], home: Path) -> None:
    """Wait for the socket, the page, and the daemon's first heartbeat."""
    deadline = time.monotonic() + READY_SECONDS
    alive = [sys.executable, "-m", "dagster._daemon", "liveness-check"]
    environment = {**os.environ, "DAGSTER_HOME": str(home / "dagster")}
    while time.monotonic() < deadline:
        if ended := [name for name, process in running.items() if process.poll() is not None]:
            raise SystemExit(f"{', '.join(ended)} ended")
        try:
            urllib.request.urlopen("http://127.0.0.1:3000/server_info", timeout=5).close()
        except OSError:
            time.sleep(1)
            continue
        if subprocess.run(alive, env=environment, capture_output=True).returncode == 0:
            return
    raise SystemExit("The services did not get ready.")


def main() -> None:
    """Start, wait, measure, stop."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--idle-seconds", type=float, default=120.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="beacon-footprint-") as folder:
        home, log = Path(folder) / "home", Path(folder) / "log"
        running: dict[str, subprocess.Popen[bytes]] = {}
        try:
            for program in PROGRAMS:
                running[program] = start(program, home, log)
                while program == "code" and not (home / "code.sock").exists():
                    if running[program].poll() is not None:
                        raise SystemExit(log.read_text()[-2000:])
                    time.sleep(0.5)
            wait_until_ready(running, home)
            time.sleep(options.idle_seconds)
            print(f"{'service':<12}{'processes':>10}{'RSS, MB':>10}{'PSS, MB':>10}{'own, MB':>10}")
            everyone = []
            for program, process in running.items():
                pids = tree(process.pid)
                everyone += pids
                print_row(program, pids)
            print_row("all", everyone)
        finally:
            for process in running.values():
                process.send_signal(signal.SIGTERM)
            for process in running.values():
                try:
                    process.wait(30)
                except subprocess.TimeoutExpired:
                    process.kill()


def print_row(name: str, pids: list[int]) -> None:
    """One line of the table."""
    held = memory(pids)
    own = held["Private_Clean"] + held["Private_Dirty"]
    print(f"{name:<12}{len(pids):>10}{held['Rss']:>10.0f}{held['Pss']:>10.0f}{own:>10.0f}")


if __name__ == "__main__":
    main()
