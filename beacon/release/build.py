"""Building a release beside the published ones, and publishing it in one step."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal, Protocol

from beacon.contracts import Contract, datapackage_parquet, datapackage_resource
from beacon.core.errors import DamagedReleaseError, PublicationBlockedError
from beacon.core.files import canonical_json, fsync_directory, sha256_of, write_json
from beacon.core.home import Home
from beacon.core.progress import report
from beacon.release import layout
from beacon.release.approval import refuse_unless_approved
from beacon.release.catalogue import (
    catalogue_label,
    remove_temporary_catalogues,
    views_sql,
    write_catalogue,
)
from beacon.release.descriptions import write_descriptions
from beacon.release.layout import Release
from beacon.release.manifest import FICTIONAL_NOTICE, build_manifest
from beacon.release.parquet import WrittenMart, write_mart
from beacon.release.small_counts import small_counts_told
from beacon.release.verify import latest_intact
from beacon.release.workbook import CSV_FOLDER, write_csvs, write_workbook
from beacon.warehouse.connection import Warehouse

# A mart that records what a run saw rather than what the data say does not make a new release.
# What changed since the previous release follows from that release and this one.
NOT_COMPARED = frozenset({"source_status", "change"})


class MakePages(Protocol):
    """Makes the pages of a release in the making."""

    def __call__(
        self,
        release_dir: Path,
        out_dir: Path,
        *,
        manifest: dict[str, Any],
        run_record: dict[str, Any],
    ) -> object:
        """Write the pages of the marts in one directory to another."""


@dataclass(frozen=True)
class Publication:
    """What publishing came to.

    Attributes:
        status: published, or unchanged where the content equals the current release's.
        release: The release that is now current.
        previous: The release that was current before.
    """

    status: Literal["published", "unchanged"]
    release: Release
    previous: Release | None


def publish_release(
    warehouse: Warehouse,
    marts: list[str],
    *,
    checks: list[dict[str, Any]],
    inputs: list[dict[str, Any]],
    run_record: dict[str, Any],
    fingerprint: str,
    make_pages: MakePages | None = None,
    label: str | None = None,
    needs_approval: bool = True,
) -> Publication:
    """Write all marts as one release and make it current.

    Everything is written in a directory of its own, flushed, and renamed; the pointer moves last.
    A failure at any instant leaves the current release current.

    Args:
        warehouse: The working database.
        marts: Names of the marts.
        checks: Results of every check.
        inputs: Every publisher's object in use.
        run_record: When and by which run it is made.
        fingerprint: Hash of all that decides the content (`build_fingerprint`).
        make_pages: Makes the site; a release may go without.
        label: Its label; the next free one of the day by default.
        needs_approval: False where nothing takes the place of what people read.

    Raises:
        PublicationBlockedError: When a critical check failed, or a fictional release would take
            the place of an official one.
    """
    home = warehouse.workspace.home
    recover(home)
    current, previous = layout.latest_release(home), latest_intact(home)
    _refuse_if_blocked(warehouse, checks, previous)
    label = label or layout.next_label(home)
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
        if previous is not None and previous == current and _says_the_same(written, previous):
            return Publication("unchanged", previous, previous)
        content = content_digest({mart.name: mart.content_sha256 for mart in written})
        told = small_counts_told(warehouse, building, [_entry(mart) for mart in written], inputs)
        if told and not needs_approval:
            raise PublicationBlockedError(f"{label} was not published: {'; '.join(told)}.")
        approval = (
            refuse_unless_approved(warehouse, content, label, previous, told)
            if needs_approval
            else None
        )
        record = run_record if approval is None else {**run_record, "approval": approval}
        record = {**record, "previous": previous.label if previous else None}
        manifest = build_manifest(
            warehouse.workspace,
            label=label,
            marts=written,
            checks=checks,
            inputs=inputs,
            git_commit=git_commit(),
            fingerprint=fingerprint,
            files={},
        )
        _write_companions(warehouse, building, written, label, inputs)
        manifest["files"] = _hashes(building, {mart.file for mart in written})
        _write(building / layout.MANIFEST, canonical_json(manifest))
        if make_pages is not None:
            site = building / "site"
            make = partial(make_pages, building, site, manifest=manifest, run_record=record)
            record = {**record, "extras": {"pages": made_pages(site, make)}}
        _write(building / layout.RUN_RECORD, canonical_json(record))
        return Publication("published", put_in_place(home, building, label), previous)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _entry(mart: WrittenMart) -> dict[str, Any]:
    return {"name": mart.name, "file": mart.file}


def made_pages(site: Path, make: Callable[[], object]) -> str:
    """Make the pages of a release; say whether they could be made.

    Pages are no reason to hold back numbers: where they cannot be made the release goes without.

    Args:
        site: The directory of the pages, which is removed where they cannot be made.
        make: Makes them.
    """
    try:
        make()
    except Exception as error:  # noqa: BLE001 - whatever a chart meets, the numbers go out
        shutil.rmtree(site, ignore_errors=True)
        why = f"{type(error).__name__}: {error}"
        report(f"The pages could not be made ({why}). The release goes out without them.")
        return f"not made: {why}"
    return "made"


def put_in_place(home: Home, building: Path, label: str) -> Release:
    """Make a release that is written current, so that a crash at any instant leaves a whole one.

    Args:
        home: The home.
        building: The directory that it was written in.
        label: Its label.
    """
    write_hashes(building)
    seal(building)
    release = Release(label, home.releases / label)
    write_json(home.releases / layout.JOURNAL, {"release": label})
    building.replace(release.path)
    fsync_directory(home.releases)
    make_current(home, release)
    return release


def make_current(home: Home, release: Release) -> None:
    """Point to a release that is complete on disk, and let the analysts' database follow."""
    layout.point_to(home, release, sha256_of(release.path / layout.MANIFEST))
    (home.releases / layout.JOURNAL).unlink(missing_ok=True)
    write_catalogue(home, release)


