-- table: marts.observation
-- grain: one row per indicator, measure, area, period, sex, age and category
-- depends: indicators.fact, indicators.trend, geography.area, registry.indicator, registry.measure, registry.footprint
-- columns: indicator_id, indicator_slug, indicator_name, indicator_short_name, programme, measure, measure_name, measure_short_name, role, modelled, value_type, polarity, unit, area_type, authority_tier, area_code, area_name, period, period_start, period_end, sex, age, age_from, age_to, category_type, category, value, lower_95, upper_95, lower_998, upper_998, limits_method, numerator, denominator, value_status, value_note, value_method, nation_value, compared_with_nation, comparison_method, not_compared_reason, recent_trend, recent_trend_reason, publisher_comparison, publisher_trend, source, dataset, series, source_sha256, source_row, fictional
-- All areas of the nation by the entity code of the ONS Code History Database, the second and third
-- character of a code: 06 unitary authority, 07 district, 08 metropolitan district, 09 London borough,
-- 10 county, 11 metropolitan county, 12 region, 47 combined authority, 54 integrated care board.
-- Other nations, parts of regions and sub-ICB locations are left out.
-- ties: spelling
with spelled as (
    select area_code, area_name as spelling, count(*) as times_used
    from indicators.fact
    group by area_code, area_name
),
-- Of several spellings the most frequent one that is not in capitals.
named as (
    select area_code, spelling
    from spelled
    qualify row_number() over (
        partition by area_code order by (spelling = upper(spelling)), times_used desc, spelling
    ) = 1
),
sorted_by_kind as (
    select
        named.area_code,
        substr(named.area_code, 2, 2) as entity_code,
        area.area_type as reported_type,
        coalesce(area.area_name, named.spelling) as area_name
    from named
    cross join registry.footprint as footprint
    left join geography.area as area on named.area_code = area.area_code
    where area.area_code is not null
        or (left(named.area_code, 1) = left(footprint.nation_code, 1)
            and substr(named.area_code, 2, 2) in ('06', '07', '08', '09', '10', '11', '12', '47', '54'))
),
known as (
    select
        area_code,
        area_name,
        coalesce(reported_type, case entity_code
            when '11' then 'metropolitan_county'
            when '12' then 'region'
            when '47' then 'combined_authority'
            when '54' then 'icb'
            else 'local_authority'
        end) as area_type,
        case
            when entity_code in ('06', '08', '09') then 'single_tier'
            when entity_code = '10' then 'upper_tier'
            when entity_code = '07' then 'lower_tier'
        end as authority_tier
    from sorted_by_kind
)
select
    fact.indicator_id,
    fact.indicator_slug,
    indicator.name as indicator_name,
    indicator.short_name as indicator_short_name,
    fact.programme,
    fact.measure,
    measure.measure_name,
    measure.measure_short_name,
    fact.role,
    fact.modelled,
    measure.value_type,
    measure.polarity,
    fact.unit,
    known.area_type,
    known.authority_tier,
    fact.area_code,
    known.area_name,
    fact.period,
    fact.period_start,
    fact.period_end,
    fact.sex,
    fact.age,
    age_from(fact.age) as age_from,
    age_to(fact.age) as age_to,
    fact.category_type,
    fact.category,
    fact.value,
    fact.lower_95,
    fact.upper_95,
    fact.lower_998,
    fact.upper_998,
    fact.limits_method,
    fact.numerator,
    fact.denominator,
    fact.value_status,
    fact.value_note,
    fact.value_method,
    fact.nation_value,
    fact.compared_with_nation,
    fact.comparison_method,
    fact.not_compared_reason,
    trend.recent_trend,
    trend.recent_trend_reason,
    fact.publisher_comparison,
    fact.publisher_trend,
    fact.source,
    fact.dataset,
    fact.series,
    fact.source_sha256,
    fact.source_row,
    footprint.fictional
from indicators.fact as fact
inner join known on fact.area_code = known.area_code
inner join registry.indicator as indicator on fact.indicator_slug = indicator.indicator_slug
inner join registry.measure as measure
    on fact.indicator_slug = measure.indicator_slug and fact.measure = measure.measure
cross join registry.footprint as footprint
left join indicators.trend as trend
    on fact.indicator_slug = trend.indicator_slug
    and fact.measure = trend.measure
    and fact.area_code = trend.area_code
    and fact.sex = trend.sex
    and fact.age = trend.age
    and fact.category_type = trend.category_type
    and fact.category = trend.category
    and fact.period = trend.last_period
