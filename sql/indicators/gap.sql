-- table: indicators.gap
-- grain: one row per measure, area and period for which there is, knowingly, no number
-- depends: indicators.published, indicators.combined, indicators.unmatched_series, registry.measure, registry.cancelled_period, registry.place, registry.footprint
-- columns: indicator_slug, measure, area_code, area_name, period, period_end, sex, age, value_status, value_note
-- Missing is said, never left out: periods that were cancelled, measures for which no data were
-- supplied, and Places that a source passes over. None of these is zero.
with areas as (
    select place_code as area_code, place_name as area_name from registry.place
    union all by name
    select nation_code as area_code, nation_name as area_name from registry.footprint
),
shape as (
    select distinct indicator_slug, measure, sex, age from indicators.published where category = 'All'
),
available as (
    select indicator_slug, measure, max(period_end) as latest_end, max({'period_end': period_end, 'period': period}).period as latest_period
    from indicators.published
    where value is not null
    group by all
),
cancelled as (
    select
        shape.indicator_slug, shape.measure, areas.area_code, areas.area_name, cancelled.period, null as period_end,
        shape.sex, shape.age, cancelled.status as value_status, cancelled.reason as value_note
    from registry.cancelled_period as cancelled
    inner join shape
        on cancelled.indicator_slug = shape.indicator_slug
        and (cancelled.measure is null or cancelled.measure = shape.measure)
    cross join areas
    anti join indicators.published as there
        on there.indicator_slug = shape.indicator_slug
        and there.measure = shape.measure
        and there.area_code = areas.area_code
        and there.period = cancelled.period
        and there.sex = shape.sex
),
unmatched as (
    select indicator_slug, measure, string_agg(message, ' ' order by source, series) as message
    from indicators.unmatched_series
    group by all
),
nothing_supplied as (
    select
        measure.indicator_slug, measure.measure, areas.area_code, areas.area_name,
        'none' as period, null as period_end, 'Persons' as sex, coalesce(measure.age, 'Not stated') as age,
        if(unmatched.message is null, measure.missing_status, 'series_not_found') as value_status,
        coalesce(unmatched.message, measure.missing_note) as value_note
    from registry.measure as measure
    left join unmatched on measure.indicator_slug = unmatched.indicator_slug and measure.measure = unmatched.measure
    cross join areas
    anti join available
        on available.indicator_slug = measure.indicator_slug
        -- A measure gives way to its alternative (a modelled series, say) where only that exists.
        and (available.measure = measure.measure or list_contains(measure.alternatives, available.measure))
    where measure.is_headline
),
passed_over as (
    select
        shape.indicator_slug, shape.measure, areas.area_code, areas.area_name,
        available.latest_period as period, available.latest_end as period_end, shape.sex, shape.age,
        'not_published' as value_status, 'The source has no row for this area.' as value_note
    from shape
    inner join available
        on shape.indicator_slug = available.indicator_slug and shape.measure = available.measure
    cross join areas
    anti join indicators.published as there
        on there.indicator_slug = shape.indicator_slug
        and there.measure = shape.measure
        and there.area_code = areas.area_code
    anti join indicators.combined as made
        on made.indicator_slug = shape.indicator_slug
        and made.measure = shape.measure
        and made.area_code = areas.area_code
)
select * from cancelled
union all by name
select * from nothing_supplied
union all by name
select * from passed_over
