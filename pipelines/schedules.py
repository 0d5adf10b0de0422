"""Schedules: when jobs run."""

import os

import dagster as dg

from beacon.core.clock import LONDON, NIGHT_CRON, REBUILD_CRON
from beacon.core.home import ALL_FOOTPRINTS
from pipelines.backfill import rebuild_job
from pipelines.jobs import boards, nightly

# Which of two nights runs by itself: that of one board, or that of many.
_OF_MANY = os.environ.get("BEACON_FOOTPRINT") == ALL_FOOTPRINTS
_RUNNING, _STOPPED = dg.DefaultScheduleStatus.RUNNING, dg.DefaultScheduleStatus.STOPPED

nightly_schedule = dg.ScheduleDefinition(
    name="nightly_at_half_past_two",
    job=nightly,
    cron_schedule=NIGHT_CRON,
    execution_timezone=LONDON.key,
    description="Every night at 02:30 in London, through both changes of the clock.",
    default_status=_STOPPED if _OF_MANY else _RUNNING,
)

boards_schedule = dg.ScheduleDefinition(
    name="boards_at_half_past_two",
    job=boards,
    cron_schedule=NIGHT_CRON,
    execution_timezone=LONDON.key,
    description="The same for a home of many boards: on where BEACON_FOOTPRINT is `all`.",
    default_status=_RUNNING if _OF_MANY else _STOPPED,
)

rebuild_schedule = dg.ScheduleDefinition(
    name="rebuild_on_the_first",
    job=rebuild_job,
    cron_schedule=REBUILD_CRON,
    execution_timezone=LONDON.key,
    description="On the first of each month: does the current release still follow from landing?",
    default_status=_STOPPED if _OF_MANY else _RUNNING,
)
