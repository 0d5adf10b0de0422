"""A home that lives through a fault: live inputs from replicas on this machine, whole runs.

What is killed, waits for another or is watched from outside is a process of its own; what follows
is a command in this one.
"""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from beacon.core.files import sha256_of
from beacon.core.home import Home
from beacon.ingest.landing_store import LandingStore
from beacon.operations.runs import lock_is_held
from beacon.registry.sources import load_source_register
from beacon.release import layout
from beacon.release.layout import latest_release, list_releases
from beacon.release.verify import verify_release
from beacon.sample import PRESETS, write_sample
from pipelines.instance import open_instance
from tests.fixtures.commands import Ended, beacon, only_environment
from tests.replicas.world import World, not_in_sample, serve

ROOT = Path(__file__).resolve().parents[3]
REVISED = "93014"
"""The Fingertips indicator whose figures a test revises."""
LIMIT_SECONDS = 600.0


@dataclass
class Rehearsal:
    """A home with one release, the publishers that feed it, and what is told of its runs."""

    home: Home
    environment: dict[str, str]
    publishers: World | None = None
    told: int = 0

    def beacon(self, *arguments: str) -> Ended:
        """One command, to its end, in this process."""
        return beacon(*arguments, environment=self.environment)

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        """A Python program in the background, in a process group of its own."""
        return subprocess.Popen(
            [sys.executable, *(command or ("-m", "beacon.cli.main", "run"))],
            env=self.environment,
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def wait_until(self, fits: Callable[[], bool]) -> bool:
        """Whether something came true within the limit."""
        deadline = time.monotonic() + LIMIT_SECONDS
        while time.monotonic() < deadline:
            if fits():
                return True
            time.sleep(0.05)
        return False

    def is_writing(self) -> bool:
        """Whether a run holds the lock and has begun to write."""
        return lock_is_held(self.home) and any(
            path.stat().st_mtime > self.revised_at for path in self.home.state.glob("*.json")
        )

    revised_at: float = 0.0

    @property
    def world(self) -> World:
        """The publishers; a home that reads the sample has none."""
        assert self.publishers is not None
        return self.publishers

    def revise(self, factor: float) -> None:
        """The publisher issues other figures."""
        exports = self.world.fingertips.exports
        header, *lines = exports[REVISED].decode("utf-8-sig").split("\r\n")
        names = header.split(",")
        figures = [at for at, name in enumerate(names) if name == "Value" or " CI " in name]
        revised = [header]
        for line in lines:
            cells = line.split(",")
            for at in figures if len(cells) == len(names) else ():
                with contextlib.suppress(ValueError):
                    cells[at] = repr(float(cells[at]) * factor)
            revised.append(",".join(cells))
        exports[REVISED] = "\r\n".join(revised).encode()
        self.revised_at = time.time()

    def alerts(self) -> dict[tuple[str, str], str]:
        """The command of each alert since the last look, by kind and state."""
        self.beacon("alerts", "send")
        log = self.home.root / "logs" / "alerts.log"
        lines = log.read_text().splitlines() if log.is_file() else []
        fresh = [json.loads(line) for line in lines[self.told :]]
        self.told = len(lines)
        return {(alert["kind"], alert["state"]): alert["command"] for alert in fresh}

    def follow(self, command: str) -> Ended:
        """Do what an alert says, to the letter."""
        return self.beacon(*_arguments(command))

    def start_as_told(self, command: str) -> subprocess.Popen[bytes]:
        """Begin what an alert says in the background."""
        return self.start("-m", "beacon.cli.main", *_arguments(command))

    def runs(self) -> list[dg.DagsterRun]:
        """The runs in the history, the latest first."""
        with only_environment(self.environment), open_instance(self.home) as instance:
            return list(instance.get_runs())

    @property
    def release(self) -> str:
        """The current release's label."""
        current = latest_release(self.home)
        assert current is not None
        return current.label

    def assert_sound(self) -> None:
        """Every release verifies, the pointer names one, readers are answered, landing is whole."""
        releases = list_releases(self.home)
        assert self.release in {release.label for release in releases}
        for release in releases:
            assert not verify_release(self.home, release).faults
        with duckdb.connect(str(self.home.catalogue), read_only=True) as con:
            con.execute("select count(*) from beacon_indicator").fetchall()
        store = LandingStore(self.home.landing)
        for landed in store.every_object(fictional=True):
            assert sha256_of(store.path_of(landed)) == landed.sha256

    def assert_nothing_left_behind(self) -> None:
        """No half-written release, no temporary file, no journal."""
        assert [*layout.unfinished_builds(self.home), *self.home.root.glob(".beacon.*")] == []
        assert not (self.home.releases / layout.JOURNAL).exists()


def _arguments(command: str) -> list[str]:
    program, *arguments = shlex.split(command)
    assert program == "beacon", command
    return arguments


def stop_group(process: subprocess.Popen[bytes], sign: signal.Signals) -> None:
    """Send a signal to a process that a test started and to its process group."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, sign)


def on_sample(published: Path, root: Path, **settings: str) -> Rehearsal:
    """A copy of a home that reads the sample, told settings by their environment variables."""
    shutil.copytree(published, root)
    inherited = {name: value for name, value in os.environ.items() if "BEACON_" not in name}
    return Rehearsal(Home(root), {**inherited, "BEACON_HOME": str(root), **settings})


@pytest.fixture(scope="module")
def _served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, dict[str, str]]]:
    sample = tmp_path_factory.mktemp("publishers") / "sample"
    write_sample(sample, seed=20260101, size=PRESETS["small"])
    with serve(sample) as world:
        kept = {name: value for name, value in os.environ.items() if "BEACON_" not in name}
        yield (
            world,
            {
                **kept,
                "BEACON_INPUTS": "live",
                "BEACON_FOOTPRINT": "sample",
                "BEACON_LIVE_BASE_URLS": json.dumps(world.base_urls),
                "BEACON_LIVE_SKIP": json.dumps(not_in_sample(sample, load_source_register())),
                "DAGSTER_DISABLE_TELEMETRY": "1",
                "PYTHONPATH": str(ROOT),
            },
        )


@pytest.fixture(scope="module")
def _first_home(
    _served: tuple[World, dict[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    world, environment = _served
    root = tmp_path_factory.mktemp("first") / "home"
    told_of_home = {"BEACON_HOME": str(root), "BEACON_HISTORY_URL": "sqlite"}
    done = Rehearsal(Home(root), {**environment, **told_of_home}, world).beacon("run")
    assert done.returncode == 0, done.stderr[-2000:]
    # Each test has its own history, on the storage that it names.
    shutil.rmtree(root / "dagster", ignore_errors=True)
    return root


@pytest.fixture
def rehearsal(
    _served: tuple[World, dict[str, str]], _first_home: Path, history: str, tmp_path: Path
) -> Iterator[Rehearsal]:
    """A home with one release; once with its history in SQLite, once in PostgreSQL."""
    world, environment = _served
    root = tmp_path / "home"
    shutil.copytree(_first_home, root)
    storage: dict[str, Any] = {
        name: os.environ[name]
        for name in ("BEACON_HISTORY_URL", "PGPASSWORD")
        if name in os.environ
    }
    names = {"BEACON_HOME": str(root), "DAGSTER_HOME": str(root / "dagster")}
    exports = dict(world.fingertips.exports)
    rehearsal = Rehearsal(Home(root), {**environment, **storage, **names}, world)
    rehearsal.alerts()
    yield rehearsal
    world.fingertips.exports.clear()
    world.fingertips.exports.update(exports)
    rehearsal.assert_sound()
