"""The nightly job. A part of it, by source, table or indicator, is a selection of assets."""

import dagster as dg

from pipelines.retries import RETRY_TAGS

NIGHTLY = "nightly"

nightly = dg.define_asset_job(
    NIGHTLY,
    selection=dg.AssetSelection.all(),
    description="Everything, from the publishers' files to one published release.",
    tags={"beacon/job": NIGHTLY, **RETRY_TAGS},
)
