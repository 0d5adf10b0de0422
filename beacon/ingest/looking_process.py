"""The looking process: finds and recognises a run's files before the run itself is ready to.

What belongs here: the process's own side. What does not: who starts it and when
(`beacon.ingest.looking_ahead`), or how files are found (`beacon.ingest.collect`).
"""

from __future__ import annotations

from typing import Any

from beacon.ingest.collect import find_files
from beacon.processes import serve
from beacon.settings import Settings
from beacon.workspace import Workspace


def answer(message: dict[str, Any]) -> dict[str, Any]:
    """Find a run's files and remember in its home what each is; give how many there are."""
    return {"files": len(find_files(Workspace(Settings(**message["settings"]))))}


if __name__ == "__main__":
    serve(answer)
