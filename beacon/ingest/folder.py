"""A folder of official files that somebody downloaded by hand.

What belongs here: finding files in a folder and saying what each of them is. What does not:
landing or reading them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from beacon.errors import Problem, SettingsError
from beacon.files import read_json, sha256_of, write_json
from beacon.registry.sources import SourceRegister
from beacon.sources.recognise import Recognition, recognise

MAX_FILES = 20_000
MAX_FILE_BYTES = 4_000_000_000
# Descriptions that come beside data files and hold no data.
_COMPANIONS = (".csvw.json", "TRUTHS.json", "README_FICTIONAL.txt", ".md")


@dataclass(frozen=True)
class FoundFile:
    """A file of the folder and what it turned out to be."""

    path: Path
    relative: str
    sha256: str
    recognition: Recognition


def scan_folder(
    folder: Path, register: SourceRegister, register_digest: str, cache_file: Path
) -> list[FoundFile]:
    """Every file below a folder, recognised by content.

    What a file is depends on its bytes, its name and the register only, so it is remembered under
    those and a file seen before is not opened again.

    Raises:
        SettingsError: When the folder does not exist or is too large to be what was meant.
    """
    if not folder.is_dir():
        raise SettingsError(f"The folder {folder} does not exist. Give --folder an existing one.")
    remembered: dict[str, Any] = read_json(cache_file) or {}
    found: list[FoundFile] = []
    kept: dict[str, Any] = {}
    for path in list_files(folder):
        digest = sha256_of(path)
        token = hashlib.sha256(f"{digest}:{path.name}:{register_digest}".encode()).hexdigest()
        record = remembered.get(token)
        recognition = recognise(path, register) if record is None else _from_json(record)
        kept[token] = asdict(recognition)
        found.append(FoundFile(path, path.relative_to(folder).as_posix(), digest, recognition))
    if kept != remembered:
        write_json(cache_file, kept)
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
