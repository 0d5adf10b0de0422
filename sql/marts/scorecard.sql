-- table: marts.scorecard
-- grain: one row per indicator, headline measure, Place and sex, at the latest period
-- depends: indicators.fact, indicators.trend, registry.indicator, registry.measure, registry.place, registry.footprint, registry.authority_number, registry.dataset
-- columns: indicator_id, indicator_slug, name, theme, programme, measure, measure_name, place_code, place_name, sex, age, period, period_end, value, lower_95, upper_95, limits_method, unit, polarity, nation_value, compared_with_nation, comparison_method, not_compared_reason, publisher_comparison, rank_among_places, places_ranked, places, difference_from_nation, nation_areas, nation_areas_total, nation_area_type, nation_lowest, nation_quartile_1, nation_median, nation_quartile_3, nation_highest, nation_quarter, nation_spread_reason, recent_trend, recent_trend_reason, publisher_trend, modelled, value_status, value_note, source, source_coverage, fictional
-- The latest period is that of the measure, not of the Place: a Place without a value for it is
-- shown without one rather than with an older value among newer ones. Rank 1 is the best where
-- the indicator has a direction, else the highest; a count, which is more where more people live, has none.
-- The nation's spread is that of its authorities at the same period, sex and age: the upper tier,
-- as the Places are; where counties have no figure, the lower tier; where neither has, those that
-- are both (unitary authorities, metropolitan districts and London boroughs). It is given only where
-- nearly all authorities of that tier have a value, and never from a source that covers a part of
-- the nation. Fewer than 12 with a value are no spread: a quarter would hold fewer than three.
-- ties: measure_order
with available as (
    select distinct indicator_slug, measure from indicators.fact where value is not null
),
headline as (
    select measure.*
    from registry.measure as measure
    left join available
        on measure.indicator_slug = available.indicator_slug and measure.measure = available.measure
    where measure.role = 'measure'
    -- One of a measure and its alternatives: the first that has values, else the measure itself.
    qualify row_number() over (
        partition by measure.indicator_slug, coalesce(measure.alternative_to, measure.measure)
        order by (available.measure is null), measure.measure_order
    ) = 1
),
latest as (
    select indicator_slug, measure, max(period_end) as period_end
    from indicators.fact
    where value is not null and category = 'All'
    group by all
),
authorities as (
    -- Kinds of authority by the entity code of the ONS Code History Database: 06 unitary, 07
    -- district, 08 metropolitan, 09 London borough, 10 county. The first letter is the nation's.
    select
        fact.indicator_slug, fact.measure, fact.period, fact.period_end, fact.sex, fact.age, fact.value,
        dataset.coverage,
        substr(fact.area_code, 2, 2) as entity,
        case
            when bool_or(entity = '10') over figure then 'upper_tier'
            when bool_or(entity = '07') over figure then 'lower_tier'
            else 'single_tier'
        end as nation_area_type
    from indicators.fact as fact
    cross join registry.footprint as footprint
    left join registry.dataset as dataset on fact.source = dataset.source and fact.dataset = dataset.dataset
    where fact.category = 'All'
        and fact.value is not null
        and left(fact.area_code, 1) = left(footprint.nation_code, 1)
        and entity in ('06', '07', '08', '09', '10')
    window figure as (
        partition by fact.indicator_slug, fact.measure, fact.period, fact.sex, fact.age
    )
),
counted as (
    select
        indicator_slug, measure, period, sex, age, nation_area_type, max(period_end) as period_end,
        max(coverage) as coverage,
        count(*) as nation_areas,
        list(value) as figures
    from authorities
    where nation_area_type <> 'upper_tier' or entity <> '07'
    group by all
),
sized as (
    select
        counted.*,
        -- Figures may stand on newer boundaries than those of their period, with more authorities.
        greatest(nation_areas, coalesce(
            known.authorities, max(nation_areas) over (partition by counted.nation_area_type)
        )) as nation_areas_total
    from counted
    left join registry.authority_number as known
        on counted.nation_area_type = known.nation_area_type
        and counted.period_end >= known.valid_from
        and counted.period_end < known.valid_until
),
spread as (
    select
        * exclude (figures),
        case
            when coverage is not null then 'source_covers_part_of_the_nation'
            when nation_areas < 12 then 'fewer_than_12_authorities'
            when not covers_nearly_all(nation_areas, nation_areas_total) then 'fewer_than_95_percent_of_authorities'
        end as spread_reason,
        if(spread_reason is null, figures, null) as figures
    from sized
),
placed as (
    select
        *,
        list_min(figures) as nation_lowest,
        quartile_of_areas(figures, 1) as nation_quartile_1,
        quartile_of_areas(figures, 2) as nation_median,
        quartile_of_areas(figures, 3) as nation_quartile_3,
        list_max(figures) as nation_highest
    from spread
),
rows_shown as (
    select
        fact.*, headline.measure_name, headline.polarity, headline.value_type, place.place_code, place.place_name,
        dataset.coverage as source_coverage
    from headline
    inner join indicators.fact as fact
        on headline.indicator_slug = fact.indicator_slug and headline.measure = fact.measure
    inner join registry.place as place on fact.area_code = place.place_code
    left join latest
        on headline.indicator_slug = latest.indicator_slug and headline.measure = latest.measure
    left join registry.dataset as dataset on fact.source = dataset.source and fact.dataset = dataset.dataset
    where fact.category = 'All'
        and (fact.period_end = latest.period_end or (fact.period = 'none' and latest.period_end is null))
)
select
    rows_shown.indicator_id,
    rows_shown.indicator_slug,
    indicator.name,
    indicator.theme,
    rows_shown.programme,
    rows_shown.measure,
    rows_shown.measure_name,
    rows_shown.place_code,
    rows_shown.place_name,
    rows_shown.sex,
    rows_shown.age,
    rows_shown.period,
    rows_shown.period_end,
    rows_shown.value,
    rows_shown.lower_95,
    rows_shown.upper_95,
    rows_shown.limits_method,
    rows_shown.unit,
    rows_shown.polarity,
    rows_shown.nation_value,
    rows_shown.compared_with_nation,
    rows_shown.comparison_method,
    rows_shown.not_compared_reason,
    rows_shown.publisher_comparison,
    if(
        rows_shown.value is not null and rows_shown.value_type <> 'count',
        rank() over (
            partition by rows_shown.indicator_slug, rows_shown.measure, rows_shown.sex, rows_shown.age
            order by if(rows_shown.polarity = 'low_is_good', rows_shown.value, -rows_shown.value) nulls last
        ),
        null
    ) as rank_among_places,
    count(rows_shown.value) over (
        partition by rows_shown.indicator_slug, rows_shown.measure, rows_shown.sex, rows_shown.age
    ) as places_ranked,
    (select count(*) from registry.place) as places,
    rows_shown.value - rows_shown.nation_value as difference_from_nation,
    coalesce(placed.nation_areas, 0) as nation_areas,
    placed.nation_areas_total,
    placed.nation_area_type,
    placed.nation_lowest,
    placed.nation_quartile_1,
    placed.nation_median,
    placed.nation_quartile_3,
    placed.nation_highest,
    quarter_of_areas(
        rows_shown.value, placed.nation_quartile_1, placed.nation_median, placed.nation_quartile_3, rows_shown.polarity
    ) as nation_quarter,
    if(placed.nation_areas is null, 'fewer_than_12_authorities', placed.spread_reason) as nation_spread_reason,
    if(rows_shown.value is null, null, coalesce(trend.recent_trend, 'Cannot be calculated')) as recent_trend,
    if(
        rows_shown.value is null,
        null,
        coalesce(trend.recent_trend_reason, if(trend.recent_trend is null, 'not_defined_for_this_measure', null))
    ) as recent_trend_reason,
    rows_shown.publisher_trend,
    rows_shown.modelled,
    rows_shown.value_status,
    rows_shown.value_note,
    rows_shown.source,
    rows_shown.source_coverage,
    footprint.fictional
from rows_shown
cross join registry.footprint as footprint
inner join registry.indicator as indicator on rows_shown.indicator_slug = indicator.indicator_slug
left join placed
    on rows_shown.indicator_slug = placed.indicator_slug
    and rows_shown.measure = placed.measure
    and rows_shown.period = placed.period
    and rows_shown.sex = placed.sex
    and rows_shown.age = placed.age
left join indicators.trend as trend
    on rows_shown.indicator_slug = trend.indicator_slug
    and rows_shown.measure = trend.measure
    and rows_shown.area_code = trend.area_code
    and rows_shown.sex = trend.sex
    and rows_shown.age = trend.age
    and rows_shown.category_type = trend.category_type
    and rows_shown.category = trend.category
    and rows_shown.period = trend.last_period
