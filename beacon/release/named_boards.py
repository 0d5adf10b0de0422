"""Which release of each board a collection names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from beacon.core.home import Home
from beacon.release import layout
from beacon.release.layout import Release

if TYPE_CHECKING:
    from beacon.workspace import Workspace


@dataclass(frozen=True)
class BoardRelease:
    """One board as a collection has it.

    Attributes:
        id: Id of its footprint; its home is `boards/ID` of the home above.
        code: Code of the board.
        name: Its name.
        release: Label of its release; None where it has none yet.
        manifest_sha256: Hash of that release's manifest.
        published_at: When it was published.
        behind: Why the last run did not renew it; empty where it is what the inputs give.
    """

    id: str
    code: str
    name: str
    release: str | None = None
    manifest_sha256: str | None = None
    published_at: str | None = None
    behind: str = ""


def board_release(home: Home, workspace: Workspace, behind: str) -> BoardRelease:
    """A board as it stands in its own home.

    Args:
        home: The board's home.
        workspace: The board's workspace.
        behind: Why it was not renewed, in one line.
    """
    icb, footprint = workspace.footprint.icb, workspace.footprint
    pointer = layout.read_pointer(home)
    if pointer is None:
        return BoardRelease(footprint.id, icb.code, icb.name, behind=behind)
    release = layout.get_release(home, pointer["release"])
    return BoardRelease(
        footprint.id,
        icb.code,
        icb.name,
        release.label,
        pointer["manifest_sha256"],
        release.run_record.get("published_at"),
        behind,
    )


def named_boards(release: Release | None) -> list[BoardRelease]:
    """The boards that a collection names; none where a release is of one board."""
    if release is None:
        return []
    return [BoardRelease(**entry) for entry in release.manifest.get("boards", [])]
