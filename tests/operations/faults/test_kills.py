"""A run is killed at random moments; what is left is whole, and the next run ends it.

BEACON_TEST_KILLS says how often (4). Every other kill strikes while a release is being written.
"""

import os
import random
import shutil
import time
from pathlib import Path

import pytest

from beacon.core.settings import Settings
from beacon.pipeline import run_pipeline
from beacon.release import layout
from beacon.release.approval import ApprovalNeededError
from beacon.release.build import digest_of
from beacon.release.layout import latest_release, list_releases
from beacon.workspace import Workspace
from tests.operations.faults.conftest import on_sample

KILLS = int(os.environ.get("BEACON_TEST_KILLS", "4"))
SEED = 20260102
"""Of another sample than the first release was made from."""
another = {"BEACON_SAMPLE_SEED": str(SEED)}


@pytest.fixture(scope="module")
def undisturbed(
    published_sample: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, str, float]:
    """A home whose next run publishes; the digest of what it publishes, and its seconds."""
    root = tmp_path_factory.mktemp("kills")
    held = on_sample(published_sample, root / "held", **another)
    # Another sample is a revision that needs approval.
    with pytest.raises(ApprovalNeededError):
        run_pipeline(Workspace(Settings(home=held.home.root, sample_seed=SEED)), checks=False)
    assert held.beacon("approve", "--yes", "--by", "a person").returncode == 0
    first = on_sample(published_sample, root / "first", **another)
    shutil.copy(held.home.releases / ".approvals.json", first.home.releases / ".approvals.json")
    trial = on_sample(first.home.root, root / "trial", **another)
    began = time.monotonic()
    assert trial.start().wait(600) == 0
    current = latest_release(trial.home)
    assert current is not None
    return first.home.root, digest_of(current), time.monotonic() - began


@pytest.mark.slow
@pytest.mark.parametrize("number", range(KILLS))
def test_whatever_the_moment(
    number: int, undisturbed: tuple[Path, str, float], tmp_path: Path
) -> None:
    template, digest, seconds = undisturbed
    run = on_sample(template, tmp_path / "home", **another)
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
