"""`beacon run`: from the publishers' files to a published release."""

from __future__ import annotations

import contextlib
import sys
import time
import uuid
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from beacon.cli.common import HomeOption, settings_from
from beacon.cli.options import is_quiet
from beacon.cli.printed_tables import write_pairs
from beacon.core.errors import BeaconError, SettingsError
from beacon.core.home import ALL_FOOTPRINTS

if TYPE_CHECKING:
    from beacon.ingest.land import LandingReport
    from beacon.operations.run_recorder import RunRecorder
    from beacon.workspace import Workspace

_MOST_REMARKS = 10
# Exit codes that an operator can alert on.
PUBLISHED_OR_UNCHANGED = 0
NOTHING_PUBLISHED = 1
SOURCES_NEED_ATTENTION = 3
# As shells have it: 128 and the number of the signal.
INTERRUPTED = 130


class Inputs(StrEnum):
    """Where bytes come from."""

    sample = "sample"
    folder = "folder"
    live = "live"


def run(
    inputs: Annotated[
        Inputs | None,
        typer.Option(
            "--inputs",
            envvar="BEACON_INPUTS",
            show_default="sample",
            help="sample: fictional; folder: downloaded files; live: HTTP.",
        ),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--folder",
            envvar="BEACON_FOLDER",
            show_default="none",
            help="Folder of official files, read as it stands.",
        ),
    ] = None,
    footprint: Annotated[
        str | None,
        typer.Option(
            "--footprint",
            envvar="BEACON_FOOTPRINT",
            show_default="sample for the sample, else cheshire_merseyside",
            help="Name of a footprint, a YAML file, or all: every board of HOME/footprints.",
        ),
    ] = None,
    home: HomeOption = None,
    as_of: Annotated[
        datetime | None,
        typer.Option(
            "--as-of",
            formats=["%Y-%m-%d"],
            help="Make what would have been published on this day, in backfills/ of the home.",
        ),
    ] = None,
) -> None:
    """Read the inputs, derive, check, and publish a release.

    Exit status: 0 published or unchanged; 1 nothing was published, for cause; 3 published or
    unchanged, but a source was refused or is damaged and its last good version is in use; 130
    interrupted. With --footprint all: 1 where no board, 3 where not every board has a release of
    what was landed.

    With --as-of nothing is asked for or looked for: what had been received by the end of that day
    is put through today's code. The current release is not touched.
    """
    started = time.monotonic()
    settings = settings_from(
        inputs=inputs.value if inputs else None, folder=folder, footprint=footprint, home=home
    )
    if settings.footprint == ALL_FOOTPRINTS:
        from beacon.cli.boards_run import run_all

        run_all(settings, past=as_of is not None)
    from beacon.workspace import Workspace

    workspace = Workspace(settings)
    _ = workspace.footprint
    _refuse_one_over_many(workspace)
    _refuse_the_sample_over_official(workspace)
    if as_of is not None:
        _make_past(settings, as_of.date())
        return
    try:
        outcome = _execute(workspace)
    except KeyboardInterrupt:
        say("Interrupted. Nothing half done was published; `beacon run` starts anew.")
        raise typer.Exit(INTERRUPTED) from None
    _report(workspace, outcome, time.monotonic() - started)
    raise typer.Exit(_exit_code(workspace, outcome))


def _refuse_the_sample_over_official(workspace: Workspace) -> None:
    """Say at once what publishing would refuse a minute later."""
    from beacon.release.layout import latest_release

    release = latest_release(workspace.home) if workspace.is_fictional else None
    if release is not None and not release.manifest["fictional"]:
        home = workspace.home.root
        raise BeaconError(
            f"{home} holds official releases; the fictional sample, which is read where no inputs "
            "are named, may not take their place. Name the inputs: `beacon run --inputs folder "
            f"--folder FOLDER --home {home}`, or give the sample a home of its own."
        )


def _refuse_one_over_many(workspace: Workspace) -> None:
    """A home of many boards is not to become that of one."""
    from beacon.release.layout import latest_release

    release = latest_release(workspace.home)
    if release is not None and "boards" in release.manifest:
        home, board = workspace.home, workspace.footprint.id
        raise BeaconError(
            f"{home.root} holds many boards. `beacon run --footprint all --home {home.root}` makes "
            f"them all; for one, give its own home: --home {home.boards / board}."
        )


def _make_past(settings: Any, day: date) -> None:
    from beacon.core.progress import reporting_to
    from beacon.replay.as_of import publish_as_of

    with reporting_to(say):
        made = publish_as_of(settings, day)
    home = made.release.path.parent.parent
    typer.echo(f"{made.release.label} ({made.status}): {made.release.path}")
    typer.echo(f'Read it with: beacon query --home {home} "from scorecard"')


