"""Accepting a return into landing: its bytes, and who sent it, who approved it, when and for what.

An accepted return is `landing/local_return/<indicator>/<organisation>@<period>/<sha256>/<file>`,
as every landed object is, with the acceptance in its sidecar. Nothing is ever changed: a corrected
return is accepted beside the one it replaces, and the latest accepted is in use.
"""

from __future__ import annotations

import contextlib
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from beacon.core.errors import BeaconError
from beacon.core.files import read_json, sha256_of
from beacon.core.source_names import LOCAL_RETURN
from beacon.ingest.landing_store import LandedObject, LandingStore, landed_from_json
from beacon.registry.sources import Container
from beacon.returns.check import CheckedReturn, check_return
from beacon.returns.context import ReturnContext
from beacon.returns.faults import Fault, ReturnRefusedError
from beacon.sources.publishers.returned_tables import period_label


@dataclass(frozen=True)
class Acceptance:
    """What the sidecar of an accepted return says beyond that of other landed objects.

    Attributes:
        footprint: The system that it was accepted for.
        accepted_at: UTC, ISO 8601; tells a correction from what it replaces.
    """

    footprint: str
    indicator_id: int
    organisation_code: str
    organisation_name: str
    period_start: str
    period_end: str
    return_id: str
    definition_version: str
    local_area_definition: str
    submitted_by_role: str
    submitted_at: str
    approved_by_role: str
    accepted_at: str
    rows: int

    @property
    def period(self) -> str:
        """The period as people write it."""
        start, end = (date.fromisoformat(day) for day in (self.period_start, self.period_end))
        return period_label(start, end)


@dataclass(frozen=True)
class AcceptedReturn:
    """A return as it is kept."""

    landed: LandedObject
    acceptance: Acceptance
    is_new: bool = False

    @property
    def stands_for(self) -> tuple[int, str, str, str]:
        """Indicator, organisation and period: of these, one return is in use."""
        item = self.acceptance
        return (item.indicator_id, item.organisation_code, item.period_start, item.period_end)


def accept_return(
    path: Path, context: ReturnContext, store: LandingStore, *, now: datetime | None = None
) -> tuple[AcceptedReturn, tuple[Fault, ...]]:
    """Check a return and keep it. A return with any fault changes nothing.

    The caller keeps other runs off the home (`home_lock`) while this runs.

    Args:
        path: The filled-in return.
        context: What it is checked against.
        store: Where it is kept.
        now: When it is accepted; the present by default.

    Returns:
        The accepted return, and what its sender should know.

    Raises:
        ReturnRefusedError: With every fault, where it cannot be accepted, or with one where a
            later return has replaced these same bytes.
    """
    digest = sha256_of(path) if path.is_file() else None
    checked = check_return(path, context)
    if not checked.is_good or checked.kind is None:
        raise ReturnRefusedError(checked.faults)
    acceptance = _acceptance(checked, context, now or datetime.now(UTC))
    fictional = context.footprint.fictional
    for known in accepted_returns(store, context, superseded=True):
        if known.landed.sha256 != digest:
            continue
        _refuse_if_replaced(path, known, store, context)
        return AcceptedReturn(known.landed, known.acceptance), checked.notices
    container: Container = "csv" if path.read_bytes()[:2] != b"PK" else "xlsx"
    landed = store.store(
        path,
        checked.kind.spec,
        part=f"{acceptance.organisation_code}@{_in_a_path(acceptance.period)}",
        members=(),
        container=container,
        origin=f"{acceptance.submitted_by_role} of {acceptance.organisation_name}",
        retrieved_at=acceptance.accepted_at,
        fictional=fictional,
        sha256=digest,
        details={"acceptance": asdict(acceptance)},
    )
    return AcceptedReturn(landed, acceptance, is_new=True), checked.notices


def accepted_returns(
    store: LandingStore, context: ReturnContext, *, superseded: bool = False
) -> list[AcceptedReturn]:
    """The returns accepted for a footprint, by indicator, organisation and period.

    Args:
        store: Where they are kept.
        context: Whose footprint they were accepted for.
        superseded: Those that a later one has replaced too.
    """
    found: list[AcceptedReturn] = []
    for sidecar in sorted((store.directory / LOCAL_RETURN).glob("*/*/*/*.landing.json")):
        record = read_json(sidecar) or {}
        accepted = _accepted(record)
        if accepted is None or accepted.acceptance.footprint != context.footprint.id:
            continue
        if accepted.landed.fictional == context.footprint.fictional:
            found.append(accepted)
    found.sort(key=lambda item: (item.stands_for, item.acceptance.accepted_at, item.landed.sha256))
    if superseded:
        return found
    return list({item.stands_for: item for item in found}.values())


def _accepted(record: dict[str, Any]) -> AcceptedReturn | None:
    details = (record.get("details") or {}).get("acceptance")
    if details is None:
        return None
    with contextlib.suppress(TypeError):
        return AcceptedReturn(landed_from_json(record), Acceptance(**details))
    raise BeaconError(
        f"The record of the accepted return {record.get('file')} cannot be read. It was written by "
        "another version of Beacon; accept the return again."
    )


def _refuse_if_replaced(
    path: Path, known: AcceptedReturn, store: LandingStore, context: ReturnContext
) -> None:
    in_use = {item.stands_for: item for item in accepted_returns(store, context)}
    latest = in_use[known.stands_for]
    if latest.landed.sha256 != known.landed.sha256:
        raise ReturnRefusedError(
            [
                Fault(
                    path.name,
                    f"this file was accepted on {known.acceptance.accepted_at} and replaced on "
                    f"{latest.acceptance.accepted_at} by {latest.landed.original_name}.",
                    "To go back to it, send it again under a return_id of its own.",
                )
            ]
        )


def _acceptance(checked: CheckedReturn, context: ReturnContext, now: datetime) -> Acceptance:
    first = checked.rows[0]
    texts = (
        "organisation_code", "organisation_name", "period_start", "period_end", "return_id",
        "definition_version", "local_area_definition", "submitted_by_role", "submitted_at",
        "approved_by_role",
    )  # fmt: skip
    return Acceptance(
        footprint=context.footprint.id,
        indicator_id=first["indicator_id"],
        accepted_at=now.isoformat(timespec="microseconds"),
        rows=len(checked.rows),
        **{name: str(first[name]) for name in texts},
    )


def _in_a_path(period: str) -> str:
    return period.replace("/", "-").replace(" ", "_")
