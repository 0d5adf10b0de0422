"""What files turn out to be and to hold, without keeping any: the check before a run."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import polars as pl

from beacon.core.errors import InputRefusedError, Problem, SettingsError
from beacon.ingest.scan import is_passed_over, list_files
from beacon.ingest.worker_pool import FileJob, run_jobs
from beacon.registry import load_indicators
from beacon.registry.series_in_use import series_in_use
from beacon.registry.sources import OBSERVATION, DatasetSpec, SourceRegister, load_source_register
from beacon.sources.altered import meant_by_name
from beacon.sources.needed_series import Needed
from beacon.sources.readers import read_rows
from beacon.sources.recognise import recognise
from beacon.sources.recognition import Recognition

Status = Literal["read", "not_read", "unrecognised", "refused"]


@dataclass(frozen=True)
class FileReport:
    """What one file turned out to be.

    Attributes:
        file: Its path within the folder that was given, or its name.
        status: read: its rows can be used; not_read: known, and used by nothing; unrecognised:
            nothing known; refused: known, and not to be used as it is.
        dataset: Dataset key; None where it is nothing known.
        rows: Rows of the staging table that it gives; None where it was not read.
        problems: Why it is refused, or what a person should know of it.
        recognition: What it was taken for.
    """

    file: str
    status: Status
    dataset: str | None
    rows: int | None
    problems: tuple[Problem, ...]
    recognition: Recognition

    def as_dict(self) -> dict[str, Any]:
        """The report as plain JSON values."""
        return {
            "file": self.file,
            "status": self.status,
            "dataset": self.dataset,
            "rows": self.rows,
            "problems": [
                {"row": p.row, "column": p.column, "message": f"{p.message} {p.remedy}".strip()}
                for p in self.problems
            ],
        }


@cache
def register_in_use() -> SourceRegister:
    """The source register, knowing which series indicators use."""
    return load_source_register().used_for(series_in_use(load_indicators().values()))


def files_of(paths: Iterable[Path]) -> list[tuple[str, Path]]:
    """Files and files of folders, each with what to call it.

    Raises:
        SettingsError: When a path does not exist.
    """
    found: list[tuple[str, Path]] = []
    for path in paths:
        if path.is_dir():
            found += [(each.relative_to(path).as_posix(), each) for each in list_files(path)]
        elif not path.is_file():
            raise SettingsError(f"{path} does not exist. Give a file or a folder.")
        elif not is_passed_over(path.name):
            found.append((path.name, path))
    return found


def check_files(files: list[tuple[str, Path]], *, allow_fictional: bool) -> list[FileReport]:
    """Recognise and read files, each in a worker, by the functions that a run uses.

    Args:
        files: What to call each, and where it is.
        allow_fictional: Whether a file whose codes are fictional is read too.
    """
    jobs = [FileJob(path.name, check_file, (name, path, allow_fictional)) for name, path in files]
    reports: list[FileReport | InputRefusedError] = run_jobs(jobs)
    return [
        _lost(name, path, found) if isinstance(found, InputRefusedError) else found
        for (name, path), found in zip(files, reports, strict=True)
    ]


def is_needed(report: FileReport) -> bool:
    """Whether a run would use the rows of a file, as far as is known what is in it."""
    needed = Needed.by(load_indicators().values())
    spec = register_in_use().datasets.get(report.dataset or "")
    return spec is not None and needed.part(spec, report.recognition.members)


def needed_and_refused(reports: Iterable[FileReport]) -> list[FileReport]:
    """Refused files that a run would miss: it uses a sound copy where there is one."""
    reports = list(reports)
    sound = {(r.dataset, r.recognition.part) for r in reports if r.status == "read"}
    return [
        report
        for report in reports
        if report.status == "refused"
        and (report.dataset, report.recognition.part) not in sound
        and is_needed(report)
    ]


def _lost(name: str, path: Path, error: InputRefusedError) -> FileReport:
    seen = meant_by_name(path, register_in_use(), error.problems)
    return FileReport(name, "refused", seen.key, None, error.problems, seen)


def check_file(name: str, path: Path, allow_fictional: bool) -> FileReport:
    """Recognise and read one file."""
    return _read(name, path, allow_fictional)[0]


def rows_of_file(path: Path, target: Path, allow_fictional: bool) -> FileReport:
    """Read one file and write its rows to a Parquet file, where it can be read."""
    report, rows = _read(path.name, path, allow_fictional)
    if rows is not None:
        rows.write_parquet(target)
    return report


def _read(name: str, path: Path, allow_fictional: bool) -> tuple[FileReport, pl.DataFrame | None]:
    register = register_in_use()
    seen = recognise(path, register)
    if seen.key is None:
        problems = seen.problems or (Problem(path.name, _NOTHING_KNOWN, remedy=""),)
        return FileReport(name, "unrecognised", None, None, problems, seen), None
    if seen.problems:
        return FileReport(name, "refused", seen.key, None, seen.problems, seen), None
    spec = register.datasets[seen.key]
    if not spec.dataset.is_read or seen.container is None:
        note = Problem(
            path.name, f"is {spec.dataset.title}. {spec.dataset.note or ''}".strip(), remedy=""
        )
        return FileReport(name, "not_read", seen.key, None, (note,), seen), None
    faults: list[tuple[Problem, ...]] = []
    for fictional in (True, False)[not allow_fictional :]:
        try:
            reading = read_rows(path, seen.container, spec, fictional=fictional)
            rows = reading.rows.collect()
        except InputRefusedError as error:
            faults.append(error.problems)
            continue
        remarks = (*reading.remarks, *_of_no_use(path, spec, rows))
        return FileReport(name, "read", seen.key, rows.height, remarks, seen), rows
    problems = min(faults, key=_wrong_codes)
    return FileReport(name, "refused", seen.key, None, problems, seen), None


_NOTHING_KNOWN = "no row near its top has the headers of a table that the source register knows."


def _wrong_codes(problems: tuple[Problem, ...]) -> int:
    """In how many rows codes are wrong, as they are where a file is read as what it is not."""
    return sum(problem.wrong_codes for problem in problems)


def _of_no_use(path: Path, spec: DatasetSpec, rows: pl.DataFrame) -> Iterator[Problem]:
    """A remark where no indicator uses anything in a file, and what was perhaps meant."""
    known = spec.series_in_use
    if spec.dataset.staging != OBSERVATION or not known or rows.is_empty():
        return
    found = rows["series"].unique(maintain_order=True).to_list()
    if known.keys() & set(found):
        return
    # The nearest number is another thing altogether.
    close = [] if found[0].isdigit() else difflib.get_close_matches(found[0], known, n=1)
    nearest = f"; the nearest that is used is {close[0]!r}" if close else ""
    shown = ", ".join(map(repr, found[:3])) + (" …" if len(found) > 3 else "")
    message = f"no indicator uses {shown}{nearest}."
    column = spec.dataset.part_by if spec.dataset.part_is_series else None
    yield Problem(path.name, message, int(rows["source_row"][0]), column, remedy="")
