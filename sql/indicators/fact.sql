-- table: indicators.fact
-- grain: one row per indicator, measure, area, period, sex, age and category, all areas of the nation
-- depends: indicators.published, indicators.practice_observation, indicators.combined, indicators.gap, indicators.system, registry.indicator, registry.measure, registry.footprint
-- columns: indicator_id, indicator_slug, programme, measure, role, modelled, area_code, area_name, period, period_start, period_end, sex, age, category_type, category, value, lower_95, upper_95, lower_998, upper_998, limits_method, numerator, denominator, unit, value_status, value_note, value_method, nation_value, compared_with_nation, comparison_method, not_compared_reason, source, dataset, series, source_sha256, source_row, publisher_comparison, publisher_trend
with everything as (
    select
        *,
        case
            when value is null then null
            when source_row is not null then 'as_supplied'
            -- Figures of practices and of sub-ICB locations are added up.
            when source in (select source from indicators.practice_observation) then 'sum_of_practices'
            else 'sum_of_sub_icbs'
        end as value_method
    from indicators.published
    union all by name
    select * from indicators.combined
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
),
-- Each row with the nation's figure, and with the limits at the level that its indicator is judged at.
beside as (
    select
        everything.*,
        indicator.indicator_id,
        indicator.programme,
        indicator.benchmark_method,
        indicator.ci_method,
        measure.unit,
        measure.polarity,
        nation.value as nation_value,
        everything.area_code = footprint.nation_code as is_nation,
        case indicator.benchmark_method
            when 'confidence_intervals_95' then everything.lower_95
            when 'confidence_intervals_99_8' then everything.lower_998
        end as lower_limit,
        case indicator.benchmark_method
            when 'confidence_intervals_95' then everything.upper_95
            when 'confidence_intervals_99_8' then everything.upper_998
        end as upper_limit,
        publishers_judgement(everything.publisher_comparison) as printed
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
),
-- The area's interval against the nation's value, strictly; never an area against itself. Without
-- limits the publisher's own judgement stands, where it gives one that its figures bear out.
compared as (
    select
        *,
        case
            when is_nation or value is null then 'not_compared'
            else compare_with_benchmark(lower_limit, upper_limit, nation_value, polarity)
        end as by_limits,
        if(is_nation or value is null or lower_limit is not null
            or judgement_agrees(printed, value, nation_value, polarity) is not true, null, printed) as by_publisher
    from beside
)
select
    indicator_id,
    indicator_slug,
    programme,
    measure,
    role,
    modelled,
    area_code,
    area_name,
    period,
    period_start,
    period_end,
    sex,
    age,
    category_type,
    category,
    value,
    lower_95,
    upper_95,
    lower_998,
    upper_998,
    limits_method,
    numerator,
    denominator,
    unit,
    value_status,
    value_note,
    value_method,
    nation_value,
    if(by_limits = 'not_compared', coalesce(by_publisher, by_limits), by_limits) as compared_with_nation,
    case
        when by_limits <> 'not_compared' then if(limits_method = 'publisher', 'published_limits', 'computed_limits')
        when by_publisher is not null then 'publishers_judgement'
    end as comparison_method,
    case
        when by_limits <> 'not_compared' or by_publisher is not null then null
        when value is null then 'no_value'
        when is_nation then 'is_the_nation'
        when benchmark_method = 'none' then 'not_judged_for_this_indicator'
        when nation_value is null then 'no_nation_value'
        when printed is not null and lower_limit is null then 'publishers_judgement_contradicts_figures'
        when lower_limit is not null then 'limits_not_usable'
        when numerator is null or denominator is null then 'no_limits_and_no_counts'
        when ci_method in ('wilson', 'byar') then 'counts_do_not_give_the_value'
        else 'no_method_for_limits'
    end as not_compared_reason,
    source,
    dataset,
    series,
    source_sha256,
    source_row,
    publisher_comparison,
    publisher_trend
from compared
