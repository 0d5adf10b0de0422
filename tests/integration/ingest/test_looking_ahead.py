"""Files recognised ahead of a run: the run finds what they are without opening them again."""

import json
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import pytest

from beacon.core.errors import SettingsError
from beacon.core.settings import Home, Settings
from beacon.ingest import looking_ahead, read_object, reading_ahead
from beacon.ingest.collect import collect, find_files, nothing_to_do, read_what_is_new
from beacon.ingest.looking_ahead import REMEMBERED, finish_looking, start_looking
from beacon.ingest.reading_ahead import ReadingAhead, SourceChangedError
from beacon.ingest.scan import Recogniser
from beacon.session import Session
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


def _staged(workspace: Workspace) -> list[tuple[object, ...]]:
    """What staging takes of a folder; when each file came differs from run to run."""
    with Session(workspace) as session:
        session.land()
        session.read_ahead(workspace.staging_tables)
        parts = [part for table in workspace.staging_tables for part in session.stage(table)]
    return [
        (
            part.name,
            part.status,
            part.in_use and replace(part.in_use, retrieved_at=""),
            part.parquet,
            part.rows,
            part.problems,
        )
        for part in parts
    ]


def _with_news(home: Path) -> Workspace:
    """A home of the sample, one of whose files is another since the last night."""
    (path,) = (home / "sample").glob("ons_els/*healthy-life-expectancy.csv")
    path.write_bytes(path.read_bytes() + b"\n")
    workspace = Workspace(Settings(home=home, inputs="sample"))
    assert not nothing_to_do(workspace)
    return workspace


@pytest.fixture
def every_file_is_worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_ahead, "WORTH_BYTES", 1)


def _no_reading_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ReadingAhead, "__init__", lambda *_, **__: pytest.fail("read again"))


@pytest.mark.usefixtures("every_file_is_worth_it")
def test_a_run_refuses_what_was_refused_ahead(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fictional files among official ones."""
    start_looking(settings)
    finish_looking(Home(settings.home))
    with monkeypatch.context() as patched:
        _no_reading_of_its_own(patched)
        patched.setattr(read_object, "read_object", lambda *_, **__: pytest.fail("read again"))
        ahead = _staged(Workspace(settings))
    other = settings.model_copy(update={"home": settings.home.with_name("other")})
    assert _staged(Workspace(other)) == ahead
    refused = {part[0]: str(part[-1]) for part in ahead if part[-1]}
    assert "Z01000001" in refused["ons_census_2021/ts007a"]


@pytest.mark.usefixtures("every_file_is_worth_it")
def test_a_file_that_changes_while_it_is_read_ahead_is_read_as_it_was_landed(
    sample_home: Path,
) -> None:
    workspace = _with_news(sample_home)
    read_what_is_new(workspace)
    (reading,) = looking_ahead._reading.values()
    (target,) = reading._futures
    rows = reading.rows(target)
    target.unlink()
    reading._futures[target] = Future()
    reading._futures[target].set_exception(SourceChangedError(target.name))
    (part,) = [part for part in _staged(workspace) if part[1] == "staged"]
    assert part[3:] == (f"observation/{target.name}", rows, ())
    assert target.is_file()


@pytest.mark.usefixtures("every_file_is_worth_it")
def test_what_is_new_in_a_night_is_read_ahead_and_nothing_else(
    sample_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = Workspace(Settings(home=sample_home, inputs="sample"))
    read_what_is_new(workspace)
    assert not looking_ahead._reading, "nobody looked"
    assert nothing_to_do(workspace)
    read_what_is_new(workspace)
    assert not looking_ahead._reading, "nothing is new"
    workspace = _with_news(sample_home)
    read_what_is_new(workspace)
    (reading,) = looking_ahead._reading.values()
    assert len(reading._futures) == 1
    with monkeypatch.context() as patched:
        _no_reading_of_its_own(patched)
        staged = _staged(Workspace(workspace.settings))
    assert [part[1] for part in staged].count("staged") == 1


@pytest.mark.usefixtures("every_file_is_worth_it")
def test_a_file_that_is_gone_again_is_no_fault_of_reading_ahead(sample_home: Path) -> None:
    workspace = _with_news(sample_home)
    next((sample_home / "sample").glob("ons_els/*healthy-life-expectancy.csv")).unlink()
    read_what_is_new(workspace)
    assert not looking_ahead._reading


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
