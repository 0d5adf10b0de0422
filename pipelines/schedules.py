"""Schedules: when jobs run.

What belongs here: times. What does not: what runs (`jobs`).
"""

import dagster as dg

from pipelines.jobs import nightly

nightly_schedule = dg.ScheduleDefinition(
    name="nightly_at_half_past_two",
    job=nightly,
    cron_schedule="30 2 * * *",
    execution_timezone="Europe/London",
    description="Every night at 02:30 in London, through both changes of the clock.",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
