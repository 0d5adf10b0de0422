"""Running the nightly job in this process, with its history kept in the home."""

import logging
from collections.abc import Callable
from typing import Any

import dagster as dg

from assets.keys import RELEASE, SITE, landing_key, sources_in_use
from assets.landing import LANDED_TAG
from beacon.core.home import Home
from beacon.core.progress import reporting_to
from beacon.core.settings import Settings
from beacon.operations.alerts import tell
from beacon.operations.history_files import history_kept_open
from beacon.operations.runs import get_run
from pipelines.definitions import defs
from pipelines.instance import history_errors, open_instance
from pipelines.jobs import NIGHTLY
from pipelines.retries import NO_RETRY_TAGS, end_dead_runs_of

Say = Callable[[str], None]

_SUCCESSES = ("published", "unchanged")


def run_nightly(
    settings: Settings, run_id: str, landed: str, quiet: bool, say: Say
) -> dict[str, Any]:
    """Run the nightly job.

    Args:
        settings: The run's settings.
        run_id: A UUID, under which the run has been written down already.
        landed: Id of what has been landed for this run already.
        quiet: Whether that is nothing new: then no table is made again, and the release is
            confirmed, so that the history shows that the run took place.
        say: Called with each line of progress.

    Returns:
        success, status (published, unchanged or failed) and errors in words.
    """
    job = defs.resolve_job_def(NIGHTLY)
    selection = (
        [*(landing_key(source) for source in sources_in_use()), RELEASE, SITE] if quiet else None
    )
    home = Home(settings.home)
    with history_kept_open(), open_instance(home) as instance, reporting_to(say):
        logging.getLogger("dagster").setLevel(logging.CRITICAL)
        end_dead_runs_of(instance, home)
        try:
            result = job.execute_in_process(
                run_id=run_id,
                instance=instance,
                raise_on_error=False,
                run_config=run_config(settings),
                asset_selection=selection,
                tags={
                    "beacon/inputs": settings.inputs,
                    LANDED_TAG: landed,
                    "beacon/quiet": str(quiet).lower(),
                    **NO_RETRY_TAGS,
                },
            )
            outcome = _outcome(result)
        except history_errors() as error:
            outcome = _outcome_without_history(home, run_id, error)
    for fault in tell(home):
        say(f"An alert was not delivered: {fault}")
    return outcome


def run_config(settings: Settings) -> dict[str, Any]:
    """A run's settings as Dagster keeps them, so that a re-run from the UI does the same."""
    config = {
        "home": str(Home(settings.home).root),
        "inputs": settings.inputs,
        "folder": str(settings.folder.expanduser().absolute()) if settings.folder else "",
        "footprint": settings.footprint,
        "sample_size": settings.sample_size,
    }
    return {
        "resources": {"run": {"config": config}},
        "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
    }


def _outcome_without_history(home: Home, run_id: str, error: Exception) -> dict[str, Any]:
    """What a run came to whose history went away under it, from its own record."""
    record = get_run(home, run_id)
    status = record.outcome if record and record.outcome in _SUCCESSES else "failed"
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return {
        "success": status in _SUCCESSES,
        "status": status,
        "errors": [f"run history: it could not be written to: {lines[0]} Run again."],
    }


def _outcome(result: dg.ExecuteInProcessResult) -> dict[str, Any]:
    errors: list[str] = []
    status = "failed"
    for event in result.all_events:
        if event.is_step_failure and event.step_failure_data.error is not None:
            error = event.step_failure_data.error
            cause = error.cause or error
            errors.append(f"{event.step_key}: {cause.message.strip()}")
        if event.is_step_materialization and event.asset_key == RELEASE:
            outcome = event.materialization.metadata.get("outcome")
            status = str(outcome.value) if outcome is not None else status
        if event.event_type_value == "ASSET_CHECK_EVALUATION":
            check = event.asset_check_evaluation_data
            if (
                not check.passed
                and check.severity == dg.AssetCheckSeverity.ERROR
                and check.check_name == "contract"
            ):
                errors.append(f"{check.asset_key.to_user_string()}: {check.description}")
    return {"success": status != "failed", "status": status, "errors": errors}
