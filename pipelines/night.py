"""What a night needs: the assets, their checks, and the one job over all of them."""

import dagster as dg

from assets.checks import contract_checks
from assets.derived import cohorts, geography, indicator_assets, indicator_facts, marts
from assets.landing import land, publishers, stage
from assets.release import release
from assets.session import BeaconSession
from pipelines.jobs import nightly

NIGHT = dg.Definitions(
    assets=[
        *publishers,
        land,
        stage,
        geography,
        cohorts,
        indicator_assets,
        indicator_facts,
        marts,
        release,
    ],
    asset_checks=[contract_checks],
    jobs=[nightly],
    resources={"session": BeaconSession.configure_at_launch()},
    # A process per step costs seconds of imports each and cannot share the one database
    # connection that a single writer allows.
    executor=dg.in_process_executor,
)
