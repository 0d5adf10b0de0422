"""Looking after published releases: going back, keeping, clearing out, copying elsewhere."""

from __future__ import annotations

import contextlib
import errno
import shutil
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from beacon.core.errors import BeaconError, DamagedReleaseError, PublicationBlockedError
from beacon.core.files import copy_hashed, fsync_directory, read_json, sha256_of, write_json
from beacon.core.home import Home
from beacon.release import layout
from beacon.release.approval import reinstate, withdraw
from beacon.release.build import digest_of, make_current, recover
from beacon.release.layout import Release
from beacon.release.named_boards import named_boards
from beacon.release.verify import verify_release

# Releases kept by `prune` beside the current and the pinned ones: a fortnight of nights.
KEPT_BY_DEFAULT = 14


@dataclass(frozen=True)
class Rollback:
    """What going back came to: the release that was current, and the one that now is."""

    before: str | None
    now: Release


def rollback(home: Home, label: str) -> Rollback:
    """Make an older release current again, at once.

    The release that was current stays on disk. The next run does not publish the same content
    again unless a person approves it.

    Raises:
        ReleaseNotFoundError: When there is no such release.
        PublicationBlockedError: When it is damaged.
    """
    target = layout.get_release(home, label, of_many=True)
    # The pointer or the current release may be what is broken: neither is then needed.
    before = None
    with contextlib.suppress(BeaconError):
        before = layout.latest_release(home)
    with contextlib.suppress(BeaconError):
        recover(home)
    if before is not None and before.label == label:
        raise BeaconError(f"{label} is current already.")
    found = verify_release(home, target, with_pointer=False).faults
    if found:
        raise PublicationBlockedError(
            f"{label} is damaged and was not made current: {'; '.join(found)}."
        )
    if before is not None:
        with contextlib.suppress(DamagedReleaseError):
            withdraw(home, before, digest_of(before))
    reinstate(home, digest_of(target))
    make_current(home, target)
    return Rollback(before.label if before else None, target)


def pins(home: Home) -> dict[str, dict[str, str]]:
    """Pinned releases, with why and since when."""
    found: dict[str, dict[str, str]] = read_json(home.releases / layout.PINS) or {}
    return found


def pin(home: Home, label: str, note: str = "") -> None:
    """Keep a release whatever `prune` is told.

    Raises:
        ReleaseNotFoundError: When there is no such release.
    """
    layout.get_release(home, label, of_many=True)
    kept = pins(home)
    kept[label] = {"note": note, "pinned_at": datetime.now(UTC).isoformat(timespec="seconds")}
    write_json(home.releases / layout.PINS, kept)


def unpin(home: Home, label: str) -> None:
    """Let `prune` take a release again.

    Raises:
        BeaconError: When it is not pinned.
    """
    kept = pins(home)
    if kept.pop(label, None) is None:
        raise BeaconError(f"{label} is not pinned. Pinned: {', '.join(sorted(kept)) or 'none'}.")
    write_json(home.releases / layout.PINS, kept)


def prunable(home: Home, keep: int = KEPT_BY_DEFAULT) -> list[Release]:
    """Releases that `prune` would remove: neither among the newest, nor current, nor pinned.

    Nor one that a collection of boards names which is still there.
    """
    if keep < 0:
        raise BeaconError(f"--keep is at least 0, not {keep}.")
    current = layout.latest_release(home)
    spared = set(pins(home)) | ({current.label} if current else set())
    if home.above is not None:
        for collection in layout.list_releases(home.above):
            boards = named_boards(collection)
            spared |= {one.release for one in boards if one.release and one.id == home.root.name}
    found = layout.list_releases(home)
    older = found[: len(found) - keep] if keep else found
    return [release for release in older if release.label not in spared]


def prune(home: Home, keep: int = KEPT_BY_DEFAULT) -> list[Release]:
    """Remove old releases; give those removed. Each goes out of sight in one step."""
    doomed = prunable(home, keep)
    if not doomed:
        return []
    # The record comes first, so that no label is used twice. A full disk has no room for it until
    # something is gone; it is full disks that this is called for.
    recorded = _record_pruned(home, doomed, may_fail=True)
    for release in doomed:
        # Named like an unfinished build: if removal is cut short, the next run ends it.
        hidden = home.releases / f".{release.label}.{uuid.uuid4().hex}.building"
        release.path.replace(hidden)
        shutil.rmtree(hidden, ignore_errors=True)
        recorded = recorded or _record_pruned(home, doomed, may_fail=True)
    if not recorded:
        _record_pruned(home, doomed, may_fail=False)
    fsync_directory(home.releases)
    return doomed


def _record_pruned(home: Home, doomed: list[Release], *, may_fail: bool) -> bool:
    gone = set(read_json(home.releases / layout.PRUNED) or [])
    labels = sorted(gone | {release.label for release in doomed})
    try:
        write_json(home.releases / layout.PRUNED, labels)
    except OSError as error:
        if may_fail and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return False
        raise
    return True


def export_release(home: Home, release: Release, target: Path) -> Path:
    """Copy a release to a directory of its own that needs nothing else of Beacon's.

    Args:
        home: Where it was published.
        release: The release.
        target: Directory under which `<label>/` is made.

    Returns:
        The directory made. Its `views.sql` opens all marts there, or wherever it is copied on to.

    Raises:
        PublicationBlockedError: When the release is damaged, or what was written is not the same.
        BeaconError: When the directory is there already.
    """
    found = verify_release(home, release, with_pointer=False).faults
    if found:
        raise PublicationBlockedError(
            f"{release.label} is damaged and was not exported: {'; '.join(found)}."
        )
    final = target.expanduser().absolute() / release.label
    if final.exists():
        raise BeaconError(f"{final} is there already. Remove it, or export to another directory.")
    partial = final.with_name(f".{release.label}.{uuid.uuid4().hex}.partial")
    partial.mkdir(parents=True)
    try:
        for source in sorted(path for path in release.path.rglob("*") if path.is_file()):
            copy = partial / source.relative_to(release.path)
            copy.parent.mkdir(parents=True, exist_ok=True)
            if copy_hashed(source, copy) != sha256_of(copy):
                raise PublicationBlockedError(f"{copy} was not written as read. Try another disk.")
        partial.replace(final)
        fsync_directory(final.parent)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return final


def describe(home: Home, release: Release, current: Release | None) -> str:
    """One word on a release: current, pinned or nothing."""
    words = []
    if current is not None and release.label == current.label:
        words.append("current")
    if release.label in pins(home):
        words.append("pinned")
    return " ".join(words)
