"""`beacon run --footprint all`: many boards in one run, and what became of each."""

from __future__ import annotations

import time
import uuid
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from beacon.boards import BoardsRun
    from beacon.core.settings import Settings
    from beacon.workspace import SharedWorkspace


def run_all(settings: Settings, *, past: bool) -> None:
    """Land and stage once, and make a release of every board that needs one.

    Exit status: as `beacon run`; 1 where no board has a release of what was landed, 3 where some
    have not and their last one is in use.

    Args:
        settings: Those of the home above the boards.
        past: Whether a past day is asked for, which is of one board.

    Raises:
        BeaconError: When the home has no footprints, or releases of one board.
    """
    from beacon.boards import shared_workspace, write_sample_footprints
    from beacon.cli import run_commands
    from beacon.core.errors import SettingsError

    if past:
        raise SettingsError(
            "A past day is made of one board: `beacon run --as-of DAY --footprint BOARD --home "
            f"{settings.home / 'boards' / 'BOARD'}`."
        )

    started = time.monotonic()
    write_sample_footprints(settings)
    workspace = shared_workspace(settings)
    try:
        done = _execute(workspace)
    except KeyboardInterrupt:
        run_commands.say("Interrupted. Boards that were published stay; run again for the others.")
        raise typer.Exit(run_commands.INTERRUPTED) from None
    raise typer.Exit(_report(workspace, done, time.monotonic() - started))


def _execute(workspace: SharedWorkspace) -> BoardsRun:
    from beacon.boards import JOB, run_boards
    from beacon.cli.run_commands import say
    from beacon.core.logs import open_log
    from beacon.core.progress import reporting_to
    from beacon.operations.alerts import tell
    from beacon.operations.damage import mend
    from beacon.operations.home_lock import home_lock
    from beacon.operations.run_recorder import RunRecorder
    from beacon.release.publish import RunStart

    home, run_id, settings = workspace.home, str(uuid.uuid4()), workspace.settings
    recorder = RunRecorder(
        home,
        run_id=run_id,
        job=JOB,
        inputs=settings.inputs,
        folder=settings.folder,
        footprint=settings.footprint,
    )
    try:
        with (
            reporting_to(say),
            home_lock(home),
            open_log(home, run_id=run_id),
            recorder.step(JOB),
        ):
            for mended in mend(home):
                say(mended)
            recorder.lock_taken()
            done = run_boards(workspace, RunStart(run_id, datetime.now(UTC)))
            if done.collection is not None:
                recorder.outcome = done.collection.status
                recorder.release = done.collection.release.label
    finally:
        recorder.end()
        for fault in tell(home):
            say(f"An alert was not delivered: {fault}")
    return done


def _report(workspace: SharedWorkspace, done: BoardsRun, seconds: float) -> int:
    from beacon.cli import run_commands

    behind = [outcome for outcome in done.outcomes if outcome.is_behind]
    read: dict[str, Any] = {"quiet": not any(o.status != "unchanged" for o in done.outcomes)}
    refused = run_commands.report_inputs(workspace, read)
    for outcome in behind:
        typer.echo(f"FAILED   {outcome.board} ({outcome.status}): {outcome.message}")
    rows = [("boards", _counted(done))]
    if done.collection is not None:
        release = done.collection.release
        rows.append(("release of all", f"{release.label} ({done.collection.status})"))
        rows.append(("pages", str(release.path / "site" / "index.html")))
        rows.append(("one board", f"beacon status --home {workspace.home.boards / 'BOARD'}"))
    rows.append(("seconds", f"{seconds:.1f}"))
    run_commands.write_summary(rows)
    if done.collection is None or len(behind) == len(done.outcomes):
        return run_commands.NOTHING_PUBLISHED
    if behind or refused:
        return run_commands.SOURCES_NEED_ATTENTION
    return run_commands.PUBLISHED_OR_UNCHANGED


def _counted(done: BoardsRun) -> str:
    counts = Counter(outcome.status for outcome in done.outcomes)
    told = ", ".join(f"{number} {status}" for status, number in sorted(counts.items()))
    return f"{len(done.outcomes)}: {told}"
