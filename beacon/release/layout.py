"""What a release looks like on disk, and which one is current."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from beacon.core.errors import BeaconError, DamagedReleaseError, ReleaseNotFoundError
from beacon.core.files import read_json, write_json
from beacon.core.home import Home
from beacon.core.suggestions import did_you_mean

MANIFEST = "manifest.json"
RUN_RECORD = "run.json"
CHECKSUMS = "SHA256SUMS"
VIEWS = "views.sql"
DATAPACKAGE = "datapackage.json"

# One row a board, in the release of a home of many boards.
BOARD_TABLE = "board.parquet"

# Names the release that is between its rename and the move of the pointer. Written before, removed
# after: whoever finds it knows that a publication was cut short.
JOURNAL = ".publishing.json"
PINS = ".pins.json"
PRUNED = ".pruned.json"

# "b" marks what was made later, as it would have been published on that day (`as_of`).
_LABEL = re.compile(r"v(\d{4})\.(\d{2})\.(\d{2})-b?(\d+)")
# A release in the making, its pages, and the pages in the making.
_UNFINISHED = re.compile(r"\.{1,2}v\d{4}\.\d{2}\.\d{2}-b?\d+(\.[0-9a-f]+\.building){1,2}")


@dataclass(frozen=True)
class Release:
    """One published release."""

    label: str
    path: Path

    @property
    def manifest(self) -> dict[str, Any]:
        """The release's manifest.

        Raises:
            DamagedReleaseError: When the manifest is gone or cannot be read.
        """
        try:
            manifest: dict[str, Any] = read_json(self.path / MANIFEST)
            _ = manifest["marts"], manifest["files"], manifest["release"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise damaged(self, MANIFEST, "it is gone or cannot be read") from error
        return manifest

    @property
    def run_record(self) -> dict[str, Any]:
        """When and by which run it was made; the part of a release that is not reproducible."""
        try:
            record: dict[str, Any] = read_json(self.path / RUN_RECORD) or {}
            _ = record.get("published_at")
        except (ValueError, AttributeError) as error:
            raise damaged(self, RUN_RECORD, "it cannot be read") from error
        return record


def damaged(release: Release, file: str, why: str) -> DamagedReleaseError:
    """The error for a file of a release that is not what was published, with the ways back."""
    return DamagedReleaseError(
        f"{release.path / file} is damaged: {why}. `beacon verify` names every damaged file. "
        "`beacon rollback RELEASE` makes an earlier release current; `beacon run` publishes anew; "
        "`beacon restore` brings back what was backed up."
    )


def _order(label: str) -> tuple[int, ...]:
    match = _LABEL.fullmatch(label)
    return tuple(int(part) for part in match.groups()) if match else ()


def list_releases(home: Home) -> list[Release]:
    """All releases of a home, oldest first."""
    if not home.releases.is_dir():
        return []
    halfway = interrupted_label(home)
    labels = [
        path.name
        for path in home.releases.iterdir()
        if _LABEL.fullmatch(path.name) and path.name != halfway
    ]
    return [Release(label, home.releases / label) for label in sorted(labels, key=_order)]


def latest_release(home: Home) -> Release | None:
    """The current release, or None where none has been published."""
    pointer = read_pointer(home)
    if pointer is None:
        return None
    return Release(pointer["release"], home.releases / pointer["release"])


def read_pointer(home: Home) -> dict[str, str] | None:
    """Which release is current and the hash of its manifest; None before the first.

    Raises:
        BeaconError: When the pointer cannot be read.
    """
    try:
        pointer: dict[str, str] | None = read_json(home.latest)
        if pointer is not None:
            _ = pointer["release"], pointer["manifest_sha256"]
    except (ValueError, KeyError, TypeError) as error:
        raise BeaconError(
            f"{home.latest} is damaged. Releases are not touched by that; "
            f"`beacon rollback {_newest(home)}` makes one current again."
        ) from error
    if pointer is None and list_releases(home):
        raise BeaconError(
            f"{home.latest} is gone, although there are releases. "
            f"`beacon rollback {_newest(home)}` makes one current again."
        )
    return pointer


def _newest(home: Home) -> str:
    releases = list_releases(home)
    return releases[-1].label if releases else "RELEASE"


def interrupted_label(home: Home) -> str | None:
    """The release whose publication was cut short after its rename; it was never current."""
    try:
        journal: dict[str, str] | None = read_json(home.releases / JOURNAL)
        pointer = read_json(home.latest) or {}
        label = journal["release"] if journal else None
    except (ValueError, KeyError, TypeError):
        # Both files are replaced in one step, so this is damage from outside, not a crash.
        return None
    return label if label and label != pointer.get("release") else None


def is_label(text: str) -> bool:
    """Whether a text has the form of a release's label."""
    return _LABEL.fullmatch(text) is not None


def get_release(home: Home, label: str | None = None, *, of_many: bool = False) -> Release:
    """A release by label, or the current one.

    Args:
        home: The home.
        label: Its label; the current one by default.
        of_many: Whether the release of many boards will do, which has no marts of its own.

    Raises:
        ReleaseNotFoundError: When there is no such release, or none of one board.
    """
    release = latest_release(home) if label is None else Release(label, home.releases / label)
    if release is None:
        raise ReleaseNotFoundError(
            f"No release has been published in {home.root}. Run `beacon run` first."
        )
    if (label is not None and not _LABEL.fullmatch(label)) or not release.path.is_dir():
        labels = [found.label for found in list_releases(home)]
        raise ReleaseNotFoundError(
            f"There is no release {release.label!r}.{did_you_mean(release.label, labels)} "
            f"Releases: {', '.join(labels) or 'none'}."
        )
    if not of_many and (release.path / BOARD_TABLE).is_file():
        boards = ", ".join(sorted(path.name for path in home.boards.glob("*")))
        raise ReleaseNotFoundError(
            f"{release.label} is of many boards. Name one with --home {home.boards}/BOARD, where "
            f"BOARD is one of: {boards}. `beacon query` reads all boards together."
        )
    return release


def next_label(home: Home, today: date | None = None, *, as_of: date | None = None) -> str:
    """The label of the next release: the date in London and a number within the day.

    With `as_of` that day and a mark, so that it is never taken for what was published then.
    """
    day = as_of or today or datetime.now(ZoneInfo("Europe/London")).date()
    prefix = f"v{day:%Y.%m.%d}-{'b' if as_of else ''}"
    used = {release.label for release in list_releases(home)}
    # A label that was given up by `prune` is not used again for other content.
    used |= set(read_json(home.releases / PRUNED) or [])
    numbers = [
        _order(label)[3] for label in used if re.fullmatch(re.escape(prefix) + r"\d+", label)
    ]
    return f"{prefix}{max(numbers, default=0) + 1}"


def point_to(home: Home, release: Release, manifest_sha256: str) -> None:
    """Make a release the current one, in one atomic step."""
    write_json(home.latest, {"release": release.label, "manifest_sha256": manifest_sha256})


def unfinished_builds(home: Home) -> list[Path]:
    """Directories that an interrupted build left behind."""
    if not home.releases.is_dir():
        return []
    return [path for path in home.releases.iterdir() if _UNFINISHED.fullmatch(path.name)]
