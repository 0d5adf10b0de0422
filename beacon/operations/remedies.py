"""The one command for each way in which a run can fail."""

from __future__ import annotations

from dataclasses import dataclass, replace

from beacon.operations.runs import RunRecord


@dataclass(frozen=True)
class Remedy:
    """What to do.

    Attributes:
        title: What happened, in a few words.
        command: The one command.
        then: What it does, or what must be done before.
    """

    title: str
    command: str
    then: str


_RETRIED = "The next night tries again by itself."

_CUT_SHORT = Remedy(
    "A run was cut short",
    "beacon run",
    f"It starts the run anew; what was half done is cleared away. {_RETRIED}",
)
# What the text of an error tells: any of these words, in lower case.
_BY_WORDS: tuple[tuple[tuple[str, ...], Remedy], ...] = (
    (
        ("no space left", "disk full", "disk is full", "file too large", "not enough space"),
        Remedy(
            "The disk is full",
            "beacon prune --keep 7",
            "It removes old releases, never the current or a pinned one; or free space otherwise. "
            f"Then `beacon run`. {_RETRIED}",
        ),
    ),
    (
        ("another program has", "could not set lock", "conflicting lock"),
        Remedy(
            "Another program has the working database open",
            "beacon run",
            "First close that program; the message names its process. Analysts open beacon.duckdb, "
            f"which is never locked, and not warehouse.duckdb. {_RETRIED}",
        ),
    ),
    (
        ("another run is writing",),
        Remedy(
            "Two runs at once",
            "beacon status",
            f"It says whether the other run still works. If it has ended, `beacon run`. {_RETRIED}",
        ),
    ),
    (
        ("what no release can be made without is missing",),
        Remedy(
            "A required file is missing",
            "beacon sources check FOLDER",
            "It says what each file of the folder is and why one cannot be used; the message above "
            f"names what is missing. Then `beacon run`. {_RETRIED}",
        ),
    ),
)
_HELD = (
    "It says what is held of each source; the message above names what is missing. Then "
    f"`beacon run`. {_RETRIED}"
)
_OTHER = Remedy("The run failed", "beacon run", f"It tries again now. {_RETRIED}")


def remedy_for(run: RunRecord) -> Remedy:
    """What to do about a run that failed."""
    if run.outcome == "cut_short":
        return _CUT_SHORT
    said = " ".join(run.errors).lower()
    for words, remedy in _BY_WORDS:
        if any(word in said for word in words):
            if "FOLDER" in remedy.command and run.inputs != "folder":
                return replace(remedy, command="beacon sources", then=_HELD)
            return remedy
    return _OTHER
