"""Geography, cohorts and marts: one asset for each file of `sql/`."""

import re
from collections.abc import Iterator

import dagster as dg

from assets.keys import (
    contracts,
    derived,
    indicator_file,
    indicator_key,
    indicators,
    table_key,
)
from assets.metadata import (
    code_references,
    column_lineage,
    definition_metadata,
    description,
    group,
    owners,
)
from assets.session import WRITER_POOL
from beacon.contracts.sql_files import SqlTable
from beacon.derivations import OUTLINES, PRACTICE_OBSERVATION
from beacon.session import MARTS, Session


def _spec(stage: str, table: SqlTable) -> dg.AssetSpec:
    metadata = definition_metadata(table.name)
    lineage = column_lineage(table)
    if lineage is not None:
        metadata["dagster/column_lineage"] = lineage
    return dg.AssetSpec(
        table_key(table.name),
        group_name=group(stage),
        owners=owners(stage),
        deps=[table_key(name) for name in table.depends if not name.startswith("registry.")],
        description=description(table.name, table),
        kinds={"duckdb", "sql"},
        metadata=metadata,
    )


def replace_deps(spec: dg.AssetSpec, deps: list[dg.AssetKey]) -> dg.AssetSpec:
    """The same asset with other parents, where the SQL reads a view over several assets."""
    return spec.replace_attributes(deps=deps)


def _outline_spec(name: str) -> dg.AssetSpec:
    return dg.AssetSpec(
        table_key(name),
        group_name=group("geography"),
        owners=owners("geography"),
        deps=[table_key(dependency) for dependency in OUTLINES[name]],
        description="Outlines, well-known binary in longitude and latitude (WGS 84).",
        kinds={"duckdb", "python"},
        metadata=code_references("beacon/warehouse/outlines.py"),
    )


def _make(
    context: dg.AssetExecutionContext, session: Session, names: list[str]
) -> Iterator[dg.MaterializeResult]:
    for name in names:
        key = table_key(name)
        if key in context.selected_asset_keys:
            rows = session.derive(name)
            yield dg.MaterializeResult(asset_key=key, metadata={"dagster/row_count": rows})
            if name in contracts():
                # Checked beside the steps that follow; the results are awaited before publishing.
                session.submit_checks([name])


_GEOGRAPHY = [*derived("geography"), *OUTLINES]


@dg.multi_asset(
    name="geography",
    specs=[
        *(_spec("geography", table) for table in derived("geography").values()),
        *(_outline_spec(name) for name in OUTLINES),
    ],
    can_subset=True,
    pool=WRITER_POOL,
)
def geography(
    context: dg.AssetExecutionContext, session: dg.ResourceParam[Session]
) -> Iterator[dg.MaterializeResult]:
    """One membership table for each LSOA vintage, the crosswalk between them, and outlines."""
    yield from _make(context, session, _GEOGRAPHY)


@dg.multi_asset(
    name="cohorts",
    specs=[_spec("cohorts", table) for table in derived("cohorts").values()],
    can_subset=True,
    pool=WRITER_POOL,
)
def cohorts(
    context: dg.AssetExecutionContext, session: dg.ResourceParam[Session]
) -> Iterator[dg.MaterializeResult]:
    """Core20: who lives in the most deprived fifth of the nation."""
    yield from _make(context, session, list(derived("cohorts")))


def _indicator_spec(slug: str) -> dg.AssetSpec:
    """The asset of one indicator, made from its file in the registry."""
    indicator = indicators()[slug]
    return dg.AssetSpec(
        indicator_key(slug),
        group_name=group("indicators"),
        owners=[f"team:{re.sub('[^a-z0-9]+', '-', indicator.owner.lower()).strip('-')}"],
        deps=[table_key("staging.observation"), table_key(PRACTICE_OBSERVATION)],
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


# One step and one table for all: a step of its own for each would cost more than the work. Each is
# an asset of its own all the same, and can be made, checked and dated alone.
@dg.multi_asset(
    name="indicators",
    specs=[
        _spec("indicators", derived("indicators")[PRACTICE_OBSERVATION]),
        *(_indicator_spec(slug) for slug in indicators()),
    ],
    check_specs=[
        dg.AssetCheckSpec(
            "series",
            asset=indicator_key(slug),
            description="The publisher's series are those that the registry expects.",
        )
        for slug in indicators()
    ],
    can_subset=True,
    pool=WRITER_POOL,
)
def indicator_assets(
    context: dg.AssetExecutionContext, session: dg.ResourceParam[Session]
) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """Find each indicator's published series and bring it into the common shape."""
    yield from _make(context, session, [PRACTICE_OBSERVATION])
    slugs = [slug for slug in indicators() if indicator_key(slug) in context.selected_asset_keys]
    for slug, (rows, problems) in session.derive_indicators(slugs).items():
        key = indicator_key(slug)
        yield dg.MaterializeResult(asset_key=key, metadata={"dagster/row_count": rows})
        yield dg.AssetCheckResult(
            asset_key=key,
            check_name="series",
            passed=not problems,
            severity=dg.AssetCheckSeverity.ERROR,
            description=" ".join(problems) or None,
        )


@dg.multi_asset(
    name="indicator_facts",
    specs=[
        replace_deps(
            _spec("indicators", derived("indicators")["indicators.fact"]),
            # The board's own figures need to know whether its Places cover it.
            [*(indicator_key(slug) for slug in indicators()), table_key("geography.lsoa21")],
        ),
        _spec("indicators", derived("indicators")["indicators.trend"]),
    ],
    pool=WRITER_POOL,
)
def indicator_facts(session: dg.ResourceParam[Session]) -> Iterator[dg.MaterializeResult]:
    """All indicators in one table, with what is missing, how each compares, and its trend."""
    for name, rows in session.derive_facts().items():
        yield dg.MaterializeResult(asset_key=table_key(name), metadata={"dagster/row_count": rows})
        session.submit_checks([name])


@dg.multi_asset(
    name="marts",
    specs=[_spec("marts", derived("marts")[f"marts.{name}"]) for name in MARTS],
    can_subset=True,
    pool=WRITER_POOL,
)
def marts(
    context: dg.AssetExecutionContext, session: dg.ResourceParam[Session]
) -> Iterator[dg.MaterializeResult]:
    """The tables that analysts open."""
    session.get_pages_ready()
    yield from _make(context, session, [f"marts.{name}" for name in MARTS])
