"""Staging: reading landed objects into typed Parquet, and accepting those that can be read."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

from beacon.core.errors import InputRefusedError, Problem
from beacon.core.files import read_json, write_json
from beacon.ingest.land import LandingOutcome, Needed, likely_choices
from beacon.ingest.landing_store import LandedObject, LandingStore, key_of, landed_from_json
from beacon.ingest.reading_ahead import (
    ReadingAhead,
    ReadingJob,
    SourceChangedError,
    worth_processes,
)
from beacon.ingest.scan import FoundFile
from beacon.registry.sources import DatasetSpec, SourceRegister

_THREADS = 2

StagingStatus = Literal["staged", "cached", "refused", "absent"]


@dataclass(frozen=True)
class StagedPart:
    """One dataset part as it stands after staging.

    Attributes:
        name: Dataset key and part.
        key: Dataset key.
        status: staged: read now; cached: read before; refused: cannot be read; absent: not there.
        in_use: The object whose rows are used, possibly an older one; None where there is none.
        parquet: File of typed rows, relative to the staging directory.
        rows: Rows in it.
        problems: Why the newest object was refused.
        passed_over: Why a copy was not used although another copy of the same could be.
        is_last_good: True when an older object is used because the newest could not be.
    """

    name: str
    key: str
    status: StagingStatus
    in_use: LandedObject | None
    parquet: str | None
    rows: int
    problems: tuple[Problem, ...] = ()
    passed_over: tuple[Problem, ...] = ()
    is_last_good: bool = False


@cache
def reader_version() -> str:
    """A hash of the code that reads files: what was read by other code is read again."""
    digest = hashlib.sha256()
    folder = Path(__file__).resolve().parent.parent / "sources"
    for path in sorted(folder.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


class Stager:
    """Reads the objects that feed staging tables."""

    def __init__(
        self, directory: Path, register: SourceRegister, store: LandingStore, *, fictional: bool
    ) -> None:
        self.directory = directory
        self.register = register
        self.store = store
        self.fictional = fictional
        self._ahead: ReadingAhead | None = None

    def remove_partial(self) -> int:
        """Remove what an interrupted run left half written; give how many files there were.

        What a process that lives is writing is left: it may read for this run already.
        """
        partial = [path for path in self.directory.glob("*/*.partial") if not _is_written(path)]
        for path in partial:
            path.unlink(missing_ok=True)
        return len(partial)

    def likely_jobs(
        self, tables: Iterable[str], found: list[FoundFile], needed: Needed
    ) -> list[ReadingJob]:
        """What staging some tables will ask to be read, where nothing was landed before.

        The jobs read files where they were found, before they are landed.
        """
        order = self._order(tables)
        jobs = [
            self._unlanded_job(file, self.register.datasets[key])
            for name, file in likely_choices(found, self.register, needed).items()
            if (key := key_of(name)) in order
        ]
        return sorted(
            (job for job in jobs if not job.target.is_file()),
            key=lambda job: order[job.spec.key],
        )

    def _unlanded_job(self, file: FoundFile, spec: DatasetSpec) -> ReadingJob:
        landed = LandedObject(
            key=spec.key,
            part=file.recognition.part,
            members=file.recognition.members,
            sha256=file.sha256,
            file="",
            origin=file.relative,
            original_name=file.path.name,
            container=file.recognition.container or "csv",
            retrieved_at="",
            vintage=spec.dataset.vintage,
            size_bytes=file.path.stat().st_size,
            fictional=self.fictional,
        )
        return replace(self._job(landed), source=file.path, may_change=True)

    def _order(self, tables: Iterable[str]) -> dict[str, int]:
        """The datasets that feed some tables, the most urgent first."""
        keys = [spec.key for table in tables for spec in self.register.feeding(table)]
        return {key: place for place, key in enumerate(dict.fromkeys(keys))}

    def read_ahead(
        self,
        tables: Iterable[str],
        outcomes: list[LandingOutcome],
        begun: ReadingAhead | None = None,
    ) -> AbstractContextManager[object]:
        """Begin to read what staging some tables will ask for, if that is worth the processes.

        Args:
            tables: The tables.
            outcomes: What landing found.
            begun: Reading that has begun already, and goes on with what it lacks.

        Returns:
            What ends it, whether it has been asked for or not.
        """
        order = self._order(tables)
        jobs = {
            job.target: job
            for outcome in sorted(outcomes, key=lambda outcome: order.get(outcome.key, 0))
            if outcome.key in order
            and outcome.candidate is not None
            and outcome.status in ("new", "unchanged")
            and not (job := self._job(outcome.candidate)).target.is_file()
        }
        if begun is not None:
            begun.add(jobs.values())
        elif not worth_processes(jobs.values()):
            return nullcontext()
        self._ahead = begun or ReadingAhead(jobs.values())
        return self._ahead

    def _job(self, landed: LandedObject) -> ReadingJob:
        spec = self.register.datasets[landed.key]
        target = self.directory / spec.dataset.staging / self._file_name(landed, spec)
        return ReadingJob(self.store.path_of(landed), target, landed, spec, self.fictional)

    def stage(self, table: str, outcomes: list[LandingOutcome]) -> list[StagedPart]:
        """Read what a landing step found for one staging table, and accept what can be read."""
        current = self.store.current(fictional=self.fictional)
        keys = {spec.key for spec in self.register.feeding(table)}
        wanted = [outcome for outcome in outcomes if outcome.key in keys]
        # Parsing runs outside Python's lock, so a second thread nearly halves the wait.
        with ThreadPoolExecutor(max_workers=_THREADS) as pool:
            parts = list(
                pool.map(
                    lambda outcome: self._stage_one(outcome, current.get(outcome.name)), wanted
                )
            )
        accepted = [
            part.in_use
            for part in parts
            if part.in_use is not None and part.status in ("staged", "cached") and not part.problems
        ]
        newly = [landed for landed in accepted if current.get(landed.name) != landed]
        if newly:
            self.store.accept(newly, fictional=self.fictional)
        return parts

    def _stage_one(self, outcome: LandingOutcome, last: LandedObject | None) -> StagedPart:
        spec = self.register.datasets[outcome.key]
        problems = outcome.problems
        if outcome.candidate is not None and outcome.status in ("new", "unchanged"):
            try:
                part = self._read(outcome.candidate)
                self._refuse_a_fall(part, last, spec)
                return part
            except InputRefusedError as error:
                problems = error.problems
            for alternate in outcome.alternates:
                try:
                    return replace(self._read(alternate), passed_over=problems)
                except InputRefusedError as error:
                    problems += error.problems
        status: StagingStatus = "refused" if problems else "absent"
        if last is None:
            return StagedPart(outcome.name, outcome.key, status, None, None, 0, problems)
        try:
            older = self._read(last)
        except InputRefusedError as error:
            # Code that has become stricter may refuse what it once took.
            return StagedPart(
                outcome.name, outcome.key, "refused", None, None, 0, (*problems, *error.problems)
            )
        return StagedPart(
            outcome.name,
            outcome.key,
            status,
            last,
            older.parquet,
            older.rows,
            problems,
            is_last_good=True,
        )

    def _refuse_a_fall(
        self, part: StagedPart, last: LandedObject | None, spec: DatasetSpec
    ) -> None:
        """A file cut between two fields reads well; only what is missing gives it away."""
        if last is None or part.in_use is None or last.sha256 == part.in_use.sha256:
            return
        before = self._read(last).rows
        least = before * (1 - spec.dataset.rows.largest_fall)
        if part.rows < least:
            raise InputRefusedError(
                [
                    Problem(
                        part.in_use.original_name,
                        f"gives {part.rows:,} rows where the last good file gave {before:,}; it "
                        "looks cut short.",
                        row=part.rows,
                        remedy="If the publisher now issues fewer rows, raise rows.largest_fall of "
                        f"{spec.key} in reference_data/sources and run again; until then the last "
                        "good version stays in use.",
                    )
                ]
            )

    def _read(self, landed: LandedObject) -> StagedPart:
        job = self._job(landed)
        relative = str(job.target.relative_to(self.directory))
        ahead = self._read_ahead(job)
        if ahead is not None:
            rows = ahead
        elif job.target.is_file():
            import polars as pl

            rows = pl.scan_parquet(job.target).select(pl.len()).collect().item()
            return StagedPart(landed.name, landed.key, "cached", landed, relative, rows)
        else:
            from beacon.ingest.read_object import read_object

            rows = read_object(job.source, job.target, landed, job.spec, fictional=job.fictional)
        return StagedPart(landed.name, landed.key, "staged", landed, relative, rows)

    def _read_ahead(self, job: ReadingJob) -> int | None:
        """Rows of what was or is being read ahead; None for what is not."""
        if self._ahead is None or job.target not in self._ahead:
            return None
        try:
            return self._ahead.rows(job.target)
        except SourceChangedError:
            return None  # what was landed is as it was

    @staticmethod
    def _file_name(landed: LandedObject, spec: DatasetSpec) -> str:
        described = hashlib.sha256(
            f"{spec.dataset.model_dump_json()}:{reader_version()}".encode()
        ).hexdigest()[:8]
        label = re.sub(r"[^A-Za-z0-9@+_-]+", "-", f"{landed.key}-{landed.part}")[:80].strip("-")
        return f"{label}.{landed.sha256[:16]}.{described}.parquet"


def _is_written(partial: Path) -> bool:
    """Whether the process that a half-written file is named after lives."""
    try:
        os.kill(int(partial.name.split(".")[-2]), 0)
    except (ValueError, OverflowError, OSError):
        return False  # gone, or somebody else's under a number that was ours
    return True


def save_staging_report(path: Path, parts: list[StagedPart]) -> None:
    """Write what staging did, for the steps that follow."""
    write_json(path, [asdict(part) for part in parts])


def load_staging_report(path: Path) -> list[StagedPart]:
    """Read what the latest staging step did."""
    return [_part(entry) for entry in read_json(path) or []]


def _part(entry: dict[str, Any]) -> StagedPart:
    in_use = entry.pop("in_use")
    problems = tuple(Problem(**problem) for problem in entry.pop("problems"))
    passed_over = tuple(Problem(**problem) for problem in entry.pop("passed_over", ()))
    landed = landed_from_json(in_use) if in_use else None
    return StagedPart(**entry, in_use=landed, problems=problems, passed_over=passed_over)
