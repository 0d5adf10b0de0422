"""The same bytes under another name are the object that is kept already, and stay in use."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from beacon.core.settings import Settings
from beacon.ingest.copies import Copies
from beacon.ingest.land import LandingOutcome, land_files
from beacon.ingest.landing_store import LandedObject, LandingStore
from beacon.ingest.scan import scan_folder
from beacon.ingest.stage import StagedPart, Stager
from beacon.replay.as_of import objects_as_of
from beacon.workspace import Workspace
from tests.integration.ingest.test_copies import KEY, export


class Nights:
    """A folder that is landed and staged, night after night."""

    def __init__(self, root: Path) -> None:
        self.folder, self.root = root / "files", root
        self.folder.mkdir()
        self.workspace = Workspace(Settings(home=root / "home", inputs="sample"))
        self.store = LandingStore(root / "landing")

    def land(self) -> LandingOutcome:
        found = scan_folder(
            self.folder, self.workspace.register, self.root / "recognised.json", trusted=True
        )
        report = land_files(
            found,
            self.workspace.register,
            self.store,
            self.workspace.needed,
            fictional=True,
            supplied_from="folder",
            copies=Copies(self.root / "copies.json", fictional=True, trusted=True),
        )
        (outcome,) = [outcome for outcome in report.outcomes if outcome.key == KEY]
        return outcome

    def stage(self, outcome: LandingOutcome) -> StagedPart:
        stager = Stager(
            self.root / "staging", self.workspace.register, self.store, fictional=True, trusted=True
        )
        (part,) = stager.stage("observation", [outcome])
        return part

    def current(self) -> LandedObject:
        (landed,) = self.store.current(fictional=True).values()
        return landed


@pytest.fixture
def nights(tmp_path: Path) -> Nights:
    return Nights(tmp_path)


def test_a_download_that_is_there_twice_is_used(nights: Nights) -> None:
    export(nights.folder / "export.csv", 2023)
    shutil.copyfile(nights.folder / "export.csv", nights.folder / "export (1).csv")
    outcome = nights.land()
    assert outcome.candidate is not None
    assert nights.store.path_of(outcome.candidate).is_file()
    # The same bytes are no second chance.
    assert outcome.alternates == ()
    part = nights.stage(outcome)
    assert (part.status, part.problems) == ("staged", ())
    assert nights.store.path_of(nights.current()).is_file()


def test_an_input_that_was_renamed_and_then_withdrawn_stays_in_use(nights: Nights) -> None:
    export(nights.folder / "export.csv", 2023)
    nights.stage(nights.land())
    first = nights.current()
    (nights.folder / "export.csv").rename(nights.folder / "renamed.csv")
    outcome = nights.land()
    assert (outcome.status, outcome.candidate) == ("unchanged", first)
    assert nights.store.path_of(first).is_file()
    (nights.folder / "renamed.csv").unlink()
    shutil.rmtree(nights.root / "staging")
    part = nights.stage(nights.land())
    assert (part.status, part.in_use) == ("absent", first)


def test_a_past_day_keeps_its_object_when_the_bytes_come_again(tmp_path: Path) -> None:
    store = LandingStore(tmp_path / "landing")
    spec = Workspace(Settings(home=tmp_path, inputs="sample")).register.datasets[KEY]

    def receive(name: str, at: str) -> LandedObject:
        (tmp_path / name).write_text("x\n1\n", encoding="utf-8")
        return store.store(
            tmp_path / name,
            spec,
            part="",
            members=(),
            container="csv",
            origin=name,
            retrieved_at=at,
            fictional=False,
        )

    first = receive("a.csv", "2026-01-05T03:00:00+00:00")
    store.accept([first], fictional=False)
    assert receive("b.csv", "2026-06-05T03:00:00+00:00") == first
    chosen = objects_as_of(store, date(2026, 2, 1), fictional=False)
    assert chosen[KEY].landed == first
    # Bytes that were lost on the disk come back under the name that the records have.
    store.path_of(first).unlink()
    assert receive("b.csv", "2026-07-05T03:00:00+00:00") == first
    assert store.path_of(first).read_text() == "x\n1\n"


def test_a_half_written_line_of_the_history_takes_no_other_with_it(nights: Nights) -> None:
    export(nights.folder / "export.csv", 2023)
    nights.stage(nights.land())
    kept = nights.current()
    with (nights.store.directory / "history.jsonl").open("a", encoding="utf-8") as stream:
        stream.write('{"at": "2026-')
    for _ in range(2):
        nights.store.accept([kept], fictional=True)
    assert [line["sha256"] for line in nights.store.history(fictional=True)] == [kept.sha256] * 3
    # The half line, one end of line after it and nothing else besides.
    text = (nights.store.directory / "history.jsonl").read_text()
    assert (len(text.splitlines()), text[-1], "\n\n" in text) == (4, "\n", False)


def test_a_record_that_names_bytes_that_went_under_another_name_is_renewed(
    nights: Nights,
) -> None:
    """As homes are in which an earlier version kept the bytes of a renamed input anew."""
    export(nights.folder / "export.csv", 2023)
    nights.stage(nights.land())
    kept = nights.current()
    nights.store.accept([replace(kept, file=f"{kept.file}.gone")], fictional=True)
    outcome = nights.land()
    assert outcome.status == "new"
    nights.stage(outcome)
    assert nights.current() == kept
