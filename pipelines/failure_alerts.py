"""What the orchestrator knows of a failed run and the run itself could not write down."""

import dagster as dg

from beacon.core.clock import now
from beacon.core.home import Home
from beacon.operations.runs import RunRecord, get_run, write_run


def remember_failure(home: Home, run: dg.DagsterRun, message: str) -> None:
    """Write a record of a failed run that has none, as when its code could not be loaded."""
    if get_run(home, run.run_id) is not None:
        return
    moment = now().isoformat(timespec="seconds")
    lines = message.strip().splitlines() or ["no reason given"]
    write_run(
        home,
        RunRecord(
            run_id=run.run_id,
            job=run.job_name,
            inputs="",
            state="ended",
            started_at=moment,
            ended_at=moment,
            outcome="failed",
            errors=(f"{run.job_name}: {lines[0]}",),
            scheduled="dagster/schedule_name" in run.tags,
        ),
    )
