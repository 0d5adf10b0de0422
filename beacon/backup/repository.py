"""The directory that back-ups are kept in.

Layout: `objects/<first two>/<sha256>`, each file's bytes once, however many snapshots name it;
`snapshots/<time>.json`, which file of the home had which bytes. A snapshot is written last, in one
step, when all that it names is there and has been read back: what has no snapshot is no back-up.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from beacon.core.errors import BeaconError
from beacon.core.files import copy_hashed, fsync_directory, read_json, write_json

FORMAT = "beacon-backup-1"
_MARK = "beacon-backup.json"
_CHUNK_BYTES = 1 << 20
_SHA256 = re.compile(r"[0-9a-f]{64}")
_SNAPSHOT = re.compile(r"\d{8}T\d{6}Z(-\d+)?")
# Names that only this package writes and that a crash can leave behind.
_PARTIAL = ".partial-"


@dataclass(frozen=True)
class SnapshotFile:
    """One file of a home: its path there, the hash of its bytes, and its size."""

    path: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True)
class Snapshot:
    """A home at one moment.

    Attributes:
        name: When it was taken, UTC, `20260322T031500Z`.
        release: The release that was current, if any.
        releases: Releases in it.
        files: Its files, by path.
        faults: What was damaged in the home and is therefore not in it.
    """

    name: str
    release: str | None
    releases: tuple[str, ...]
    files: tuple[SnapshotFile, ...]
    faults: tuple[str, ...] = ()

    @property
    def size_bytes(self) -> int:
        """Size of all its files."""
        return sum(file.size_bytes for file in self.files)


class Repository:
    """A directory of back-ups."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory.expanduser().absolute()

    @property
    def _snapshots(self) -> Path:
        return self.directory / "snapshots"

    def path_of(self, sha256: str) -> Path:
        """Where the bytes of a hash are."""
        return self.directory / "objects" / sha256[:2] / sha256

    @contextlib.contextmanager
    def open_for_writing(self) -> Iterator[None]:
        """Keep other back-ups off the directory, make it if need be, and clear what was cut short.

        Raises:
            BeaconError: When the directory is something else, or another back-up is writing to it.
        """
        mark = self.directory / _MARK
        if not mark.is_file():
            if self.directory.exists() and any(self.directory.iterdir()):
                raise BeaconError(
                    f"{self.directory} is not empty and is no directory of back-ups. "
                    "Give an empty or a new one."
                )
            # Landing holds what organisations returned, small numbers included.
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_json(mark, {"format": FORMAT})
        self._check_format()
        with (self.directory / ".lock").open("w") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise BeaconError(
                    f"Another back-up is writing to {self.directory}. Wait for it to end."
                ) from None
            for folder in ("", "objects/*/"):
                for left in self.directory.glob(f"{folder}{_PARTIAL}*"):
                    left.unlink(missing_ok=True)
            yield

    def _check_format(self) -> None:
        found = (read_json(self.directory / _MARK) or {}).get("format")
        if found != FORMAT:
            raise BeaconError(
                f"{self.directory} is of format {found!r}; this version of Beacon reads {FORMAT}."
            )

    def holds(self, sha256: str, size_bytes: int) -> bool:
        """Whether bytes are kept already, whole."""
        with contextlib.suppress(FileNotFoundError):
            return self.path_of(sha256).stat().st_size == size_bytes
        return False

    def keep_file(self, source: Path, sha256: str) -> None:
        """Keep a file's bytes.

        They are copied, flushed to disk, read back, and renamed into place.

        Raises:
            BeaconError: When the file's bytes are not those that the hash names, or were not
                written as they were read.
        """
        target = self.path_of(sha256)
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.parent / f"{_PARTIAL}{uuid.uuid4().hex}"
        try:
            if copy_hashed(source, partial) != sha256:
                raise DamagedError(f"{source} is not what it was when it was recorded")
            if read_back(partial) != sha256:
                raise BeaconError(
                    f"{target} was not written as it was read: the disk of {self.directory} "
                    "cannot be trusted. Use another."
                )
            partial.chmod(0o444)
            partial.replace(target)
            fsync_directory(target.parent)
        finally:
            partial.unlink(missing_ok=True)

    def keep_bytes(self, content: bytes) -> str:
        """Keep bytes that were read already; give their hash."""
        digest = hashlib.sha256(content).hexdigest()
        if not self.holds(digest, len(content)):
            source = self.directory / f"{_PARTIAL}{uuid.uuid4().hex}"
            try:
                source.write_bytes(content)
                self.keep_file(source, digest)
            finally:
                source.unlink(missing_ok=True)
        return digest

    def write_snapshot(
        self,
        release: str | None,
        releases: list[str],
        files: list[SnapshotFile],
        faults: list[str],
    ) -> Snapshot:
        """Say what a home held; from now on that is a complete back-up."""
        now = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
        taken = {path.stem for path in self._snapshots.glob("*.json")}
        name = next(
            label
            for label in (now, *(f"{now}-{number}" for number in range(2, 10_000)))
            if label not in taken
        )
        ordered = tuple(sorted(files, key=lambda file: file.path))
        snapshot = Snapshot(name, release, tuple(releases), ordered, tuple(faults))
        write_json(self._snapshots / f"{name}.json", {"format": FORMAT, **asdict(snapshot)})
        return snapshot

    def names(self) -> list[str]:
        """Snapshots, oldest first."""
        return sorted(
            path.stem for path in self._snapshots.glob("*.json") if _SNAPSHOT.fullmatch(path.stem)
        )

    def snapshot(self, name: str | None = None) -> Snapshot:
        """A snapshot by name, or the newest.

        Raises:
            BeaconError: When there is none, or it cannot be read.
        """
        if not (self.directory / _MARK).is_file():
            raise BeaconError(f"{self.directory} holds no back-ups of Beacon's.")
        self._check_format()
        known = self.names()
        if not known:
            raise BeaconError(
                f"{self.directory} holds no complete back-up: none was ever finished. "
                "Run `beacon backup` again."
            )
        if name is not None and name not in known:
            raise BeaconError(f"There is no back-up {name!r}. Back-ups: {', '.join(known)}.")
        path = self._snapshots / f"{name or known[-1]}.json"
        try:
            return _snapshot_from(read_json(path))
        except (ValueError, KeyError, TypeError) as error:
            others = [other for other in known if other != path.stem]
            way = (
                f"Give another with --snapshot: {', '.join(others)}."
                if others
                else "There is no other back-up here."
            )
            raise BeaconError(f"{path} is damaged: {error}. {way}") from error

    def faults(self, snapshots: list[Snapshot]) -> list[str]:
        """Read every file of some snapshots again; what is missing or damaged, in words."""
        states: dict[str, str] = {}
        found: list[str] = []
        for snapshot in snapshots:
            for file in snapshot.files:
                if file.sha256 not in states:
                    states[file.sha256] = self._state(file.sha256)
                if states[file.sha256]:
                    found.append(f"{snapshot.name}: {file.path} {states[file.sha256]}")
        return found

    def _state(self, sha256: str) -> str:
        path = self.path_of(sha256)
        if not path.is_file():
            return "is missing"
        return "" if read_back(path) == sha256 else "is damaged"


class DamagedError(BeaconError):
    """A file of the home is not what it was when it was recorded."""


def read_back(path: Path) -> str:
    """The hash of what the disk holds, not of what the system remembers having been told."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        if hasattr(os, "posix_fadvise"):
            with contextlib.suppress(OSError):
                os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        while chunk := stream.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _snapshot_from(record: dict[str, Any]) -> Snapshot:
    """A snapshot from its file, which may have been tampered with: no path may leave the home."""
    files = tuple(SnapshotFile(**file) for file in record["files"])
    for file in files:
        parts = PurePosixPath(file.path).parts
        if not parts or ".." in parts or file.path.startswith("/") or "\\" in file.path:
            raise ValueError(f"{file.path!r} leads out of the home")
        if not _SHA256.fullmatch(file.sha256):
            raise ValueError(f"{file.path!r} has no hash")
    return Snapshot(
        record["name"],
        record["release"],
        tuple(record["releases"]),
        files,
        tuple(record.get("faults", ())),
    )
