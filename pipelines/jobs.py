"""Jobs: what runs together."""

from typing import Any

import dagster as dg

from assets.keys import indicator_key, indicators, landing_key, sources_in_use
from pipelines.retries import NO_RETRY_TAGS, RETRY_TAGS

NIGHTLY = "nightly"

nightly = dg.define_asset_job(
    NIGHTLY,
    selection=dg.AssetSelection.all(),
    description="Everything, from the publishers' files to one published release.",
    tags={"beacon/job": NIGHTLY, **RETRY_TAGS},
)


def _by_hand(name: str, key: dg.AssetKey, description: str) -> Any:
    return dg.define_asset_job(
        name,
        selection=dg.AssetSelection.assets(key).downstream(),
        description=description,
        tags={"beacon/job": "by hand", **NO_RETRY_TAGS},
    )


def jobs_by_hand() -> list[Any]:
    """A job for each source and each indicator, from there to the release; started by people.

    They are for the UI. A night needs none of them and does not load them.
    """
    return [
        *(
            _by_hand(
                f"source_{source}",
                landing_key(source),
                "Look for this source's files again, and carry what is new to a release.",
            )
            for source in sources_in_use()
        ),
        *(
            _by_hand(
                f"indicator_{slug}",
                indicator_key(slug),
                f"{indicator.name}: derive it again and carry it to a release.",
            )
            for slug, indicator in indicators().items()
        ),
    ]
