-- table: indicators.trend
-- grain: one row per indicator, measure, area, sex, age and category with a value
-- depends: indicators.fact, registry.measure, registry.known_break
-- columns: indicator_slug, measure, area_code, sex, age, category_type, category, first_period, last_period, points, recent_trend, recent_trend_reason
-- Fingertips' recent trend: the five most recent annual points, which must be consecutive years on
-- one basis. Cumulative or pooled periods overlap, so they have none. Rules and where the official
-- codes disagree: docs/methods/trend.md.
-- ties: period
with annual as (
    select fact.*, measure.polarity, measure.value_type, year(fact.period_start) as first_year
    from indicators.fact as fact
    inner join registry.measure as measure
        on fact.indicator_slug = measure.indicator_slug and fact.measure = measure.measure
    where measure.recent_trend_allowed
        and fact.value is not null
        and date_diff('day', fact.period_start, fact.period_end) between 360 and 366
),
recent as (
    select *
    from annual
    qualify row_number() over (
        partition by indicator_slug, measure, area_code, sex, age, category_type, category
        order by period_end desc, period desc
    ) <= 5
),
series as (
    select
        indicator_slug,
        measure,
        area_code,
        sex,
        age,
        category_type,
        category,
        max(polarity) as polarity,
        max(value_type) as value_type,
        min({'period_end': period_end, 'period': period}).period as first_period,
        max({'period_end': period_end, 'period': period}).period as last_period,
        count(*) as points,
        max(first_year) - min(first_year) = 4 and count(distinct first_year) = 5 as is_consecutive,
        count(lower_95) = 5 and count(upper_95) = 5 as has_limits,
        count(numerator) = 5 and count(denominator) = 5 as has_counts,
        list(value order by period_end) as values_,
        list(lower_95 order by period_end) as lowers,
        list(upper_95 order by period_end) as uppers,
        list(numerator order by period_end) as numerators,
        list(denominator order by period_end) as denominators
    from recent
    group by all
),
reasoned as (
    select
        series.*,
        case
            when points < 5 then 'fewer_than_five_points'
            when not is_consecutive then 'years_not_consecutive'
            when exists (
                from registry.known_break as known
                where known.indicator_slug = series.indicator_slug
                    and known.period > series.first_period
                    and known.period <= series.last_period
            ) then 'series_break'
            when not has_limits and not (value_type = 'proportion' and has_counts) then 'no_limits'
        end as reason
    from series
),
judged as (
    select
        *,
        case
            when reason is not null then 'Cannot be calculated'
            when value_type = 'proportion' and has_counts then recent_trend_proportion(numerators, denominators)
            else recent_trend(values_, lowers, uppers)
        end as word
    from reasoned
)
select
    indicator_slug,
    measure,
    area_code,
    sex,
    age,
    category_type,
    category,
    first_period,
    last_period,
    points,
    case
        when word not in ('Increasing', 'Decreasing') or polarity = 'no_judgement' then word
        when (word = 'Increasing') = (polarity = 'high_is_good') then word || ' and getting better'
        else word || ' and getting worse'
    end as recent_trend,
    coalesce(reason, if(word = 'Cannot be calculated', 'not_computable', null)) as recent_trend_reason
from judged
