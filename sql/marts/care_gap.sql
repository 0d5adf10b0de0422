-- table: marts.care_gap
-- grain: one row per cohort, measure, area, as-at date, breakdown and group
-- depends: people.care_gap, geography.area, geography.lsoa21, staging.nhs_practice, registry.footprint
-- columns: cohort, cohort_name, clinical_area, measure, measure_name, polarity, indicator_slug, indicator_measure, area_type, area_code, area_name, as_at, breakdown, breakdown_group, eligible, done, not_done, value, lower_95, upper_95, lower_998, upper_998, standardised_value, standardised_lower_95, standardised_upper_95, rest_value, absolute_gap, gap_lower_95, gap_upper_95, relative_gap, slope_index, slope_index_lower_95, slope_index_upper_95, people_to_close_gap, not_reached, not_reached_percent, not_reached_lower_95, not_reached_upper_95, compared_with_rest, value_status, value_note, source_sha256, source_row, fictional
-- Empty where no person-level extract is supplied. Counts come protected, with their limits; here it is only
-- said who is not reached: not done where a high share is good, done where a low one is.
with named as (
    select area_code, area_name from geography.area
    union all by name
    select ward24_code as area_code, min(ward24_name) as area_name
    from geography.lsoa21
    where ward24_code is not null
    group by ward24_code
    union all by name
    select practice_code as area_code, practice_name as area_name from staging.nhs_practice
)
select
    people.cohort,
    people.cohort_name,
    people.clinical_area,
    people.measure,
    people.measure_name,
    people.polarity,
    people.indicator_slug,
    people.indicator_measure,
    people.area_type,
    people.area_code,
    area.area_name,
    people.as_at,
    people.breakdown,
    people.breakdown_group,
    people.eligible,
    people.done,
    people.not_done,
    people.value,
    people.lower_95,
    people.upper_95,
    people.lower_998,
    people.upper_998,
    people.standardised_value,
    people.standardised_lower_95,
    people.standardised_upper_95,
    people.rest_value,
    people.absolute_gap,
    people.gap_lower_95,
    people.gap_upper_95,
    people.relative_gap,
    people.slope_index,
    people.slope_index_lower_95,
    people.slope_index_upper_95,
    people.people_to_close_gap,
    case people.polarity when 'high_is_good' then people.not_done when 'low_is_good' then people.done end as not_reached,
    case people.polarity when 'high_is_good' then 100 - people.value when 'low_is_good' then people.value end
        as not_reached_percent,
    case people.polarity when 'high_is_good' then 100 - people.upper_95 when 'low_is_good' then people.lower_95 end
        as not_reached_lower_95,
    case people.polarity when 'high_is_good' then 100 - people.lower_95 when 'low_is_good' then people.upper_95 end
        as not_reached_upper_95,
    case
        when people.gap_lower_95 is null or people.gap_upper_95 is null then 'not_compared'
        when people.gap_lower_95 <= 0 and people.gap_upper_95 >= 0 then 'similar'
        when people.polarity = 'no_judgement' then if(people.gap_lower_95 > 0, 'higher', 'lower')
        when (people.gap_lower_95 > 0) = (people.polarity = 'high_is_good') then 'better'
        else 'worse'
    end as compared_with_rest,
    people.value_status,
    people.value_note,
    people.source_sha256,
    people.source_row,
    footprint.fictional
from people.care_gap as people
left join named as area on people.area_code = area.area_code
cross join registry.footprint as footprint
