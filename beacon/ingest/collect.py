"""Finding this run's inputs, whatever the mode: the mode changes only where bytes come from.

What belongs here: choosing between the sample and a folder. What does not: how either is read.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from beacon.errors import SettingsError
from beacon.ingest.folder import FoundFile, scan_folder
from beacon.ingest.land import LandingReport, land_files

if TYPE_CHECKING:
    from beacon.workspace import Workspace


def input_folder(workspace: Workspace) -> Path:
    """The folder that this run reads; for the sample, written first if it is not there yet.

    Raises:
        SettingsError: When the mode has no folder to read.
    """
    settings = workspace.settings
    if settings.inputs == "folder":
        if settings.folder is None:
            raise SettingsError("Give --folder the directory that holds the official files.")
        return settings.folder.expanduser().absolute()
    if settings.inputs == "sample":
        return _sample_folder(workspace)
    raise SettingsError(
        "Inputs 'live' are not available in this version. "
        "Use 'folder' with files you have downloaded, or 'sample'."
    )


def _sample_folder(workspace: Workspace) -> Path:
    from beacon.sample import PRESETS, sample_fingerprint, write_sample, written_fingerprint

    settings = workspace.settings
    if settings.sample_size not in PRESETS:
        raise SettingsError(
            f"There is no sample of size {settings.sample_size!r}; choose from "
            f"{', '.join(PRESETS)}."
        )
    size = PRESETS[settings.sample_size]
    folder = workspace.home.sample
    if written_fingerprint(folder) != sample_fingerprint(settings.sample_seed, size):
        write_sample(folder, seed=settings.sample_seed, size=size)
    return folder


def find_files(workspace: Workspace) -> list[FoundFile]:
    """Every file of this run's inputs, recognised by content."""
    return scan_folder(
        input_folder(workspace),
        workspace.register,
        workspace.register_digest,
        workspace.home.state / "recognised.json",
    )


def collect(workspace: Workspace) -> LandingReport:
    """Find this run's inputs, land what is needed, and leave a report for the steps that follow."""
    settings = workspace.settings
    report = land_files(
        find_files(workspace),
        workspace.register,
        workspace.store,
        workspace.needed,
        fictional=settings.is_fictional,
        supplied_from=settings.inputs,
    )
    report.save(workspace.landing_report_file)
    return report


def nothing_to_do(workspace: Workspace) -> bool:
    """Whether a full run would publish what is published already: same bytes, code and footprint.

    Errs on the side of False: anything new, damaged or missing since means a full run.
    """
    from beacon.release.layout import latest_release

    release = latest_release(workspace.home)
    if release is None or not workspace.home.catalogue.is_file():
        return False
    if release.manifest.get("build_fingerprint") != workspace.build_fingerprint():
        return False
    current = workspace.store.current(fictional=workspace.settings.is_fictional)
    origins = {landed.origin: landed for landed in current.values()}
    for file in find_files(workspace):
        seen = file.recognition
        if seen.key is None:
            continue
        if seen.problems and file.relative in origins:
            return False
        spec = workspace.register.datasets[seen.key]
        if seen.problems or not workspace.needed.part(spec, seen.members):
            continue
        name = f"{seen.key}/{seen.part}" if seen.part else seen.key
        known = current.get(name)
        if known is None or (known.origin == file.relative and known.sha256 != file.sha256):
            return False
        if known.origin != file.relative and known.origin not in origins:
            return False
    return True
