-- table: marts.person_quality
-- grain: one row per practice, cluster, as-at date and month
-- depends: people.person_quality, staging.nhs_practice, registry.footprint
-- columns: as_at, practice_code, practice_name, cluster, month, entries, persons, share_without_value_percent, practice_silent, value_status, source_sha256, source_row, fictional
-- Empty where no person-level extract is supplied.
select
    people.as_at,
    people.practice_code,
    practice.practice_name,
    people.cluster,
    people.month,
    people.entries,
    people.persons,
    people.share_without_value_percent,
    people.practice_silent,
    people.value_status,
    people.source_sha256,
    people.source_row,
    footprint.fictional
from people.person_quality as people
left join staging.nhs_practice as practice on people.practice_code = practice.practice_code
cross join registry.footprint as footprint
