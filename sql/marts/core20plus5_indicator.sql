-- table: marts.core20plus5_indicator
-- grain: one row per indicator, measure, area, period, sex, age and category
-- depends: marts.observation, geography.area
-- columns: indicator_id, indicator_slug, programme, measure, role, modelled, area_type, area_code, area_name, period, period_start, period_end, sex, age, category_type, category, value, lower_95, upper_95, lower_998, upper_998, limits_method, numerator, denominator, unit, value_status, value_note, value_method, nation_value, compared_with_nation, comparison_method, not_compared_reason, publisher_comparison, publisher_trend, source, dataset, series, source_sha256, source_row, fictional
-- A cut of the observations: the Places, the board, its region and the nation.
select observation.* exclude (
    indicator_name, indicator_short_name, measure_name, measure_short_name, value_type, polarity,
    authority_tier, age_from, age_to, recent_trend, recent_trend_reason
)
from marts.observation as observation
where observation.programme in ('core20plus5_adults', 'core20plus5_children')
    and observation.area_code in (select area_code from geography.area)