def say(text: str) -> None:
    """Say what a run is doing, unless only the outcome was asked for."""
    if is_quiet():
        return
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


_NOTHING_LANDED = "none"


def _execute(workspace: Workspace) -> dict[str, Any]:
    """Land what is there, then confirm the release, or run the nightly job or what it needs.

    The run is written down before it does anything, so that one which is killed while it still
    looks for its inputs is told of as any other. The orchestrator's run goes on under its id.
    """
    from beacon.operations.alerts import tell
    from beacon.operations.run_recorder import RunRecorder
    from beacon.operations.runs import get_run

    home, run_id = workspace.home, str(uuid.uuid4())
    settings = workspace.settings
    recorder = RunRecorder(
        home,
        run_id=run_id,
        job="nightly",
        inputs=settings.inputs,
        folder=settings.folder,
        footprint=settings.footprint,
    )
    try:
        with recorder.step("nightly"):
            return _confirm_or_run(workspace, recorder)
    finally:
        known = get_run(home, run_id)
        if known is None or known.state != "ended":
            recorder.end()
            for fault in tell(home):
                say(f"An alert was not delivered: {fault}")


def _confirm_or_run(workspace: Workspace, recorder: RunRecorder) -> dict[str, Any]:
    from beacon.cli.runner import load_runner
    from beacon.core.progress import reporting_to
    from beacon.inputs import unreached
    from beacon.operations.damage import mend
    from beacon.operations.disk import DiskFullError, require_space
    from beacon.operations.home_lock import home_lock
    from beacon.operations.runs import end_dead_runs
    from beacon.operations.source_history import see_sources
    from beacon.pipeline import confirm, land

    say(f"Reading {workspace.settings.inputs} inputs for {workspace.footprint.name} …")
    with reporting_to(say), home_lock(workspace.home):
        for done in mend(workspace.home):
            say(done)
        cut_short = end_dead_runs(workspace.home, holds_lock=True)
        recorder.lock_taken()
        landed_id, quiet = _NOTHING_LANDED, False
        # The run meets the same, and its record and the alerts say so.
        with contextlib.suppress(SettingsError, DiskFullError):
            require_space(workspace.home)
            landed = land(workspace)
            _refuse_an_empty_folder(workspace, landed)
            confirmed = confirm(workspace, landed)
            landed_id, quiet = landed.id, confirmed is not None
            if confirmed and not (landed.refused or unreached(workspace) or cut_short):
                # Nothing is made that an operator could follow, so the orchestrator, whose start
                # takes longer than all of it, is left alone.
                see_sources(workspace.home, workspace.register, landed, [])
                recorder.outcome, recorder.release = "unchanged", confirmed.release.label
                return {"success": True, "status": "unchanged", "errors": [], "quiet": True}
    runner = load_runner()
    outcome = runner(workspace.settings, recorder.record.run_id, landed_id, quiet, say)
    return {**outcome, "quiet": quiet}


def _refuse_an_empty_folder(workspace: Workspace, landed: LandingReport) -> None:
    """Say at once that there is nothing to read, rather than that every table is empty."""
    if workspace.settings.inputs != "folder" or any(one.candidate for one in landed.outcomes):
        return
    refused = [str(problem) for outcome in landed.refused for problem in outcome.problems]
    seen = len(landed.unrecognised) + len(landed.not_needed) + len(landed.refused)
    text = (
        f"{workspace.settings.folder} has no file that Beacon can use, of {seen:,} looked at. Put "
        "publishers' files there (`beacon sources missing` names them), or name another folder. "
        "Links to folders are not followed."
    )
    raise BeaconError(" ".join([text, *refused[:_MOST_REMARKS]]))


def _problems(workspace: Workspace, outcome: dict[str, Any]) -> list[str]:
    from beacon.ingest.land import LandingReport
    from beacon.warehouse.staging import staged_parts

    report = LandingReport.load(workspace.landing_report_file)
    found = [str(problem) for refused in report.refused for problem in refused.problems]
    if not outcome["quiet"]:
        # A quiet night reads nothing, so what an earlier night could not read is no news of it.
        found += [str(problem) for part in staged_parts(workspace) for problem in part.problems]
    return list(dict.fromkeys(found))


def _notes(workspace: Workspace, outcome: dict[str, Any]) -> list[str]:
    """Copies that could not be used although another copy of the same could: no fault, but said."""
    from beacon.ingest.land import LandingReport
    from beacon.warehouse.staging import staged_parts

    report = LandingReport.load(workspace.landing_report_file)
    found = [*report.duplicates, *map(str, report.problems_elsewhere)]
    if not outcome["quiet"]:
        found += [str(problem) for part in staged_parts(workspace) for problem in part.passed_over]
    return list(dict.fromkeys(found))


