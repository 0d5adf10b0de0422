"""Finding this run's inputs, whatever the mode: the mode changes only where bytes come from."""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from beacon.core.errors import SettingsError
from beacon.ingest.land import LandingReport, land_files
from beacon.ingest.landing_store import part_name
from beacon.ingest.looking_ahead import REMEMBERED, finish_looking, start_reading
from beacon.ingest.scan import FoundFile, list_files, scan_folder
from beacon.registry.indicators import LOCAL_RETURN
from beacon.sources.recognition import Recognition

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
    raise SettingsError("Live inputs come from publishers, not from a folder.")


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


def find_files(workspace: Workspace, *, again: bool = False) -> list[FoundFile]:
    """Every file of this run's inputs, recognised by content, and what the system supplies itself.

    The latter are files in the home and the returns accepted for it. Live inputs are fetched
    first; `again` asks only for what an earlier attempt did not reach.
    """
    found = [_unless_a_return(file) for file in _publishers_files(workspace, again)]
    return [*found, *_supplied_files(workspace), *_accepted_returns(workspace)]


def _unless_a_return(file: FoundFile) -> FoundFile:
    """A table of returns that lies among the inputs was never accepted, so it is not known."""
    if (file.recognition.key or "").startswith(f"{LOCAL_RETURN}/"):
        return replace(file, recognition=Recognition(None))
    return file


def _supplied_files(workspace: Workspace) -> list[FoundFile]:
    """What the system put into its home itself, such as the areas of its PLUS groups."""
    folder = workspace.home.supplied
    if not folder.is_dir():
        return []
    return scan_folder(
        folder,
        workspace.register,
        workspace.register_digest,
        workspace.home.state / "recognised-supplied.json",
    )


def _accepted_returns(workspace: Workspace) -> list[FoundFile]:
    """What organisations returned to this home, whatever the mode, one table per indicator."""
    if not (workspace.home.landing / LOCAL_RETURN).is_dir():
        return []
    from beacon.returns import ReturnContext, collect_returns

    context = ReturnContext(workspace.indicators, workspace.register, workspace.footprint)
    return collect_returns(context, workspace.store, workspace.home.state / "returns")


def _publishers_files(workspace: Workspace, again: bool) -> list[FoundFile]:
    if workspace.settings.inputs == "live":
        from beacon.fetch.fetch_all import fetch_night
        from beacon.fetch.fetch_progress import terminal_progress

        return fetch_night(workspace, terminal_progress(), again=again)
    return scan_folder(
        input_folder(workspace),
        workspace.register,
        workspace.register_digest,
        workspace.home.state / REMEMBERED,
    )


def unreached(workspace: Workspace) -> list[str]:
    """What the last fetch of live inputs did not reach; nothing for other inputs."""
    if workspace.settings.inputs != "live":
        return []
    from beacon.fetch.fetch_all import downloads_of, load_night

    night = load_night(downloads_of(workspace) / "fetched.json")
    return [failure.name for failure in night.failures if failure.unreached]


def collect(workspace: Workspace, *, again: bool = False) -> LandingReport:
    """Find this run's inputs, land what is needed, and leave a report for the steps that follow."""
    settings = workspace.settings
    finish_looking(workspace.home)
    report = land_files(
        _take_handed_over(workspace) or find_files(workspace, again=again),
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

    is_live = workspace.settings.inputs == "live"
    release = latest_release(workspace.home)
    if release is None or not workspace.home.catalogue.is_file():
        return False
    if not workspace.is_built(release.label, release.manifest):
        return False
    current = workspace.store.current(fictional=workspace.settings.is_fictional)
    origins = {landed.origin: landed for landed in current.values()}
    before = _stamp(workspace)
    files = find_files(workspace)
    _hand_over(workspace, files, before)
    for file in files:
        seen = file.recognition
        taken = origins.get(file.relative)
        if taken is not None and taken.sha256 != file.sha256:
            return False
        if seen.key is None:
            continue
        spec = workspace.register.datasets[seen.key]
        if seen.problems or not workspace.needed.part(spec, seen.members):
            continue
        name = part_name(seen.key, seen.part)
        known = current.get(name)
        # A publisher's correction comes from a new address; in a folder that is another copy.
        same_file = is_live or (known is not None and known.origin == file.relative)
        if known is None or (same_file and known.sha256 != file.sha256):
            return False
        if known.origin != file.relative and known.origin not in origins:
            return False
    return True


def read_what_is_new(workspace: Workspace) -> None:
    """Begin to read, of what `nothing_to_do` found, what was not read before; returns at once."""
    if (handed_over := _HANDED_OVER.get(str(workspace.home.root))) is None:
        return
    *_, files = handed_over
    with contextlib.suppress(OSError):  # a file that is gone again is met when it is landed
        jobs = workspace.stager.likely_jobs(workspace.staging_tables, files, workspace.needed)
        start_reading(workspace.home, jobs)


# Files that `nothing_to_do` found, for the landing step of the same run: publishers are asked once
# a night, and a folder is read once. Kept for so long only, because a run that ends in between
# never takes them.
_HANDED_OVER: dict[str, tuple[float, object, list[FoundFile]]] = {}
_HANDED_OVER_SECONDS = 900.0


def _hand_over(workspace: Workspace, files: list[FoundFile], stamp: object) -> None:
    _HANDED_OVER[str(workspace.home.root)] = (time.monotonic(), stamp, files)


def _take_handed_over(workspace: Workspace) -> list[FoundFile] | None:
    taken = _HANDED_OVER.pop(str(workspace.home.root), None)
    if taken is None:
        return None
    when, stamp, files = taken
    fresh = time.monotonic() - when < _HANDED_OVER_SECONDS
    return files if fresh and stamp == _stamp(workspace) else None


def _stamp(workspace: Workspace) -> object:
    """What a change of the inputs would change: mode, and each file's name, size and time.

    What came from publishers is kept under its hash, so that only the mode counts.
    """
    settings = workspace.settings
    folder = settings.folder if settings.inputs == "folder" else workspace.home.sample
    if settings.inputs == "live" or folder is None:
        return (settings.inputs,)
    folders = [folder.expanduser().absolute(), workspace.home.supplied]
    files = [path for place in folders if place.is_dir() for path in list_files(place)]
    returns = workspace.home.landing / LOCAL_RETURN
    accepted = [path for path in returns.rglob("*") if path.is_file()]
    return (
        settings.inputs,
        *(
            (str(path), path.stat().st_size, path.stat().st_mtime_ns)
            for path in [*files, *accepted]
        ),
    )
