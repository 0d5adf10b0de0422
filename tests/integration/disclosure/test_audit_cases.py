"""The two ways in which an audit recovered small counts between two releases, and what stops them."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pytest

from beacon.core.files import read_json
from beacon.release import approval
from beacon.returns import collect_returns
from tests.attacker import returns_home
from tests.attacker.files import figures
from tests.attacker.returns_home import ReturnsHome
from tests.attacker.returns_world import SLUG, TRUST, YEAR, Atom, ReturnsWorld

BRACKENMOUTH, CAWLDERWICK, DUNMARROW = "Z06000001", "Z06000002", "Z06000003"
LEVEL = 1
COUNTS = {BRACKENMOUTH: (3, 90), CAWLDERWICK: (20, 80), DUNMARROW: (50, 70)}

NewWorld = Callable[..., ReturnsWorld]


@pytest.fixture
def new_world(tmp_path: Path) -> NewWorld:
    def make(*, guarded: bool = True) -> ReturnsWorld:
        home = ReturnsHome(tmp_path / "home", guarded=guarded, only_marts=True)
        return ReturnsWorld(home, tmp_path, seed=1, levels=1)

    return make


def send(world: ReturnsWorld, sender: str, place: str, counted: int, rest: int) -> None:
    world.set_counts(sender, place, LEVEL, counted, rest)
    world.send(sender, YEAR, place)


def counted(sender: str, place: str) -> frozenset[Atom]:
    return frozenset((sender, place, LEVEL, half, 0, 0) for half in ("first", "second"))


def hidden(release: Path) -> set[str]:
    rows = duckdb.execute(
        "select area_code from read_parquet(?) where indicator_slug = ? and category = 'All' "
        "and value_status = 'suppressed'",
        [str(release / "beacon_indicator.parquet"), SLUG],
    ).fetchall()
    return {str(code) for (code,) in rows}


def recovered(world: ReturnsWorld, releases: list[Path], parts: frozenset[Atom]) -> bool:
    attacker = world.attacker({path.name: list(figures(path, SLUG)) for path in releases})
    return attacker.recovers(parts)


def with_a_partner_that_changes(world: ReturnsWorld) -> list[Path]:
    """Brackenmouth is small, Cawlderwick is hidden beside it, and then Cawlderwick grows."""
    for place, (number, rest) in COUNTS.items():
        send(world, place, place, number, rest)
    first = world.publish()
    for half in ("first", "second"):
        world._version[CAWLDERWICK, CAWLDERWICK, LEVEL, half] = 1
    world.set_counts(CAWLDERWICK, CAWLDERWICK, LEVEL, 900, 800, version=1)
    world.send(CAWLDERWICK, YEAR, CAWLDERWICK)
    return [first, world.publish()]


def with_a_late_return(world: ReturnsWorld) -> list[Path]:
    """All is large and shown; then a trust sends three people for Brackenmouth."""
    for place, (number, rest) in COUNTS.items():
        send(world, place, place, number + 30, rest)
    first = world.publish()
    send(world, TRUST, BRACKENMOUTH, 3, 40)
    return [first, world.publish()]


def test_the_hidden_partner_does_not_move(new_world: NewWorld) -> None:
    world = new_world()
    releases = with_a_partner_that_changes(world)
    assert [hidden(path) for path in releases] == [{BRACKENMOUTH, CAWLDERWICK}] * 2
    assert not recovered(world, releases, counted(BRACKENMOUTH, BRACKENMOUTH))
    # What was hidden stays hidden, so there is nothing to ask a person.
    assert not [reason for reason in world.home.held if "withheld" in reason]


def test_a_partner_that_moves_gives_the_count_away(new_world: NewWorld) -> None:
    world = new_world(guarded=False)
    releases = with_a_partner_that_changes(world)
    assert [hidden(path) for path in releases] == [
        {BRACKENMOUTH, CAWLDERWICK},
        {BRACKENMOUTH, DUNMARROW},
    ]
    assert recovered(world, releases, counted(BRACKENMOUTH, BRACKENMOUTH))


def test_a_late_return_with_a_small_count_withholds_the_totals_that_it_changes(
    new_world: NewWorld,
) -> None:
    world = new_world()
    releases = with_a_late_return(world)
    board = world.home.workspace.footprint.icb.code
    assert [hidden(path) for path in releases] == [set(), {BRACKENMOUTH, board}]
    assert not recovered(world, releases, counted(TRUST, BRACKENMOUTH))
    # Four figures go: two areas, all levels together and the only one. A person is asked first.
    assert (
        "4 figures of returns that are shown now would be withheld, since small counts would "
        "follow from them" in world.home.held
    )


def test_a_late_return_gives_itself_away_without_the_guard(new_world: NewWorld) -> None:
    world = new_world(guarded=False)
    releases = with_a_late_return(world)
    assert [hidden(path) for path in releases] == [set(), set()]
    assert recovered(world, releases, counted(TRUST, BRACKENMOUTH))


def test_a_total_is_shown_again_once_it_tells_nothing(new_world: NewWorld) -> None:
    world = new_world()
    with_a_late_return(world)
    world.set_counts(TRUST, CAWLDERWICK, LEVEL, 60, 60)
    world.set_counts("ZZ1", BRACKENMOUTH, LEVEL, 70, 60)
    world.send(TRUST, YEAR, CAWLDERWICK)
    world.send("ZZ1", YEAR, BRACKENMOUTH)
    assert hidden(world.publish()) == set()


def test_the_same_returns_are_withheld_alike_and_not_published_twice(new_world: NewWorld) -> None:
    world = new_world()
    with_a_late_return(world)
    assert world.home.publish().status == "unchanged"


def held(world: ReturnsWorld) -> dict[str, Any]:
    """What waits for approval when the next release is not let through."""
    inputs = world.home._stage()
    world.home._derive(inputs)
    with pytest.raises(approval.ApprovalNeededError):
        world.home._publish(inputs)
    found: dict[str, Any] = read_json(world.home.home.releases / approval.HELD) or {}
    return found


def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Returns are put together without a thought of earlier releases."""
    monkeypatch.setattr(returns_home, "collect_returns", lambda *given: collect_returns(*given[:3]))


def test_a_release_that_would_tell_a_small_count_is_held_whatever_made_it(
    new_world: NewWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = new_world()
    for place, (number, rest) in COUNTS.items():
        send(world, place, place, number + 30, rest)
    world.publish()
    forgetful(monkeypatch)
    send(world, TRUST, BRACKENMOUTH, 3, 40)
    record = held(world)
    reasons = [reason for reason in record["reasons"] if "worked out" in reason]
    assert reasons == [
        f"withheld counts of indicator 20, {world.home.workspace.indicators[SLUG].name}, could be "
        "worked out from it and earlier releases"
    ]
    # Nothing that waits says which count it is, nor what the total would be.
    assert "33" not in json.dumps(record["reasons"])


def test_a_release_is_held_where_landing_no_longer_tells_what_was_promised(
    new_world: NewWorld,
) -> None:
    world = new_world()
    for place, (number, rest) in COUNTS.items():
        send(world, place, place, number + 30, rest)
    label = world.publish().name
    collected = partial(Path.rglob, world.home.home.landing / "local_return" / SLUG)
    for path in collected(f"local_return_20_{SLUG}.csv"):
        path.unlink()
    send(world, TRUST, BRACKENMOUTH, 30, 40)
    (reason,) = [text for text in held(world)["reasons"] if "landing" in text]
    assert label in reason
    assert "restore them from a backup" in reason
