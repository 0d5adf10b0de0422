"""Somebody who keeps all releases works out no small count; without the guard he works out some.

BEACON_TEST_WORLDS says how many fictional worlds are attacked (2); six hold a thousand small counts.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.attacker.files import figures
from tests.attacker.returns_home import QuickHome, ReturnsHome
from tests.attacker.returns_world import SLUG, ReturnsWorld

RELEASES = 24
WORLDS = int(os.environ.get("BEACON_TEST_WORLDS", "2"))


def attacked(home: ReturnsHome, folder: Path, seed: int) -> tuple[int, int]:
    """How many small counts there are in a series of releases, and how many are recovered."""
    world = ReturnsWorld(home, folder, seed)
    world.begin()
    shown = {}
    for _ in range(RELEASES):
        path = world.publish()
        shown[path.name] = list(figures(path, SLUG))
        world.happen()
    attacker = world.attacker(shown)
    recovered = [parts for parts in world.targets if attacker.recovers(parts)]
    for parts in recovered:
        low, high = attacker.bounds(parts)
        # The attacker is right, not merely certain.
        assert low - 1e-6 <= world.targets[parts] <= high + 1e-6
    print(
        f"seed {seed}: {(recovered and len(recovered)) or 0} of {len(world.targets)} small counts "
        f"recovered from {len(shown)} releases, {len(home.held)} reasons to hold"
    )
    return len(world.targets), len(recovered)


def told(home: ReturnsHome) -> list[str]:
    """Reasons to hold that were more than a figure withheld: the guard must not come to that."""
    return [reason for reason in home.held if "worked out" in reason]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(WORLDS))
def test_no_small_count_is_recovered_from_24_releases(tmp_path: Path, seed: int) -> None:
    home = QuickHome(tmp_path / "home")
    small, recovered = attacked(home, tmp_path, seed)
    assert small > 167  # a thousand in six worlds
    assert recovered == 0
    assert told(home) == []


@pytest.mark.slow
def test_csvs_workbook_and_changes_tell_no_more(tmp_path: Path) -> None:
    home = ReturnsHome(tmp_path / "home")
    small, recovered = attacked(home, tmp_path, 6)
    assert small > 100
    assert recovered == 0


@pytest.mark.slow
def test_some_are_recovered_without_the_guard(tmp_path: Path) -> None:
    home = QuickHome(tmp_path / "home", guarded=False)
    _, recovered = attacked(home, tmp_path, 0)
    assert recovered > 10
