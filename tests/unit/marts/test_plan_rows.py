"""Plans belong to one system: no other board's release holds them."""

from __future__ import annotations

from datetime import date

import pytest

from beacon.registry import load_aspirations, load_footprint, load_targets
from beacon.warehouse.plan_tables import aspiration_rows, target_rows

DAY = date(2026, 11, 29)
OWN = load_footprint("cheshire_merseyside")


@pytest.mark.parametrize("footprint", [OWN, load_footprint("sample")], ids=["own", "sample"])
def test_plans_are_in_the_release_of_their_own_system_and_in_the_fictional_one(footprint) -> None:
    assert len(target_rows(load_targets(), footprint, DAY)) > 60
    assert len(aspiration_rows(load_aspirations(), footprint)) > 250


def test_another_board_has_none_of_them() -> None:
    other = OWN.model_copy(update={"id": "greater_manchester", "name": "Greater Manchester"})
    assert target_rows(load_targets(), other, DAY) == []
    assert aspiration_rows(load_aspirations(), other) == []
