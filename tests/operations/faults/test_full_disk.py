"""Too little space is left for a run: it is refused before it writes anything."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fixtures.runs import revise
from tests.operations.faults.conftest import on_sample

pytestmark = pytest.mark.slow


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 1000 MB, or skip, naming what is missing."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1000m", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("this user may not mount a file system of its own")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_full_disk_is_told_and_publishes_nothing(
    published_sample: Path, small_disk: Path
) -> None:
    full = on_sample(published_sample, small_disk / "home")
    full.alerts()
    before = full.release
    revise(full.home.root)
    filler = small_disk / "filler"
    with filler.open("wb") as stream:
        os.posix_fallocate(stream.fileno(), 0, shutil.disk_usage(small_disk).free - 20_000_000)
    refused = full.beacon("run")
    assert refused.returncode == 1
    assert "The disk is full: " in refused.stdout + refused.stderr
    full.assert_sound()
    assert full.release == before
    command = full.alerts()["disk_low", "raised"]
    assert full.follow(command).returncode == 0
    filler.unlink()
    assert full.beacon("run").returncode == 0
    assert full.release != before
    full.assert_sound()
