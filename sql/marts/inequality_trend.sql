-- table: marts.inequality_trend
-- grain: one row per indicator, measure, area, sex, age and breakdown, at its latest period
-- depends: marts.inequality, indicators.fact, registry.indicator, registry.measure, registry.known_break, registry.footprint
-- columns: indicator_id, indicator_slug, programme, measure, measure_name, area_type, area_code, area_name, sex, age, breakdown, ecological, period, period_end, disadvantaged_group, comparison_group, disadvantaged_value, comparison_value, unit, polarity, direction, gap_is_clear, disadvantage, disadvantage_ratio, rank_among_areas, areas_ranked, rank_among_measures, measures_ranked, first_period, points, disadvantage_at_first, disadvantage_yearly_change, disadvantage_yearly_change_lower_95, disadvantage_yearly_change_upper_95, closing, closing_reason, fictional
-- The absolute gap with polarity applied: disadvantage is positive where the disadvantaged group is
-- worse off, negative where it is better off. Ratios are worse over better: they can be compared between
-- measures, which differences cannot. The line is that of docs/methods/target.md.
with spans as (
    select distinct indicator_slug, measure, period, date_diff('day', period_start, period_end) between 360 and 366 as is_year
    from indicators.fact
    where value is not null
),
signed as (
    select
        inequality.*,
        measure.measure_name,
        case inequality.polarity
            when 'high_is_good' then inequality.absolute_gap
            when 'low_is_good' then -inequality.absolute_gap
        end as disadvantage,
        case inequality.polarity
            when 'high_is_good' then inequality.relative_gap
            when 'low_is_good' then 1 / nullif(inequality.relative_gap, 0)
        end as disadvantage_ratio,
        coalesce(spans.is_year, false) as is_year,
        max(inequality.period_end) over series as last_end
    from marts.inequality as inequality
    inner join registry.measure as measure
        on inequality.indicator_slug = measure.indicator_slug and inequality.measure = measure.measure
    left join spans
        on inequality.indicator_slug = spans.indicator_slug
        and inequality.measure = spans.measure
        and inequality.period = spans.period
    where inequality.absolute_gap is not null
    window series as (
        partition by inequality.indicator_slug, inequality.measure, inequality.area_code, inequality.sex,
            inequality.age, inequality.breakdown
    )
),
line as (
    select
        indicator_slug, measure, area_code, sex, age, breakdown,
        count(*) as points,
        min({'period_end': period_end, 'period': period}).period as first_period,
        min({'period_end': period_end, 'disadvantage': disadvantage}).disadvantage as disadvantage_at_first,
        list(date_diff('day', last_end, period_end) / 365.25 order by period_end) as t,
        list(disadvantage order by period_end) as y
    from signed
    where is_year
        and disadvantage is not null
        and period_end > last_end - interval 114 months
        and not exists (
            from registry.known_break as known
            where known.indicator_slug = signed.indicator_slug and signed.period < known.period
        )
    group by all
),
latest as (
    select
        signed.* exclude (programme, last_end),
        line.points,
        line.first_period,
        line.disadvantage_at_first,
        sum_of_products(line.t, line.t) as sxx,
        sum_of_products(line.t, line.y) as sxy,
        sum_of_products(line.y, line.y) as syy,
        case
            when signed.polarity = 'no_judgement' then 'no_direction_is_better'
            when signed.breakdown = 'places_worst_to_best' then 'chosen_by_their_values'
            when not signed.is_year then 'periods_overlap'
            when coalesce(line.points, 0) < 5 then 'fewer_than_five_points'
        end as closing_reason
    from signed
    left join line
        on signed.indicator_slug = line.indicator_slug
        and signed.measure = line.measure
        and signed.area_code = line.area_code
        and signed.sex = line.sex
        and signed.age = line.age
        and signed.breakdown = line.breakdown
    where signed.period_end = signed.last_end
),
moving as (
    select
        *,
        if(closing_reason is null, sxy / sxx, null) as slope,
        if(closing_reason is null, line_slope_margin(points, sxx, sxy, syy), null) as margin
    from latest
)
select
    moving.indicator_id,
    moving.indicator_slug,
    indicator.programme,
    moving.measure,
    moving.measure_name,
    moving.area_type,
    moving.area_code,
    moving.area_name,
    moving.sex,
    moving.age,
    moving.breakdown,
    moving.ecological,
    moving.period,
    moving.period_end,
    moving.disadvantaged_group,
    moving.comparison_group,
    moving.disadvantaged_value,
    moving.comparison_value,
    moving.unit,
    moving.polarity,
    moving.direction,
    moving.gap_is_clear,
    moving.disadvantage,
    moving.disadvantage_ratio,
    if(moving.disadvantage is null, null, rank() over (
        partition by moving.indicator_slug, moving.measure, moving.sex, moving.age, moving.breakdown, moving.area_type,
            moving.period
        order by moving.disadvantage desc nulls last
    )) as rank_among_areas,
    count(moving.disadvantage) over (
        partition by moving.indicator_slug, moving.measure, moving.sex, moving.age, moving.breakdown, moving.area_type,
            moving.period
    ) as areas_ranked,
    if(moving.disadvantage_ratio is null, null, rank() over (
        partition by moving.area_code, moving.breakdown order by moving.disadvantage_ratio desc nulls last
    )) as rank_among_measures,
    count(moving.disadvantage_ratio) over (partition by moving.area_code, moving.breakdown) as measures_ranked,
    moving.first_period,
    coalesce(moving.points, 0) as points,
    moving.disadvantage_at_first,
    moving.slope as disadvantage_yearly_change,
    moving.slope - moving.margin as disadvantage_yearly_change_lower_95,
    moving.slope + moving.margin as disadvantage_yearly_change_upper_95,
    -- Towards nought is closing, whomever the gap favours.
    case
        when moving.slope is null then 'not_assessed'
        when abs(moving.slope) <= moving.margin then 'no_clear_change'
        when moving.disadvantage = 0 or (moving.slope > 0) = (moving.disadvantage > 0) then 'widening'
        else 'closing'
    end as closing,
    moving.closing_reason,
    footprint.fictional
from moving
inner join registry.indicator as indicator on moving.indicator_slug = indicator.indicator_slug
cross join registry.footprint as footprint
