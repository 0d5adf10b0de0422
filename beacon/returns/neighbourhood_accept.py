"""Accepting a return of a neighbourhood programme into landing, beside what it replaces.

An accepted return is `landing/neighbourhood_return/<form>/<organisation>@<period>/<sha256>/<file>`,
with who submitted and approved it in its sidecar. Nothing is ever changed; of one form,
organisation and period the latest accepted is in use.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from beacon.core.errors import BeaconError
from beacon.core.files import read_json, sha256_of
from beacon.core.source_names import NEIGHBOURHOOD_RETURN
from beacon.ingest.landing_store import LandedObject, LandingStore, landed_from_json
from beacon.registry.sources import Container, DatasetSpec, load_source_register
from beacon.returns.faults import Fault, ReturnRefusedError
from beacon.returns.neighbourhood_check import (
    CheckedNeighbourhoodReturn,
    check_neighbourhood_return,
)
from beacon.returns.neighbourhood_context import NeighbourhoodContext

DATASET = f"{NEIGHBOURHOOD_RETURN}/accepted"
"""The dataset that accepted returns become together."""


@dataclass(frozen=True)
class NeighbourhoodAcceptance:
    """What the sidecar of an accepted return says beyond that of other landed objects."""

    footprint: str
    form_id: str
    definition_version: str
    organisation_code: str
    organisation_name: str
    period: str
    period_start: str
    period_end: str
    return_id: str
    submitted_by_role: str
    approved_by_role: str
    accepted_at: str
    rows: int


@dataclass(frozen=True)
class AcceptedNeighbourhoodReturn:
    """A return as it is kept."""

    landed: LandedObject
    acceptance: NeighbourhoodAcceptance
    is_new: bool = False

    @property
    def stands_for(self) -> tuple[str, str, str]:
        """Form, period and organisation: of these, one return is in use."""
        item = self.acceptance
        return (item.form_id, item.period_start, item.organisation_code)


def accept_neighbourhood_return(
    path: Path,
    context: NeighbourhoodContext,
    store: LandingStore,
    *,
    now: datetime | None = None,
) -> tuple[AcceptedNeighbourhoodReturn, tuple[Fault, ...]]:
    """Check a return and keep it. A return with any fault changes nothing.

    The caller keeps other runs off the home (`home_lock`) while this runs.

    Returns:
        The accepted return, and what its sender should know.

    Raises:
        ReturnRefusedError: With every fault, where it cannot be accepted.
    """
    checked = check_neighbourhood_return(path, context)
    if checked.faults or checked.form is None:
        raise ReturnRefusedError(checked.faults)
    acceptance = _acceptance(checked, context, now or datetime.now(UTC))
    digest = sha256_of(path)
    before = accepted_neighbourhood_returns(store, context)
    in_use = {one.stands_for: one for one in before}
    for known in before:
        if known.landed.sha256 == digest:
            if in_use[known.stands_for] is known:
                return AcceptedNeighbourhoodReturn(known.landed, known.acceptance), checked.notices
            raise ReturnRefusedError([_replaced(path, known)])
    _refuse_foreign_areas(checked, context, store, acceptance, in_use)
    container: Container = "csv" if path.read_bytes()[:2] != b"PK" else "xlsx"
    landed = store.store(
        path,
        _spec(acceptance.form_id),
        part=f"{acceptance.organisation_code}@{re.sub('[/ ]', '-', acceptance.period)}",
        members=(),
        container=container,
        origin=f"{acceptance.submitted_by_role} of {acceptance.organisation_name}",
        retrieved_at=acceptance.accepted_at,
        fictional=context.footprint.fictional,
        sha256=digest,
        details={"neighbourhood_acceptance": asdict(acceptance)},
    )
    return AcceptedNeighbourhoodReturn(landed, acceptance, is_new=True), checked.notices


def accepted_neighbourhood_returns(
    store: LandingStore, context: NeighbourhoodContext
) -> list[AcceptedNeighbourhoodReturn]:
    """All returns accepted for a footprint, replaced ones too, in the order of acceptance."""
    found: list[AcceptedNeighbourhoodReturn] = []
    for sidecar in sorted((store.directory / NEIGHBOURHOOD_RETURN).glob("*/*/*/*.landing.json")):
        record = read_json(sidecar) or {}
        details = (record.get("details") or {}).get("neighbourhood_acceptance")
        if details is None:
            continue
        accepted: AcceptedNeighbourhoodReturn | None = None
        with contextlib.suppress(TypeError):
            accepted = AcceptedNeighbourhoodReturn(
                landed_from_json(record), NeighbourhoodAcceptance(**details)
            )
        if accepted is None:
            raise BeaconError(
                f"The record of the accepted return {record.get('file')} cannot be read. It was "
                "written by another version of Beacon; accept the return again."
            )
        own = accepted.acceptance.footprint == context.footprint.id
        if own and accepted.landed.fictional == context.footprint.fictional:
            found.append(accepted)
    return sorted(found, key=lambda one: (one.acceptance.accepted_at, one.landed.sha256))


def _spec(form: str) -> DatasetSpec:
    """The dataset of accepted returns, under the form's own name in landing."""
    spec = load_source_register().datasets[DATASET]
    return spec.model_copy(update={"dataset": spec.dataset.model_copy(update={"id": form})})


def _replaced(path: Path, known: AcceptedNeighbourhoodReturn) -> Fault:
    return Fault(
        path.name,
        f"this file was accepted on {known.acceptance.accepted_at} and replaced since.",
        "To go back to it, send it again under a return_id of its own.",
    )


def _refuse_foreign_areas(
    checked: CheckedNeighbourhoodReturn,
    context: NeighbourhoodContext,
    store: LandingStore,
    acceptance: NeighbourhoodAcceptance,
    in_use: dict[tuple[str, str, str], AcceptedNeighbourhoodReturn],
) -> None:
    """An area is returned by one organisation: there is no telling whom of two to believe."""
    others: dict[tuple[str, str], str] = {}
    for one in in_use.values():
        other = one.acceptance
        alike = (other.form_id, other.period_start) == (acceptance.form_id, acceptance.period_start)
        if alike and other.organisation_code != acceptance.organisation_code:
            rows = check_neighbourhood_return(store.path_of(one.landed), context).rows
            others |= {(r["area_kind"], r["area_code"]): other.organisation_name for r in rows}
    areas = sorted({(row["area_kind"], row["area_code"]) for row in checked.rows} & set(others))
    if areas:
        raise ReturnRefusedError(
            [
                Fault(
                    checked.path.name,
                    f"{kind} {code} was returned for this period by {others[kind, code]}.",
                    "Agree who returns it; the other sends a return without it.",
                    column="area_code",
                )
                for kind, code in areas
            ]
        )


def _acceptance(
    checked: CheckedNeighbourhoodReturn, context: NeighbourhoodContext, now: datetime
) -> NeighbourhoodAcceptance:
    first = checked.rows[0]
    texts = (
        "form_id", "definition_version", "organisation_code", "organisation_name", "period_start",
        "period_end", "return_id", "submitted_by_role", "approved_by_role",
    )  # fmt: skip
    return NeighbourhoodAcceptance(
        footprint=context.footprint.id,
        period=checked.period.label,
        accepted_at=now.isoformat(timespec="microseconds"),
        rows=len(checked.rows),
        **{name: str(first[name]) for name in texts},
    )
