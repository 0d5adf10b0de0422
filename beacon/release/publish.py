"""The publishing step: the marts as they stand, as one release."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from beacon.checks.check_step import kept_checks
from beacon.contracts.sql_files import mart_names
from beacon.core.errors import PublicationBlockedError
from beacon.core.logs import step
from beacon.core.progress import report
from beacon.ingest.landing_store import LandingStore
from beacon.ingest.stage import StagedPart
from beacon.release.build import MakePages, Publication, publish_release, recover
from beacon.release.fingerprint import build_fingerprint, remember_build
from beacon.release.inputs_in_use import inputs_in_use
from beacon.warehouse.connection import Warehouse
from beacon.warehouse.staging import staged_parts
from beacon.workspace import Workspace


@dataclass(frozen=True)
class RunStart:
    """Which run makes a release, for the release's own record.

    Attributes:
        run_id: The orchestrator's id.
        started_at: When it began.
    """

    run_id: str = "none"
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))


def publish(
    warehouse: Warehouse,
    start: RunStart,
    *,
    make_pages: MakePages | None = None,
    label: str | None = None,
    guarded: bool = True,
    run_record: dict[str, Any] | None = None,
    store: LandingStore | None = None,
) -> Publication:
    """Publish the marts as they stand in the working database.

    Args:
        warehouse: The open working database.
        start: The run.
        make_pages: Makes the site; a release may go without.
        label: The release's label; the next free one of the day by default.
        guarded: Whether a revision beyond tolerance waits for approval.
        run_record: What the release says of its run, where that is not this one.
        store: Where the bytes are; the home's landing store by default.

    Raises:
        PublicationBlockedError: When nothing may be published, and why.
        ApprovalNeededError: When a person has to approve it first.
    """
    workspace = warehouse.workspace
    report("publishing")
    recover(workspace.home)
    parts = staged_parts(workspace)
    _refuse_without_required(workspace, parts)
    fingerprint = build_fingerprint(workspace, store or LandingStore(workspace.home.landing))
    with step("release", asset="release/release") as details:
        publication = publish_release(
            warehouse,
            mart_names(),
            checks=kept_checks(workspace),
            inputs=inputs_in_use(workspace, parts),
            run_record=run_record or _run_record(start, parts),
            fingerprint=fingerprint,
            make_pages=make_pages,
            label=label,
            needs_approval=guarded,
        )
        details |= {"status": publication.status, "release": publication.release.label}
    remember_build(workspace.home, publication.release.label, fingerprint)
    return publication


def _refuse_without_required(workspace: Workspace, parts: list[StagedPart]) -> None:
    missing = [
        f"{part.name}: {'; '.join(map(str, part.problems)) or 'no file'}"
        for part in parts
        if part.in_use is None and workspace.register.datasets[part.key].dataset.required
    ]
    if missing:
        raise PublicationBlockedError(
            "Nothing was published: what no release can be made without is missing. "
            + " ".join(missing)
        )


def _run_record(start: RunStart, parts: list[StagedPart]) -> dict[str, Any]:
    return {
        "run_id": start.run_id,
        "started_at": start.started_at.isoformat(timespec="seconds"),
        "published_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "inputs_retrieved_at": {
            part.name: part.in_use.retrieved_at for part in parts if part.in_use
        },
    }
