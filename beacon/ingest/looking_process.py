"""The looking process: finds and recognises a run's files before the run itself is ready to.

What belongs here: the process's own side. What does not: who starts it and when
(`beacon.ingest.looking_ahead`), or how files are recognised (`beacon.ingest.folder`).
"""

from __future__ import annotations

from typing import Any

from beacon.ingest.collect import input_folder
from beacon.ingest.folder import scan_folder
from beacon.ingest.looking_ahead import REMEMBERED
from beacon.processes import serve
from beacon.settings import Settings
from beacon.workspace import Workspace


def answer(message: dict[str, Any]) -> dict[str, Any]:
    """Recognise a folder's files and remember in the home what each is; give how many there are."""
    workspace = Workspace(Settings(**message["settings"]))
    found = scan_folder(
        input_folder(workspace),
        workspace.register,
        workspace.register_digest,
        workspace.home.state / REMEMBERED,
    )
    return {"files": len(found)}


if __name__ == "__main__":
    serve(answer)
