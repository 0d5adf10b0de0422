"""Staging: reading landed objects into typed Parquet, and accepting those that can be read."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

import polars as pl

from beacon.core.code_version import code_version
from beacon.core.errors import InputRefusedError, Problem
from beacon.core.files import read_json, write_json
from beacon.ingest.land import LandingOutcome
from beacon.ingest.landing_store import LandedObject, LandingStore, landed_from_json
from beacon.ingest.read_object import REMARKS, read_object
from beacon.ingest.worker_pool import FileJob, run_jobs
from beacon.registry.sources import DatasetSpec, SourceRegister
from beacon.sources.readers import reader_module

# What readers are made with: another version may read a cell in another way.
_LIBRARIES = ("polars", "pyarrow", "python-calamine", "pyogrio", "shapely")

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
        remarks: What a person should know of the object in use although it can be used.
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
    remarks: tuple[Problem, ...] = ()
    passed_over: tuple[Problem, ...] = ()
    is_last_good: bool = False


@cache
def reader_version(reader: str) -> str:
    """A hash of the code that reads a format: what other code has read is read again."""
    modules = (reader_module(reader), "beacon.ingest.read_object")
    return code_version(modules, _LIBRARIES)[:12]


class Stager:
    """Reads the objects that feed staging tables.

    Attributes:
        directory: Where typed rows are kept.
        register: The source register.
        store: The landing store.
        fictional: Whether the objects are the sample's.
        trusted: Whether Beacon wrote the objects itself, so that none needs a worker.
    """

    def __init__(
        self,
        directory: Path,
        register: SourceRegister,
        store: LandingStore,
        *,
        fictional: bool,
        trusted: bool = False,
    ) -> None:
        self.directory = directory
        self.register = register
        self.store = store
        self.fictional = fictional
        self.trusted = trusted
        self._read_now: dict[Path, int | InputRefusedError] = {}

    def remove_partial(self) -> int:
        """Remove what an interrupted run left half written; give how many files there were."""
        partial = list(self.directory.glob("*/*.partial"))
        for path in partial:
            path.unlink(missing_ok=True)
        return len(partial)

    def stage(self, table: str, outcomes: list[LandingOutcome]) -> list[StagedPart]:
        """Read what a landing step found for one staging table, and accept what can be read."""
        current = self.store.current(fictional=self.fictional)
        keys = {spec.key for spec in self.register.feeding(table)}
        wanted = [outcome for outcome in outcomes if outcome.key in keys]
        self._read_all([o.candidate for o in wanted if o.candidate is not None])
        parts = [self._stage_one(outcome, current.get(outcome.name)) for outcome in wanted]
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

    def _target(self, landed: LandedObject) -> Path:
        spec = self.register.datasets[landed.key]
        return self.directory / spec.dataset.staging / self._file_name(landed, spec)

    def _read_all(self, objects: list[LandedObject]) -> None:
        """Read what was not read before, each object in a worker."""
        new = {
            target: landed
            for landed in objects
            if not (target := self._target(landed)).is_file() and target not in self._read_now
        }
        jobs = [
            FileJob(
                landed.original_name,
                read_object,
                (
                    self.store.path_of(landed),
                    target,
                    landed,
                    self.register.datasets[landed.key],
                    self.fictional,
                ),
            )
            for target, landed in new.items()
        ]
        self._read_now |= dict(zip(new, run_jobs(jobs, trusted=self.trusted), strict=True))

    def _read(self, landed: LandedObject) -> StagedPart:
        target = self._target(landed)
        self._read_all([landed])
        rows = self._read_now.get(target)
        if isinstance(rows, InputRefusedError):
            raise rows
        relative = str(target.relative_to(self.directory))
        status: StagingStatus = "staged"
        if rows is None:
            status, rows = "cached", pl.scan_parquet(target).select(pl.len()).collect().item()
        return StagedPart(
            landed.name, landed.key, status, landed, relative, rows, remarks=_remarks(target)
        )

    @staticmethod
    def _file_name(landed: LandedObject, spec: DatasetSpec) -> str:
        described = hashlib.sha256(
            f"{spec.reading_key}:{reader_version(spec.dataset.reader)}".encode()
        ).hexdigest()[:8]
        label = re.sub(r"[^A-Za-z0-9@+_-]+", "-", f"{landed.key}-{landed.part}")[:80].strip("-")
        return f"{label}.{landed.sha256[:16]}.{described}.parquet"


def _remarks(target: Path) -> tuple[Problem, ...]:
    record = json.loads(pl.read_parquet_metadata(target).get(REMARKS, "[]"))
    return tuple(Problem(**problem) for problem in record)


def save_staging_report(path: Path, parts: list[StagedPart]) -> None:
    """Write what staging did, for the steps that follow."""
    write_json(path, [asdict(part) for part in parts])


def load_staging_report(path: Path) -> list[StagedPart]:
    """Read what the latest staging step did."""
    return [_part(entry) for entry in read_json(path) or []]


def _part(entry: dict[str, Any]) -> StagedPart:
    in_use = entry.pop("in_use")
    problems = tuple(Problem(**problem) for problem in entry.pop("problems"))
    remarks = tuple(Problem(**problem) for problem in entry.pop("remarks", ()))
    passed_over = tuple(Problem(**problem) for problem in entry.pop("passed_over", ()))
    landed = landed_from_json(in_use) if in_use else None
    return StagedPart(
        **entry, in_use=landed, problems=problems, remarks=remarks, passed_over=passed_over
    )
