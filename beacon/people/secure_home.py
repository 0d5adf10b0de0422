"""The secure home: the only place where rows of persons are written.

What belongs here: its layout and the conditions under which it is used. What does not: what is
written there. Encryption at rest is the host's.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from beacon.core.errors import SettingsError

# Folders whose content is copied elsewhere or served, by the name of the folder itself.
_SYNCHRONISED = (
    "onedrive", "dropbox", "google drive", "googledrive", "icloud", "icloud drive",
    "mobile documents", "nextcloud", "owncloud", "sharepoint", "box sync", "syncthing",
)  # fmt: skip
_SERVED = ("public_html", "htdocs", "wwwroot", "public", "www", "html")
_SYNC_MARKERS = (".stfolder", ".dropbox", ".owncloudsync.log")


class SecureHome:
    """A directory of mode 0700, outside the ordinary home and outside anything that is shared.

    Attributes:
        root: The directory.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.expanduser().absolute()

    @classmethod
    def open(cls, root: Path, *, ordinary: Path) -> SecureHome:
        """The secure home, made with mode 0700 where it does not exist.

        Args:
            root: Where it is.
            ordinary: The ordinary home, which may neither hold it nor lie in it.

        Raises:
            SettingsError: When the place is not fit for rows of persons; says why.
        """
        home = cls(root)
        reason = unfit(home.root, ordinary.expanduser().absolute())
        if reason is not None:
            raise SettingsError(f"The secure home cannot be {home.root}: {reason}")
        home.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        return home

    @property
    def inbox(self) -> Path:
        """Extracts as suppliers deliver them."""
        return self.root / "inbox"

    @property
    def store(self) -> Path:
        """Typed tables of persons, one file a table or cluster, named by what they were made of."""
        return self.root / "store"

    @property
    def extracts(self) -> Path:
        """One file an as-at date: the manifest and which files of the store it has."""
        return self.root / "extracts"

    @property
    def key(self) -> Path:
        """The number of each pseudonym; never leaves."""
        return self.root / "key.parquet"

    def as_at(self, day: str) -> Path:
        """Cohorts and cells of one as-at date, before disclosure control."""
        return self.root / "as_at" / day

    @property
    def lists(self) -> Path:
        """Practice lists for direct care."""
        return self.root / "lists"

    @property
    def log(self) -> Path:
        """What crossed and what was listed, one line of JSON each, only ever added to."""
        return self.root / "log.jsonl"

    @property
    def faults(self) -> Path:
        """Tracebacks of what nobody foresaw, which can show values of persons."""
        return self.root / "faults.log"

    @property
    def scratch(self) -> Path:
        """Where the database spills what does not fit into memory."""
        return self.root / "scratch"


def unfit(root: Path, ordinary: Path) -> str | None:
    """Why a directory may not be the secure home; None where it may."""
    resolved, other = root.resolve(), ordinary.resolve()
    if resolved == other or other in resolved.parents:
        return "it lies in the ordinary home, which is backed up and published from."
    if resolved in other.parents:
        return "the ordinary home lies in it."
    for folder in (resolved, *resolved.parents):
        name = folder.name.lower()
        if name in _SYNCHRONISED or name.startswith(("onedrive", "dropbox")):
            return f"it lies in {folder}, which is synchronised elsewhere."
        if name in _SERVED:
            return f"it lies in {folder}, which looks like a folder of a web server."
        if marker := next((m for m in _SYNC_MARKERS if (folder / m).exists()), None):
            return f"it lies in {folder}, which holds {marker}: its content is copied elsewhere."
    if not root.exists():
        return None
    if not root.is_dir():
        return "it is not a directory."
    mode = root.stat()
    if stat.S_IMODE(mode.st_mode) & 0o077:
        return f"others may read it (mode {stat.S_IMODE(mode.st_mode):04o}). Run chmod 700 on it."
    if hasattr(os, "getuid") and mode.st_uid != os.getuid():
        return "it belongs to another user."
    return None
