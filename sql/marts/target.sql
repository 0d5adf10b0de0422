-- table: marts.target
-- grain: one row per target, stated value and area
-- depends: registry.target, indicators.fact, registry.measure, registry.known_break, registry.footprint, geography.area
-- columns: target_id, step, steps, name, target_group, kind, set_for, cited, unit, polarity, baseline_value, baseline_period, baseline_note, target_value, target_upper_value, due, due_label, plan_status, also, indicator_slug, related, could_come_from, area_type, area_code, area_name, area_role, sex, age, period, period_end, value, lower_95, upper_95, status, status_reason, still_to_go, compared_with_target, value_at_due, period_at_due, years_left, yearly_change_needed, trend_points, trend_first_period, trend_last_period, yearly_change, yearly_change_lower_95, yearly_change_upper_95, trend_reason, projected_value, projected_lower_95, projected_upper_95, reaches_in_time, reaches_reason, note, fictional
-- What a plan states is shown as stated: where plans disagree each value has its own row and none is
-- chosen. A target is measured only by the indicator that the registry says counts exactly that.
-- Line and interval: docs/methods/target.md. Points are separate years on one basis; the line is not
-- drawn further beyond its last point than its points reach back.
-- ties: period, age
with areas as (
    select
        target.target_id,
        target.step,
        area.area_type,
        area.area_code,
        area.area_name,
        case
            when area.area_type = if(target.is_national, 'nation', 'icb') then 'set_for'
            when area.area_type = 'place' then 'within'
            else 'compared'
        end as area_role
    from registry.target as target
    inner join geography.area as area
        on area.area_type = if(target.is_national, 'nation', 'icb')
        or (target.indicator_slug is not null and not target.is_national and area.area_type in ('place', 'nation'))
),
-- The indicator's own measure, one sex, nobody left out.
observed as (
    select fact.*, measure.value_type
    from indicators.fact as fact
    inner join registry.measure as measure
        on fact.indicator_slug = measure.indicator_slug and fact.measure = measure.measure
    where fact.indicator_slug in (select indicator_slug from registry.target)
        and fact.measure = 'main'
        and fact.category = 'All'
        and fact.value is not null
    qualify dense_rank() over (
        partition by fact.indicator_slug order by if(fact.sex = 'Persons', 0, 1), fact.sex, fact.age
    ) = 1
),
latest as (
    select *
    from observed
    qualify row_number() over (partition by indicator_slug, area_code order by period_end desc, period desc) = 1
),
yearly as (
    select
        observed.*,
        date_diff('day', latest.period_end, observed.period_end) / 365.25 as years,
        latest.period_end as last_end
    from observed
    inner join latest
        on observed.indicator_slug = latest.indicator_slug and observed.area_code = latest.area_code
    where date_diff('day', observed.period_start, observed.period_end) between 360 and 366
        and observed.period_end > latest.period_end - interval 114 months
        and not exists (
            from registry.known_break as known
            where known.indicator_slug = observed.indicator_slug and observed.period < known.period
        )
),
line as (
    select
        indicator_slug,
        area_code,
        count(*) as points,
        min({'period_end': period_end, 'period': period}).period as first_period,
        max({'period_end': period_end, 'period': period}).period as last_period,
        -min(years) as reach_back,
        -- A period within a year of another overlaps it.
        count(distinct year(period_end)) = count(*) as is_separate,
        list(years order by period_end) as t,
        list(value order by period_end) as y
    from yearly
    group by all
),
placed as (
    select
        target.*,
        areas.* exclude (target_id, step),
        latest.sex,
        latest.age,
        latest.period,
        latest.period_end,
        latest.value,
        latest.lower_95,
        latest.upper_95,
        latest.value_type,
        -- The easier end of a range reaches it; a change counts from its baseline.
        case
            when target.kind = 'change' then target.baseline_value * (1 + target.target_value / 100)
            when target.polarity = 'low_is_good' then greatest(target.target_value, target.target_upper_value)
            else least(target.target_value, target.target_upper_value)
        end as aim,
        missing.value_note as missing_note,
        at_due.value as value_at_due,
        at_due.period as period_at_due,
        line.points,
        line.first_period,
        line.last_period,
        line.reach_back,
        line.is_separate,
        sum_of_products(line.t, line.t) as sxx,
        sum_of_products(line.t, line.y) as sxy,
        sum_of_products(line.y, line.y) as syy,
        list_sum(line.t) / array_length(line.t) as mean_years,
        list_sum(line.y) / array_length(line.y) as mean_value,
        date_diff('day', latest.period_end, target.due) / 365.25 as years_to_due
    from registry.target as target
    inner join areas on target.target_id = areas.target_id and target.step = areas.step
    left join latest on target.indicator_slug = latest.indicator_slug and areas.area_code = latest.area_code
    left join line on target.indicator_slug = line.indicator_slug and areas.area_code = line.area_code
    -- What was reached when it was due: the period that ends on that day or within the year before.
    left join observed as at_due
        on target.indicator_slug = at_due.indicator_slug
        and areas.area_code = at_due.area_code
        and at_due.period_end <= target.due
        and at_due.period_end > target.due - interval 1 year
    left join indicators.fact as missing
        on latest.value is null
        and target.indicator_slug = missing.indicator_slug
        and areas.area_code = missing.area_code
        and missing.measure = 'main'
        and missing.period = 'none'
    qualify row_number() over (
        partition by target.target_id, target.step, areas.area_code order by at_due.period_end desc, at_due.period desc, missing.sex, missing.age
    ) = 1
),
judged as (
    select
        *,
        to_go(value, aim, polarity) as still_to_go,
        case
            when plan_status = 'conflicting' then 'conflicting'
            when plan_status = 'ambiguous' then 'ambiguous'
            when plan_status = 'baseline_only' then 'no_aim'
            when kind = 'change' and baseline_value is null then 'baseline_missing'
            when why_not_measured = 'unit_does_not_match' then 'unit_does_not_match'
            when indicator_slug is null or value is null or aim is null then 'not_measured'
            when plan_status = 'expired' and value_at_due is null then 'expired'
            when plan_status = 'expired' then if(to_go(value_at_due, aim, polarity) <= 0, 'met', 'missed')
            when to_go(value, aim, polarity) <= 0 then 'met'
            when due is null then 'no_due_date'
            else 'live'
        end as status
    from placed
),
lined as (
    select
        *,
        case
            when indicator_slug is null or value is null then null
            when points is null then 'periods_overlap'
            when not is_separate then 'periods_overlap'
            when points < 5 then 'fewer_than_five_points'
            when last_period <> period then 'latest_period_not_yearly'
        end as trend_reason
    from judged
),
projected as (
    select
        *,
        if(trend_reason is null, sxy / sxx, null) as slope,
        if(trend_reason is null, line_slope_margin(points, sxx, sxy, syy), null) as slope_margin,
        case
            when status in ('conflicting', 'ambiguous', 'no_aim', 'baseline_missing', 'unit_does_not_match',
                'not_measured', 'no_due_date') then status
            when plan_status = 'expired' then 'due_date_passed'
            when due is null then 'no_due_date'
            when trend_reason is not null then trend_reason
            when years_to_due > reach_back then 'due_date_further_than_points_reach_back'
        end as reaches_reason
    from lined
),
forecast as (
    select
        *,
        if(reaches_reason is null, mean_value + slope * (years_to_due - mean_years), null) as ahead,
        if(reaches_reason is null, line_prediction_margin(points, sxx, sxy, syy, years_to_due - mean_years), null)
            as ahead_margin
    from projected
)
select
    forecast.target_id,
    forecast.step,
    forecast.steps,
    forecast.name,
    forecast.target_group,
    forecast.kind,
    forecast.set_for,
    forecast.cited,
    forecast.unit,
    forecast.polarity,
    forecast.baseline_value,
    forecast.baseline_period,
    forecast.baseline_note,
    forecast.target_value,
    forecast.target_upper_value,
    forecast.due,
    forecast.due_label,
    forecast.plan_status,
    nullif(array_to_string(forecast.also, ', '), '') as also,
    forecast.indicator_slug,
    nullif(array_to_string(forecast.related, ', '), '') as related,
    forecast.could_come_from,
    forecast.area_type,
    forecast.area_code,
    forecast.area_name,
    forecast.area_role,
    forecast.sex,
    forecast.age,
    forecast.period,
    forecast.period_end,
    forecast.value,
    forecast.lower_95,
    forecast.upper_95,
    forecast.status,
    case
        when forecast.status = 'not_measured' and forecast.indicator_slug is null then forecast.why_not_measured
        when forecast.status = 'not_measured' and forecast.value is null
            then coalesce(forecast.missing_note, 'no_value_for_this_area')
        when forecast.status = 'not_measured' then 'no_number'
        when forecast.status = 'expired' then 'no_value_at_due_date'
    end as status_reason,
    if(forecast.plan_status in ('conflicting', 'ambiguous'), null, forecast.still_to_go) as still_to_go,
    if(forecast.still_to_go is null or forecast.plan_status in ('conflicting', 'ambiguous'), 'not_compared',
        compare_with_benchmark(forecast.lower_95, forecast.upper_95, forecast.aim, forecast.polarity))
        as compared_with_target,
    forecast.value_at_due,
    forecast.period_at_due,
    if(forecast.plan_status = 'live' and forecast.years_to_due > 0, forecast.years_to_due, null) as years_left,
    if(forecast.status = 'live' and forecast.years_to_due > 0,
        (forecast.aim - forecast.value) / forecast.years_to_due, null) as yearly_change_needed,
    forecast.points as trend_points,
    forecast.first_period as trend_first_period,
    forecast.last_period as trend_last_period,
    forecast.slope as yearly_change,
    forecast.slope - forecast.slope_margin as yearly_change_lower_95,
    forecast.slope + forecast.slope_margin as yearly_change_upper_95,
    forecast.trend_reason,
    -- A share is never below none or above all.
    case when forecast.value_type = 'proportion' then least(greatest(forecast.ahead, 0), 100) else forecast.ahead end
        as projected_value,
    case when forecast.value_type = 'proportion' then least(greatest(forecast.ahead - forecast.ahead_margin, 0), 100)
        else forecast.ahead - forecast.ahead_margin end as projected_lower_95,
    case when forecast.value_type = 'proportion' then least(greatest(forecast.ahead + forecast.ahead_margin, 0), 100)
        else forecast.ahead + forecast.ahead_margin end as projected_upper_95,
    coalesce(
        reaches_target(forecast.ahead - forecast.ahead_margin, forecast.ahead + forecast.ahead_margin,
            forecast.aim, forecast.polarity),
        'not_assessed'
    ) as reaches_in_time,
    forecast.reaches_reason,
    forecast.note,
    footprint.fictional
from forecast
cross join registry.footprint as footprint
