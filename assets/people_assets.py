"""What crossed from the secure home: one asset for each table of protected counts.

What belongs here: loading them. What does not: persons, whose rows no step of the orchestrator
sees; `beacon people run` makes these tables beside it.
"""

from collections.abc import Iterator

import dagster as dg

from assets.checks import contract_spec
from assets.keys import table_key
from assets.metadata import definition_metadata, description, owners
from assets.run import WRITER_POOL, OpenRun
from assets.table_assets import checked
from beacon.people.crossing import CROSSING
from beacon.pipeline import load_people


def people_asset(name: str) -> dg.AssetsDefinition:
    """The asset of one table of schema `people`; empty where no extract was supplied."""

    @dg.multi_asset(
        name=name.replace(".", "__"),
        specs=[
            dg.AssetSpec(
                table_key(name),
                group_name="people",
                owners=owners("marts"),
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
