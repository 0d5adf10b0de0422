"""The staging step: what landed, as typed rows that the working database can read."""

from __future__ import annotations

from beacon.core.logs import step
from beacon.core.progress import report
from beacon.ingest.land import LandingReport
from beacon.ingest.landing_store import LandingStore
from beacon.ingest.part_log import log_part
from beacon.ingest.stage import StagedPart, Stager, load_staging_report, save_staging_report
from beacon.warehouse.connection import Warehouse
from beacon.workspace import Workspace


def stage(
    warehouse: Warehouse, table: str, *, store: LandingStore | None = None
) -> list[StagedPart]:
    """Read what landed for one staging table into the working database.

    Args:
        warehouse: The open working database.
        table: Name of the staging table, without its schema.
        store: Where the bytes are; the home's landing store by default.

    Returns:
        What became of each part; a part that cannot be read has problems, and is no error.
    """
    workspace = warehouse.workspace
    report(f"reading {table.replace('_', ' ')}")
    with step("staged", asset=f"staging/{table}") as details:
        stager = Stager(
            workspace.home.staging,
            workspace.register,
            store or LandingStore(workspace.home.landing),
            fictional=workspace.is_fictional,
            trusted=workspace.settings.inputs == "sample",
        )
        stager.remove_partial()
        outcomes = list(LandingReport.load(workspace.landing_report_file).outcomes)
        parts = stager.stage(table, outcomes)
        save_staging_report(workspace.staging_report_file(table), parts)
        details["rows"] = warehouse.load_staged(table, parts)
        for part in parts:
            log_part(part.name, part.status, part.problems, rows=part.rows)
    return parts


def staged_parts(workspace: Workspace) -> list[StagedPart]:
    """What the latest staging steps did, for all tables."""
    return [
        part
        for table in workspace.staging_tables
        for part in load_staging_report(workspace.staging_report_file(table))
    ]
