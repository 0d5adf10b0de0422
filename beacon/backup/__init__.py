"""Back-ups of a home: landing, releases, what says which of them are in use, what no run makes.

What belongs here: copying, checking and restoring. What does not: what can be made again from them
(staging, the working database, `beacon.duckdb`) and the orchestrator's run history.
"""

from beacon.backup.repository import Repository, Snapshot, SnapshotFile
from beacon.backup.restore import Restored, restore
from beacon.backup.take import Taken, take_backup

__all__ = [
    "Repository",
    "Restored",
    "Snapshot",
    "SnapshotFile",
    "Taken",
    "restore",
    "take_backup",
]
