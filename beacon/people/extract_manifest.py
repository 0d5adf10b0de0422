"""`extract.json`: who answers for an extract, on what basis, and how much is in it.

What belongs here: its fields and what is refused of them. What does not: the tables.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, ValidationError

from beacon.core.errors import InputRefusedError, Problem

MANIFEST_NAME = "extract.json"
_Said = Annotated[str, Field(min_length=3, max_length=400)]
_REMEDY = "Ask the supplier for a complete extract.json; nothing of the extract was read."


class ExtractManifest(BaseModel):
    """What an extract says of itself; a field that is missing refuses it.

    Attributes:
        supplier: Organisation that made the extract.
        controller: Data controller.
        purpose: What the data may be used for.
        legal_basis: Basis in law.
        dpia_reference: The data protection impact assessment.
        sharing_agreement_reference: The data sharing agreement.
        opt_out_applied: Whether people with a national data opt-out were taken out.
        as_at: Day that the extract describes.
        row_counts: Rows of each table, as the supplier counted them.
        code_edition: Edition of the reference sets by which codes were put into clusters.
        clusters: Clusters of codes that were asked for, also those of which nobody had an entry.
        retain_until: Day on which the extract must be deleted.
        fictional: True of a sample.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    supplier: _Said
    controller: _Said
    purpose: Literal["secondary use", "direct care"]
    legal_basis: _Said
    dpia_reference: _Said
    sharing_agreement_reference: _Said
    opt_out_applied: Literal["yes", "no", "not required"]
    as_at: date
    row_counts: dict[str, Annotated[int, Field(ge=0)]]
    code_edition: _Said
    clusters: tuple[Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")], ...]
    retain_until: date
    fictional: StrictBool


def as_at_of(folder: Path) -> str | None:
    """The as-at date that a delivery's manifest states, unjudged; None where it states none."""
    try:
        return str(json.loads((folder / MANIFEST_NAME).read_text(encoding="utf-8"))["as_at"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def read_manifest(folder: Path, *, today: date, fictional: bool) -> ExtractManifest:
    """Read and judge the manifest of an extract.

    Args:
        folder: The extract.
        today: The day on which it is read.
        fictional: Whether this home is fictional; a sample and real persons never meet.

    Raises:
        InputRefusedError: Naming every field that is missing or wrong, and every rule broken.
    """
    path = folder / MANIFEST_NAME
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputRefusedError(
            [Problem(MANIFEST_NAME, "the extract has no such file.", remedy=_REMEDY)]
        ) from None
    except (OSError, ValueError):
        raise InputRefusedError(
            [Problem(MANIFEST_NAME, "cannot be read as JSON.", remedy=_REMEDY)]
        ) from None
    try:
        manifest = ExtractManifest.model_validate(raw)
    except ValidationError as error:
        raise InputRefusedError(
            Problem(
                MANIFEST_NAME,
                "is missing." if item["type"] == "missing" else f"{item['msg']}.",
                column=".".join(map(str, item["loc"])) or None,
                remedy=_REMEDY,
            )
            for item in error.errors(include_url=False, include_input=False, include_context=False)
        ) from None
    if problems := list(_broken_rules(manifest, today, fictional)):
        raise InputRefusedError(problems)
    return manifest


def _broken_rules(manifest: ExtractManifest, today: date, fictional: bool) -> list[Problem]:
    found = []

    def broken(column: str, message: str, remedy: str) -> None:
        found.append(Problem(MANIFEST_NAME, message, column=column, remedy=remedy))

    if manifest.purpose == "secondary use" and manifest.opt_out_applied == "no":
        broken(
            "opt_out_applied",
            "people who opted out are in an extract for secondary use.",
            "Ask the supplier to apply the national data opt-out.",
        )
    if manifest.as_at > today:
        broken("as_at", "is in the future.", "Ask the supplier which day the extract describes.")
    if manifest.retain_until < today:
        broken(
            "retain_until",
            "the day has passed on which this extract must be deleted.",
            "Delete the extract, or ask the controller for a longer retention.",
        )
    if manifest.fictional != fictional:
        kind = "fictional" if manifest.fictional else "of real people"
        broken(
            "fictional",
            f"the extract is {kind} and this home is not.",
            "Use a home of its own for the sample.",
        )
    return found
