"""Jobs beside tonight's release: a past day, and the current release made again."""

from datetime import date

import dagster as dg

from assets.run import WRITER_POOL, OpenRun
from beacon.replay.as_of import publish_as_of
from beacon.replay.rebuild import rebuild
from pipelines.retries import NO_RETRY_TAGS

BACKFILL = "backfill"
REBUILD = "rebuild"


class BackfillConfig(dg.Config):
    """The day."""

    as_of: str


@dg.op(
    pool=WRITER_POOL,
    description="Put what had been received by the end of a day through today's code.",
)
def release_as_of(
    context: dg.OpExecutionContext, config: BackfillConfig, run: dg.ResourceParam[OpenRun]
) -> None:
    """Make what would have been published on a day, in `backfills/<day>/` of the home."""
    day = date.fromisoformat(config.as_of)
    with run.recorder.step(BACKFILL):
        made = publish_as_of(run.workspace.settings, day)
    context.add_output_metadata(
        {
            "release": made.release.label,
            "outcome": made.status,
            "directory": dg.MetadataValue.path(str(made.release.path)),
        }
    )


@dg.op(pool=WRITER_POOL, description="Make the current release again from landing; compare bytes.")
def release_again(context: dg.OpExecutionContext, run: dg.ResourceParam[OpenRun]) -> None:
    """Rebuild and compare; a difference fails the run and is told, and nothing is published."""
    with run.recorder.step(REBUILD):
        result = rebuild(run.workspace.settings)
    context.add_output_metadata(
        {
            "release": result["release"],
            "outcome": result["outcome"],
            "differences": dg.MetadataValue.json(result["differences"]),
            "notes": dg.MetadataValue.json(result["notes"]),
        }
    )
    if result["outcome"] != "same":
        raise dg.Failure(
            f"{result['release']} does not follow from landing: "
            + " ".join(result["differences"][:3]),
            allow_retries=False,
        )


@dg.job(
    name=BACKFILL,
    description=(
        "A release as it would have been published on a past day (`as_of: 2026-03-01`), from what "
        "had been received by its end. Goes to backfills/ of the home; nothing becomes current."
    ),
    tags={"beacon/job": BACKFILL, **NO_RETRY_TAGS},
)
def backfill() -> None:
    """One step."""
    release_as_of()


@dg.job(
    name=REBUILD,
    description=(
        "The current release made again from landing, in a place of its own, and compared bit for "
        "bit. A difference is told; nothing is published."
    ),
    tags={"beacon/job": REBUILD, **NO_RETRY_TAGS},
)
def rebuild_job() -> None:
    """One step."""
    release_again()
