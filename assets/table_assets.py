"""Derived tables: one asset for each file of `sql/`, whose step makes the table and checks it."""

import re
from collections.abc import Iterator

import dagster as dg

from assets.checks import contract_result, contract_spec
from assets.keys import (
    contracts,
    derived,
    indicator_file,
    indicator_key,
    indicators,
    staging_tables,
    table_key,
)
from assets.metadata import (
    code_references,
    column_lineage,
    definition_metadata,
    description,
    group,
    owners,
    problems_table,
)
from assets.run import WRITER_POOL, OpenRun
from beacon.contracts.sql_files import SqlTable
from beacon.core.errors import Problem
from beacon.pipeline import FILLED_BY_THE_RUN, check, transform, transform_indicators
from beacon.warehouse.indicator_rows import PUBLISHED


def _parents(table: SqlTable) -> list[dg.AssetKey]:
    """What has to be made before a table."""
    parents = []
    for name in table.depends:
        if name == PUBLISHED:
            # The table holds the rows of every indicator, each of which can be made again alone.
            parents += [table_key(name), *(indicator_key(slug) for slug in indicators())]
        elif not name.startswith("registry."):
            parents.append(table_key(name))
        elif name in FILLED_BY_THE_RUN:
            # It says how every input stands, so every input has to be read.
            parents += [table_key(f"staging.{staging}") for staging in staging_tables()]
    return list(dict.fromkeys(parents))


def _table_spec(table: SqlTable) -> dg.AssetSpec:
    metadata = definition_metadata(table.name)
    lineage = column_lineage(table)
    if lineage is not None:
        metadata["dagster/column_lineage"] = lineage
    return dg.AssetSpec(
        table_key(table.name),
        group_name=group(table.schema),
        owners=owners(table.schema),
        deps=_parents(table),
        description=description(table.name, table),
        kinds={"duckdb", "sql"},
        metadata=metadata,
    )


def table_asset(table: SqlTable) -> dg.AssetsDefinition:
    """The asset of one derived table.

    Args:
        table: Its file of `sql/`.

    Returns:
        An asset whose step makes the table, then checks it against its contract.
    """

    @dg.multi_asset(
        name=table.name.replace(".", "__"),
        specs=[_table_spec(table)],
        check_specs=[contract_spec(table.name)],
        pool=WRITER_POOL,
    )
    def make(
        context: dg.AssetExecutionContext, run: dg.ResourceParam[OpenRun]
    ) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        with run.recorder.step(table.name):
            rows = transform(run.warehouse, table.name)
            yield dg.MaterializeResult(
                asset_key=table_key(table.name), metadata={"dagster/row_count": rows}
            )
            yield checked(run, table.name)

    return make


def checked(run: OpenRun, name: str) -> dg.AssetCheckResult:
    """Check a table, and keep for the record what blocks a release."""
    results = check(run.warehouse, name)
    run.recorder.checks_failed([f"{r.table}: {r.name}" for r in results if r.blocks])
    return contract_result(name, results)


def _indicator_spec(slug: str) -> dg.AssetSpec:
    """The asset of one indicator, made from its file in the registry."""
    indicator = indicators()[slug]
    return dg.AssetSpec(
        indicator_key(slug),
        group_name=group("indicators"),
        owners=[f"team:{re.sub('[^a-z0-9]+', '-', indicator.owner.lower()).strip('-')}"],
        deps=_parents(derived("indicators")[PUBLISHED]),
        description=f"{indicator.name}.\n\n{indicator.definition or ''}",
        kinds={"duckdb"},
        tags={"programme": indicator.programme},
        metadata={
            "number": indicator.id,
            "name status": indicator.name_status,
            "theme": indicator.theme,
            "unit": indicator.unit,
            "polarity": indicator.polarity,
            "next review": str(indicator.next_review),
            **code_references(indicator_file(slug)),
        },
    )


_PUBLISHED_KEY = table_key(PUBLISHED)


# The rows of all indicators are one table; each indicator is an asset of its own all the same, so
# that it can be made again and dated alone.
@dg.multi_asset(
    name="indicators",
    specs=[
        _table_spec(derived("indicators")[PUBLISHED]),
        *(_indicator_spec(slug) for slug in indicators()),
    ],
    check_specs=[
        contract_spec(PUBLISHED),
        dg.AssetCheckSpec(
            "series",
            asset=_PUBLISHED_KEY,
            description="The publishers' series are those that the registry expects.",
        ),
    ],
    can_subset=True,
    pool=WRITER_POOL,
)
def indicator_assets(
    context: dg.AssetExecutionContext, run: dg.ResourceParam[OpenRun]
) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """Find each indicator's published series and bring it into the common shape."""
    wanted = context.selected_asset_keys
    whole = _PUBLISHED_KEY in wanted
    slugs = [slug for slug in indicators() if whole or indicator_key(slug) in wanted]
    with run.recorder.step("indicators"):
        made = transform_indicators(run.warehouse, slugs)
        for slug, (rows, _) in made.items():
            if indicator_key(slug) in wanted:
                yield dg.MaterializeResult(
                    asset_key=indicator_key(slug), metadata={"dagster/row_count": rows}
                )
        if whole:
            rows = sum(count for count, _ in made.values())
            yield dg.MaterializeResult(
                asset_key=_PUBLISHED_KEY, metadata={"dagster/row_count": rows}
            )
        problems = [problem for _, found in made.values() for problem in found]
        for check_key in context.selected_asset_check_keys:
            if check_key.name == "series":
                yield _series_result(problems)
            else:
                yield checked(run, PUBLISHED)


def _series_result(problems: list[Problem]) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=_PUBLISHED_KEY,
        check_name="series",
        passed=not problems,
        severity=dg.AssetCheckSeverity.ERROR,
        description=" ".join(map(str, problems)) or None,
        metadata=problems_table(problems),
    )


TABLE_ASSETS = [
    table_asset(table)
    for schema in ("geography", "cohorts", "indicators", "marts")
    for name, table in derived(schema).items()
    if name != PUBLISHED and name in contracts()
]
