-- table: indicators.fact
-- grain: one row per indicator, measure, area, period, sex, age and category, all areas of the nation
-- depends: indicators.published, indicators.gap, indicators.system, registry.indicator, registry.measure, registry.footprint
-- columns: indicator_id, indicator_slug, programme, measure, role, modelled, area_code, area_name, period, period_start, period_end, sex, age, category_type, category, value, lower_95, upper_95, lower_998, upper_998, limits_method, numerator, denominator, unit, value_status, value_note, value_method, nation_value, compared_with_nation, source, dataset, series, source_sha256, source_row, publisher_comparison, publisher_trend
with everything as (
    select
        *,
        case
            when value is null then null
            -- Figures of practices are added up; all else is one row of a publisher's file.
            when source_row is null then 'sum_of_practices'
            else 'as_supplied'
        end as value_method
    from indicators.published
    union all by name
    select * from indicators.system
    union all by name
    select
        gap.*,
        'All' as category_type,
        'All' as category,
        coalesce(measure.role, 'measure') as role,
        false as modelled
    from indicators.gap as gap
    left join registry.measure as measure
        on gap.indicator_slug = measure.indicator_slug and gap.measure = measure.measure
),
nation as (
    select indicator_slug, measure, period, sex, age, category_type, category, value
    from indicators.published
    where area_code = (select nation_code from registry.footprint)
)
select
    indicator.indicator_id,
    everything.indicator_slug,
    indicator.programme,
    everything.measure,
    everything.role,
    everything.modelled,
    everything.area_code,
    everything.area_name,
    everything.period,
    everything.period_start,
    everything.period_end,
    everything.sex,
    everything.age,
    everything.category_type,
    everything.category,
    everything.value,
    everything.lower_95,
    everything.upper_95,
    everything.lower_998,
    everything.upper_998,
    everything.limits_method,
    everything.numerator,
    everything.denominator,
    measure.unit,
    everything.value_status,
    everything.value_note,
    everything.value_method,
    nation.value as nation_value,
    -- The area's interval against the nation's value, strictly; never an area against itself.
    case
        when everything.area_code = footprint.nation_code or everything.value is null then 'not_compared'
        when indicator.benchmark_method = 'confidence_intervals_95'
            then compare_with_benchmark(everything.lower_95, everything.upper_95, nation.value, measure.polarity)
        when indicator.benchmark_method = 'confidence_intervals_99_8'
            then compare_with_benchmark(everything.lower_998, everything.upper_998, nation.value, measure.polarity)
        else 'not_compared'
    end as compared_with_nation,
    everything.source,
    everything.dataset,
    everything.series,
    everything.source_sha256,
    everything.source_row,
    everything.publisher_comparison,
    everything.publisher_trend
from everything
cross join registry.footprint as footprint
inner join registry.indicator as indicator on everything.indicator_slug = indicator.indicator_slug
inner join registry.measure as measure
    on everything.indicator_slug = measure.indicator_slug and everything.measure = measure.measure
left join nation
    on everything.indicator_slug = nation.indicator_slug
    and everything.measure = nation.measure
    and everything.period = nation.period
    and everything.sex = nation.sex
    and everything.age = nation.age
    and everything.category_type = nation.category_type
    and everything.category = nation.category
