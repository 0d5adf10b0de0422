"""Whether the disk has room for a run, asked before the run writes anything."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

from beacon.core.errors import BeaconError
from beacon.core.home import Home
from beacon.release.layout import Release, latest_release

# What a run may need beside what there is: a release twice over while it is built and flushed,
# and the working database.
_RELEASES_NEEDED = 2
_LEAST_BYTES = 64_000_000


class DiskFullError(BeaconError):
    """The home's disk has less room than a run may need."""


def free_bytes(home: Home) -> int:
    """Bytes free on the disk that holds a home, which need not exist yet."""
    root = home.root
    while not root.exists() and root != root.parent:
        root = root.parent
    return shutil.disk_usage(root).free


def needed_bytes(home: Home, release: Release | None) -> int:
    """Bytes that a run may need beside what there is, judged by the current release."""
    needed = _LEAST_BYTES
    with contextlib.suppress(OSError):
        needed += _RELEASES_NEEDED * (_size(release.path) if release else 0)
        needed += home.warehouse.stat().st_size
    return needed


def require_space(home: Home) -> None:
    """Refuse a run that might fill the disk half-way.

    Raises:
        DiskFullError: When less is free than the run may need.
    """
    release = None
    with contextlib.suppress(BeaconError, OSError):  # a damaged pointer is told by the run itself
        release = latest_release(home)
    free, needed = free_bytes(home), needed_bytes(home, release)
    if free < needed:
        raise DiskFullError(
            f"The disk is full: {free / 1e6:,.0f} MB are free for {home.root}, and a run may need "
            f"{needed / 1e6:,.0f} MB. Nothing was begun. Make room, for example with "
            "`beacon prune`, and run again."
        )


def _size(path: Path) -> int:
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
