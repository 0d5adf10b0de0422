"""The release: all marts together, published or not at all, with the pages made from them."""

from collections.abc import Iterator
from datetime import timedelta

import dagster as dg

from assets.keys import RELEASE, SITE, table_key
from assets.metadata import code_references, group, owners
from assets.session import WRITER_POOL
from beacon.core.clock import LONDON
from beacon.operations.tonight import what_changed
from beacon.session import MARTS, Session

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
            deps=[table_key(f"marts.{name}") for name in MARTS],
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
    context: dg.AssetExecutionContext,
    session: dg.ResourceParam[Session],
) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """Publish the marts, unless something blocks them or nothing has changed."""
    publication = session.publish()
    current = publication.release
    manifest = current.manifest
    context.instance.add_run_tags(
        context.run.run_id,
        {"beacon/outcome": publication.status, "beacon/release": current.label},
    )
    changed = what_changed(session, publication, session.see_sources())
    yield dg.MaterializeResult(
        asset_key=RELEASE,
        data_version=dg.DataVersion(current.label),
        metadata={
            "what changed tonight": dg.MetadataValue.md(changed),
            "outcome": publication.status,
            "release": current.label,
            "directory": dg.MetadataValue.path(str(current.path)),
            "fictional": manifest["fictional"],
            "dagster/row_count": sum(mart["rows"] for mart in manifest["marts"]),
            "inputs": len(manifest["inputs"]),
        },
    )
    front_page = current.path / "site" / "index.html"
    outcome = current.run_record.get("extras", {}).get("start_site", "not made")
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
