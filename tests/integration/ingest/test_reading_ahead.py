"""Objects read in processes of their own: the same rows and faults, whatever becomes of a process.

`faulty_process` stands in for the one that reads where a process is to misbehave.
"""

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import pytest

from beacon.core.errors import InputRefusedError
from beacon.core.settings import Settings
from beacon.ingest import reading_ahead
from beacon.ingest.landing_store import LandedObject
from beacon.ingest.read_object import read_object
from beacon.ingest.reading_ahead import (
    ReaderError,
    ReadingAhead,
    ReadingJob,
    SourceChangedError,
)
from beacon.processes import ChildProcess
from beacon.registry.sources import load_source_register
from beacon.session import Session
from beacon.workspace import Workspace

FAULTY = "tests.integration.ingest.faulty_process"


@pytest.fixture
def workspace(sample_home: Path) -> Workspace:
    return Workspace(Settings(home=sample_home, inputs="sample"))


@pytest.fixture
def jobs(workspace: Workspace, tmp_path: Path) -> list[ReadingJob]:
    """A job for each object in use, all of whose targets are still to be made."""
    return [
        ReadingJob(
            workspace.store.path_of(landed),
            tmp_path / "read" / f"{number}.parquet",
            landed,
            workspace.register.datasets[landed.key],
            fictional=True,
        )
        for number, landed in enumerate(workspace.store.current(fictional=True).values())
    ]


def _job(path: Path, jobs: list[ReadingJob]) -> ReadingJob:
    """A job for the faulty process."""
    return ReadingJob(path, path.with_suffix(".parquet"), jobs[0].landed, jobs[0].spec, True)


def test_processes_write_the_same_bytes_as_this_one(jobs: list[ReadingJob]) -> None:
    with ReadingAhead(jobs, processes=2) as reading:
        rows = [reading.rows(job.target) for job in jobs]
    assert len(jobs) >= 40
    for job, count in zip(jobs, rows, strict=True):
        here = job.target.with_suffix(".here")
        assert read_object(job.source, here, job.landed, job.spec, fictional=True) == count
        assert here.read_bytes() == job.target.read_bytes(), job.landed.name
    left = {path.suffix for path in jobs[0].target.parent.iterdir()}
    assert left == {".parquet", ".here"}, "nothing half written is left"


def test_a_fault_is_told_as_if_it_had_been_found_here(
    jobs: list[ReadingJob], tmp_path: Path
) -> None:
    job = next(job for job in jobs if job.landed.container == "csv")
    damaged = tmp_path / "damaged.csv"
    damaged.write_bytes(job.source.read_bytes()[:-40])
    job = ReadingJob(damaged, job.target, job.landed, job.spec, fictional=True)
    with pytest.raises(InputRefusedError) as here:
        read_object(damaged, job.target, job.landed, job.spec, fictional=True)
    with ReadingAhead([job]) as reading, pytest.raises(InputRefusedError) as there:
        reading.rows(job.target)
    assert there.value.problems == here.value.problems
    assert not job.target.exists()


def test_every_dataset_reaches_the_process_as_it_is(jobs: list[ReadingJob]) -> None:
    for spec in load_source_register().datasets.values():
        job = replace(jobs[0], spec=spec)
        assert ReadingJob.of(job.message()) == job, spec.key


def test_a_reader_at_fault_is_no_fault_of_the_file(jobs: list[ReadingJob]) -> None:
    job = next(job for job in jobs if job.landed.container == "csv")
    missing = replace(job, source=Path("nowhere"))
    sound = replace(job, target=job.target.with_name("sound.parquet"))
    with ReadingAhead([missing, sound], processes=1) as reading:
        with pytest.raises(ReaderError, match=r"FileNotFoundError|No such file"):
            reading.rows(missing.target)
        assert reading.rows(sound.target) > 0, "the process goes on to the next file"


def test_a_file_that_ends_its_process_twice_is_refused(
    jobs: list[ReadingJob], tmp_path: Path
) -> None:
    bad, good = _job(tmp_path / "dies.csv", jobs), _job(tmp_path / "sound.csv", jobs)
    with ReadingAhead([bad, good], processes=1, module=FAULTY) as reading:
        with pytest.raises(InputRefusedError, match="failed 2 times: it ended with status 7"):
            reading.rows(bad.target)
        assert reading.rows(good.target) == 1, "another process takes the next file"
    assert (tmp_path / "dies.seen").read_text() == "xx"


def test_a_process_killed_once_is_replaced(jobs: list[ReadingJob], tmp_path: Path) -> None:
    job = _job(tmp_path / "dies-once.csv", jobs)
    with ReadingAhead([job], module=FAULTY) as reading:
        assert reading.rows(job.target) == 2


def test_a_file_that_never_ends_is_refused(jobs: list[ReadingJob], tmp_path: Path) -> None:
    job = _job(tmp_path / "hangs.csv", jobs)
    with (
        ReadingAhead([job], module=FAULTY, seconds=0.5) as reading,
        pytest.raises(InputRefusedError, match=r"no answer in 0\.5 seconds"),
    ):
        reading.rows(job.target)


