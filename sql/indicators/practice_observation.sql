-- table: indicators.practice_observation
-- grain: one row per series, area and period that is added up from general practices
-- depends: staging.nhs_qof_achievement, staging.nhs_qof_register, staging.nhs_practice, staging.nhs_gp_patients_by_lsoa, geography.lsoa21, geography.lsoa11, registry.place, registry.place_local_authority, registry.footprint
-- columns: series, series_name, area_code, area_name, period, period_start, period_end, sex, age, category_type, category, value, lower_95, upper_95, lower_998, upper_998, numerator, denominator, value_status, value_note, publisher_comparison, publisher_trend, source, dataset, source_sha256, source_row
-- In the shape of staging.observation, for the registry to bind. Two readings of "the people of a
-- Place", never one series: the patients of the practices that lie in it, counted; and its
-- residents, estimated by taking a practice's patients with a condition to live where its
-- registered patients do.
with counted as (
    select
        series, 'achievement' as dataset, period, period_start, period_end, practice_code,
        sum(numerator) as numerator, sum(denominator) as denominator, min(source_sha256) as source_sha256
    from staging.nhs_qof_achievement
    group by all
    union all by name
    select
        'hypertension_recorded' as series, 'prevalence' as dataset, period, period_start, period_end, practice_code,
        register as numerator, practice_list_size as denominator, source_sha256
    from staging.nhs_qof_register
    where group_code = 'HYP' and patient_list_type = 'TOTAL'
),
wording (series, series_name) as (
    values
    ('hypertension_treated', 'Hypertension: last blood pressure in twelve months at or below the threshold for the age (QOF)'),
    ('hypertension_recorded', 'Hypertension: patients on the register (QOF)')
),
located as (
    select counted.*, authority.place_code, practice.practice_code is not null as is_located
    from counted
    left join staging.nhs_practice as practice on counted.practice_code = practice.practice_code
    left join registry.place_local_authority as authority on practice.lad22_code = authority.lad_code
),
-- Of the latest extract, for all years: who is registered where changes slowly.
registered as (
    select patients.practice_code, coalesce(area21.place_code, area11.place_code) as place_code, patients.patients
    from staging.nhs_gp_patients_by_lsoa as patients
    left join geography.lsoa21 as area21 on patients.lsoa21_code = area21.lsoa21_code
    left join geography.lsoa11 as area11 on patients.lsoa11_code = area11.lsoa11_code
    where patients.sex = 'Persons'
        and patients.extract_date = (
            select max(extract_date) from staging.nhs_gp_patients_by_lsoa where sex = 'Persons'
        )
),
share as (
    select practice_code, place_code, sum(patients) / sum(sum(patients)) over (partition by practice_code) as share
    from registered
    group by practice_code, place_code
),
by_location as (
    select series, dataset, period, period_start, period_end, place_code, numerator, denominator, source_sha256
    from located
),
by_residence as (
    select
        series, dataset, period, period_start, period_end, share.place_code,
        numerator * share as numerator, denominator * share as denominator, source_sha256
    from counted
    inner join share on counted.practice_code = share.practice_code
),
coverage as (
    select series, period, sum(denominator) filter (is_located) / sum(denominator) as located_share
    from located
    group by all
),
readings as (
    select 'by_practice' as reading, by_location.* from by_location
    union all by name
    select 'by_residence' as reading, by_residence.* from by_residence
),
areas as (
    select place.place_code as area_code, place.place_name as area_name, place.place_code as part from registry.place as place
    union all by name
    select footprint.icb_code as area_code, footprint.icb_name as area_name, place.place_code as part
    from registry.footprint as footprint cross join registry.place as place
),
summed as (
    select
        reading, series, dataset, period, period_start, period_end, area_code, area_name,
        sum(numerator) as numerator, sum(denominator) as denominator, min(source_sha256) as source_sha256
    from readings
    inner join areas on readings.place_code = areas.part
    group by all
    union all by name
    select
        reading, series, dataset, period, period_start, period_end, nation_code as area_code, nation_name as area_name,
        sum(numerator) as numerator, sum(denominator) as denominator, min(source_sha256) as source_sha256
    from readings
    cross join registry.footprint
    group by all
)
select
    summed.series || ':' || summed.reading as series,
    wording.series_name,
    summed.area_code,
    summed.area_name,
    summed.period,
    summed.period_start,
    summed.period_end,
    'Persons' as sex,
    'All ages' as age,
    null as category_type,
    null as category,
    -- Rounded so that the order in which shares are added cannot show.
    round(100 * summed.numerator / nullif(summed.denominator, 0), 9) as value,
    null as lower_95,
    null as upper_95,
    null as lower_998,
    null as upper_998,
    -- Estimated counts would give limits that look narrower than the estimate is good.
    if(summed.reading = 'by_practice', summed.numerator, null) as numerator,
    if(summed.reading = 'by_practice', summed.denominator, null) as denominator,
    if(summed.denominator > 0, 'published', 'not_published') as value_status,
    case
        when summed.reading = 'by_residence'
            then 'Estimated for residents: a practice''s patients with hypertension are taken to live where its registered patients do.'
        when summed.area_code = footprint.nation_code then 'Patients of all practices that take part.'
        else 'Patients of practices that lie in the area, wherever they live. Practices whose authority is known hold '
            || printf('%.1f', 100 * coverage.located_share) || ' percent of the nation''s patients counted.'
    end as value_note,
    null as publisher_comparison,
    null as publisher_trend,
    'nhs_qof' as source,
    summed.dataset,
    summed.source_sha256,
    null as source_row
from summed
inner join wording on summed.series = wording.series
inner join coverage on summed.series = coverage.series and summed.period = coverage.period
cross join registry.footprint as footprint
