"""The resource that every asset of a run shares: settings, the home's lock, one open database."""

import contextlib
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import dagster as dg
from pydantic import PrivateAttr

from assets.keys import RELEASE
from beacon.core.errors import BeaconError
from beacon.core.logs import log, open_log
from beacon.core.progress import report
from beacon.core.settings import Settings
from beacon.operations.damage import mend
from beacon.operations.disk import require_space
from beacon.operations.history_files import history_kept_open
from beacon.operations.home_lock import home_lock
from beacon.operations.run_recorder import RunRecorder
from beacon.release.layout import latest_release
from beacon.release.publish import RunStart
from beacon.warehouse.connection import Warehouse, open_warehouse
from beacon.workspace import Workspace

# Only one step at a time may write to the working database, in whichever run it is.
WRITER_POOL = "duckdb_writer"


class OpenRun:
    """What the steps of one run share. Nothing is locked or opened before a step needs it.

    Attributes:
        workspace: Settings, home and registers.
        recorder: The run's own record.
        start: Which run it is.
        scheduled: Whether a schedule started it.
    """

    def __init__(self, settings: Settings, run: dg.DagsterRun | None) -> None:
        self.workspace = Workspace(settings)
        run_id = run.run_id if run else f"pid-{os.getpid()}"
        self.start = RunStart(run_id, datetime.now(UTC))
        self.scheduled = run is not None and "dagster/schedule_name" in run.tags
        self._resumes = _resumed(run)
        self._stack = contextlib.ExitStack()
        self._warehouse: Warehouse | None = None
        self._locked = False
        self.recorder = RunRecorder(
            self.workspace.home,
            run_id=run_id,
            job=run.job_name if run and _is_whole(run) else "assets",
            inputs=settings.inputs,
            scheduled=self.scheduled,
            publishes=run is not None and _publishes(run),
            folder=settings.folder,
            footprint=settings.footprint,
        )

    def lock(self) -> None:
        """Keep every other run off the home until this one closes."""
        if not self._locked:
            require_space(self.workspace.home)
            self._stack.enter_context(home_lock(self.workspace.home))
            self._locked = True
            for done in mend(self.workspace.home):
                report(done)
            self.recorder.lock_taken(self._resumes)

    @property
    def warehouse(self) -> Warehouse:
        """The working database, opened for writing when it is first used."""
        if self._warehouse is None:
            self.lock()
            self._warehouse = self._stack.enter_context(open_warehouse(self.workspace))
        return self._warehouse

    def close(self) -> None:
        """Close the database, write down what the run came to, and let the next run in."""
        try:
            with contextlib.suppress(BeaconError, OSError):
                release = latest_release(self.workspace.home)
                self.recorder.release = release.label if release else None
            self.recorder.end()
        finally:
            self._stack.close()


class BeaconRun(dg.ConfigurableResource[OpenRun]):
    """Opens what a run needs, so that its steps share one database connection.

    Empty settings fall back to `BEACON_…` environment variables and then to defaults, so that a
    run launched from the UI does what the command that started the UI was told.
    """

    home: str = ""
    inputs: str = ""
    folder: str = ""
    footprint: str = ""
    sample_size: str = ""

    _run: OpenRun = PrivateAttr()
    _log: contextlib.ExitStack = PrivateAttr(default_factory=contextlib.ExitStack)

    def settings(self) -> Settings:
        """The run's settings."""
        given: dict[str, Any] = {
            name: value
            for name in ("home", "inputs", "folder", "footprint", "sample_size")
            if (value := getattr(self, name))
        }
        return Settings(**given)

    @contextlib.contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[OpenRun]:
        """Give steps what they share, and close it however the run went."""
        settings = self.settings()
        opened = OpenRun(settings, context.run)
        with open_log(opened.workspace.home, run_id=opened.start.run_id), history_kept_open():
            log("run opened", inputs=settings.inputs, footprint=settings.footprint)
            try:
                yield opened
            finally:
                opened.close()
                log("run closed")


def _is_whole(run: dg.DagsterRun) -> bool:
    return not run.asset_selection or RELEASE in run.asset_selection


def _publishes(run: dg.DagsterRun) -> bool:
    steps = run.step_keys_to_execute
    is_other_job = run.job_name in ("backfill", "rebuild", "people_month")
    return _is_whole(run) and not is_other_job and (not steps or "release" in steps)


def _resumed(run: dg.DagsterRun | None) -> tuple[str, ...]:
    """The runs that this one goes on from, where it does not start anew."""
    if run is None or not run.step_keys_to_execute:
        return ()
    return tuple(run_id for run_id in (run.parent_run_id, run.root_run_id) if run_id)
