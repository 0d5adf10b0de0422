"""The nightly jobs, of one board and of many, and that of people.

A part of the night is a selection of assets.
"""

import dagster as dg

from assets.board_assets import ALL_BOARDS, BOARD
from assets.people_assets import CROSSED_COUNTS
from beacon.boards import JOB as BOARDS
from pipelines.retries import NO_RETRY_TAGS, RETRY_TAGS

NIGHTLY = "nightly"
PEOPLE_MONTH = "people_month"

nightly = dg.define_asset_job(
    NIGHTLY,
    # Counts of people are made by month, in runs of their own.
    # A home is of one board or of many.
    selection=dg.AssetSelection.all() - dg.AssetSelection.assets(CROSSED_COUNTS, BOARD, ALL_BOARDS),
    description="Everything, from the publishers' files to one published release.",
    tags={"beacon/job": NIGHTLY, **RETRY_TAGS},
)

boards = dg.define_asset_job(
    BOARDS,
    selection=dg.AssetSelection.assets(ALL_BOARDS),
    description="For a home of many boards: from publishers' files to a release of each.",
    tags={"beacon/job": BOARDS, **RETRY_TAGS},
)

people_month = dg.define_asset_job(
    PEOPLE_MONTH,
    selection=dg.AssetSelection.assets(CROSSED_COUNTS),
    description=(
        "Extracts of persons of one month: admitted, counted and let across. The next nightly run "
        "publishes the counts."
    ),
    tags={"beacon/job": PEOPLE_MONTH, **NO_RETRY_TAGS},
)
