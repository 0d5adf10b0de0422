"""Counts of people: those of each as-at month, and one asset for each table that a run loads.

What belongs here: when they are made, and loading them. What does not: persons. Their rows stay in
the secure home; the orchestrator keeps months, numbers of rows and hashes of what crossed.
"""

from collections.abc import Iterator

import dagster as dg

from assets.checks import contract_spec
from assets.keys import table_key
from assets.metadata import definition_metadata, description, owners
from assets.run import WRITER_POOL, OpenRun
from assets.table_assets import checked
from beacon.people.crossing import CROSSING
from beacon.people_counting import count_people
from beacon.pipeline import load_people

CROSSED_COUNTS = dg.AssetKey(["people", "crossed_counts"])
# The month that is under way is a partition too: an extract of it may come before it ends.
AS_AT_MONTHS = dg.MonthlyPartitionsDefinition(start_date="2020-01-01", end_offset=1)


@dg.asset(
    key=CROSSED_COUNTS,
    partitions_def=AS_AT_MONTHS,
    group_name="people",
    owners=owners("marts"),
    kinds={"duckdb"},
    pool=WRITER_POOL,
    description=(
        "Protected counts of the extracts whose as-at date lies in the month: admitted to the "
        "secure home, counted there, and let across. The next nightly run publishes them."
    ),
)
def crossed_counts(
    context: dg.AssetExecutionContext, run: dg.ResourceParam[OpenRun]
) -> dg.MaterializeResult[None]:
    """Do for one month what `beacon people run` does for all."""
    with run.recorder.step("people.crossed_counts"):
        report = count_people(run.warehouse, month=context.partition_key[:7])
    return dg.MaterializeResult(
        metadata={
            "extracts admitted": ", ".join(report.admitted) or "none",
            "warnings of the gate": sum(map(len, report.warnings.values())),
            "not counted": "; ".join(f"{day}: {why}" for day, why in report.left.items()) or "none",
            "retention ended, delete": ", ".join(report.overdue) or "none",
            "cohorts not computed": ", ".join(report.not_computed) or "none",
            "dagster/row_count": sum(one.rows for one in report.crossed),
            "crossed": dg.MetadataValue.md(
                "\n".join(
                    f"- {one.table} {one.as_at}: {one.rows:,} rows, {one.sha256[:12]}"
                    for one in report.crossed
                )
                or "Nothing new."
            ),
        }
    )


def people_asset(name: str) -> dg.AssetsDefinition:
    """The asset of one table of schema `people`; empty where no extract was supplied."""

    @dg.multi_asset(
        name=name.replace(".", "__"),
        specs=[
            dg.AssetSpec(
                table_key(name),
                group_name="people",
                owners=owners("marts"),
                deps=[CROSSED_COUNTS],
                description=description(name),
                kinds={"duckdb"},
                metadata=definition_metadata(name),
            )
        ],
        check_specs=[contract_spec(name)],
        pool=WRITER_POOL,
    )
    def load(
        context: dg.AssetExecutionContext, run: dg.ResourceParam[OpenRun]
    ) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        with run.recorder.step(name):
            rows = load_people(run.warehouse, name)
            yield dg.MaterializeResult(
                asset_key=table_key(name), metadata={"dagster/row_count": rows}
            )
            yield checked(run, name)

    return load


PEOPLE_ASSETS = [people_asset(f"people.{table}") for table in CROSSING]
