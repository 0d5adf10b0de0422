"""Schedules: when jobs run."""

import dagster as dg

from beacon.core.clock import LONDON, NIGHT_CRON, REBUILD_CRON
from pipelines.backfill import rebuild_job
from pipelines.jobs import nightly

nightly_schedule = dg.ScheduleDefinition(
    name="nightly_at_half_past_two",
    job=nightly,
    cron_schedule=NIGHT_CRON,
    execution_timezone=LONDON.key,
    description="Every night at 02:30 in London, through both changes of the clock.",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)

rebuild_schedule = dg.ScheduleDefinition(
    name="rebuild_on_the_first",
    job=rebuild_job,
    cron_schedule=REBUILD_CRON,
    execution_timezone=LONDON.key,
    description="On the first of each month: does the current release still follow from landing?",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
