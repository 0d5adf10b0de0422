"""Making the current release again from landing, and comparing bit for bit.

It proves that everything a release says still follows from the bytes that were kept: nothing in
landing was lost or changed, and the machine still computes what it did.
"""

from __future__ import annotations

import shutil
from datetime import date, datetime
from pathlib import Path
from typing import Any

from beacon.core.clock import LONDON, now
from beacon.core.errors import BeaconError
from beacon.core.files import read_json, sha256_of, write_json
from beacon.core.home import Home
from beacon.core.settings import Settings
from beacon.ingest.landing_store import landed_from_json
from beacon.release import layout
from beacon.release.build import NOT_COMPARED, Publication
from beacon.release.layout import Release
from beacon.release.publish import RunStart, publish
from beacon.replay.as_of import Chosen, FixedWorkspace, publish_fixed
from beacon.site import build_site
from beacon.warehouse.connection import Warehouse

REBUILD = "rebuild"
RESULT = "rebuild.json"
# These say when and by which run a release was made.
_OF_THE_RUN = frozenset({layout.RUN_RECORD, layout.CHECKSUMS})


def rebuild(settings: Settings) -> dict[str, Any]:
    """Make the current release again and say whether it is the same.

    Returns:
        outcome ("same" or "differs"), release, at, differences in words, notes, and where a
        rebuild that differs is kept. The same is in `state/rebuild.json`.

    Raises:
        ReleaseNotFoundError: When there is no release.
    """
    home = Home(settings.home)
    release = layout.get_release(home)
    shutil.rmtree(home.root / REBUILD, ignore_errors=True)
    result: dict[str, Any] = {
        "release": release.label,
        "at": now().isoformat(timespec="seconds"),
        "outcome": "differs",
        "differences": [],
        "notes": [],
        "kept": REBUILD,
    }
    chosen, lost = _inputs_of(home, release)
    result["differences"] += lost
    if not lost:
        try:
            made = _make(settings, home, release, chosen)
        except BeaconError as error:
            result["differences"].append(f"It could not be made: {error}")
        else:
            differences, notes = _compare(release, made)
            result["differences"] += differences
            result["notes"] += notes
    if not result["differences"]:
        result |= {"outcome": "same", "kept": None}
        shutil.rmtree(home.root / REBUILD, ignore_errors=True)
    write_json(home.state / RESULT, result)
    return result


def _inputs_of(home: Home, release: Release) -> tuple[dict[str, Chosen], list[str]]:
    """The objects that a release was made from, and what landing has lost of them."""
    chosen: dict[str, Chosen] = {}
    lost = []
    for entry in release.manifest["inputs"]:
        path = home.landing / entry["file"]
        record = read_json(path.with_name(f"{path.name}.landing.json"))
        if record is None or not path.is_file():
            lost.append(f"Landing has lost {entry['file']} ({entry['name']}).")
        elif sha256_of(path) != entry["sha256"]:
            lost.append(f"Landing's {entry['file']} ({entry['name']}) is not what was received.")
        else:
            chosen[entry["name"]] = Chosen(
                landed_from_json(record), as_last_good=entry["last_good_kept"]
            )
    return chosen, lost


def _make(settings: Settings, home: Home, release: Release, chosen: dict[str, Chosen]) -> Release:
    original = release.run_record
    workspace = FixedWorkspace(
        settings, root=home.root / REBUILD, chosen=chosen, judged=_day_of(original)
    )
    _show_previous(home, workspace.home, release)
    checks = bool(release.manifest["checks"]["by_severity"])
    pages = (release.path / "site").is_dir()

    def finish(warehouse: Warehouse) -> Publication:
        return publish(
            warehouse,
            RunStart(original.get("run_id", REBUILD)),
            make_pages=build_site if pages else None,
            label=release.label,
            guarded=False,
            store=workspace.store,
            # It says of itself what the original said: its times are in the pages.
            run_record={key: value for key, value in original.items() if key != "extras"},
        )

    return publish_fixed(workspace, finish, checks=checks).release


def _day_of(run_record: dict[str, Any]) -> date | None:
    """The day of a run, in London; what has fallen due since is not the rebuild's to say."""
    started = run_record.get("started_at")
    return datetime.fromisoformat(started).astimezone(LONDON).date() if started else None


def _show_previous(home: Home, other: Home, release: Release) -> None:
    """Let the rebuild see the release that its own was compared with when it was published."""
    previous = release.run_record.get("previous")
    if previous is None or not (home.releases / previous).is_dir():
        return
    other.releases.mkdir(parents=True)
    (other.releases / previous).symlink_to(home.releases / previous)
    found = layout.get_release(other, previous)
    layout.point_to(other, found, sha256_of(found.path / layout.MANIFEST))


def _compare(before: Release, after: Release) -> tuple[list[str], list[str]]:
    """What differs between a release and its rebuild, and what is only worth noting."""
    old, new = before.manifest, after.manifest
    marts = {mart["name"]: mart for mart in old["marts"]}
    again = {mart["name"]: mart for mart in new["marts"]}
    same_code = old["code"] == new["code"]
    measure = "sha256" if same_code else "content_sha256"
    notes = []
    if not same_code:
        notes.append(
            "The code has changed since the release was published, so its rows were compared and "
            "not its bytes."
        )
    differing = [
        name
        for name in sorted({*marts, *again})
        if marts.get(name, {}).get(measure) != again.get(name, {}).get(measure)
    ]
    differences = [f"{name}.parquet says something else." for name in differing
                   if name not in NOT_COMPARED]  # fmt: skip
    of_the_night = [name for name in differing if name in NOT_COMPARED]
    if of_the_night:
        notes.append(
            f"{' and '.join(of_the_night)} say what the night saw, which landing does not hold; "
            "files made from them differ too."
        )
    if same_code and not of_the_night:
        known = {f"{name}.parquet" for name in differing}
        sums = [_sums(release.path) for release in (before, after)]
        differences += [
            f"{name} is another file."
            for name in sorted({*sums[0], *sums[1]} - _OF_THE_RUN - known)
            if sums[0].get(name) != sums[1].get(name)
        ]
    return differences, notes


def _sums(directory: Path) -> dict[str, str]:
    lines = (directory / layout.CHECKSUMS).read_text(encoding="utf-8").splitlines()
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
