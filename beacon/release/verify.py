"""Checking that releases are what they were when they were published."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from beacon.core.errors import BeaconError
from beacon.core.files import read_json, sha256_of
from beacon.core.home import Home
from beacon.release import layout
from beacon.release.layout import Release

_CHECKSUM = re.compile(r"([0-9a-f]{64})  (.+)")


@dataclass(frozen=True)
class Verification:
    """What checking one release found."""

    label: str
    files: int
    faults: tuple[str, ...]

    @property
    def intact(self) -> bool:
        """True when every file is there and unchanged, and nothing was added."""
        return not self.faults


def verify_release(home: Home, release: Release, *, with_pointer: bool = True) -> Verification:
    """Hash every file of a release again and compare with what was recorded.

    Args:
        home: Where it was published.
        release: The release.
        with_pointer: Also check that the pointer, if it names this release, names this manifest.
    """
    faults: list[str] = []
    sums = release.path / layout.CHECKSUMS
    if not sums.is_file():
        return Verification(release.label, 0, (f"{layout.CHECKSUMS} is missing",))
    recorded = _recorded(sums)
    if not recorded:
        faults.append(f"{layout.CHECKSUMS} is empty or no list of hashes")
    for name, digest in recorded.items():
        path = release.path / name
        if not path.is_file():
            faults.append(f"{name} is missing")
        elif sha256_of(path) != digest:
            faults.append(f"{name} has changed since it was published")
    present = {
        path.relative_to(release.path).as_posix()
        for path in release.path.rglob("*")
        if path.is_file()
    }
    faults.extend(
        f"{name} was added after publication"
        for name in sorted(present - set(recorded) - {layout.CHECKSUMS})
    )
    faults.extend(_manifest_faults(release, recorded))
    faults.extend(_board_faults(home, release))
    pointer = _pointer(home) if with_pointer else None
    if pointer and pointer["release"] == release.label:
        manifest = release.path / layout.MANIFEST
        if not manifest.is_file() or sha256_of(manifest) != pointer["manifest_sha256"]:
            faults.append("latest.json names another manifest than this one")
    return Verification(release.label, len(recorded), tuple(faults))


def latest_intact(home: Home) -> Release | None:
    """The current release or, where that is damaged, the newest of the others that is intact."""
    current = layout.latest_release(home)
    if current is None or verify_release(home, current).intact:
        return current
    others = [release for release in layout.list_releases(home) if release != current]
    for release in reversed(others):
        if verify_release(home, release, with_pointer=False).intact:
            return release
    return None


def _recorded(sums: Path) -> dict[str, str]:
    lines = sums.read_text(encoding="utf-8", errors="replace").splitlines()
    matches = [_CHECKSUM.fullmatch(line) for line in lines]
    return {match[2]: match[1] for match in matches if match}


def _pointer(home: Home) -> dict[str, str] | None:
    try:
        return layout.read_pointer(home)
    except BeaconError:  # told by whoever asks which release is current
        return None


def _board_faults(home: Home, release: Release) -> list[str]:
    """Releases of boards that a collection names and that are gone or are others."""
    try:
        boards = (read_json(release.path / layout.MANIFEST) or {}).get("boards", [])
        named = [(b["id"], b["release"], b["manifest_sha256"]) for b in boards if b["release"]]
    except (BeaconError, KeyError, TypeError, AttributeError):  # told of the manifest itself
        return []
    faults = []
    for board, label, digest in named:
        manifest = home.boards / board / "releases" / label / layout.MANIFEST
        if not manifest.is_file():
            faults.append(f"{label} of board {board}, which it names, is gone")
        elif sha256_of(manifest) != digest:
            faults.append(f"{label} of board {board} is another than it names")
    return faults


def _manifest_faults(release: Release, recorded: dict[str, str]) -> list[str]:
    try:
        manifest = read_json(release.path / layout.MANIFEST)
        if manifest is None:
            return []
        declared = {mart["file"]: mart["sha256"] for mart in manifest["marts"]}
        declared |= manifest["files"]
        named = manifest["release"]
    except (ValueError, KeyError, TypeError):
        return [f"{layout.MANIFEST} cannot be read"]
    faults = [
        f"{file} is not the one in the manifest"
        for file, digest in declared.items()
        if recorded.get(file) != digest
    ]
    if named != release.label:
        faults.append(f"the manifest is that of {named}")
    return faults
