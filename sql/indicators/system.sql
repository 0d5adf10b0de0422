-- table: indicators.system
-- grain: one row per indicator, measure, period, sex and age for the board of the footprint
-- depends: indicators.published, indicators.combined, geography.lsoa21, registry.selection, registry.indicator, registry.measure, registry.place, registry.footprint
-- columns: indicator_slug, measure, role, modelled, area_code, area_name, period, period_start, period_end, sex, age, category_type, category, value, lower_95, upper_95, lower_998, upper_998, limits_method, numerator, denominator, value_status, value_note, value_method, source, dataset, series
-- A figure for the board where none is published: the counts of all its Places added up, never an
-- average of their figures. Where that cannot be done, one row at the latest period says why.
-- Source: Fingertips Public Health Technical Guidance, "Aggregating data".
with coterminous as (
    -- Every LSOA of the board lies in a Place, and the other way round; unknown is no.
    select count(*) filter ((lsoa.place_code is not null) <> (footprint.icb_code in (coalesce(lsoa.icb24_code, ''), coalesce(lsoa.icb26_code, '')))) = 0
        and count(lsoa.icb24_code) > 0 as holds
    from geography.lsoa21 as lsoa
    cross join registry.footprint as footprint
),
-- Figures of the Places: published, or made from those of their authorities or predecessors.
of_places as (
    select * from indicators.published
    union all by name
    select * exclude (value_method) from indicators.combined where value_method <> 'population_weighted'
),
method as (
    select indicator_slug, measure, max(multiplier) as multiplier, max(ci_method) as ci_method
    from registry.selection
    group by all
),
gathered as (
    select
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
        count(published.value) as places_with_value,
        count(published.numerator) filter (published.denominator is not null) as places_with_counts,
        (select count(*) from registry.place) as places,
        list(place.place_name order by place.sort_order)
            filter (published.value is null or published.numerator is null or published.denominator is null) as lacking,
        sum(published.numerator) as numerator,
        sum(published.denominator) as denominator,
        -- Hospital counts are rounded to the nearest 5 before they are published.
        bool_and(published.numerator % 5 = 0) as rounded,
        bool_and(abs(published.value - published.numerator / published.denominator * method.multiplier)
            <= 0.5 * 10.0 ** -indicator.rounding + 1e-9) as reproduced,
        if(count(distinct published.source) = 1, max(published.source), null) as source,
        if(count(distinct published.dataset) = 1, max(published.dataset), null) as dataset,
        if(count(distinct published.series) = 1, max(published.series), null) as series
    from of_places as published
    inner join registry.place as place on published.area_code = place.place_code
    inner join registry.indicator as indicator on published.indicator_slug = indicator.indicator_slug
    inner join registry.measure as measure
        on published.indicator_slug = measure.indicator_slug and published.measure = measure.measure
    inner join method
        on published.indicator_slug = method.indicator_slug and published.measure = method.measure
    where published.category = 'All' and measure.value_type <> 'count'
    group by all
    having count(published.value) > 0
),
reasoned as (
    select
        gathered.*,
        footprint.icb_code as area_code,
        footprint.icb_name as area_name,
        gathered.period_end = max(gathered.period_end) over series_ as is_latest,
        case
            when gathered.value_type not in ('proportion', 'modelled_proportion', 'crude_rate')
                then 'a ' || replace(gathered.value_type, '_', ' ') || ' cannot be made from those of the Places.'
            when not coterminous.holds then 'the Places are not known to cover the board exactly.'
            when gathered.places_with_counts = 0
                then 'the source gives no counts to add up. An average of the Places would be wrong.'
            when gathered.places_with_counts < gathered.places or gathered.places_with_value < gathered.places
                then 'a sum would lack '
                    || coalesce(nullif(array_to_string(gathered.lacking, ', '), ''), 'a Place') || '.'
            when gathered.rounded then 'the source rounds its counts, and rounded counts are not added up.'
            when gathered.reproduced is not true
                then 'the source''s counts do not give its own figures for the Places, so they are not added up.'
        end as reason
    from gathered
    cross join coterminous
    cross join registry.footprint as footprint
    anti join of_places as there
        on there.area_code = footprint.icb_code
        and there.indicator_slug = gathered.indicator_slug
        and there.measure = gathered.measure
        and there.period = gathered.period
        and there.sex = gathered.sex
        and there.age = gathered.age
    window series_ as (partition by gathered.indicator_slug, gathered.measure, gathered.sex, gathered.age)
),
limited as (
    select
        *,
        reason is null as is_made,
        if(is_made, limits_method_of_sum(value_type, ci_method, modelled), null) as limits_method
    from reasoned
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
    if(is_made, numerator / denominator * multiplier, null) as value,
    counted_lower_95(limits_method, numerator, denominator, multiplier) as lower_95,
    counted_upper_95(limits_method, numerator, denominator, multiplier) as upper_95,
    counted_lower_998(limits_method, numerator, denominator, multiplier) as lower_998,
    counted_upper_998(limits_method, numerator, denominator, multiplier) as upper_998,
    limits_method,
    if(is_made, numerator, null) as numerator,
    if(is_made, denominator, null) as denominator,
    if(is_made, 'published', 'not_published') as value_status,
    if(
        is_made,
        'Computed here: the counts of the ' || places || ' Places added up.',
        'No figure is published for the board, and ' || reason
    ) as value_note,
    if(is_made, 'sum_of_places', null) as value_method,
    source,
    dataset,
    series
from limited
where is_made or is_latest
