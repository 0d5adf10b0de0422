"""Restoring a back-up into an empty home.

Which release is current is written last: until then the home has none, and a marker says that it is
being restored, so that what was interrupted can be ended but is never taken for whole.
"""

from __future__ import annotations

import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from beacon.backup.repository import Repository, Snapshot, read_back
from beacon.core.errors import BeaconError
from beacon.core.files import copy_hashed, fsync_directory, read_json, sha256_of, write_json
from beacon.core.home import Home
from beacon.release import layout
from beacon.release.catalogue import write_catalogue
from beacon.release.verify import verify_release

MARKER = ".restoring.json"
# What a home may hold and still be empty: a lock that was looked at, and what a file system makes.
_NOTHING = frozenset({".lock", "lost+found"})
_LATEST = "latest.json"


@dataclass(frozen=True)
class Restored:
    """What was restored: the snapshot, and how many of its files were there from before."""

    snapshot: Snapshot
    already_there: int


def restore(home: Home, directory: Path, name: str | None = None) -> Restored:
    """Make an empty home what it was when a back-up was taken.

    Args:
        home: The home; must be empty, or have been left by an interrupted restore of the same.
        directory: Directory of back-ups.
        name: Which back-up; the newest by default.

    Raises:
        BeaconError: When the home is not empty, when there is no such back-up, or when it is
            damaged; every damaged file is named.
    """
    try:
        return _restore(home, Repository(directory), name)
    except OSError as error:
        raise BeaconError(
            f"{error.filename or home.root}: {error.strerror}. Nothing was made current. Put it "
            "right and run again: what was restored is kept."
        ) from error


def _restore(home: Home, repository: Repository, name: str | None) -> Restored:
    snapshot = repository.snapshot(name)
    _refuse_unless_empty(home, snapshot)
    home.root.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(home.root).free
    if free < snapshot.size_bytes and not (home.root / MARKER).exists():
        raise BeaconError(
            f"{home.root} has {free / 1e9:,.1f} GB free; {snapshot.name} needs "
            f"{snapshot.size_bytes / 1e9:,.1f} GB."
        )
    write_json(home.root / MARKER, {"snapshot": snapshot.name})
    already = 0
    faults: list[str] = []
    for file in snapshot.files:
        if file.path == _LATEST:
            continue
        target = home.root / file.path
        if target.is_file() and sha256_of(target) == file.sha256:
            already += 1
            continue
        source = repository.path_of(file.sha256)
        if not source.is_file():
            faults.append(f"{file.path} is missing in the back-up")
        elif not _write(source, target, file.sha256, _mode(file.path)):
            faults.append(f"{file.path} is damaged in the back-up")
    if faults:
        raise BeaconError(
            f"{snapshot.name} cannot be restored; nothing was made current. {'; '.join(faults)}. "
            f"Give another with --snapshot: {', '.join(repository.names())}."
        )
    _make_current(home, repository, snapshot)
    (home.root / MARKER).unlink()
    fsync_directory(home.root)
    return Restored(snapshot, already)


def _refuse_unless_empty(home: Home, snapshot: Snapshot) -> None:
    if not home.root.exists():
        return
    if not home.root.is_dir():
        raise BeaconError(f"{home.root} is not a directory.")
    found = {path.name for path in home.root.iterdir()} - _NOTHING
    if not found:
        return
    marker = read_json(home.root / MARKER)
    if marker is None:
        raise BeaconError(
            f"{home.root} is not empty, and restoring never overwrites. Give --home a new "
            "directory; when it is as it should be, move it into the place of the old one."
        )
    if marker.get("snapshot") != snapshot.name:
        raise BeaconError(
            f"{home.root} was being restored from {marker.get('snapshot')} and is not complete. "
            "End that with --snapshot, or remove the directory."
        )


def _write(source: Path, target: Path, sha256: str, mode: int) -> bool:
    """Copy one file; False where it is not what the back-up says it is."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.parent / f".{target.name}.{uuid.uuid4().hex}"
    try:
        if copy_hashed(source, partial) != sha256 or read_back(partial) != sha256:
            return False
        partial.chmod(mode)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return True


def _mode(path: str) -> int:
    """Releases and landed objects are written once; records about them are replaced."""
    folder, *rest = PurePosixPath(path).parts
    in_release = folder == "releases" and len(rest) > 1 and layout.is_label(rest[0])
    landed = folder == "landing" and len(rest) > 1 and not path.endswith(".landing.json")
    return 0o444 if in_release or landed else 0o644


def _make_current(home: Home, repository: Repository, snapshot: Snapshot) -> None:
    """Check every release, then point to the current one and write the analysts' database."""
    for label in snapshot.releases:
        release = layout.get_release(home, label)
        found = verify_release(home, release, with_pointer=False).faults
        if found:
            raise BeaconError(f"{label} does not verify after restoring: {'; '.join(found)}.")
        for folder in (home.releases, release.path, *release.path.rglob("*")):
            if folder.is_dir():
                folder.chmod(0o755)
                fsync_directory(folder)
    pointer = next((file for file in snapshot.files if file.path == _LATEST), None)
    if pointer is None or snapshot.release is None:
        return
    if not _write(repository.path_of(pointer.sha256), home.latest, pointer.sha256, 0o644):
        raise BeaconError(f"{_LATEST} is damaged in the back-up.")
    write_catalogue(home, layout.get_release(home, snapshot.release))