def recover(home: Home) -> list[str]:
    """Clean up after a publication that was cut short at any instant; needs the home's lock.

    Removes unfinished builds and a release that was renamed but never pointed to, and lets the
    analysts' database follow the pointer.

    Returns:
        What was done, in words.
    """
    done = []
    for leftover in layout.unfinished_builds(home):
        shutil.rmtree(leftover, ignore_errors=True)
        done.append(f"removed the unfinished build {leftover.name}")
    label = layout.interrupted_label(home)
    if label is not None and layout.is_label(label) and (home.releases / label).is_dir():
        # Out of sight in one step, so that a crash here leaves an unfinished build.
        doomed = home.releases / f".{label}.{uuid.uuid4().hex}.building"
        (home.releases / label).replace(doomed)
        shutil.rmtree(doomed, ignore_errors=True)
        done.append(f"removed {label}, which had not become current")
    (home.releases / layout.JOURNAL).unlink(missing_ok=True)
    done += [f"removed {path.name}" for path in remove_temporary_catalogues(home)]
    current = layout.latest_release(home)
    if current is not None and catalogue_label(home) != current.label:
        # Over a damaged release it cannot be written: it follows the next one that is made current.
        with contextlib.suppress(DamagedReleaseError):
            write_catalogue(home, current)
            done.append(f"wrote {home.catalogue.name} again for {current.label}")
    return done


def _refuse_if_blocked(
    warehouse: Warehouse, checks: list[dict[str, Any]], previous: Release | None
) -> None:
    failed = [check for check in checks if not check["passed"] and check["severity"] == "critical"]
    if failed:
        raise PublicationBlockedError(
            "The release was not published: "
            + " ".join(f"{check['table']}: {check['message']}" for check in failed[:5])
        )
    fictional = warehouse.workspace.is_fictional
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


def content_digest(content_sha256: dict[str, str]) -> str:
    """One hash of what a release says, from the hashes of its marts' rows."""
    compared = sorted((n, h) for n, h in content_sha256.items() if n not in NOT_COMPARED)
    return hashlib.sha256(repr(compared).encode()).hexdigest()


def digest_of(release: Release) -> str:
    """The same hash of a published release."""
    return content_digest(
        {mart["name"]: mart["content_sha256"] for mart in release.manifest["marts"]}
    )


