"""A bench on which one dataset is fetched, landed and staged, night after night."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest

from beacon.core.settings import Settings
from beacon.fetch.client import HttpClient, Limits
from beacon.fetch.decoding import Bounds
from beacon.fetch.fetch_all import Fetcher
from beacon.fetch.hosts import Hosts, load_hosts
from beacon.ingest.land import LandingOutcome, Needed, land_files
from beacon.ingest.landing_store import LandedObject, LandingStore
from beacon.ingest.stage import StagedPart, Stager
from beacon.registry import Indicator, load_indicators
from beacon.registry.fetch import Fetch
from beacon.registry.sources import SourceRegister, load_source_register
from beacon.sample import write_sample
from beacon.workspace import Workspace
from tests.fixtures.once import made_once
from tests.replicas.world import World, serve

BOUNDS = Bounds(wire_bytes=30_000_000, decoded_bytes=40_000_000, ratio_applies_from=1_000_000)


@cache
def whole_register() -> SourceRegister:
    return load_source_register()


@cache
def all_indicators() -> dict[str, Indicator]:
    return load_indicators()


class FakeClock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.time = 0.0
        self.slept: list[float] = []

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds


@dataclass
class Result:
    """What one run came to."""

    outcomes: list[LandingOutcome]
    parts: list[StagedPart]

    @property
    def said(self) -> str:
        problems = [problem for outcome in self.outcomes for problem in outcome.problems]
        problems += [problem for part in self.parts for problem in part.problems]
        return " / ".join(dict.fromkeys(str(problem) for problem in problems))

    @property
    def in_use(self) -> list[LandedObject]:
        return [part.in_use for part in self.parts if part.in_use is not None]


@dataclass
class Bench:
    """One dataset of the register, fetched from replicas into a home."""

    home: Path
    world: World
    key: str
    series: frozenset[str] = frozenset()
    skip: tuple[str, ...] = ()
    fetch: Fetch | None = None
    today: datetime = datetime(2026, 11, 20, 2, tzinfo=UTC)
    clock: FakeClock = field(default_factory=FakeClock)

    def workspace(self) -> Workspace:
        settings = Settings(
            home=self.home,
            inputs="live",
            footprint="sample",
            live_base_urls=self.world.base_urls,
            live_skip=self.skip,
        )
        workspace = Workspace(settings)
        register = whole_register()
        source = register.datasets[self.key].source
        dataset = register.datasets[self.key].dataset
        if self.fetch is not None:
            dataset = dataset.model_copy(update={"fetch": self.fetch})
        one = SourceRegister([source.model_copy(update={"datasets": (dataset,)})])
        workspace.__dict__["register"] = one
        workspace.__dict__["indicators"] = all_indicators()
        workspace.__dict__["needed"] = Needed({source.id: set(self.series)})
        return workspace

    def run(
        self,
        *,
        days: int = 1,
        hosts: Hosts | None = None,
        idle: float = 5.0,
        again: bool = False,
    ) -> Result:
        """Fetch, land and stage, some days after the last time, or again in the same run."""
        self.today += timedelta(days=days)
        workspace = self.workspace()
        limits = Limits(attempts=3, idle_seconds=idle, connect_seconds=5.0, bounds=BOUNDS)
        hosts = hosts or load_hosts(workspace.settings.live_base_urls)
        with HttpClient(
            "Beacon tests", limits=limits, clock=self.clock, intervals=hosts.intervals()
        ) as client:
            found = Fetcher(workspace, client, hosts, now=lambda: self.today).fetch(again=again)
        report = land_files(
            found,
            workspace.register,
            LandingStore(workspace.home.landing),
            workspace.needed,
            fictional=True,
            supplied_from="live",
        )
        table = workspace.register.datasets[self.key].dataset.staging
        stager = Stager(
            workspace.home.staging,
            workspace.register,
            LandingStore(workspace.home.landing),
            fictional=True,
        )
        parts = stager.stage(table, list(report.outcomes))
        return Result(list(report.outcomes), parts)

    def current(self) -> dict[str, str]:
        """Hash of the last good object by name."""
        store = LandingStore(self.workspace().home.landing)
        return {name: landed.sha256 for name, landed in store.current(fictional=True).items()}


@pytest.fixture(scope="session")
def sample_files(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The fictional publisher's files."""
    return made_once(tmp_path_factory, worker_id, "sample-files", write_sample)


@pytest.fixture
def world(sample_files: Path) -> Iterator[World]:
    """Every publisher on loopback."""
    with serve(sample_files) as served:
        yield served


@pytest.fixture
def bench(tmp_path: Path, world: World) -> Callable[..., Bench]:
    """Makes a bench for one dataset."""
    return lambda key, **more: Bench(tmp_path / "home", world, key, **more)


@pytest.fixture(scope="session")
def self_signed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate that nobody has signed, with its key, for this test run only."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("openssl is not installed, so no certificate can be made")
    folder = tmp_path_factory.mktemp("certificate")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        [program, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
         "/CN=localhost", "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    both = folder / "both.pem"
    both.write_text(key.read_text() + certificate.read_text())
    return both
