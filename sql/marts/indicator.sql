-- table: marts.indicator
-- grain: one row per indicator and measure in the registry
-- depends: registry.indicator, registry.measure, indicators.fact, registry.place, registry.footprint
-- columns: indicator_id, indicator_slug, name, short_name, name_status, programme, theme, measure, measure_name, measure_short_name, role, is_headline, definition, numerator_definition, denominator_definition, unit, value_type, polarity, benchmark_method, benchmark_reason, rationale, caveats, source, series, latest_period, places_with_value, places, status, status_note, owner, checked_by, next_review, fictional
with shown as (
    select
        fact.indicator_slug,
        fact.measure,
        -- The series of the latest period, of everybody before that of a group.
        max({
            'period_end': fact.period_end, 'everybody': fact.category = 'All', 'period': fact.period,
            'source': fact.source, 'series': fact.series
        }) filter (fact.value is not null) as latest,
        max(fact.period_end) filter (fact.value is not null) as latest_end,
        min(fact.value_note) filter (fact.period = 'none') as note,
        min(fact.value_status) filter (fact.period = 'none') as missing_status
    from indicators.fact as fact
    where fact.area_code in (select place_code from registry.place)
        or fact.area_code = (select nation_code from registry.footprint)
    group by all
),
covered as (
    select fact.indicator_slug, fact.measure, count(distinct fact.area_code) as places_with_value
    from indicators.fact as fact
    inner join shown
        on fact.indicator_slug = shown.indicator_slug
        and fact.measure = shown.measure
        and fact.period_end = shown.latest_end
    where fact.value is not null and fact.area_code in (select place_code from registry.place)
    group by all
)
select
    indicator.indicator_id,
    indicator.indicator_slug,
    indicator.name,
    indicator.short_name,
    indicator.name_status,
    indicator.programme,
    indicator.theme,
    measure.measure,
    measure.measure_name,
    measure.measure_short_name,
    measure.role,
    measure.is_headline,
    indicator.definition,
    indicator.numerator_definition,
    indicator.denominator_definition,
    measure.unit,
    measure.value_type,
    measure.polarity,
    indicator.benchmark_method,
    indicator.benchmark_reason,
    indicator.rationale,
    indicator.caveats,
    shown.latest.source,
    shown.latest.series,
    shown.latest.period as latest_period,
    coalesce(covered.places_with_value, 0) as places_with_value,
    (select count(*) from registry.place) as places,
    case
        when shown.latest is not null and coalesce(covered.places_with_value, 0) > 0 then 'published'
        when shown.latest is not null then 'nation_only'
        else coalesce(shown.missing_status, measure.missing_status)
    end as status,
    if(shown.latest is null, coalesce(shown.note, measure.missing_note), null) as status_note,
    indicator.owner,
    indicator.checked_by,
    indicator.next_review,
    footprint.fictional
from registry.indicator as indicator
inner join registry.measure as measure on indicator.indicator_slug = measure.indicator_slug
cross join registry.footprint as footprint
left join shown on measure.indicator_slug = shown.indicator_slug and measure.measure = shown.measure
left join covered on measure.indicator_slug = covered.indicator_slug and measure.measure = covered.measure
