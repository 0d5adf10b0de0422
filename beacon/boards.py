"""Many boards in one run: landed once, staged once, and a release of each, published together.

Each board's home, `boards/ID` of the home above, is laid out as any other, so that every command
works on it. Landing, staging, footprints and the lock in it are links to those of the home above.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Literal

from beacon.checks.check_step import kept_checks
from beacon.core.errors import BeaconError, PublicationBlockedError
from beacon.core.home import Home
from beacon.core.logs import step
from beacon.core.progress import report
from beacon.core.settings import Settings
from beacon.ingest.board_lookups import footprints_from, write_footprints
from beacon.ingest.land import LandingReport
from beacon.inputs import input_folder
from beacon.operations.disk import require_space
from beacon.operations.run_recorder import RunRecorder
from beacon.operations.source_history import see_sources
from beacon.pipeline import confirm, land, publish, release_from_staged, stage
from beacon.release.approval import ApprovalNeededError
from beacon.release.board_collection import MakeBoardsPage, publish_collection, refuse_one_board
from beacon.release.build import Publication
from beacon.release.layout import latest_release
from beacon.release.named_boards import BoardRelease, board_release, named_boards
from beacon.release.publish import RunStart
from beacon.site import build_site
from beacon.site.boards_page import build_boards_page
from beacon.warehouse.connection import Warehouse, open_warehouse
from beacon.workspace import SharedWorkspace, Workspace

JOB = "boards"
# The fictional nation has boards of one year only.
_YEAR_OF_SAMPLE = 2024
# What the steps before the derivations leave in `state/`, for every board alike.
_OF_ALL = ("landing.json", "staging-*.json", "sources.json")
_LINKED = ("landing", "staging", "footprints", "supplied", ".lock")


@dataclass(frozen=True)
class BoardOutcome:
    """What a run came to for one board.

    Attributes:
        board: Id of its footprint.
        status: published or unchanged; held, blocked or failed where its last release stays.
        message: Why it stays, in one line.
    """

    board: str
    status: Literal["published", "unchanged", "held", "blocked", "failed"]
    message: str = ""

    @property
    def is_behind(self) -> bool:
        """Whether the board has no release of what was landed."""
        return self.status not in ("published", "unchanged")


@dataclass(frozen=True)
class BoardsRun:
    """What a run came to for all boards.

    Attributes:
        landed: What was found.
        outcomes: One for each board that was looked at, in the order of their ids.
        collection: The publication of all; None where no board has a release.
    """

    landed: LandingReport
    outcomes: tuple[BoardOutcome, ...]
    collection: Publication | None


def board_ids(settings: Settings) -> list[str]:
    """Ids of the boards of a home, in the order of their names.

    Raises:
        BeaconError: When it has none, with the command that writes them.
    """
    found = sorted(path.stem for path in settings.footprints.glob("*.yaml"))
    if not found:
        folder = settings.folder or "FOLDER"
        raise BeaconError(
            f"{settings.footprints} has no footprints. `beacon footprints {folder} --home "
            f"{settings.home}` writes one for every board, from the lookups of the ONS in the "
            "folder; then run again."
        )
    return found


def write_sample_footprints(settings: Settings) -> None:
    """Write the footprints of the fictional sample's boards, where a home that reads it has none.

    Which boards there are, and their Places, is nothing that anybody would have to choose there.
    """
    if settings.inputs != "sample" or any(settings.footprints.glob("*.yaml")):
        return
    found, source = footprints_from([input_folder(Workspace(settings))], _YEAR_OF_SAMPLE)
    write_footprints(found, source, settings.footprints)


def shared_workspace(settings: Settings) -> SharedWorkspace:
    """The workspace of what is done once for all boards of a home."""
    return SharedWorkspace(settings.model_copy(update={"footprint": board_ids(settings)[0]}))


def run_boards(
    workspace: SharedWorkspace,
    start: RunStart | None = None,
    *,
    only: Sequence[str] = (),
    checks: bool = True,
    pages: bool = True,
) -> BoardsRun:
    """Land and stage once, then a release for each board, then the collection of them.

    A board that fails keeps its last release and stops no other. The caller holds the lock of the
    home above.

    Args:
        workspace: That of the home above.
        start: The run, for the releases' records.
        only: Ids of boards to look at; the others stay as the current collection has them.
        checks: False leaves out contract checks.
        pages: False makes no pages.

    Raises:
        BeaconError: When the home has releases of one board, or an id is unknown.
    """
    start = start or RunStart()
    home = workspace.home
    refuse_one_board(home)
    ids = board_ids(workspace.settings)
    if unknown := sorted(set(only) - set(ids)):
        raise BeaconError(
            f"{home.root} has no board {', '.join(unknown)}. Boards: {', '.join(ids)}."
        )
    landed = land(workspace)
    for name in ids:
        _link(Home(home.boards / name))
    boards = {name: workspace.for_board(name) for name in ids if not only or name in only}
    outcomes: dict[str, BoardOutcome] = {}
    parts = []
    for name, board in boards.items():
        try:
            if confirm(board, landed) is not None:
                outcomes[name] = BoardOutcome(name, "unchanged")
        except BeaconError as error:  # which release is current cannot be told
            outcomes[name] = BoardOutcome(name, "failed", _in_one_line(error))
    waiting = [name for name in boards if name not in outcomes]
    if waiting:
        with open_warehouse(workspace) as warehouse:
            for table in workspace.staging_tables:
                parts += stage(warehouse, table)
            see_sources(home, workspace.register, landed, parts)
            for number, name in enumerate(waiting, start=1):
                report(f"board {number} of {len(waiting)}: {boards[name].footprint.name}")
                outcomes[name] = _make(warehouse, boards[name], start, checks=checks, pages=pages)
    else:
        see_sources(home, workspace.register, landed, [])
    found = tuple(outcomes[name] for name in boards)
    make_pages = build_boards_page if pages else None
    return BoardsRun(landed, found, _collect(workspace, ids, found, start, make_pages))


def _link(board: Home) -> None:
    """Make the home of a board, with what it has in common with the home above as links."""
    board.root.mkdir(parents=True, exist_ok=True)
    for name in _LINKED:
        link = board.root / name
        if not link.is_symlink():
            link.symlink_to(Path("..") / ".." / name)


def _make(
    warehouse: Warehouse, board: Workspace, start: RunStart, *, checks: bool, pages: bool
) -> BoardOutcome:
    """The release of one board, from what is staged; its last one stays where that fails."""
    name = board.settings.footprint
    settings = board.settings
    recorder = RunRecorder(board.home, run_id=start.run_id, job=JOB, inputs=settings.inputs)
    recorder.lock_taken()
    finish = partial(publish, start=start, make_pages=build_site if pages else None)
    status: Literal["published", "unchanged", "held", "blocked", "failed"] = "failed"
    message = ""
    try:
        with step("board", asset=f"boards/{name}"), recorder.step(name):
            require_space(board.home)
            _take_over_state(board.home, warehouse.workspace.home)
            made = release_from_staged(warehouse.for_board(board), finish, checks=checks)
            status = made.status
    except Exception as error:  # noqa: BLE001 - whatever one board meets, the others go out
        message = _in_one_line(error)
        if isinstance(error, ApprovalNeededError):
            status = "held"
        elif isinstance(error, PublicationBlockedError):
            status = "blocked"
            recorder.checks_failed(_critical(board))
    finally:
        recorder.outcome = recorder.outcome or status  # a step knows that it was interrupted
        with contextlib.suppress(BeaconError):
            current = latest_release(board.home)
            recorder.release = current.label if current else None
        recorder.end()
    return BoardOutcome(name, status, message)


def _take_over_state(board: Home, above: Home) -> None:
    """What landing and staging left for the steps that follow, in the board's own home too."""
    board.state.mkdir(parents=True, exist_ok=True)
    for pattern in _OF_ALL:
        for file in above.state.glob(pattern):
            shutil.copyfile(file, board.state / file.name)


