"""The session that every asset of a run shares."""

import contextlib
import os
from typing import Any

import dagster as dg
from pydantic import PrivateAttr

from assets.keys import RELEASE
from beacon.core.logs import log, open_log
from beacon.core.settings import Settings
from beacon.session import Session
from beacon.workspace import Workspace

# Only one step at a time may write to the working database, in whichever run it is.
WRITER_POOL = "duckdb_writer"

# The steps that read and derive; a run with all of them makes every table.
_DERIVING = frozenset({"stage", "geography", "cohorts", "indicators", "indicator_facts", "marts"})


class BeaconSession(dg.ConfigurableResource[Session]):
    """Opens one session for a whole run, so that steps share one database connection.

    Empty settings fall back to `BEACON_…` environment variables and then to defaults, so that a
    run launched from the UI does what the command that started the UI was told.
    """

    home: str = ""
    inputs: str = ""
    folder: str = ""
    footprint: str = ""
    sample_size: str = ""

    _session: Session = PrivateAttr()
    _log: contextlib.ExitStack = PrivateAttr(default_factory=contextlib.ExitStack)

    def settings(self) -> Settings:
        """The run's settings."""
        given: dict[str, Any] = {
            name: value
            for name in ("home", "inputs", "folder", "footprint", "sample_size")
            if (value := getattr(self, name))
        }
        return Settings(**given)

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Open the session lazily; nothing is touched before a step needs it."""
        self._session = Session(Workspace(self.settings()), **_told_by(context.run))
        self._session.begin()
        settings, run_id = self._session.workspace.settings, self._session.run_id
        self._log.enter_context(open_log(self._session.workspace.home, run_id=run_id))
        log("run opened", inputs=settings.inputs, footprint=settings.footprint)

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:
        """Close the warehouse and end the validation process, however the run went."""
        self._session.close()
        log("run closed")
        self._log.close()

    def create_resource(self, context: dg.InitResourceContext) -> Session:
        """Give steps the session itself."""
        return self._session


def _told_by(run: dg.DagsterRun | None) -> dict[str, Any]:
    """What a session needs to know of the run that it is for."""
    if run is None:
        return {"run_id": f"pid-{os.getpid()}"}
    steps, assets = run.step_keys_to_execute, run.asset_selection
    whole = not assets or RELEASE in assets
    resumes = {run.parent_run_id, run.root_run_id} - {None} if steps else set()
    return {
        "run_id": run.run_id,
        "job": run.job_name if whole else "assets",
        "publishes": whole
        and run.job_name not in ("backfill", "rebuild")
        and (not steps or "release" in steps),
        "makes_all": not assets and (not steps or set(steps) >= _DERIVING),
        "scheduled": "dagster/schedule_name" in run.tags,
        "resumes": tuple(sorted(resumes)),
    }
