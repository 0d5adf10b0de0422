"""A signature stands under the definition that was signed, and under no other."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from beacon.cli.main import app
from beacon.core.errors import BeaconError
from beacon.core.home import Home
from beacon.core.settings import Settings
from beacon.ingest.landing_store import LandingStore
from beacon.registry import load_indicators
from beacon.release.fingerprint import build_fingerprint
from beacon.signatures import SIGNATURES, load_signatures, sign, with_signatures
from beacon.workspace import Workspace

SLUG = "progress8"
INDICATOR = load_indicators()[SLUG]


def _checked(home: Path) -> dict[str, str | None]:
    found = Workspace(Settings(home=home)).indicators
    return {slug: one.checked_by for slug, one in found.items() if one.checked_by}


def test_nobody_has_signed_at_first(tmp_path: Path) -> None:
    assert _checked(tmp_path) == {}
    assert not any(tmp_path.iterdir())


def test_the_command_signs_and_the_next_run_has_something_to_publish(tmp_path: Path) -> None:
    def fingerprint() -> str:
        workspace = Workspace(Settings(home=tmp_path))
        return build_fingerprint(workspace, LandingStore(workspace.home.landing))

    before = fingerprint()
    command = ["indicators", "sign", "5", "--by", "A. Fictional", "--home", str(tmp_path)]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    assert _checked(tmp_path) == {SLUG: "A. Fictional"}
    assert fingerprint() != before
    shown = CliRunner().invoke(app, ["indicators", "5", "--home", str(tmp_path)])
    assert "A. Fictional" in shown.output


@pytest.mark.parametrize(
    "words", [["sign"], ["sign", "5", "6"], ["5", "6"], ["5", "--by", "A"], ["sign", "5"]]
)
def test_what_is_no_signature_is_refused(tmp_path: Path, words: list[str]) -> None:
    done = CliRunner().invoke(app, ["indicators", *words, "--home", str(tmp_path)])
    assert done.exit_code == 1
    assert load_signatures(Home(tmp_path)) == {}


def test_a_definition_that_changes_awaits_a_new_signature(tmp_path: Path) -> None:
    home = Home(tmp_path)
    sign(home, INDICATOR, "A. Fictional")
    changed = INDICATOR.model_copy(update={"definition": "Something else."})
    assert with_signatures({SLUG: changed}, home)[SLUG].checked_by is None
    # Another owner or a later review is the same definition.
    kept = INDICATOR.model_copy(update={"owner": "Somebody else"})
    assert with_signatures({SLUG: kept}, home)[SLUG].checked_by == "A. Fictional"


@pytest.mark.parametrize("name", ["", "   ", "x" * 101, "a\x00b"])
def test_a_name_is_a_short_text(tmp_path: Path, name: str) -> None:
    with pytest.raises(BeaconError, match="Give --by"):
        sign(Home(tmp_path), INDICATOR, name)


def test_a_garbled_record_is_named(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.releases.mkdir()
    (home.releases / SIGNATURES).write_text('{"progress8": {"who": "A"}}')
    with pytest.raises(BeaconError, match=r"signatures\.json cannot be read"):
        load_signatures(home)
