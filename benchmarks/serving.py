"""`python -m benchmarks.serving --home HOME`: requests per second while a release is published.

A copy of the home's current release with other values is published and taken back in turns, while
clients in processes of their own ask. An answer that is not wholly of the release that it names
ends the benchmark with an error.
"""

from __future__ import annotations

import argparse
import hashlib
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
from pathlib import Path
from typing import Any

import duckdb
import httpx

from beacon.core.files import read_json, sha256_of
from beacon.core.home import Home
from beacon.release.layout import Release, get_release, point_to

ASKED = {
    "a Place's scorecard": "marts/scorecard?place_code={place}",
    "an indicator's rows": "marts/beacon_indicator?indicator_id=1&pageSize=1000",
    "a page of 1,000 rows": "marts/beacon_indicator",
    "indicators": "indicators",
}


def copied_home(source: Home, root: Path) -> tuple[Home, Release, Release]:
    """A home of two releases: the current one of `source`, and one with each value one more."""
    found = get_release(source)
    home = Home(root)
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
    return home, first, second


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
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="beacon-serving-") as temporary:
        home, first, second = copied_home(Home(chosen.home), Path(temporary))
        with duckdb.connect() as con:
            found = con.execute(f"select min(place_code) from '{first.path}/place.parquet'")
            place = found.fetchall()[0][0]
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        server = subprocess.Popen(
            [sys.executable, "-m", "beacon", "serve", "--port", str(port), "--home", temporary],
            stderr=subprocess.DEVNULL,
        )
        stop = threading.Event()
        sums = {r.label: sha256_of(r.path / "manifest.json") for r in (first, second)}

        def publish() -> None:
            while not stop.is_set():
                for release in (second, first):
                    point_to(home, release, sums[release.label])
                    stop.wait(0.25)

        publishing = threading.Thread(target=publish)
        try:
            base = f"http://127.0.0.1:{port}"
            _wait(base, server)
            publishing.start()
            for name, path in ASKED.items():
                before = _processor_seconds(server.pid)
                row = measure(base, path.format(place=place), chosen.clients, chosen.seconds)
                spent = _processor_seconds(server.pid) - before
                row["server_cpu_ms"] = round(1000 * spent / row["requests"], 1)
                sys.stdout.write(json.dumps({"asked": name, **row}) + "\n")
            memory = _resident_mb(server.pid)
            sys.stdout.write(
                json.dumps({"memory_mb": memory, "load_average": round(os.getloadavg()[0], 2)})
                + "\n"
            )
        finally:
            stop.set()
            if publishing.is_alive():
                publishing.join()
            server.terminate()
            server.wait()


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
