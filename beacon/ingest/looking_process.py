"""The looking process: finds and recognises a run's files before the run itself is ready to.

When it has looked it goes on as a reading process.
"""

from __future__ import annotations

from typing import Any

from beacon.core.settings import Settings
from beacon.ingest import reading_process
from beacon.ingest.collect import input_folder
from beacon.ingest.looking_ahead import REMEMBERED
from beacon.ingest.scan import scan_folder
from beacon.processes import serve
from beacon.workspace import Workspace


def answer(message: dict[str, Any]) -> dict[str, Any]:
    """Look at a folder, or read an object.

    Args:
        message: settings of a run, or a job as for the reading process.

    Returns:
        For settings: jobs, the messages that have read what the run is likely to ask for. What
        each file is has been remembered in the home.
    """
    if "settings" not in message:
        return reading_process.answer(message)
    workspace = Workspace(Settings(**message["settings"]))
    found = scan_folder(
        input_folder(workspace),
        workspace.register,
        workspace.register_digest,
        workspace.home.state / REMEMBERED,
    )
    jobs = workspace.stager.likely_jobs(workspace.staging_tables, found, workspace.needed)
    return {"jobs": [job.message() for job in jobs]}


if __name__ == "__main__":
    serve(answer)
