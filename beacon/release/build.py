"""Building a release beside the published ones, and publishing it in one step.

What belongs here: the order of writing, flushing, renaming and pointing. What does not: the
content of any file (`parquet`, `manifest`, `catalogue`).
"""

from __future__ import annotations

import hashlib
import os
import shutil
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from beacon.contracts import datapackage_resource
from beacon.errors import PublicationBlockedError
from beacon.files import canonical_json, fsync_directory, sha256_of
from beacon.release import layout
from beacon.release.catalogue import views_sql, write_catalogue
from beacon.release.layout import Release
from beacon.release.manifest import build_manifest
from beacon.release.parquet import WrittenMart, write_mart
from beacon.warehouse import Warehouse

# A mart that records what a run saw rather than what the data say does not make a new release.
NOT_COMPARED = frozenset({"source_status"})

Extra = Callable[[Path, str], None]


@dataclass(frozen=True)
class Publication:
    """What publishing came to.

    Attributes:
        status: published, or unchanged where the content equals the current release's.
        release: The release that is now current.
        previous: The release that was current before.
    """

    status: str
    release: Release
    previous: Release | None


def publish_release(
    warehouse: Warehouse,
    marts: list[str],
    *,
    checks: list[dict[str, Any]],
    inputs: list[dict[str, Any]],
    run_record: dict[str, Any],
    extras: tuple[Extra, ...] = (),
) -> Publication:
    """Write all marts as one release and make it current.

    Everything is written in a directory of its own, flushed, and renamed; the pointer moves last.
    A failure at any instant leaves the current release current.

    Raises:
        PublicationBlockedError: When a critical check failed, or a fictional release would take
            the place of an official one.
    """
    home = warehouse.workspace.home
    previous = layout.latest_release(home)
    _refuse_if_blocked(warehouse, checks, previous)
    for leftover in layout.unfinished_builds(home):
        shutil.rmtree(leftover, ignore_errors=True)
    label = layout.next_label(home)
    building = home.releases / f".{label}.{uuid.uuid4().hex}.building"
    building.mkdir(parents=True)
    try:
        written = [
            write_mart(
                warehouse.con,
                warehouse.workspace.contracts[f"marts.{mart}"],
                building,
                label,
                git_commit(),
            )
            for mart in marts
        ]
        if previous is not None and _says_the_same(written, previous):
            return Publication("unchanged", previous, previous)
        _write_companions(warehouse, building, written)
        for extra in extras:
            extra(building, label)
        manifest = build_manifest(
            warehouse.workspace,
            label=label,
            marts=written,
            checks=checks,
            inputs=inputs,
            git_commit=git_commit(),
            files=_hashes(building, {mart.file for mart in written}),
        )
        _write(building / layout.MANIFEST, canonical_json(manifest))
        _write(building / layout.RUN_RECORD, canonical_json(run_record))
        _write_checksums(building)
        _flush(building)
        release = Release(label, home.releases / label)
        building.replace(release.path)
        fsync_directory(home.releases)
        manifest_sha256 = sha256_of(release.path / layout.MANIFEST)
        layout.point_to(home, release, manifest_sha256)
        write_catalogue(home, release)
        return Publication("published", release, previous)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _refuse_if_blocked(
    warehouse: Warehouse, checks: list[dict[str, Any]], previous: Release | None
) -> None:
    failed = [check for check in checks if not check["passed"] and check["severity"] == "critical"]
    if failed:
        raise PublicationBlockedError(
            "The release was not published: "
            + " ".join(f"{check['table']}: {check['message']}" for check in failed[:5])
        )
    fictional = warehouse.workspace.settings.is_fictional
    if fictional and previous is not None and not previous.manifest["fictional"]:
        raise PublicationBlockedError(
            f"The home {warehouse.workspace.home.root} holds official releases; fictional ones "
            "may not take their place. Give the sample a home of its own with --home."
        )


def _says_the_same(written: list[WrittenMart], previous: Release) -> bool:
    before = {mart["name"]: mart["content_sha256"] for mart in previous.manifest["marts"]}
    now = {mart.name: mart.content_sha256 for mart in written}
    return {name: now[name] for name in now if name not in NOT_COMPARED} == {
        name: before[name] for name in before if name not in NOT_COMPARED
    }


def _write_companions(warehouse: Warehouse, building: Path, written: list[WrittenMart]) -> None:
    contracts = [warehouse.workspace.contracts[f"marts.{mart.name}"] for mart in written]
    _write(building / layout.VIEWS, views_sql(contracts))
    package = {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "beacon",
        "title": f"Beacon: {warehouse.workspace.footprint.name}",
        "resources": [datapackage_resource(contract) for contract in contracts],
    }
    _write(building / layout.DATAPACKAGE, canonical_json(package))


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _hashes(building: Path, known: set[str]) -> dict[str, str]:
    return {
        path.relative_to(building).as_posix(): sha256_of(path)
        for path in sorted(building.rglob("*"))
        if path.is_file() and path.name not in known
    }


def _write_checksums(building: Path) -> None:
    lines = [
        f"{sha256_of(path)}  {path.relative_to(building).as_posix()}\n"
        for path in sorted(building.rglob("*"))
        if path.is_file()
    ]
    _write(building / layout.CHECKSUMS, "".join(lines))


def _flush(building: Path) -> None:
    for path in sorted(building.rglob("*")):
        if path.is_file():
            path.chmod(0o444)
            with path.open("rb") as stream:
                os.fsync(stream.fileno())
    for folder in [*(path for path in building.rglob("*") if path.is_dir()), building]:
        fsync_directory(folder)


def git_commit() -> str:
    """The commit of the checkout that runs, or "unknown" outside one."""
    root = Path(__file__).resolve().parents[2]
    git = root / ".git"
    head = git / "HEAD"
    if not head.is_file():
        return "unknown"
    text = head.read_text().strip()
    if not text.startswith("ref: "):
        return text
    name = text.removeprefix("ref: ")
    if (git / name).is_file():
        return (git / name).read_text().strip()
    packed = git / "packed-refs"
    if packed.is_file():
        for line in packed.read_text().splitlines():
            if line.endswith(f" {name}"):
                return line.split()[0]
    return "unknown"


def short_hash(text: str) -> str:
    """A short, stable token of a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]
