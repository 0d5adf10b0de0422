-- table: marts.cohort_size
-- grain: one row per cohort, area, as-at date, breakdown and group
-- depends: people.cohort_size, geography.area, geography.lsoa21, staging.nhs_practice, registry.footprint
-- columns: cohort, cohort_name, clinical_area, definition_status, area_type, area_code, area_name, as_at, breakdown, breakdown_group, people, share_percent, people_core20, core20_share_percent, value_status, value_note, source_sha256, source_row, fictional
-- Empty where no person-level extract is supplied. Counts come protected; nothing is computed here.
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
    people.definition_status,
    people.area_type,
    people.area_code,
    area.area_name,
    people.as_at,
    people.breakdown,
    people.breakdown_group,
    people.people,
    people.share_percent,
    people.people_core20,
    people.core20_share_percent,
    people.value_status,
    people.value_note,
    people.source_sha256,
    people.source_row,
    footprint.fictional
from people.cohort_size as people
left join named as area on people.area_code = area.area_code
cross join registry.footprint as footprint
