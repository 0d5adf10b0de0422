"""The release: all marts together, published or not at all, with the pages made from them."""

from collections.abc import Iterator
from datetime import timedelta

import dagster as dg

from assets.keys import RELEASE, SITE, table_key
from assets.metadata import code_references, group, owners
from assets.run import WRITER_POOL, OpenRun
from beacon.contracts.sql_files import mart_names
from beacon.core.clock import LONDON
from beacon.ingest.land import LandingReport
from beacon.operations.run_summary import what_changed
from beacon.operations.source_history import see_sources
from beacon.pipeline import confirm, publish, staged_parts
from beacon.release.approval import ApprovalNeededError
from beacon.release.build import Publication
from beacon.site import build_site

# Confirmed or published anew by the time that people come in.
_EVERY_MORNING = dg.FreshnessPolicy.cron(
    deadline_cron="30 6 * * *", lower_bound_delta=timedelta(hours=5), timezone=LONDON.key
)


@dg.multi_asset(
    name="release",
    specs=[
        dg.AssetSpec(
            RELEASE,
            group_name=group("release"),
            owners=owners("release"),
            freshness_policy=_EVERY_MORNING,
            metadata=code_references("beacon/release/build.py"),
            deps=[table_key(f"marts.{name}") for name in mart_names()],
            description=(
                "One immutable version of all marts. Published only when every critical check has "
                "passed; not published again when nothing differs from the current one."
            ),
            kinds={"parquet"},
        ),
        dg.AssetSpec(
            SITE,
            group_name=group("release"),
            owners=owners("release"),
            metadata=code_references("beacon/site/build_pages.py"),
            deps=[RELEASE],
            description=(
                "The pages that directors read, made from the marts of the release and kept in it. "
                "A release goes out without them where they cannot be made."
            ),
            kinds={"html"},
        ),
    ],
    check_specs=[
        dg.AssetCheckSpec("made", asset=SITE, description="The pages of the release could be made.")
    ],
    pool=WRITER_POOL,
)
def release(
    context: dg.AssetExecutionContext, run: dg.ResourceParam[OpenRun]
) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """Publish the marts, unless something blocks them or nothing has changed."""
    landed = LandingReport.load(run.workspace.landing_report_file)
    with run.recorder.step("publish"):
        run.lock()
        confirmed = confirm(run.workspace, landed)
        publication = confirmed or _publish(run)
        run.recorder.outcome = publication.status
    current = publication.release
    manifest = current.manifest
    context.instance.add_run_tags(
        context.run.run_id,
        {"beacon/outcome": publication.status, "beacon/release": current.label},
    )
    # A run that only confirms has read nothing, so what an earlier one could not read is no news.
    parts = [] if confirmed else staged_parts(run.workspace)
    seen = see_sources(run.workspace.home, run.workspace.register, landed, parts)
    refused = [state.source for state in seen.sources if state.refused]
    if refused:
        # The list of runs shows it: a run whose older files stay in use is a success all the same.
        context.instance.add_run_tags(context.run.run_id, {"beacon/refused": ", ".join(refused)})
    changed = what_changed(publication, landed, seen)
    yield dg.MaterializeResult(
        asset_key=RELEASE,
        data_version=dg.DataVersion(current.label),
        metadata={
            "what changed": dg.MetadataValue.md(changed),
            "outcome": publication.status,
            "release": current.label,
            "directory": dg.MetadataValue.path(str(current.path)),
            "fictional": manifest["fictional"],
            "dagster/row_count": sum(mart["rows"] for mart in manifest["marts"]),
            "inputs": len(manifest["inputs"]),
        },
    )
    front_page = current.path / "site" / "index.html"
    outcome = current.run_record.get("extras", {}).get("pages", "not made")
    yield dg.MaterializeResult(
        asset_key=SITE,
        data_version=dg.DataVersion(current.label),
        metadata={"front page": dg.MetadataValue.path(str(front_page))},
    )
    yield dg.AssetCheckResult(
        asset_key=SITE,
        check_name="made",
        passed=outcome == "made" and front_page.is_file(),
        severity=dg.AssetCheckSeverity.WARN,
        description=None if outcome == "made" else outcome,
    )
    # Last, so that it is what the page of the run ends in.
    context.log.info(changed.replace("**", ""))


def _publish(run: OpenRun) -> Publication:
    try:
        return publish(run.warehouse, run.start, make_pages=build_site)
    except ApprovalNeededError:
        run.recorder.outcome = "held"
        raise