def _critical(board: Workspace) -> list[str]:
    return [
        f"{check['table']} {check['name']}"
        for check in kept_checks(board)
        if not check["passed"] and check["severity"] == "critical"
    ]


def _in_one_line(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if isinstance(error, BeaconError) and text else f"{type(error).__name__}: {text}"


def _collect(
    workspace: SharedWorkspace,
    ids: Sequence[str],
    outcomes: Sequence[BoardOutcome],
    start: RunStart,
    make_pages: MakeBoardsPage | None,
) -> Publication | None:
    """Publish which release of each board is current."""
    before = {one.id: one for one in named_boards(latest_release(workspace.home))}
    looked_at = {outcome.board: outcome for outcome in outcomes}
    boards: list[BoardRelease] = []
    for name in ids:
        board = workspace.for_board(name)
        icb, last = board.footprint.icb, before.get(name)
        outcome = looked_at.get(name)
        if outcome is None and last is not None:
            boards.append(last)
            continue
        behind = outcome.message if outcome else "Not made yet."
        try:
            boards.append(board_release(board.home, board, behind))
        except BeaconError:  # what it had stays
            boards.append(replace(last or BoardRelease(name, icb.code, icb.name), behind=behind))
    if not any(board.release for board in boards):
        return None
    record = {
        "run_id": start.run_id,
        "started_at": start.started_at.isoformat(timespec="seconds"),
        "published_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "boards": {outcome.board: outcome.status for outcome in outcomes},
    }
    boards.sort(key=lambda board: board.name)
    return publish_collection(workspace, boards, run_record=record, make_pages=make_pages)
