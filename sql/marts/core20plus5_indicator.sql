-- table: marts.core20plus5_indicator
-- grain: one row per indicator, measure, area, period, sex, age and category
-- depends: indicators.fact, geography.area, registry.footprint
-- columns: indicator_id, indicator_slug, programme, measure, role, modelled, area_type, area_code, area_name, period, period_start, period_end, sex, age, category_type, category, value, lower_95, upper_95, lower_998, upper_998, limits_method, numerator, denominator, unit, value_status, value_note, value_method, nation_value, compared_with_nation, comparison_method, not_compared_reason, publisher_comparison, publisher_trend, source, dataset, series, source_sha256, source_row, fictional
select
    fact.* exclude (area_name),
    area.area_type,
    area.area_name,
    footprint.fictional
from indicators.fact as fact
inner join geography.area as area on fact.area_code = area.area_code
cross join registry.footprint as footprint
where fact.programme in ('core20plus5_adults', 'core20plus5_children')
