-- table: marts.cohort_flow
-- grain: one row per cohort, area and as-at date
-- depends: people.cohort_flow, geography.area, registry.footprint
-- columns: cohort, cohort_name, clinical_area, area_type, area_code, area_name, as_at, earlier_as_at, people_at_start, diagnosed, moved_in, aged_in, resolved, moved_out, died, aged_out, people_at_end, value_status, value_note, source_sha256, source_row, fictional
-- Empty where no person-level extract is supplied. Counts come protected; nothing is computed here.
with named as (select area_code, area_name from geography.area)
select
    people.cohort,
    people.cohort_name,
    people.clinical_area,
    people.area_type,
    people.area_code,
    area.area_name,
    people.as_at,
    people.earlier_as_at,
    people.people_at_start,
    people.diagnosed,
    people.moved_in,
    people.aged_in,
    people.resolved,
    people.moved_out,
    people.died,
    people.aged_out,
    people.people_at_end,
    people.value_status,
    people.value_note,
    people.source_sha256,
    people.source_row,
    footprint.fictional
from people.cohort_flow as people
left join named as area on people.area_code = area.area_code
cross join registry.footprint as footprint
