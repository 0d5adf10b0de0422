-- table: indicators.combined
-- grain: one row per indicator, measure, area, period, sex and age of an area made of others
-- depends: indicators.published, cohorts.lsoa_population, geography.lsoa21, registry.area_part, registry.area_alias, registry.selection, registry.indicator, registry.measure, registry.footprint
-- columns: indicator_slug, measure, role, modelled, area_code, area_name, period, period_start, period_end, sex, age, category_type, category, value, lower_95, upper_95, lower_998, upper_998, limits_method, numerator, denominator, value_status, value_note, value_method, source, dataset, series
-- A Place of several authorities, or an area that took over from others, where no source has a row
-- for it: the counts of its parts added up, never an average of their figures. Where an indicator
-- declares it, a percentage without counts is the mean of the authorities' weighted by their
-- residents, and says that it is an estimate. Where neither can be done, one row at the latest
-- period says why; before a merger that row is where the series breaks.
-- ties: way
-- Source: Fingertips Public Health Technical Guidance, "Aggregating data".
with residents as (
    select coalesce(alias.code_in_use, area.lad24_code) as part_code, sum(population.people) as residents
    from cohorts.lsoa_population as population
    inner join geography.lsoa21 as area on population.lsoa_code = area.lsoa21_code
    left join registry.area_alias as alias on area.lad24_code = alias.area_code
    where population.imd_vintage = 2025 and population.sex = 'Persons' and population.age_band = 'All ages'
    group by all
),
authority as (
    select distinct coalesce(alias.code_in_use, area.lad24_code) as code, area.lad24_name as name
    from geography.lsoa21 as area
    left join registry.area_alias as alias on area.lad24_code = alias.area_code
),
named as (
    select part.* exclude (part_name), coalesce(authority.name, part.part_name) as part_name
    from registry.area_part as part
    left join authority on part.kind = 'authority' and part.part_code = authority.code
),
way as (
    select
        area_code, way, max(area_name) as area_name, max(kind) as kind, max(valid_from) as valid_from,
        count(*) as parts, bool_and(is_whole) as is_whole,
        string_agg(if(is_whole, part_name, 'a part of ' || part_name), ', ' order by part_name) as made_of
    from named
    group by area_code, way
),
method as (
    select indicator_slug, measure, max(multiplier) as multiplier, max(ci_method) as ci_method
    from registry.selection
    group by all
),
gathered as (
    select
        part.area_code,
        part.way,
        published.indicator_slug,
        published.measure,
        published.period,
        published.sex,
        published.age,
        max(published.role) as role,
        bool_or(published.modelled) as modelled,
        min(published.period_start) as period_start,
        max(published.period_end) as period_end,
        max(measure.value_type) as value_type,
        max(method.multiplier) as multiplier,
        max(method.ci_method) as ci_method,
        max(indicator.combine_areas) as combine_areas,
        count(published.value) as with_value,
        count(published.value) filter (published.numerator is not null and published.denominator is not null) as with_counts,
        sum(published.numerator) as numerator,
        sum(published.denominator) as denominator,
        bool_and(published.numerator % 5 = 0) as rounded,
        bool_and(abs(published.value - published.numerator / published.denominator * method.multiplier)
            <= 0.5 * 10.0 ** -indicator.rounding + 1e-9) as reproduced,
        count(residents.residents) as with_residents,
        -- Whole steps of a billionth, so that the order in which parts are added changes no digit.
        sum(cast(published.value * residents.residents as decimal(38, 9))) / nullif(sum(residents.residents), 0) as weighted,
        if(count(distinct published.source) = 1, max(published.source), null) as source,
        if(count(distinct published.dataset) = 1, max(published.dataset), null) as dataset,
        if(count(distinct published.series) = 1, max(published.series), null) as series
    from indicators.published as published
    inner join registry.area_part as part on published.area_code = part.part_code
    inner join registry.indicator as indicator on published.indicator_slug = indicator.indicator_slug
    inner join registry.measure as measure
        on published.indicator_slug = measure.indicator_slug and published.measure = measure.measure
    inner join method
        on published.indicator_slug = method.indicator_slug and published.measure = method.measure
    left join residents on published.area_code = residents.part_code
    where published.category = 'All' and measure.value_type <> 'count'
    group by all
    having count(published.value) > 0
),
-- Of several ways the one that more of is known; the latest predecessors where that is the same.
chosen as (
    select gathered.*, way.* exclude (area_code, way)
    from gathered
    inner join way on gathered.area_code = way.area_code and gathered.way = way.way
    anti join indicators.published as there
        on there.area_code = gathered.area_code
        and there.indicator_slug = gathered.indicator_slug
        and there.measure = gathered.measure
        and there.period = gathered.period
        and there.sex = gathered.sex
        and there.age = gathered.age
    qualify row_number() over (
        partition by gathered.area_code, gathered.indicator_slug, gathered.measure, gathered.period, gathered.sex, gathered.age
        order by gathered.with_counts = way.parts desc, gathered.with_value = way.parts desc, gathered.way
    ) = 1
),
reasoned as (
    select
        *,
        case
            when not is_whole then 'it holds only parts of them.'
            when value_type not in ('proportion', 'modelled_proportion', 'crude_rate')
                then 'a ' || replace(value_type, '_', ' ') || ' cannot be made from those of parts.'
            when with_value < parts then 'not all of them have a figure.'
            when with_counts = 0 then 'the source gives no counts to add up. An average would be wrong.'
            when with_counts < parts then 'not all of them have counts.'
            -- Of two parts, one year in 25 has numerators that happen to be multiples of 5.
            when bool_and(rounded) over (partition by area_code, indicator_slug, measure, sex, age) then 'the source rounds its counts, and rounded counts are not added up.'
            when reproduced is not true then 'the source''s counts do not give its own figures.'
        end as reason,
        kind = 'authority' and combine_areas = 'population_weighted' and is_whole and with_value = parts
        and with_residents = parts and with_counts < parts
        and value_type in ('proportion', 'modelled_proportion') as is_weighted
    from chosen
),
latest as (
    select *, reason is null as is_added, period_end = max(period_end) over series_ as is_latest
    from reasoned
    window series_ as (partition by area_code, indicator_slug, measure, sex, age)
),
limited as (
    select
        *,
        case
            when not is_added and not is_weighted then null
            when not is_added then 'none'
            else limits_method_of_sum(value_type, ci_method, modelled)
        end as limits_method
    from latest
)
select
    indicator_slug,
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
    'All' as category_type,
    'All' as category,
    case when is_added then numerator / denominator * multiplier when is_weighted then weighted end as value,
    counted_lower_95(limits_method, numerator, denominator, multiplier) as lower_95,
    counted_upper_95(limits_method, numerator, denominator, multiplier) as upper_95,
    counted_lower_998(limits_method, numerator, denominator, multiplier) as lower_998,
    counted_upper_998(limits_method, numerator, denominator, multiplier) as upper_998,
    limits_method,
    if(is_added, numerator, null) as numerator,
    if(is_added, denominator, null) as denominator,
    case
        when is_added or is_weighted then 'published'
        when kind = 'predecessor' then 'not_comparable'
        else 'not_published'
    end as value_status,
    case
        when is_added then 'Computed here: the counts of ' || made_of || ' added up'
            || if(kind = 'predecessor', ', which the area was formed from on ' || strftime(valid_from, '%-d %B %Y'), '') || '.'
        when is_weighted then 'Estimated here: the mean of ' || made_of
            || ' weighted by all their residents (Census 2021), as the source gives no counts.'
        when kind = 'predecessor' then 'The area was formed on ' || strftime(valid_from, '%-d %B %Y') || ' from ' || made_of
            || '. Its earlier figures cannot be made from theirs: ' || reason
        else 'No figure is published for the area, and it cannot be combined from ' || made_of || ': ' || reason
    end as value_note,
    case
        when is_added and kind = 'predecessor' then 'sum_of_predecessors'
        when is_added then 'sum_of_authorities'
        when is_weighted then 'population_weighted'
    end as value_method,
    source,
    dataset,
    series
from limited
where is_added
    or is_weighted
    -- Of the board, indicators.system says why there is no figure.
    or (is_latest and area_code not in (select icb_code from registry.footprint) and (kind = 'predecessor' or not exists (
        from indicators.published as own
        where own.area_code = limited.area_code
            and own.indicator_slug = limited.indicator_slug
            and own.measure = limited.measure
    )))
