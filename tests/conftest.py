"""Fixtures that many tests share."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from beacon.core.settings import Settings
from beacon.pipeline import run_pipeline
from beacon.workspace import Workspace
from tests.fixtures.once import made_once
from tests.servers.postgres import Cluster, running_cluster

pytest_plugins = [
    "tests.fixtures.board_homes",
    "tests.fixtures.people_homes",
    "tests.fixtures.sites",
]

ROOT = Path(__file__).resolve().parent.parent
UNIT = ROOT / "tests" / "unit"


NOT_FAST = {"slow", "given", "browser"}
"""Marks of tests that are not `fast`."""

MADE_SLOWLY = {"_published_sample", "official_home", "official_files", "history", "sample"}
"""Fixtures that need a whole run, a whole sample, official files or a server: none is `fast`."""

SLOW_ROOMS = {"checks", "sample"}
"""Rooms of unit tests that load Great Expectations or work on a whole sample."""

# Many containers set this, so that Python compiles every module anew in each process. What a test
# starts is a process as its users have it: one that keeps what it compiled.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# A busy machine is no fault of what is tested, so no property has a time limit.
hypothesis.settings.register_profile(
    "untimed", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("untimed")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as `fast` every unit test that nothing makes slow."""
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        marks = {mark.name for mark in item.iter_markers()}
        in_fast_room = (
            item.path.is_relative_to(UNIT)
            and item.path.relative_to(UNIT).parts[0] not in SLOW_ROOMS
        )
        if in_fast_room and not (marks & NOT_FAST or fixtures & MADE_SLOWLY):
            item.add_marker(pytest.mark.fast)


def given_directory(variable: str, default: str) -> Path:
    """A directory of given files, or skip, naming what is missing."""
    directory = Path(os.environ.get(variable, ROOT.parent / "shared" / default))
    if not directory.is_dir():
        pytest.skip(f"{variable} names no directory ({directory} is absent)")
    return directory


@pytest.fixture(scope="session")
def official_files() -> Path:
    """The folder of real official files."""
    return given_directory("BEACON_TEST_INPUTS", "inputs")


@pytest.fixture(scope="session")
def _published_sample(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    def publish(home: Path) -> None:
        workspace = Workspace(Settings(home=home, inputs="sample"))
        assert run_pipeline(workspace, checks=False).status == "published"

    return made_once(tmp_path_factory, worker_id, "sample-home", publish)


@pytest.fixture(scope="session")
def published_sample(_published_sample: Path) -> Path:
    """A home in which the sample has been published once. Tests only read it."""
    return _published_sample


@pytest.fixture
def sample_home(_published_sample: Path, tmp_path: Path) -> Path:
    """A home of its own in which the sample has been published once."""
    home = tmp_path / "home"
    shutil.copytree(_published_sample, home)
    return home


@pytest.fixture(scope="session")
def official_home(
    official_files: Path, tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> Path:
    """A home in which the real official files have been published once. Tests only read it."""

    def publish(home: Path) -> None:
        settings = Settings(home=home, inputs="folder", folder=official_files)
        # With every check: a contract that official data break would block the release.
        assert run_pipeline(Workspace(settings)).status == "published"

    return made_once(tmp_path_factory, worker_id, "official-home", publish)


@pytest.fixture(scope="session")
def _postgres_cluster() -> Iterator[Cluster]:
    """A PostgreSQL cluster for this process, or skip, naming what is missing."""
    with running_cluster() as cluster:
        yield cluster


@pytest.fixture(params=["sqlite", "postgres"])
def history(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where the run history is kept: a test that asks for it runs once on each storage."""
    kind = str(request.param)
    monkeypatch.delenv("BEACON_HISTORY_URL", raising=False)
    if kind == "postgres":
        cluster: Cluster = request.getfixturevalue("_postgres_cluster")
        monkeypatch.setenv("BEACON_HISTORY_URL", cluster.new_database())
        monkeypatch.setenv("PGPASSWORD", cluster.password)
    return kind
