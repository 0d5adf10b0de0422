"""The manifest: what a release is made of, so that anyone can check it or make it again."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from beacon.core.version import installed_version
from beacon.release import CONTRACT_VERSION
from beacon.release.fingerprint import code_digest
from beacon.release.parquet import WrittenMart
from beacon.workspace import Workspace

FICTIONAL_NOTICE = (
    "FICTIONAL SAMPLE. Every place, person and number in this release is invented. "
    "Do not use it for any decision."
)


def build_manifest(
    workspace: Workspace,
    *,
    label: str,
    marts: list[WrittenMart],
    checks: list[dict[str, Any]],
    inputs: list[dict[str, Any]],
    git_commit: str,
    fingerprint: str,
    files: dict[str, str],
) -> dict[str, Any]:
    """The manifest of a release.

    Args:
        workspace: The run's settings and registers.
        label: The release's label.
        marts: The marts as written.
        checks: Results of every check: table, name, severity, passed, message.
        inputs: Every publisher's object in use: name, sha256, origin, vintage, licence.
        git_commit: Commit of the code.
        fingerprint: Hash of all that decides its content (`build_fingerprint`).
        files: SHA-256 of every other file of the release, by relative path.
    """
    footprint = workspace.footprint
    fictional = workspace.is_fictional
    outcome: dict[str, dict[str, int]] = {}
    for check in checks:
        counts = outcome.setdefault(check["severity"], {"passed": 0, "failed": 0})
        counts["passed" if check["passed"] else "failed"] += 1
    return {
        "release": label,
        "contract_version": CONTRACT_VERSION,
        "fictional": fictional,
        "notice": FICTIONAL_NOTICE if fictional else None,
        "mode": workspace.settings.inputs,
        **({"as_of": workspace.as_of.isoformat()} if workspace.as_of else {}),
        "footprint": {
            "id": footprint.id,
            "name": footprint.name,
            "nation": footprint.nation.code,
            "icb": footprint.icb.code,
            "places": list(footprint.place_codes),
        },
        "code": {
            "version": installed_version(),
            "git_commit": git_commit,
            "code_sha256": code_digest(),
        },
        "build_fingerprint": fingerprint,
        "inputs": inputs,
        "marts": [
            {
                **asdict(mart),
                "columns": [
                    {"name": column.name, "type": column.type, "unit": column.unit}
                    for column in workspace.contracts[f"marts.{mart.name}"].columns
                ],
            }
            for mart in marts
        ],
        "files": files,
        "checks": {
            "by_severity": outcome,
            "failed": [check for check in checks if not check["passed"]],
        },
    }
