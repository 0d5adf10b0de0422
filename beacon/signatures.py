"""Signatures under definitions: who checked which, and whether it is still the same definition.

They are kept in the home, beside the approvals of releases: those who run Beacon sign, and the
registry of an installed package cannot be written. A signature holds the hash of the definition, so
that a definition that changes awaits a new one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from beacon.core.clock import now
from beacon.core.errors import BeaconError
from beacon.core.files import read_json, write_json
from beacon.core.home import Home

if TYPE_CHECKING:
    from beacon.registry import Indicator

SIGNATURES = ".signatures.json"
_NOT_SIGNED = {"checked_by", "next_review", "owner"}
_LONGEST_NAME = 100


@dataclass(frozen=True)
class Signature:
    """One person's word that a definition is right.

    Attributes:
        by: Who, as they write themselves.
        signed_at: UTC, ISO 8601.
        definition_sha256: Hash of what was signed.
    """

    by: str
    signed_at: str
    definition_sha256: str


def definition_sha256(indicator: Indicator) -> str:
    """A hash of all that a signature stands for: everything but who looks after it, and when."""
    return hashlib.sha256(indicator.model_dump_json(exclude=_NOT_SIGNED).encode()).hexdigest()


def load_signatures(home: Home) -> dict[str, Signature]:
    """The signatures of a home by indicator, whether they still hold or not.

    Raises:
        BeaconError: When the record cannot be read.
    """
    path = home.releases / SIGNATURES
    record = read_json(path) or {}
    try:
        return {slug: Signature(**one) for slug, one in record.items()}
    except (AttributeError, TypeError) as error:
        raise BeaconError(
            f"{path} cannot be read. Restore it from a backup, or delete it and sign again."
        ) from error


def sign(home: Home, indicator: Indicator, by: str) -> Signature:
    """Record that somebody checked a definition; one signature is kept for each.

    The caller keeps runs off the home (`home_lock`) while this runs.

    Raises:
        BeaconError: When the name is empty, too long or no text.
    """
    name = " ".join(by.split())
    if not name or len(name) > _LONGEST_NAME or re.search(r"[\x00-\x1f\x7f]", name):
        raise BeaconError(
            f"Give --by the name of who checked it, of 1 to {_LONGEST_NAME} characters."
        )
    signature = Signature(name, now().isoformat(timespec="seconds"), definition_sha256(indicator))
    signatures = {**load_signatures(home), indicator.slug: signature}
    home.releases.mkdir(parents=True, exist_ok=True)
    write_json(
        home.releases / SIGNATURES, {slug: asdict(signatures[slug]) for slug in sorted(signatures)}
    )
    return signature


def with_signatures(indicators: Mapping[str, Indicator], home: Home) -> dict[str, Indicator]:
    """The indicators, those with a signature under their present definition as checked by it.

    Where the record cannot be read, nothing counts as signed: a run goes on, and `beacon status`
    names the file and what brings it back.
    """
    try:
        signatures = load_signatures(home)
    except (BeaconError, OSError):
        return dict(indicators)
    return {
        slug: indicator.model_copy(update={"checked_by": signatures[slug].by})
        if slug in signatures and signatures[slug].definition_sha256 == definition_sha256(indicator)
        else indicator
        for slug, indicator in indicators.items()
    }
