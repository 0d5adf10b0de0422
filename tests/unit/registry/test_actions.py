"""What can be done about an indicator, and by whom."""

from __future__ import annotations

import pytest

from beacon.registry import RegistryError, load_actions, load_indicators


def test_every_indicator_has_a_pointer_with_its_source() -> None:
    actions = load_actions()
    assert set(actions) == set(load_indicators())
    for slug, action in actions.items():
        assert not action.what.endswith("."), slug
        assert len(action.what) < 110, slug


def test_a_pointer_without_a_source_is_refused(tmp_path) -> None:
    path = tmp_path / "actions.yaml"
    path.write_text("actions:\n  loneliness:\n    who: Councils\n    what: Link people\n")
    with pytest.raises(RegistryError, match=r"actions\.yaml: actions\.loneliness\.source"):
        load_actions(path)
