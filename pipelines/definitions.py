"""The code location: everything that Dagster loads."""

import dagster as dg

from assets.board_assets import all_boards, board
from assets.landing import STAGING_ASSETS, land, publishers
from assets.people_assets import PEOPLE_ASSETS, crossed_counts
from assets.release import release
from assets.run import BeaconRun
from assets.table_assets import TABLE_ASSETS, indicator_assets
from pipelines.backfill import backfill, rebuild_job
from pipelines.jobs import boards, nightly, people_month
from pipelines.schedules import boards_schedule, nightly_schedule, rebuild_schedule
from pipelines.sensors import new_extracts, tell_of_failed_runs, watch

defs = dg.Definitions(
    assets=[
        *publishers,
        land,
        *STAGING_ASSETS,
        crossed_counts,
        *PEOPLE_ASSETS,
        indicator_assets,
        *TABLE_ASSETS,
        release,
        board,
        all_boards,
    ],
    jobs=[nightly, boards, people_month, backfill, rebuild_job],
    schedules=[nightly_schedule, boards_schedule, rebuild_schedule],
    sensors=[watch, tell_of_failed_runs, new_extracts],
    resources={"run": BeaconRun.configure_at_launch()},
    # One process may write to DuckDB, and a process for each step would cost seconds of imports.
    executor=dg.in_process_executor,
)
