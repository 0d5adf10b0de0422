"""Many boards: one asset with a partition for each, and one for all of them together.

What belongs here: showing what became of each board, and making one anew. What does not: making
them, which `beacon.boards` does for whoever calls it.
"""

from collections.abc import Iterator

import dagster as dg

from assets.metadata import code_references, group, owners
from assets.run import WRITER_POOL, OpenRun
from beacon.boards import BoardOutcome, BoardsRun, board_ids, run_boards, shared_workspace

BOARD = dg.AssetKey(["boards", "board"])
ALL_BOARDS = dg.AssetKey(["boards", "all"])
# Ids of footprints; the step that makes all boards names those that the home has.
BOARD_PARTITIONS = dg.DynamicPartitionsDefinition(name="boards")


def _make(run: OpenRun, only: tuple[str, ...] = ()) -> BoardsRun:
    with run.recorder.step("boards"):
        run.lock()
        done = run_boards(shared_workspace(run.workspace.settings), run.start, only=only)
        if done.collection is not None:
            run.recorder.outcome = done.collection.status
    return done


def _metadata(outcome: BoardOutcome, done: BoardsRun) -> dict[str, str]:
    collection = done.collection.release.label if done.collection else "none"
    return {"outcome": outcome.status, "release of all": collection}


@dg.asset(
    key=BOARD,
    partitions_def=BOARD_PARTITIONS,
    group_name=group("release"),
    owners=owners("release"),
    kinds={"parquet"},
    pool=WRITER_POOL,
    metadata=code_references("beacon/boards.py"),
    description="The release of one board in a home of many (`beacon run --footprint all`).",
)
def board(
    context: dg.AssetExecutionContext, run: dg.ResourceParam[OpenRun]
) -> dg.MaterializeResult:
    """Make one board anew where it needs it, and the release of all; the others stay."""
    done = _make(run, (context.partition_key,))
    (outcome,) = done.outcomes
    if outcome.is_behind:
        raise dg.Failure(f"{outcome.board}: {outcome.message}", allow_retries=False)
    return dg.MaterializeResult(metadata=_metadata(outcome, done))


@dg.multi_asset(
    name="all_boards",
    specs=[
        dg.AssetSpec(
            ALL_BOARDS,
            group_name=group("release"),
            owners=owners("release"),
            kinds={"parquet"},
            metadata=code_references("beacon/boards.py"),
            description=(
                "Every board of a home of many: landed and staged once, a release of each, and one "
                "release of all that names them."
            ),
        )
    ],
    check_specs=[
        dg.AssetCheckSpec(
            "renewed", asset=ALL_BOARDS, description="Every board has a release of what was landed."
        )
    ],
    pool=WRITER_POOL,
)
def all_boards(
    context: dg.AssetExecutionContext, run: dg.ResourceParam[OpenRun]
) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """Make every board that needs it; each that stands is a partition of `boards/board`."""
    name = str(BOARD_PARTITIONS.name)
    context.instance.add_dynamic_partitions(name, board_ids(run.workspace.settings))
    done = _make(run)
    if done.collection is None:
        raise dg.Failure("; ".join(f"{o.board}: {o.message}" for o in done.outcomes))
    behind = [outcome for outcome in done.outcomes if outcome.is_behind]
    for outcome in done.outcomes:
        if not outcome.is_behind:
            context.log_event(
                dg.AssetMaterialization(
                    BOARD, partition=outcome.board, metadata=_metadata(outcome, done)
                )
            )
    release = done.collection.release
    yield dg.MaterializeResult(
        asset_key=ALL_BOARDS,
        data_version=dg.DataVersion(release.label),
        metadata={
            "outcome": done.collection.status,
            "release": release.label,
            "boards": len(done.outcomes),
            "front page": dg.MetadataValue.path(str(release.path / "site" / "index.html")),
        },
    )
    yield dg.AssetCheckResult(
        asset_key=ALL_BOARDS,
        check_name="renewed",
        passed=not behind,
        description="; ".join(f"{o.board} ({o.status}): {o.message}" for o in behind) or None,
    )
