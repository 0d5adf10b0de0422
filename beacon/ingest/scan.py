"""A folder of official files that somebody downloaded by hand."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from beacon.core.code_version import code_version
from beacon.core.errors import Problem, SettingsError
from beacon.core.files import read_json, sha256_of, write_json
from beacon.registry.sources import SourceRegister
from beacon.sources.recognition import Recognition

MAX_FILES = 20_000
_THREADS = 2
MAX_FILE_BYTES = 4_000_000_000
# Descriptions that come beside data files and hold no data.
_COMPANIONS = (".csvw.json", "TRUTHS.json", "README_FICTIONAL.txt", ".md")


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

    def __init__(self, register: SourceRegister, cache_file: Path) -> None:
        self._register = register
        self._version = f"{recogniser_version()}:{register_digest(register)}"
        self._cache_file = cache_file
        self._remembered: dict[str, Any] = read_json(cache_file) or {}
        self._kept: dict[str, Any] = {}

    def recognise(self, path: Path, sha256: str) -> Recognition:
        """What a file is."""
        token = hashlib.sha256(f"{sha256}:{path.name}:{self._version}".encode()).hexdigest()
        record = self._kept.get(token) or self._remembered.get(token)
        recognition = self._look_into(path) if record is None else _from_json(record)
        self._kept[token] = asdict(recognition)
        return recognition

    def _look_into(self, path: Path) -> Recognition:
        # Loads the libraries of all formats, which a night without new files does not need.
        from beacon.sources.recognise import recognise

        return recognise(path, self._register)

    def save(self) -> None:
        """Remember what was recognised, and forget what was not asked about."""
        if self._kept != self._remembered:
            write_json(self._cache_file, self._kept)


def scan_folder(folder: Path, register: SourceRegister, cache_file: Path) -> list[FoundFile]:
    """Every file below a folder, recognised by content.

    Raises:
        SettingsError: When the folder does not exist or is too large to be what was meant.
    """
    if not folder.is_dir():
        raise SettingsError(f"The folder {folder} does not exist. Give --folder an existing one.")
    recogniser = Recogniser(register, cache_file)

    def examine(path: Path) -> FoundFile:
        digest = sha256_of(path)
        recognition = recogniser.recognise(path, digest)
        return FoundFile(path, path.relative_to(folder).as_posix(), digest, recognition)

    # Hashing and parsing run outside Python's lock, so a second thread nearly halves the wait.
    with ThreadPoolExecutor(max_workers=_THREADS) as pool:
        found = list(pool.map(examine, list_files(folder)))
    recogniser.save()
    return found


def list_files(folder: Path) -> Iterator[Path]:
    """Every file below a folder that may hold data, in the order of their names."""
    count = 0
    for path in sorted(folder.rglob("*")):
        if path.name.startswith(".") or path.name.endswith(_COMPANIONS) or not path.is_file():
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


def _from_json(record: dict[str, Any]) -> Recognition:
    return Recognition(
        key=record["key"],
        part=record["part"],
        members=tuple(record["members"]),
        container=record["container"],
        problems=tuple(Problem(**problem) for problem in record["problems"]),
    )
