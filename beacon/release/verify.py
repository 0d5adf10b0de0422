"""Checking that releases are what they were when they were published."""

from __future__ import annotations

from dataclasses import dataclass

from beacon.core.files import read_json, sha256_of
from beacon.core.settings import Home
from beacon.release import layout
from beacon.release.layout import Release


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
    recorded: dict[str, str] = {}
    for line in sums.read_text(encoding="utf-8").splitlines():
        digest, _, name = line.partition("  ")
        recorded[name] = digest
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
    pointer = layout.read_pointer(home) if with_pointer else None
    if pointer and pointer["release"] == release.label:
        manifest = release.path / layout.MANIFEST
        if not manifest.is_file() or sha256_of(manifest) != pointer["manifest_sha256"]:
            faults.append("latest.json names another manifest than this one")
    return Verification(release.label, len(recorded), tuple(faults))


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
