"""Which of several sound files of one dataset is used: the one whose data reach furthest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from beacon.core.errors import InputRefusedError, Problem
from beacon.core.files import read_json, write_json
from beacon.ingest.revisions import revision_of
from beacon.ingest.scan import FoundFile
from beacon.ingest.worker_pool import FileJob, run_jobs
from beacon.registry.sources import Container, DatasetSpec
from beacon.sources.readers import read_rows

# Columns that say when rows are of, in the order in which they are looked for.
_DATES = ("period_end", "extract_date")


@dataclass(frozen=True)
class Reach:
    """How far a file's data reach.

    Attributes:
        latest: The last day that a row is of, ISO 8601; empty where rows are of no day.
        rows: Number of rows.
        problems: Why it cannot be read.
    """

    latest: str = ""
    rows: int = 0
    problems: tuple[Problem, ...] = ()


def reach_of(path: Path, container: Container, spec: DatasetSpec, fictional: bool) -> Reach:
    """Read a file and say how far its data reach."""
    rows = read_rows(path, container, spec, fictional=fictional).rows
    known = rows.collect_schema().names()
    when = next((name for name in _DATES if name in known), None)
    latest = pl.col(when).max() if when else pl.lit(None, dtype=pl.Date)
    last, count = rows.select(latest, pl.len()).collect().row(0)
    return Reach(last.isoformat() if isinstance(last, date) else "", int(count))


class Copies:
    """Puts several files of one dataset in order, and remembers how far each reaches."""

    def __init__(
        self, cache_file: Path | None = None, *, fictional: bool, trusted: bool = False
    ) -> None:
        self._cache_file = cache_file
        self._fictional, self._trusted = fictional, trusted
        self._remembered: dict[str, Any] = (read_json(cache_file) or {}) if cache_file else {}
        self._kept: dict[str, Any] = {}

    def best_first(
        self, files: Sequence[FoundFile], spec: DatasetSpec
    ) -> list[tuple[FoundFile, Reach]]:
        """The file to use and those to leave out, with how far each reaches.

        A file that can be read comes before one that cannot; then the later data, the publisher's
        later revision, the more rows, the register's preferred format, the newer file, the name.
        """
        if len(files) == 1:
            return [(files[0], Reach())]
        reaches = self._reaches(files, spec)
        return sorted(
            zip(files, reaches, strict=True), key=lambda pair: _place(pair[0], pair[1], spec)
        )

    def _reaches(self, files: Sequence[FoundFile], spec: DatasetSpec) -> list[Reach]:
        tokens = [f"{file.sha256}:{file.recognition.container}:{spec.key}" for file in files]
        unknown = [
            (token, file)
            for token, file in zip(tokens, files, strict=True)
            if token not in self._remembered and token not in self._kept
        ]
        jobs = [
            FileJob(
                file.path.name,
                reach_of,
                (file.path, file.recognition.container, spec, self._fictional),
            )
            for _, file in unknown
        ]
        answers = run_jobs(jobs, trusted=self._trusted)
        found: dict[str, Reach] = {}
        for (token, _), answer in zip(unknown, answers, strict=True):
            if isinstance(answer, InputRefusedError):
                found[token] = Reach(problems=answer.problems)
            else:
                found[token] = answer
                self._kept[token] = asdict(answer)
        for token in tokens:
            if token not in found:
                record = self._kept.get(token) or self._remembered[token]
                self._kept[token] = record
                found[token] = Reach(record["latest"], record["rows"])
        return [found[token] for token in tokens]

    def save(self) -> None:
        """Remember what was asked, and forget what was not."""
        if self._cache_file is not None and self._kept != self._remembered:
            write_json(self._cache_file, self._kept)


def _place(file: FoundFile, reach: Reach, spec: DatasetSpec) -> tuple[Any, ...]:
    container, containers = file.recognition.container, spec.dataset.containers
    return (
        bool(reach.problems),
        -date.fromisoformat(reach.latest).toordinal() if reach.latest else 0,
        tuple(-number for number in revision_of(file.path.name)),
        -reach.rows,
        containers.index(container) if container in containers else len(containers),
        -file.path.stat().st_mtime,
        file.relative,
    )


def why_left_out(other: Reach, chosen: Reach) -> str:
    """Why one copy was left out for another, in words."""
    if other.problems:
        return "it cannot be read"
    if other.latest != chosen.latest:
        return f"its data reach to {other.latest or 'no day'}, those to {chosen.latest}"
    if other.rows != chosen.rows:
        return f"it gives {other.rows:,} rows, that {chosen.rows:,}"
    return "both reach as far and give as many rows"
