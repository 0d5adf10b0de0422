"""A run is killed at random moments; what is left is whole, and the next run ends it.

BEACON_TEST_KILLS says how often (4). Every other kill strikes while a release is being written.
"""

import os
import random
import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest

from beacon.core.home import Home
from beacon.release import layout
from beacon.release.build import digest_of
from beacon.release.layout import latest_release, list_releases
from tests.operations.faults.conftest import Rehearsal

KILLS = int(os.environ.get("BEACON_TEST_KILLS", "4"))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, float]:
    """A home whose next run publishes; the digest of what it publishes, and its seconds."""
    root = tmp_path_factory.mktemp("kills")
    first = sample_run(root / "first", "20260101")
    assert first.beacon("run").returncode == 0
    trial = copied(first, root / "trial", "20260102")
    assert trial.beacon("run").returncode == 1, "another sample is a revision that needs approval"
    assert trial.beacon("approve", "--yes", "--by", "a person").returncode == 0
    shutil.copy(trial.home.releases / ".approvals.json", first.home.releases / ".approvals.json")
    began = time.monotonic()
    assert trial.beacon("run").returncode == 0
    current = latest_release(trial.home)
    assert current is not None
    return first.home.root, digest_of(current), time.monotonic() - began


def sample_run(root: Path, seed: str) -> Rehearsal:
    inherited = {name: value for name, value in os.environ.items() if "BEACON_" not in name}
    environment = {**inherited, "BEACON_HOME": str(root), "BEACON_SAMPLE_SEED": seed}
    return Rehearsal(Home(root), None, environment)  # type: ignore[arg-type]


def copied(source: Rehearsal, target: Path, seed: str) -> Rehearsal:
    shutil.copytree(source.home.root, target)
    return replace(sample_run(target, seed))


@pytest.mark.slow
@pytest.mark.parametrize("number", range(KILLS))
def test_whatever_the_moment(
    number: int, undisturbed: tuple[Path, str, float], tmp_path: Path
) -> None:
    template, digest, seconds = undisturbed
    run = sample_run(tmp_path / "home", "20260102")
    shutil.copytree(template, run.home.root)
    dice = random.Random(number)
    process = run.start()
    delay = dice.uniform(0, seconds)
    if number % 2:
        run.wait_until(
            lambda: bool(layout.unfinished_builds(run.home)) or process.poll() is not None
        )
        delay = dice.uniform(0, 1.5)
    time.sleep(delay)
    process.kill()
    process.wait()
    run.assert_sound()
    assert run.beacon("run").returncode == 0
    run.assert_sound()
    run.assert_nothing_left_behind()
    current = latest_release(run.home)
    assert current is not None
    assert digest_of(current) == digest
    assert len(list_releases(run.home)) == 2
