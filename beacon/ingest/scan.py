"""A folder of official files that somebody downloaded by hand."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from beacon.core.code_version import code_version
from beacon.core.errors import InputRefusedError, Problem, SettingsError
from beacon.core.files import read_json, sha256_of, write_json
from beacon.ingest.worker_pool import FileJob, run_jobs
from beacon.registry.sources import SourceRegister, load_source_register
from beacon.sources.recognition import Recognition

MAX_FILES = 20_000
_THREADS = 2
MAX_FILE_BYTES = 4_000_000_000
# Descriptions that come beside data files and hold no data.
_COMPANIONS = (".csvw.json", "TRUTHS.json", "README_FICTIONAL.txt", ".md")
# What Office, browsers and operating systems leave beside files.
_UNFINISHED = (
    ".crdownload",
    ".part",
    ".partial",
    ".download",
    ".tmp",
    ".opdownload",
    ".lnk",
    ".url",
)
_OF_THE_SYSTEM = frozenset({"thumbs.db", "desktop.ini", "ehthumbs.db", "icon\r"})


@dataclass(frozen=True)
class FoundFile:
    """A file and what it turned out to be.

    Attributes:
        path: Where it is.
        relative: Where it came from: its path within the folder, or the address it was fetched
            from.
        sha256: Hash of its bytes; empty where nothing came.
        recognition: What it is, or what it was meant to be and why it cannot be used.
        headers: What the publisher's server said of it.
        retrieved_at: When it arrived, where that is known, UTC, ISO 8601.
    """

    path: Path
    relative: str
    sha256: str
    recognition: Recognition
    headers: dict[str, str] = field(default_factory=dict)
    retrieved_at: str | None = None


@cache
def recogniser_version() -> str:
    """A hash of the code that recognises files: another version looks again."""
    return code_version(["beacon.sources.recognise"], ["python-calamine", "polars", "pyogrio"])


def register_digest(register: SourceRegister) -> str:
    """A hash of what the source register says, whatever its comments and their order."""
    digest = hashlib.sha256()
    for source in sorted(register.sources):
        digest.update(register.sources[source].model_dump_json().encode())
    return digest.hexdigest()


class Recogniser:
    """Recognises files, and remembers what each was.

    What a file is depends on its bytes, its name and the register only, so it is remembered under
    those and a file seen before is not opened again.
    """

    def __init__(
        self, register: SourceRegister, cache_file: Path, *, trusted: bool = False
    ) -> None:
        self._trusted = trusted
        self._register = register
        self._version = f"{recogniser_version()}:{register_digest(register)}"
        self._cache_file = cache_file
        self._remembered: dict[str, Any] = read_json(cache_file) or {}
        self._kept: dict[str, Any] = {}

    def recognise(self, path: Path, sha256: str) -> Recognition:
        """What a file is."""
        return self.recognise_all([(path, sha256)])[0]

    def recognise_all(self, files: Sequence[tuple[Path, str]]) -> list[Recognition]:
        """What some files are, by their paths and the hashes of their bytes."""
        tokens = [self._token(path, sha256) for path, sha256 in files]
        found = {
            token: _from_json(record)
            for token in tokens
            if (record := self._kept.get(token) or self._remembered.get(token)) is not None
        }
        unknown = {
            token: path
            for token, (path, _) in zip(tokens, files, strict=True)
            if token not in found
        }
        looked = self._look_into(list(unknown.values()))
        lost: set[str] = set()
        for token, path, recognition in zip(unknown, unknown.values(), looked, strict=True):
            if isinstance(recognition, InputRefusedError):
                from beacon.sources.altered import meant_by_name

                # Not remembered: perhaps the machine was at fault.
                lost.add(token)
                recognition = meant_by_name(path, self._register, recognition.problems)
            found[token] = recognition
        self._kept |= {token: asdict(found[token]) for token in tokens if token not in lost}
        return [found[token] for token in tokens]

    def _token(self, path: Path, sha256: str) -> str:
        return hashlib.sha256(f"{sha256}:{path.name}:{self._version}".encode()).hexdigest()

    def _look_into(self, paths: list[Path]) -> list[Recognition | InputRefusedError]:
        jobs = [FileJob(path.name, recognise_file, (path,)) for path in paths]
        return run_jobs(jobs, trusted=self._trusted)

    def save(self) -> None:
        """Remember what was recognised, and forget what was not asked about."""
        if self._kept != self._remembered:
            write_json(self._cache_file, self._kept)


def scan_folder(
    folder: Path, register: SourceRegister, cache_file: Path, *, trusted: bool = False
) -> list[FoundFile]:
    """Every file below a folder, recognised by content.

    `trusted` is for folders that Beacon wrote itself: their files need no worker.

    Raises:
        SettingsError: When the folder does not exist or is too large to be what was meant.
    """
    if not folder.is_dir():
        raise SettingsError(f"The folder {folder} does not exist. Give --folder an existing one.")
    recogniser = Recogniser(register, cache_file, trusted=trusted)
    paths = list(list_files(folder))
    # Hashing runs outside Python's lock, so a second thread nearly halves the wait.
    with ThreadPoolExecutor(max_workers=_THREADS) as pool:
        digests = list(pool.map(sha256_of, paths))
    recognised = recogniser.recognise_all(list(zip(paths, digests, strict=True)))
    recogniser.save()
    return [
        FoundFile(path, path.relative_to(folder).as_posix(), digest, recognition)
        for path, digest, recognition in zip(paths, digests, recognised, strict=True)
    ]


def is_passed_over(name: str) -> bool:
    """Whether a file is no data by its name: hidden, a description, a lock, a broken download."""
    low = name.lower()
    return (
        low.startswith((".", "~$"))
        or name.endswith(_COMPANIONS)
        or low.endswith(_UNFINISHED)
        or low in _OF_THE_SYSTEM
    )


def list_files(folder: Path) -> Iterator[Path]:
    """Every file below a folder that may hold data, in the order of their names."""
    count = 0
    for path in sorted(folder.rglob("*")):
        if is_passed_over(path.name) or not path.is_file():
            continue
        count += 1
        if count > MAX_FILES:
            raise SettingsError(
                f"{folder} holds more than {MAX_FILES:,} files; is it the right one?"
            )
        if path.stat().st_size > MAX_FILE_BYTES:
            raise SettingsError(
                f"{path} is larger than 4 GB, more than any official file used here."
            )
        yield path


def recognise_file(path: Path) -> Recognition:
    """What a file is by the register that is installed; for a worker, which loads it once."""
    # Loads the libraries of all formats, which a night without new files does not need.
    from beacon.sources.recognise import recognise

    return recognise(path, load_source_register())


def _from_json(record: dict[str, Any]) -> Recognition:
    return Recognition(
        key=record["key"],
        part=record["part"],
        members=tuple(record["members"]),
        container=record["container"],
        problems=tuple(Problem(**problem) for problem in record["problems"]),
    )
