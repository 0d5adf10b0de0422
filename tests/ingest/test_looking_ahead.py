"""Files recognised ahead of a run: the run finds what they are without opening them again."""

import json
from pathlib import Path

import pytest

from beacon.errors import SettingsError
from beacon.ingest import looking_ahead
from beacon.ingest.collect import collect, find_files
from beacon.ingest.folder import Recogniser
from beacon.ingest.looking_ahead import REMEMBERED, finish_looking, start_looking
from beacon.settings import Home, Settings
from beacon.workspace import Workspace


@pytest.fixture
def settings(sample_home: Path) -> Settings:
    """A folder of files, and a home that has not seen it."""
    return Settings(home=sample_home / "new", inputs="folder", folder=sample_home / "sample")


def test_a_run_opens_no_file_that_was_recognised_ahead(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    start_looking(settings)
    assert looking_ahead._looking, "something was begun"
    with monkeypatch.context() as patched:
        patched.setattr(Recogniser, "_look_into", lambda *_: pytest.fail("a file was opened"))
        ahead = collect(Workspace(settings))
    remembered = Home(settings.home).state / REMEMBERED
    kept = json.loads(remembered.read_text())
    assert not looking_ahead._looking
    remembered.unlink()
    assert collect(Workspace(settings)) == ahead
    assert json.loads(remembered.read_text()) == kept


def test_a_home_that_remembers_files_is_not_looked_into_ahead(settings: Settings) -> None:
    find_files(Workspace(settings))
    start_looking(settings)
    assert not looking_ahead._looking


@pytest.mark.parametrize("inputs", ["live", "sample"])
def test_publishers_are_not_asked_and_no_sample_is_written_ahead(
    settings: Settings, inputs: str
) -> None:
    """What that writes needs the home's lock, which two first runs at once would not have."""
    start_looking(settings.model_copy(update={"inputs": inputs}))
    assert not looking_ahead._looking
    assert not settings.home.exists()


def test_what_is_wrong_is_said_by_the_run(settings: Settings, tmp_path: Path) -> None:
    missing = Settings(home=tmp_path / "new", inputs="folder", folder=tmp_path / "nowhere")
    start_looking(missing)
    with pytest.raises(SettingsError, match="does not exist"):
        collect(Workspace(missing))


def test_a_process_that_cannot_be_started_is_no_fault(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking_ahead, "MODULE", "beacon.no_such_module")
    start_looking(settings)
    finish_looking(Home(settings.home))
    assert len(collect(Workspace(settings)).outcomes) > 40
