"""The release: all marts together, published or not at all.

What belongs here: the asset that publishes. What does not: how (`beacon.release`).
"""

import dagster as dg

from assets.keys import RELEASE, table_key
from assets.session import WRITER_POOL
from beacon.session import MARTS, Session


@dg.asset(
    key=RELEASE,
    group_name="release",
    deps=[table_key(f"marts.{name}") for name in MARTS],
    description=(
        "One immutable version of all marts. Published only when every critical check has passed; "
        "not published again when nothing differs from the current one."
    ),
    kinds={"parquet"},
    pool=WRITER_POOL,
)
def release(session: dg.ResourceParam[Session]) -> dg.MaterializeResult:
    """Publish the marts, unless something blocks them or nothing has changed."""
    publication = session.publish()
    manifest = publication.release.manifest
    return dg.MaterializeResult(
        data_version=dg.DataVersion(publication.release.label),
        metadata={
            "outcome": publication.status,
            "release": publication.release.label,
            "directory": dg.MetadataValue.path(str(publication.release.path)),
            "fictional": manifest["fictional"],
            "dagster/row_count": sum(mart["rows"] for mart in manifest["marts"]),
            "inputs": len(manifest["inputs"]),
        },
    )
