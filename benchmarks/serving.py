"""`python -m benchmarks.serving --home HOME`: requests per second while a release is published.

A copy of the home's current release with other values is published and taken back in turns, while
clients in processes of their own ask. With `--whole-run` the home, which reads the sample, gets
other figures instead, and a `beacon run` publishes them. An answer that is not wholly of the
release that it names ends the benchmark with an error.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import multiprocessing
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb
import httpx

from beacon.core.files import read_json, sha256_of
from beacon.core.home import Home
from beacon.release.layout import Release, get_release, list_releases, point_to

ASKED = {
    "a Place's scorecard": "marts/scorecard?place_code={place}",
    "an indicator's rows": "marts/beacon_indicator?indicator_id=1&pageSize=1000",
    "a page of 1,000 rows": "marts/beacon_indicator",
    "indicators": "indicators",
}


def add_release(source: Home, home: Home) -> None:
    """Two releases: the current one of `source`, and after it one with each value one more."""
    found = get_release(source)
    first = Release(found.label, home.releases / found.label)
    second = Release(f"{found.label}9", home.releases / f"{found.label}9")
    for copy in (first, second):
        shutil.copytree(
            found.path, copy.path, ignore=shutil.ignore_patterns("site", "csv", "*.xlsx")
        )
        for file in copy.path.iterdir():
            file.chmod(0o644)
    manifest = read_json(second.path / "manifest.json")
    manifest["release"] = second.label
    for name in ("beacon_indicator", "scorecard"):
        file = second.path / f"{name}.parquet"
        with duckdb.connect() as con:
            con.execute(
                f"copy (select * replace (value + 1 as value) from '{file}') to '{file}.new' "
                "(format parquet)"
            )
        Path(f"{file}.new").replace(file)
        for mart in manifest["marts"]:
            if mart["name"] == name:
                mart["sha256"] = sha256_of(file)
    (second.path / "manifest.json").write_text(json.dumps(manifest))
    point_to(home, first, sha256_of(first.path / "manifest.json"))


@contextmanager
def pointer_moves(home: Home) -> Iterator[Callable[[], bool]]:
    """Make each of two releases the current one, four times a second, until the end."""
    stop = threading.Event()

    def publish() -> None:
        releases = itertools.cycle(list_releases(home))
        while not stop.is_set():
            release = next(releases)
            point_to(home, release, sha256_of(release.path / "manifest.json"))
            stop.wait(0.25)

    publishing = threading.Thread(target=publish)
    publishing.start()
    try:
        yield publishing.is_alive
    finally:
        stop.set()
        publishing.join()


def revise(source: Home, home: Home) -> None:
    """A copy of a home that reads the sample, whose publisher has since issued other figures."""
    shutil.copytree(source.root, home.root, dirs_exist_ok=True)
    (file,) = (home.root / "sample").glob("fingertips/*93014*.csv")
    header, *lines = file.read_text(encoding="utf-8-sig").splitlines()
    at = header.split(",").index("Value")
    rows = [line.split(",") for line in lines]
    for cells in rows:
        with suppress(ValueError):
            cells[at] = repr(float(cells[at]) * 1.0005)
    text = "\n".join([header, *(",".join(cells) for cells in rows)]) + "\n"
    file.write_text(text, encoding="utf-8-sig")


@contextmanager
def whole_run(home: Home) -> Iterator[Callable[[], bool]]:
    """Publish by `beacon run`, and end with an error where it published nothing."""
    before = get_release(home).label
    command = [sys.executable, "-m", "beacon", "run", "--home", str(home.root)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as run:
        yield lambda: run.poll() is None
    if run.returncode != 0 or get_release(home).label == before:
        raise SystemExit(f"The run ended with {run.returncode} and published nothing.")


def ask(address: str, seconds: float, out: Any) -> None:
    """Ask one address again and again; put times in seconds and hashes of answers by release."""
    times: list[float] = []
    answers: set[tuple[str, str]] = set()
    failed = 0
    with httpx.Client(timeout=60, trust_env=False) as client:
        end = time.perf_counter() + seconds
        while (started := time.perf_counter()) < end:
            answer = client.get(address)
            times.append(time.perf_counter() - started)
            if answer.status_code != 200:
                failed += 1
                continue
            digest = hashlib.sha256(answer.content).hexdigest()
            answers.add((answer.headers["beacon-release"], digest))
    out.put((times, answers, failed))


def measure(base: str, path: str, clients: int, seconds: float) -> dict[str, Any]:
    """Requests per second and times of one question from several clients at once."""
    out: Any = multiprocessing.Queue()
    address = f"{base}/v1/releases/latest/{path}"
    asking = [
        multiprocessing.Process(target=ask, args=(address, seconds, out)) for _ in range(clients)
    ]
    for process in asking:
        process.start()
    results = [out.get() for _ in asking]
    for process in asking:
        process.join()
    times = sorted(one for got, _, _ in results for one in got)
    answers = set().union(*(seen for _, seen, _ in results))
    labels = {label for label, _ in answers}
    if len(answers) != len(labels):
        raise SystemExit(f"{path}: {len(answers)} different answers of {len(labels)} releases.")
    return {
        "requests": len(times),
        "per_second": round(len(times) / seconds, 1),
        "median_ms": round(1000 * times[len(times) // 2], 1),
        "p99_ms": round(1000 * times[int(len(times) * 0.99)], 1),
        "failed": sum(failed for _, _, failed in results),
        "releases_seen": len(labels),
    }


def main(arguments: list[str] | None = None) -> None:
    """Measure and print a line of JSON for each question."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving", description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="home with a release")
    parser.add_argument("--seconds", type=float, default=10.0, help="for each question (10)")
    parser.add_argument("--clients", type=int, default=4, help="clients at one time (4)")
    parser.add_argument("--whole-run", action="store_true", help="publish by a whole run, once")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="beacon-serving-") as temporary:
        home = Home(Path(temporary))
        publishing = whole_run if chosen.whole_run else pointer_moves
        prepare = revise if chosen.whole_run else add_release
        prepare(Home(chosen.home), home)
        with duckdb.connect() as con:
            found = con.execute(
                f"select min(place_code) from '{get_release(home).path}/place.parquet'"
            )
            place = found.fetchall()[0][0]
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        server = subprocess.Popen(
            [sys.executable, "-m", "beacon", "serve", "--port", str(port), "--home", temporary],
            stderr=subprocess.DEVNULL,
        )
        try:
            base = f"http://127.0.0.1:{port}"
            _wait(base, server)
            with publishing(home) as goes_on:
                asked = itertools.cycle(ASKED.items()) if chosen.whole_run else ASKED.items()
                for name, path in asked:
                    before = _processor_seconds(server.pid)
                    row = measure(base, path.format(place=place[0]), chosen.clients, chosen.seconds)
                    spent = _processor_seconds(server.pid) - before
                    row["server_cpu_ms"] = round(1000 * spent / row["requests"], 1)
                    _print(asked=name, **row)
                    if chosen.whole_run and not goes_on():
                        break
            _print(memory_mb=_resident_mb(server.pid), load_average=round(os.getloadavg()[0], 2))
        finally:
            server.terminate()
            server.wait()


def _print(**row: Any) -> None:
    sys.stdout.write(json.dumps(row) + "\n")


def _wait(base: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        try:
            httpx.get(f"{base}/health", trust_env=False)
        except httpx.TransportError:
            if server.poll() is not None:
                raise SystemExit("The server ended while it was starting.") from None
            time.sleep(0.1)
        else:
            return
    raise SystemExit("The server did not answer in a minute.")


def _processor_seconds(pid: int) -> float:
    """Processor time of a process, which other work on the machine moves less than the clock."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _resident_mb(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) // 1024


if __name__ == "__main__":
    main()