def _write_companions(
    warehouse: Warehouse,
    building: Path,
    written: list[WrittenMart],
    label: str,
    inputs: list[dict[str, Any]],
) -> None:
    contracts = [warehouse.workspace.contracts[f"marts.{mart.name}"] for mart in written]
    _write(building / layout.VIEWS, views_sql(contracts))
    write_csvs(building, contracts)
    fictional = warehouse.workspace.is_fictional
    package: dict[str, Any] = {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "beacon",
        "title": f"Beacon: {warehouse.workspace.footprint.name}",
        "description": FICTIONAL_NOTICE if fictional else "Core20 cohorts and Marmot beacons.",
        "version": label,
        "resources": [
            resource
            for contract, mart in zip(contracts, written, strict=True)
            for resource in _resources(building, contract, mart)
        ],
    }
    # Frictionless allows neither list to be empty.
    if licences := sorted({str(entry["licence"]) for entry in inputs}):
        package["licenses"] = [{"name": name} for name in licences]
    if sources := sorted({str(entry["attribution"]) for entry in inputs}):
        package["sources"] = [{"title": title} for title in sources]
    _write(building / layout.DATAPACKAGE, canonical_json(package))
    write_descriptions(
        building,
        contracts,
        written,
        label=label,
        title=package["title"],
        description=package["description"],
        inputs=inputs,
    )
    write_workbook(
        building,
        [contract.table for contract in contracts],
        label=label,
        footprint=warehouse.workspace.footprint.name,
        fictional=fictional,
    )


def _resources(building: Path, contract: Contract, mart: WrittenMart) -> list[dict[str, Any]]:
    relative = f"{CSV_FOLDER}/{contract.csv_name}"
    csv = building / relative
    return [
        datapackage_resource(contract, relative)
        | {"bytes": csv.stat().st_size, "hash": f"sha256:{sha256_of(csv)}"},
        datapackage_parquet(contract) | {"bytes": mart.size_bytes, "hash": f"sha256:{mart.sha256}"},
    ]


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _hashes(building: Path, known: set[str]) -> dict[str, str]:
    return {
        path.relative_to(building).as_posix(): sha256_of(path)
        for path in sorted(building.rglob("*"))
        if path.is_file() and path.relative_to(building).as_posix() not in known
    }


def write_hashes(building: Path) -> None:
    """Write the hash of every file of a release in the making, so that each can be verified."""
    lines = [
        f"{sha256_of(path)}  {path.relative_to(building).as_posix()}\n"
        for path in sorted(building.rglob("*"))
        if path.is_file()
    ]
    _write(building / layout.CHECKSUMS, "".join(lines))


def seal(building: Path) -> None:
    """Make every file of a release in the making read-only, and flush it to disk."""
    for path in sorted(building.rglob("*")):
        if path.is_file():
            path.chmod(0o444)
            with path.open("rb") as stream:
                os.fsync(stream.fileno())
    # What is published is for whoever may enter the home, however private the run's umask is.
    building.parent.chmod(0o755)
    for folder in [*(path for path in building.rglob("*") if path.is_dir()), building]:
        folder.chmod(0o755)
        fsync_directory(folder)


def git_commit(root: Path | None = None) -> str:
    """The commit of the checkout that runs, or "unknown" outside one.

    Read from Git's own files: the program may be absent, or refuse the checkout of another user.
    """
    git = (root or Path(__file__).resolve().parents[2]) / ".git"
    if git.is_file():
        # A worktree has a directory of its own elsewhere, and its branches in that of the checkout.
        git = git.parent / git.read_text().strip().removeprefix("gitdir: ")
    head, common = git / "HEAD", git / "commondir"
    if not head.is_file():
        return "unknown"
    text = head.read_text().strip()
    if not text.startswith("ref: "):
        return text
    name = text.removeprefix("ref: ")
    shared = git / common.read_text().strip() if common.is_file() else git
    if (shared / name).is_file():
        return (shared / name).read_text().strip()
    packed = shared / "packed-refs"
    if packed.is_file():
        for line in packed.read_text().splitlines():
            if line.endswith(f" {name}"):
                return line.split()[0]
    return "unknown"