def _remarks(workspace: Workspace, outcome: dict[str, Any]) -> list[str]:
    """What a person should know of files that were read all the same."""
    from beacon.warehouse.staging import staged_parts

    if outcome["quiet"]:
        return []
    return [str(remark) for part in staged_parts(workspace) for remark in part.remarks]


def _exit_code(workspace: Workspace, outcome: dict[str, Any]) -> int:
    if not outcome["success"]:
        return NOTHING_PUBLISHED
    return SOURCES_NEED_ATTENTION if _problems(workspace, outcome) else PUBLISHED_OR_UNCHANGED


def report_inputs(workspace: Workspace, outcome: dict[str, Any]) -> bool:
    """Say what became of the inputs; give whether any was refused or is damaged."""
    from beacon.ingest.land import LandingReport

    problems = _problems(workspace, outcome)
    for problem in problems:
        typer.echo(f"REFUSED  {problem}")
    for note in _notes(workspace, outcome):
        typer.echo(f"NOT USED {note}")
    for remark in _remarks(workspace, outcome)[:_MOST_REMARKS]:
        typer.echo(f"NOTED    {remark}")
    report = LandingReport.load(workspace.landing_report_file)
    if report.unrecognised and not is_quiet():
        typer.echo(
            f"{len(report.unrecognised)} files were not recognised and "
            f"{len(report.not_needed)} are not used by any indicator: "
            f"{', '.join([*report.unrecognised, *report.not_needed][:6])} … "
            "(`beacon sources check` lists all)"
        )
    return bool(problems)


def write_summary(rows: list[tuple[str, str]]) -> None:
    """Print what a run came to, unless only the outcome was asked for."""
    if not is_quiet():
        write_pairs(rows)


def _report(workspace: Workspace, outcome: dict[str, Any], seconds: float) -> None:
    from beacon.release.layout import latest_release

    report_inputs(workspace, outcome)
    for error in outcome["errors"]:
        typer.echo(f"FAILED   {error}")
    if not is_quiet():
        release = latest_release(workspace.home)
        write_summary(_summary(workspace, outcome, release, seconds))


def _summary(
    workspace: Workspace, outcome: dict[str, Any], release: Any, seconds: float
) -> list[tuple[str, str]]:
    from beacon.release.manifest import FICTIONAL_NOTICE
    from beacon.release.query import connect_release

    rows: list[tuple[str, str]] = []
    if workspace.is_fictional:
        rows.append(("", FICTIONAL_NOTICE))
    if release is None:
        rows += [("release", "none"), ("seconds", f"{seconds:.1f}")]
        return rows
    state = outcome["status"] if outcome["success"] else "nothing published, last one current"
    rows.append(("release", f"{release.label} ({state})"))
    rows.append(("directory", str(release.path)))
    con = connect_release(release, sql="")
    places = con.execute(
        "select place_name, core20_share_percent, people_core20 from place order by place_name"
    ).fetchall()
    rows.append(("Places", f"{len(places)}: {', '.join(name for name, *_ in places)}"))
    shares = con.execute(
        "select area_name, share_percent, people, lsoas, lsoas_in_area, imd_vintage "
        "from core20_cohort where core20 and sex = 'Persons' and age_band = 'All ages' "
        "and area_type <> 'place' order by imd_vintage desc, area_type"
    ).fetchall()
    for name, share, people, lsoas, of_lsoas, vintage in shares:
        rows.append(
            (
                f"Core20, IMD {vintage}",
                f"{name}: {share:.1f}% ({people:,} people, {lsoas:,} of {of_lsoas:,} LSOAs)",
            )
        )
    beacons = con.execute(
        "select indicator_id, min(short_name), max(places_with_value) from indicator "
        "where programme = 'marmot_beacon' and role = 'measure' group by indicator_id order by 1"
    ).fetchall()
    without = [f"{number} {name}" for number, name, places in beacons if not places]
    told = f"{len(beacons) - len(without)} of {len(beacons)} beacons have figures for Places"
    rows.append(("indicators", told))
    if without:
        rows.append(("missing", f"{'; '.join(without)} (`beacon indicators --missing`: why)"))
    severities = release.manifest["checks"]["by_severity"]
    failed = ", ".join(
        f"{counted['failed']} {severity}" for severity, counted in severities.items()
        if counted["failed"]
    )  # fmt: skip
    passed = sum(counted["passed"] for counted in severities.values())
    rows.append(("checks", f"{passed} passed, {failed or 'none'} failed"))
    rows.append(("seconds", f"{seconds:.1f}"))
    return rows
