"""A release as tables of NHS England's Central Metrics Library (CML), proforma 3.0.

The form is that of the package `cml-schemas`, which also checks it. What a release lacks for it is
said in docs/serving.md: rows without a start of the period or without a value have no place there,
and the proforma's own vocabularies are not published.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from beacon.contracts import Contract, load_contracts
from beacon.contracts.row_id import row_id_sql
from beacon.contracts.sql_files import INDICATOR_MARTS
from beacon.release.layout import Release
from beacon.release.query import connect_release

TABLES = ("metric", "dimensions", "metadata", "source", "relationships")

_FACTS = """
create temp view fact as
select
    *,
    indicator_slug || '.' || measure as metric_id,
    md5(concat_ws(chr(31), sex, age, category_type, category)) as dimension_id,
    datediff('month', period_start, period_end + 1) as months,
    case
        when months % 12 = 0 then if(months = 12, 'Year', (months // 12)::varchar || ' years')
        when months = 3 then 'Quarter'
        when months = 1 then 'Month'
        else months::varchar || ' months'
    end as reporting_grain
from rows
where value is not null and period_start is not null
"""

_TABLES = {
    "metric": """
        select
            datapoint_id,
            metric_id,
            dimension_id,
            reporting_grain,
            area_code as location_id,
            area_type as location_type,
            period_start::timestamp as reporting_period_start_datetime,
            $published::timestamp as publication_datetime,
            value as metric_value,
            to_json({
                lower_95: lower_95, upper_95: upper_95, numerator: numerator,
                denominator: denominator, period: period, modelled: modelled
            })::varchar as additional_metric_values
        from fact order by datapoint_id
    """,
    "dimensions": """
        select
            dimension_id,
            if(category_type = 'All', 'sex, age', 'sex, age, ' || category_type)
                as dimension_type_id,
            if(category_type = 'All', 2, 3)::bigint as dimension_count,
            sex, age, category_type, category
        from fact group by all order by dimension_id
    """,
    "metadata": """
        select
            indicator.indicator_slug as metric_family_id,
            of_fact.metric_id,
            indicator.status as metric_status,
            indicator.role as metric_state,
            indicator.measure_name as metric_title,
            of_fact.first_start::timestamp as metric_start_date,
            null::timestamp as metric_end_date,
            indicator.value_type as available_metric_category,
            of_fact.grains as available_reporting_grain,
            of_fact.location_types as available_location_types,
            of_fact.dimension_types as available_dimension_types,
            indicator.programme as business_area,
            indicator.theme as business_sub_area,
            null::varchar as domain,
            of_fact.sources as numerator_source_name,
            null::varchar as numerator_project_id,
            null::varchar as numerator_source_platform,
            of_fact.sources as denominator_source_name,
            null::varchar as denominator_project_id,
            null::varchar as denominator_source_platform,
            indicator.owner as metric_owner,
            indicator.measure_short_name as metric_short_name,
            null::varchar as metric_alias,
            coalesce(indicator.definition, indicator.measure_name) as metric_description,
            concat_ws(' / ', indicator.numerator_definition, indicator.denominator_definition)
                as calculation,
            coalesce(indicator.rationale, 'Not stated') as metric_purpose,
            indicator.unit,
            indicator.value_type as format,
            null::varchar as target,
            coalesce(of_fact.cadences, 'Not stated') as frequency_of_refresh,
            if(indicator.value_type = 'count', 'sum', 'none') as aggregation,
            if(of_fact.suppressed, 'Y', 'N') as statistical_disclosure_control_flag,
            if(of_fact.suppressed, 'Small counts are withheld, and what would give one away.', null)
                as statistical_disclosure_control_description,
            indicator.polarity as interpretation,
            null::varchar as inclusion_exclusion_rules,
            null::varchar as usage,
            null::varchar as organisation_geog_type,
            indicator.caveats as footnotes,
            if(indicator.name_status = 'unconfirmed',
                'The wording of the name has not been checked against its source.', null) as notes
        from indicator
        inner join (
            select
                metric_id, any_value(indicator_slug) as indicator_slug,
                any_value(measure) as measure, min(period_start) as first_start,
                string_agg(distinct reporting_grain, ', ' order by reporting_grain) as grains,
                string_agg(distinct area_type, ', ' order by area_type) as location_types,
                string_agg(distinct category_type, ', ' order by category_type) as dimension_types,
                string_agg(distinct fact.source, ', ' order by fact.source) as sources,
                string_agg(distinct cadence, ', ' order by cadence) as cadences,
                bool_or(withheld.metric_id is not null) as suppressed
            from fact
            left join (select distinct source, dataset, cadence from source_status)
                using (source, dataset)
            left join (
                select distinct indicator_slug || '.' || measure as metric_id from rows
                where value_status = 'suppressed'
            ) as withheld using (metric_id)
            group by metric_id
        ) as of_fact
            on indicator.indicator_slug = of_fact.indicator_slug
            and indicator.measure = of_fact.measure
        order by of_fact.metric_id
    """,
    "source": """
        select
            source as numerator_source_name,
            null::varchar as numerator_project_id,
            null::varchar as numerator_source_platform,
            source as denominator_source_name,
            null::varchar as denominator_project_id,
            null::varchar as denominator_source_platform,
            min(period_start)::timestamp as first_record_timestamp,
            max(period_end)::timestamp as last_record_timestamp,
            $ingested::timestamp as last_ingest_timestamp,
            $published::timestamp as version_release_date,
            $version::bigint as version_release
        from fact group by source order by source
    """,
    "relationships": """
        select
            parent.indicator_slug || '.' || parent.measure as metric_id,
            parent.measure_short_name as metric_short_name,
            child.indicator_slug || '.' || child.measure as child_metric_id,
            child.measure_short_name as child_metric_short_name,
            'measure of the same indicator' as relationship_type,
            child.role as relationship_category,
            child.measure_name || ' stands beside ' || parent.measure_name
                as relationship_description
        from indicator as parent
        inner join indicator as child
            on parent.indicator_slug = child.indicator_slug and parent.measure <> child.measure
        where parent.is_headline and not child.is_headline
        order by metric_id, child_metric_id
    """,
}  # fmt: skip


def write_cml(release: Release, folder: Path) -> dict[str, int]:
    """Write the five CML tables of a release as Parquet.

    Args:
        release: The release.
        folder: Where to; made where it is missing.

    Returns:
        Rows of each table, and under "left_out" the values that have no start of their period.
    """
    contracts = load_contracts()
    record = release.run_record
    published = record.get("published_at")
    values = {
        "published": published,
        # The last of all inputs: a source is read from several files.
        "ingested": max(record.get("inputs_retrieved_at", {}).values(), default=published),
        "version": _version(release.label),
    }
    folder.mkdir(parents=True, exist_ok=True)
    counts = {}
    with connect_release(release, sql="") as con:
        con.execute("set timezone = 'UTC'")
        con.execute(f"create temp view rows as {_rows(contracts, release)}")
        con.execute(_FACTS)
        for name in TABLES:
            sql = _TABLES[name]
            asked: dict[str, Any] = {key: values[key] for key in values if f"${key}" in sql}
            table = con.sql(sql, params=asked or None).to_arrow_table()
            pq.write_table(table, folder / f"{name}.parquet", compression="zstd")
            counts[name] = table.num_rows
        counts["left_out"] = _count(con)
    return counts


def _rows(contracts: dict[str, Contract], release: Release) -> str:
    known = {mart["name"] for mart in release.manifest["marts"]}
    return " union all ".join(
        f"select *, {row_id_sql(contracts[f'marts.{mart}'])} as datapoint_id from {mart}"  # noqa: S608
        for mart in INDICATOR_MARTS
        if mart in known
    )


def _count(con: duckdb.DuckDBPyConnection) -> int:
    sql = "select count(*) from rows where value is not null and period_start is null"
    return int(con.execute(sql).fetchall()[0][0])


def _version(label: str) -> int:
    """A label as one number that grows: v2026.11.29-1 is 2026112901, which 32 bits hold."""
    day, _, number = label.removeprefix("v").partition("-")
    return int(day.replace(".", "")) * 100 + int(number.removeprefix("b"))