def test_an_answer_that_is_none_fails_the_step_and_not_the_wait(
    jobs: list[ReadingJob], tmp_path: Path
) -> None:
    job = _job(tmp_path / "babbles.csv", jobs)
    with ReadingAhead([job], module=FAULTY) as reading, pytest.raises(ReaderError, match="many"):
        reading.rows(job.target)


def test_what_is_given_up_has_failed(jobs: list[ReadingJob], tmp_path: Path) -> None:
    slow, waiting = _job(tmp_path / "hangs.csv", jobs), _job(tmp_path / "later.csv", jobs)
    reading = ReadingAhead([slow, waiting], processes=1, module=FAULTY)
    while not (tmp_path / "hangs.seen").is_file():
        time.sleep(0.01)
    reading.close()
    with pytest.raises(ReaderError, match="given up"):
        reading.rows(waiting.target)
    with pytest.raises(InputRefusedError):
        reading.rows(slow.target)
    assert not (tmp_path / "later.seen").exists()


def test_more_may_be_added_and_nothing_is_read_twice(
    jobs: list[ReadingJob], tmp_path: Path
) -> None:
    first, second = _job(tmp_path / "sound.csv", jobs), _job(tmp_path / "later.csv", jobs)
    with ReadingAhead([first], module=FAULTY, processes=1) as reading:
        assert reading.rows(first.target) == 1
        reading.add([first, second])
        assert reading.rows(second.target) == 1, "by another process, if the first has ended"
        assert reading.rows(first.target) == 1
    assert (tmp_path / "sound.seen").read_text() == "x"


def test_a_process_that_is_there_already_reads_and_is_ended(
    jobs: list[ReadingJob], tmp_path: Path
) -> None:
    job = _job(tmp_path / "sound.csv", jobs)
    with tempfile.TemporaryFile() as log:
        ready = ChildProcess(FAULTY, log)
        with ReadingAhead([job], module="beacon.no_such_module", ready=ready) as reading:
            assert reading.rows(job.target) == 1
        assert ready.popen.poll() is not None


@pytest.mark.parametrize("change", [b"\n", b'"'], ids=["readable", "not readable"])
def test_a_file_that_changed_since_it_was_recognised_is_not_taken_for_what_it_was(
    jobs: list[ReadingJob], tmp_path: Path, change: bytes
) -> None:
    job = next(job for job in jobs if job.landed.container == "csv")
    found = tmp_path / job.source.name
    found.write_bytes(job.source.read_bytes() + change)
    changed = replace(job, source=found, may_change=True)
    with ReadingAhead([changed]) as reading, pytest.raises(SourceChangedError):
        reading.rows(job.target)
    assert not job.target.exists()
    found.write_bytes(job.source.read_bytes())
    with ReadingAhead([changed]) as reading:
        assert reading.rows(job.target) > 0


def test_a_file_that_is_gone_since_it_was_recognised_has_changed_too(
    jobs: list[ReadingJob], tmp_path: Path
) -> None:
    """Or the run would fail for want of a file that it has landed."""
    for number, job in enumerate(jobs):
        gone = replace(job, source=tmp_path / f"{number}.gone")
        with pytest.raises(SourceChangedError):
            read_object(
                gone.source, gone.target, gone.landed, gone.spec, fictional=True, may_change=True
            )
        assert not gone.target.exists()


def test_a_run_that_reads_ahead_takes_and_refuses_the_same(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run whose files are all new, one of them cut: by processes, then without."""
    home = workspace.home
    victim = next(home.sample.rglob("*TS007A*"))
    victim.write_bytes(victim.read_bytes()[:-500])

    def staged() -> list[tuple[object, ...]]:
        for path in home.staging.rglob("*.parquet"):
            path.unlink()
        with Session(Workspace(workspace.settings)) as session:
            session.land()
            session.read_ahead(workspace.staging_tables)
            parts = [part for table in workspace.staging_tables for part in session.stage(table)]
        return [(p.name, p.status, p.in_use, p.rows, p.problems, p.is_last_good) for p in parts]

    without = staged()
    monkeypatch.setattr(reading_ahead, "WORTH_BYTES", 0)
    ahead = staged()
    assert ahead == without
    refused = [part for part in ahead if part[4]]
    assert len(refused) == 1
    assert "TS007A" in str(refused[0][4])
    assert isinstance(refused[0][2], LandedObject)


def test_what_a_killed_reader_left_is_removed_before_the_next_run_reads(
    workspace: Workspace,
) -> None:
    """What a process that lives is writing stays: it may read for this run already."""
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    folder = workspace.home.staging / "observation"
    left, unnamed = folder / f"x.parquet.{dead.pid}.partial", folder / "x.partial"
    written = folder / f"x.parquet.{os.getpid()}.partial"
    for path in (left, unnamed, written):
        path.write_bytes(b"half")
    with Session(workspace) as session:
        session.land()
    assert not left.exists()
    assert not unnamed.exists()
    assert written.exists()
    assert list(workspace.home.staging.rglob("*.parquet")), "whole files stay"
