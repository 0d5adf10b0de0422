"""Finding this run's inputs, whatever the mode: the mode changes only where bytes come from."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from beacon.core.errors import SettingsError
from beacon.core.files import sha256_of
from beacon.core.logs import log, step
from beacon.core.progress import report
from beacon.core.source_names import LOCAL_RETURN, NEIGHBOURHOOD_RETURN, RETURNED
from beacon.disclosure.returned_counts import ReturnedTable
from beacon.ingest.copies import Copies
from beacon.ingest.land import LandingReport, land_files
from beacon.ingest.landing_store import LandingStore, remove_partial_objects
from beacon.ingest.part_log import log_part
from beacon.ingest.scan import FoundFile, scan_folder
from beacon.sources.recognition import Recognition
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
    if not workspace.takes_returns:
        return [*found, *_supplied_files(workspace)]
    if workspace.settings.inputs == "sample":
        _accept_sample_returns(workspace)
    return [
        *found,
        *_supplied_files(workspace),
        *_accepted_returns(workspace),
        *_accepted_neighbourhood_returns(workspace),
    ]


def _unless_a_return(file: FoundFile) -> FoundFile:
    """A table of returns that lies among the inputs was never accepted, so it is not known."""
    if (file.recognition.key or "").partition("/")[0] in RETURNED:
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
        workspace.home.state / "recognised-supplied.json",
        trusted=True,
    )


def _accepted_returns(workspace: Workspace) -> list[FoundFile]:
    """What organisations returned to this home, whatever the mode, one table per indicator."""
    if not (workspace.home.landing / LOCAL_RETURN).is_dir():
        return []
    from beacon.returns import ReturnContext, ReturnKind, collect_returns
    from beacon.returns.shown_before import releases_to_test_against, shown_before

    home = workspace.home
    releases = releases_to_test_against(home)

    context = ReturnContext(workspace.indicators, workspace.register, workspace.footprint)
    with duckdb.connect() as con:

        def earlier(kind: ReturnKind) -> tuple[ReturnedTable, ...]:
            return shown_before(con, home, releases, kind.indicator, kind.rules).tables

        return collect_returns(context, LandingStore(home.landing), home.state / "returns", earlier)


def _accepted_neighbourhood_returns(workspace: Workspace) -> list[FoundFile]:
    """What neighbourhood programmes returned to this home, as one table, small counts hidden."""
    home = workspace.home
    if not (home.landing / NEIGHBOURHOOD_RETURN).is_dir():
        return []
    from beacon.returns.neighbourhood_context import neighbourhood_context
    from beacon.returns.neighbourhood_table import collect_neighbourhood_returns

    context = neighbourhood_context(workspace.footprint)
    return collect_neighbourhood_returns(
        context, LandingStore(home.landing), home.state / "returns"
    )


# When the fictional organisations' returns were accepted: a day of its own for each run would give
# every home other bytes.
_SAMPLE_ACCEPTED = datetime(2025, 7, 1, 9, tzinfo=UTC)


def _accept_sample_returns(workspace: Workspace) -> None:
    """Accept what the fictional organisations returned, as `beacon returns add` would.

    What was accepted before is not accepted again, and what is refused is logged and left out.
    """
    from beacon.returns import ReturnContext, ReturnRefusedError, accept_return
    from beacon.returns.accept import accepted_returns
    from beacon.returns.neighbourhood_accept import (
        accept_neighbourhood_return,
        accepted_neighbourhood_returns,
    )
    from beacon.returns.neighbourhood_check import is_neighbourhood_return
    from beacon.returns.neighbourhood_context import neighbourhood_context
    from beacon.sample import returns_beside

    context = ReturnContext(workspace.indicators, workspace.register, workspace.footprint)
    if not context.footprint.fictional:
        return
    store = LandingStore(workspace.home.landing)
    neighbourhoods = neighbourhood_context(workspace.footprint)
    known = {
        *(one.landed.sha256 for one in accepted_returns(store, context, superseded=True)),
        *(one.landed.sha256 for one in accepted_neighbourhood_returns(store, neighbourhoods)),
    }
    for path in sorted(returns_beside(workspace.home.sample).glob("FICTIONAL_*.csv")):
        if sha256_of(path) in known:
            continue
        try:
            if is_neighbourhood_return(path):
                accept_neighbourhood_return(path, neighbourhoods, store, now=_SAMPLE_ACCEPTED)
            else:
                accept_return(path, context, store, now=_SAMPLE_ACCEPTED)
        except ReturnRefusedError:
            # `beacon returns check FILE` says why.
            log("dataset", source=LOCAL_RETURN, dataset=path.name, status="refused")


def _publishers_files(workspace: Workspace, again: bool) -> list[FoundFile]:
    if workspace.settings.inputs == "live":
        from beacon.fetch.fetch_all import fetch_needed
        from beacon.fetch.fetch_progress import terminal_progress

        return fetch_needed(workspace, terminal_progress(), again=again)
    return scan_folder(
        input_folder(workspace),
        workspace.register,
        workspace.home.state / "recognised.json",
        trusted=workspace.settings.inputs == "sample",
    )


def unreached(workspace: Workspace) -> list[str]:
    """What the last fetch of live inputs did not reach; nothing for other inputs."""
    if workspace.settings.inputs != "live":
        return []
    from beacon.fetch.fetch_all import downloads_of
    from beacon.fetch.fetch_record import load_fetch_record

    fetched = load_fetch_record(downloads_of(workspace) / "fetched.json")
    return [failure.name for failure in fetched.failures if failure.unreached]


def land(workspace: Workspace, *, again: bool = False) -> LandingReport:
    """Find this run's inputs and keep the bytes of those that are needed.

    Args:
        workspace: Settings, home and registers.
        again: Whether to ask only publishers that were not reached before.

    Returns:
        What was found; it is kept for the steps that follow.

    Raises:
        SettingsError: When there is nowhere to look.
    """
    report("finding and landing inputs")
    remove_partial_objects(workspace.home.landing)
    with step("landed") as details:
        found = land_files(
            find_files(workspace, again=again),
            workspace.register,
            LandingStore(workspace.home.landing),
            workspace.needed,
            fictional=workspace.is_fictional,
            supplied_from=workspace.settings.inputs,
            copies=Copies(
                workspace.home.state / "copies.json",
                fictional=workspace.is_fictional,
                trusted=workspace.settings.inputs == "sample",
            ),
        )
        details["unrecognised"] = len(found.unrecognised)
    for outcome in found.outcomes:
        log_part(outcome.name, outcome.status, outcome.problems)
    found.save(workspace.landing_report_file)
    return found
