"""Taking a back-up of a home, also while a run is publishing in it.

No lock is taken, so a night never waits. Landed objects and releases never change once they are
there; what does change is a few small files, which are read first, and in an order in which each
state that can be seen is one that a run killed at that moment would have left: which release is
current before which objects are.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from beacon.backup.repository import DamagedError, Repository, Snapshot, SnapshotFile
from beacon.core.errors import BeaconError
from beacon.core.files import sha256_of
from beacon.core.home import Home
from beacon.release import layout
from beacon.release.layout import Release

# A release that is pruned while it is copied is left out, and the list is made again.
_ATTEMPTS = 3
# Folders that no run makes: protected counts that crossed from a secure home, files of the system's
# own, and footprints.
_GIVEN = ("people", "supplied", "footprints")


@dataclass(frozen=True)
class Taken:
    """What a back-up came to.

    Attributes:
        snapshot: The back-up.
        copied_files: Files whose bytes were not kept before.
        copied_bytes: Their size.
    """

    snapshot: Snapshot
    copied_files: int
    copied_bytes: int


def take_backup(home: Home, directory: Path) -> Taken:
    """Copy what a home's directory of back-ups does not hold yet, and record the home as it is.

    Args:
        home: The home; a run may be writing to it.
        directory: Directory of back-ups; made where it does not exist.

    Raises:
        BeaconError: When there is nothing to keep, when what is in use is damaged, or when the
            directory cannot be used. No back-up is recorded then.
    """
    if home.boards.is_dir():
        raise BeaconError(
            f"{home.root} is of many boards. Back each up by itself, into a directory of its own: "
            f"`beacon backup {directory}/BOARD --home {home.boards}/BOARD`. A board's back-up has "
            "the landing that they share."
        )
    inside = directory.expanduser().absolute()
    if inside == home.root or home.root in inside.parents:
        raise BeaconError(
            f"{inside} is inside the home: what loses the one loses the other. "
            "Give a directory elsewhere, best on another machine."
        )
    if not home.landing.is_dir() and not home.releases.is_dir():
        raise BeaconError(f"{home.root} holds neither landed files nor releases.")
    repository = Repository(directory)
    with repository.open_for_writing():
        for attempt in range(_ATTEMPTS):
            try:
                return _Taking(home, repository).take()
            except FileNotFoundError as error:
                # `beacon prune` took a release meanwhile; what was copied is kept.
                gone = error
                if attempt == _ATTEMPTS - 1:
                    raise BeaconError(f"{gone.filename} went away while it was copied.") from gone
            except OSError as error:
                raise BeaconError(
                    f"{error.filename or repository.directory}: {error.strerror}. No back-up was "
                    "recorded; what was copied is kept. Put it right and run again."
                ) from error
    raise AssertionError("unreachable")


class _Taking:
    def __init__(self, home: Home, repository: Repository) -> None:
        self.home = home
        self.repository = repository
        self.files: list[SnapshotFile] = []
        self.faults: list[str] = []
        self.copied_files = 0
        self.copied_bytes = 0

    def take(self) -> Taken:
        releases = layout.list_releases(self.home)
        pointer = _read(self.home.latest)
        current = str(json.loads(pointer)["release"]) if pointer is not None else None
        # A release that was published after the list was made would be there but never current.
        while current is not None and current not in {release.label for release in releases}:
            if not (self.home.releases / current).is_dir():
                break
            releases = layout.list_releases(self.home)
        self._keep_changing_files(pointer)
        kept = [release for release in releases if self._keep_release(release, current)]
        if current is not None and current not in {release.label for release in kept}:
            raise BeaconError(
                f"{current} is current but cannot be kept: "
                f"{'; '.join(self.faults) or 'it is not there'}. No back-up was recorded. "
                "`beacon rollback RELEASE` makes an intact one current."
            )
        if pointer is not None and not self._is_pointed_to(json.loads(pointer)):
            raise BeaconError(
                f"latest.json names another manifest than that of {current}. No back-up was "
                "recorded. `beacon verify` says more; `beacon rollback RELEASE` mends it."
            )
        self._keep_given_files()
        self._keep_landing()
        snapshot = self.repository.write_snapshot(
            current, [release.label for release in kept], self.files, self.faults
        )
        return Taken(snapshot, self.copied_files, self.copied_bytes)

    def _is_pointed_to(self, pointer: dict[str, str]) -> bool:
        manifest = f"releases/{pointer['release']}/{layout.MANIFEST}"
        return any(
            file.path == manifest and file.sha256 == pointer["manifest_sha256"]
            for file in self.files
        )

    def _keep_changing_files(self, pointer: bytes | None) -> None:
        """Keep what a run replaces, the pointer as it was read."""
        self._keep_content(self.home.latest, pointer)
        # Of the journal only a run that was cut short can make use, in its own home.
        records = [
            path
            for path in _files(self.home.releases, "*")
            if path.name.startswith(".") and path.suffix == ".json" and path.name != layout.JOURNAL
        ]
        # Boards of one home share their ledger of custom areas; a restored board has its own.
        ledger = self.home.state / self.home.custom_areas.name
        self._keep_content(ledger, _read(self.home.custom_areas))
        for path in [*records, *_files(self.home.state, "**/*.json")]:
            if path != ledger:
                self._keep_content(path, _read(path))
        # Which object is in use now, and which was when.
        for name in ("current.json", "history.jsonl"):
            self._keep_content(self.home.landing / name, _read(self.home.landing / name))

    def _keep_given_files(self) -> None:
        """Keep what people put into the home, and the protected counts from a secure home."""
        for folder in _GIVEN:
            for path in _files(self.home.root / folder, "**/*"):
                # With what a kill left half crossed: it is ended in the restored home.
                if path.name.startswith("."):
                    continue
                try:
                    self._keep_immutable(path, sha256_of(path))
                except (DamagedError, FileNotFoundError):
                    name = path.relative_to(self.home.root).as_posix()
                    self.faults.append(f"{name}: it changed while it was copied; run again")

    def _keep_content(self, path: Path, content: bytes | None) -> None:
        # A temporary name that a run is about to rename is nobody's file.
        if content is None:
            return
        size = len(content)
        known = self.repository.holds(hashlib.sha256(content).hexdigest(), size)
        digest = self.repository.keep_bytes(content)
        self._record(path, digest, size, copied=not known)

    def _record(self, path: Path, sha256: str, size: int, *, copied: bool) -> None:
        relative = path.relative_to(self.home.root).as_posix()
        self.files.append(SnapshotFile(relative, sha256, size))
        if copied:
            self.copied_files += 1
            self.copied_bytes += size

    def _keep_release(self, release: Release, current: str | None) -> bool:
        before = list(self.files)
        try:
            recorded = _checksums(release)
            for path in sorted(release.path.rglob("*")):
                if path.is_file():
                    name = path.relative_to(release.path).as_posix()
                    self._keep_immutable(path, recorded.get(name))
            missing = [name for name in recorded if not (release.path / name).is_file()]
            if missing:
                raise DamagedError(f"{release.label} lacks {', '.join(missing)}")
        except FileNotFoundError:
            if release.label == current or release.path.is_dir():
                raise
            self.files = before
            return False
        except DamagedError as error:
            self.faults.append(f"{release.label}: {error}")
            self.files = before
            return False
        return True

    def _keep_landing(self) -> None:
        """Keep every object that has its record; one without is being written at this moment."""
        in_use = {
            entry["file"]
            for realm in json.loads(_read(self.home.landing / "current.json") or b"{}").values()
            for entry in realm.values()
        }
        for sidecar in _files(self.home.landing, "**/*.landing.json"):
            data = sidecar.with_name(sidecar.name.removesuffix(".landing.json"))
            if any(part.startswith(".") for part in data.relative_to(self.home.landing).parts):
                continue
            try:
                record = json.loads(_read(sidecar) or b"{}")
                self._keep_immutable(data, str(record["sha256"]))
            except (DamagedError, FileNotFoundError, ValueError, KeyError) as error:
                name = data.relative_to(self.home.landing).as_posix()
                if name in in_use:
                    raise BeaconError(
                        f"landing/{name} is in use but cannot be kept: {error}. No back-up was "
                        "recorded. Remove its directory and run again: it is then landed anew."
                    ) from error
                self.faults.append(f"landing/{name}: {error}")
                continue
            self._keep_content(sidecar, _read(sidecar))

    def _keep_immutable(self, path: Path, sha256: str | None) -> None:
        """Keep a file that never changes; bytes that are kept already are not read again."""
        if sha256 is None:
            # The list of hashes itself, which no list can name; and what should not be there.
            self._keep_content(path, path.read_bytes())
            return
        size = path.stat().st_size
        known = self.repository.holds(sha256, size)
        if not known:
            self.repository.keep_file(path, sha256)
        self._record(path, sha256, size, copied=not known)


def _files(folder: Path, pattern: str) -> list[Path]:
    return sorted(path for path in folder.glob(pattern) if path.is_file())


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _checksums(release: Release) -> dict[str, str]:
    return dict(_checksum_lines((release.path / layout.CHECKSUMS).read_text(encoding="utf-8")))


def _checksum_lines(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        digest, _, name = line.partition("  ")
        yield name, digest
