"""The nightly job, and that of people. A part of the night is a selection of assets."""

import dagster as dg

from assets.people_assets import CROSSED_COUNTS
from pipelines.retries import NO_RETRY_TAGS, RETRY_TAGS

NIGHTLY = "nightly"
PEOPLE_MONTH = "people_month"

nightly = dg.define_asset_job(
    NIGHTLY,
    # Counts of people are made by month, in runs of their own.
    selection=dg.AssetSelection.all() - dg.AssetSelection.assets(CROSSED_COUNTS),
    description="Everything, from the publishers' files to one published release.",
    tags={"beacon/job": NIGHTLY, **RETRY_TAGS},
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
