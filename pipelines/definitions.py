"""The code location: everything that Dagster loads."""

import dagster as dg

from pipelines import night
from pipelines.backfill import backfill, rebuild_job
from pipelines.jobs import jobs_by_hand
from pipelines.schedules import nightly_schedule, rebuild_schedule
from pipelines.sensors import tell_of_failed_runs, watch

defs = dg.Definitions.merge(
    night.NIGHT,
    dg.Definitions(
        jobs=[backfill, rebuild_job, *jobs_by_hand()],
        schedules=[nightly_schedule, rebuild_schedule],
        sensors=[watch, tell_of_failed_runs],
    ),
)
