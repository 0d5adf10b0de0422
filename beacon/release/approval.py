"""Revisions that a person must agree to before they are published.

A release is held where it changes published values beyond tolerance, where it says what was rolled
back from, and where small counts of people are at stake: figures that are shown would be withheld,
or withheld ones could be worked out.

A held release leaves `releases/.held.json`. `beacon approve` writes the hash of exactly that
content to `releases/.approvals.json`; another content needs another yes. Without it the next night
would publish again what was rolled back from.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from beacon.core.errors import BeaconError, PublicationBlockedError
from beacon.core.files import read_json, write_json
from beacon.core.home import Home
from beacon.core.source_names import LOCAL_RETURN
from beacon.release.layout import Release

if TYPE_CHECKING:
    from beacon.warehouse.connection import Warehouse

HELD = ".held.json"
APPROVALS = ".approvals.json"
WITHDRAWN = ".withdrawn.json"

_EXAMPLES = 20


class ApprovalNeededError(PublicationBlockedError):
    """The release is sound but changes published values by more than is allowed unseen."""


def refuse_unless_approved(
    warehouse: Warehouse,
    content: str,
    label: str,
    previous: Release | None,
    told: Sequence[str] = (),
) -> dict[str, Any] | None:
    """Hold a release that changes published values beyond tolerance, or that was withdrawn.

    One in which figures of returns that are shown would be withheld is held too: what protected
    small counts so far does so no longer.

    Args:
        warehouse: Holds `marts.change` where that mart is made.
        content: Hash of what the release says.
        label: Label that the release would have.
        previous: The current release.
        told: What else speaks against it: small counts that it would tell.

    Returns:
        The approval that lets it through, or None where none was needed.

    Raises:
        ApprovalNeededError: Until `beacon approve`.
    """
    home = warehouse.workspace.home
    withdrawn = (read_json(home.releases / WITHDRAWN) or {}).get(content)
    beyond = _beyond_tolerance(warehouse) if previous is not None else []
    gone = _no_longer_shown(warehouse) if previous is not None else []
    if not beyond and not gone and not told and withdrawn is None:
        (home.releases / HELD).unlink(missing_ok=True)
        return None
    approval: dict[str, Any] | None = (read_json(home.releases / APPROVALS) or {}).get(content)
    if approval is not None:
        (home.releases / HELD).unlink(missing_ok=True)
        return approval
    reasons = []
    if withdrawn is not None:
        reasons.append(f"it says the same as {withdrawn['release']}, which was rolled back from")
    if beyond:
        reasons.append(f"{len(beyond)} published values change by more than their indicators allow")
    if gone:
        reasons.append(
            f"{len(gone)} figures of returns that are shown now would be withheld, since small "
            "counts would follow from them"
        )
    reasons += told
    changes = [*beyond, *(row for row in gone if row not in beyond)]
    write_json(
        home.releases / HELD,
        {
            "content": content,
            "held_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "previous": previous.label if previous else None,
            "reasons": reasons,
            "changes": len(changes),
            "examples": changes[:_EXAMPLES],
        },
    )
    raise ApprovalNeededError(
        f"{label} was held back: {'; '.join(reasons)}. The last release stays current. "
        "`beacon approve` shows what would change; `beacon approve --yes --by NAME` lets it "
        "through at the next run."
    )


_CHANGES = """
select indicator_slug, measure, area_code, area_name, period, sex, age, category, previous_value,
    value, reason
from marts.change
"""


def _beyond_tolerance(warehouse: Warehouse) -> list[dict[str, Any]]:
    return _changes(warehouse, f"{_CHANGES} where beyond_tolerance order by all", {})


def _no_longer_shown(warehouse: Warehouse) -> list[dict[str, Any]]:
    gone = "previous_value is not null and value_status = 'suppressed' and source = $source"
    return _changes(warehouse, f"{_CHANGES} where {gone} order by all", {"source": LOCAL_RETURN})


def _changes(warehouse: Warehouse, sql: str, values: dict[str, Any]) -> list[dict[str, Any]]:
    con = warehouse.con
    made = con.execute(
        "select count(*) from duckdb_tables() where schema_name = 'marts' and table_name = 'change'"
    ).fetchone()
    if not made or not made[0]:
        return []
    cursor = con.execute(sql, values)
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def held_release(home: Home) -> dict[str, Any] | None:
    """What is waiting for a yes, or None."""
    held: dict[str, Any] | None = read_json(home.releases / HELD)
    return held


def approve(home: Home, *, by: str, reason: str) -> dict[str, Any]:
    """Agree to exactly the content that was held back; the next run publishes it.

    Raises:
        BeaconError: When nothing is waiting.
    """
    held = held_release(home)
    if held is None:
        raise BeaconError("Nothing is waiting for approval.")
    approvals = read_json(home.releases / APPROVALS) or {}
    approvals[held["content"]] = {
        "by": by,
        "reason": reason,
        "approved_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "changes": held["changes"],
        "over": held["previous"],
    }
    write_json(home.releases / APPROVALS, approvals)
    return held


def withdraw(home: Home, release: Release, content: str) -> None:
    """Remember that a release was rolled back from; an earlier approval of it no longer counts."""
    withdrawn = read_json(home.releases / WITHDRAWN) or {}
    withdrawn[content] = {
        "release": release.label,
        "withdrawn_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    write_json(home.releases / WITHDRAWN, withdrawn)
    approvals = read_json(home.releases / APPROVALS) or {}
    if approvals.pop(content, None) is not None:
        write_json(home.releases / APPROVALS, approvals)


def reinstate(home: Home, content: str) -> None:
    """Forget that a content was withdrawn: a person has made it current again."""
    withdrawn = read_json(home.releases / WITHDRAWN) or {}
    if withdrawn.pop(content, None) is not None:
        write_json(home.releases / WITHDRAWN, withdrawn)
