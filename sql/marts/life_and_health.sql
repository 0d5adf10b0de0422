-- table: marts.life_and_health
-- grain: one row per area, period and sex with a life expectancy or a healthy life expectancy at birth
-- depends: indicators.fact, geography.area, registry.footprint
-- columns: area_type, area_code, area_name, period, period_end, sex, life_expectancy, life_expectancy_lower_95, life_expectancy_upper_95, healthy_life_expectancy, healthy_life_expectancy_lower_95, healthy_life_expectancy_upper_95, years_not_in_good_health, value_note, unit, life_expectancy_source, healthy_life_expectancy_source, fictional
-- Two published figures of the same years and their difference, always together: the difference
-- alone can shrink because lives get shorter. It has no interval: the two rest on the same deaths,
-- and the publishers give no covariance.
with life as (
    select * from indicators.fact
    where indicator_slug = 'life_expectancy' and measure = 'main' and category = 'All' and value is not null
),
healthy as (
    select * from indicators.fact
    where indicator_slug = 'healthy_life_expectancy' and measure = 'main' and category = 'All' and value is not null
),
together as (
    select
        coalesce(life.area_code, healthy.area_code) as area_code,
        coalesce(life.period, healthy.period) as period,
        coalesce(life.period_end, healthy.period_end) as period_end,
        coalesce(life.sex, healthy.sex) as sex,
        life.value as life_expectancy,
        life.lower_95 as life_expectancy_lower_95,
        life.upper_95 as life_expectancy_upper_95,
        healthy.value as healthy_life_expectancy,
        healthy.lower_95 as healthy_life_expectancy_lower_95,
        healthy.upper_95 as healthy_life_expectancy_upper_95,
        -- Without the noise of binary fractions: both are published with one decimal.
        round(life.value - healthy.value, 6) as years_not_in_good_health,
        case
            when life.value is null then 'No life expectancy for the same years.'
            when healthy.value is null then 'No healthy life expectancy for the same years.'
        end as value_note,
        coalesce(life.unit, healthy.unit) as unit,
        life.source as life_expectancy_source,
        healthy.source as healthy_life_expectancy_source
    from life
    full outer join healthy
        on life.area_code = healthy.area_code and life.period = healthy.period and life.sex = healthy.sex
)
select
    area.area_type,
    together.area_code,
    area.area_name,
    together.* exclude (area_code),
    footprint.fictional
from together
inner join geography.area as area on together.area_code = area.area_code
cross join registry.footprint as footprint
