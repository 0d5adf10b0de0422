"""Every publisher's object that a release is made from, and how each dataset stands."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from beacon.ingest.stage import StagedPart
from beacon.workspace import Workspace


def inputs_in_use(workspace: Workspace, parts: Iterable[StagedPart]) -> list[dict[str, Any]]:
    """Every publisher's object that the marts are made from, with its licence, by name."""
    rows = []
    for part in parts:
        if part.in_use is None:
            continue
        source = workspace.register.datasets[part.key].source
        rows.append(
            {
                "name": part.name,
                "sha256": part.in_use.sha256,
                "file": part.in_use.file,
                "original_name": part.in_use.original_name,
                "origin": part.in_use.origin,
                "vintage": part.in_use.vintage,
                "size_bytes": part.in_use.size_bytes,
                "rows": part.rows,
                "publisher": source.publisher,
                "licence": source.licence,
                "attribution": source.attribution,
                "last_good_kept": part.is_last_good,
            }
        )
    return sorted(rows, key=lambda row: str(row["name"]))


def staged_part_rows(parts: Iterable[StagedPart]) -> list[tuple[Any, ...]]:
    """How each dataset part stands, as rows of `registry.staged_part`."""
    return [_status_row(part) for part in parts]


def _status_row(part: StagedPart) -> tuple[Any, ...]:
    landed = part.in_use
    if part.problems:
        status = "refused_last_good_in_use" if landed else "refused"
    elif part.status == "absent":
        status = "not_supplied_last_good_in_use" if landed else "not_supplied"
    else:
        status = "in_use"
    return (
        part.key,
        part.name.removeprefix(part.key).lstrip("/"),
        landed.vintage if landed else None,
        status,
        part.rows if landed else None,
        landed.sha256 if landed else None,
        landed.original_name if landed else None,
        landed.origin if landed else None,
        landed.size_bytes if landed else None,
        "; ".join(str(problem) for problem in part.problems) or None,
    )
