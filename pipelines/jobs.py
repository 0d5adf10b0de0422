"""Jobs: what runs together.

What belongs here: selections of assets. What does not: when they run (`schedules`).
"""

import dagster as dg

NIGHTLY = "nightly"

nightly = dg.define_asset_job(
    NIGHTLY,
    selection=dg.AssetSelection.all(),
    description="Everything, from the publishers' files to one published release.",
    tags={"beacon/job": NIGHTLY},
)
