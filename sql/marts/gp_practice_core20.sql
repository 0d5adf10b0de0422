-- table: marts.gp_practice_core20
-- grain: one row per practice most of whose patients live in the footprint, and sex
-- depends: staging.nhs_gp_patients_by_lsoa, cohorts.lsoa_deprivation, staging.nhs_primary_care_network, registry.place, registry.footprint
-- columns: practice_code, practice_name, extract_date, sex, imd_vintage, lsoa_vintage, patients, patients_with_lsoa, patients_core20, core20_share_percent, patients_in_footprint, main_place_code, main_place_name, patients_in_main_place, pcn_code, pcn_name, pcn_practices, source_sha256, fictional
-- Empty where no file is supplied. Registrations, not residents, so no row adds up with those of
-- residents. The index is the one on the LSOAs of the file; the latest extract counts.
-- Rows are summed as they are read: patients by LSOA are too many to be kept.
-- ties: place_code
with placed as (
    select
        registered.practice_code,
        max(registered.practice_name) as practice_name,
        max(registered.extract_date) as extract_date,
        registered.sex,
        max(if(registered.lsoa_vintage = 2021, 2025, 2019)) as imd_vintage,
        max(registered.lsoa_vintage) as lsoa_vintage,
        deprivation.lsoa_code is not null as with_lsoa,
        deprivation.core20,
        deprivation.place_code,
        sum(registered.patients) as patients,
        min(registered.source_sha256) as source_sha256
    from staging.nhs_gp_patients_by_lsoa as registered
    left join cohorts.lsoa_deprivation as deprivation
        on deprivation.imd_vintage = if(registered.lsoa_vintage = 2021, 2025, 2019)
        and deprivation.lsoa_code = coalesce(registered.lsoa21_code, registered.lsoa11_code)
    where registered.extract_date = (select max(extract_date) from staging.nhs_gp_patients_by_lsoa)
    group by
        registered.practice_code,
        registered.sex,
        deprivation.lsoa_code is not null,
        deprivation.core20,
        deprivation.place_code
),
by_place as (
    select practice_code, sex, place_code, sum(patients) as patients
    from placed
    where place_code is not null
    group by practice_code, sex, place_code
),
main_place as (
    select
        practice_code,
        sex,
        first(place_code order by patients desc, place_code) as place_code,
        max(patients) as patients
    from by_place
    group by practice_code, sex
),
practices as (
    select
        practice_code,
        max(practice_name) as practice_name,
        max(extract_date) as extract_date,
        sex,
        max(imd_vintage) as imd_vintage,
        max(lsoa_vintage) as lsoa_vintage,
        sum(patients) as patients,
        coalesce(sum(patients) filter (with_lsoa), 0) as patients_with_lsoa,
        coalesce(sum(patients) filter (core20), 0) as patients_core20,
        coalesce(sum(patients) filter (place_code is not null), 0) as patients_in_footprint,
        min(source_sha256) as source_sha256
    from placed
    group by practice_code, sex
),
-- The open network that a practice belongs to.
member as (
    select practice_code, pcn_code, pcn_name
    from staging.nhs_primary_care_network
    where practice_code is not null and practice_left is null and closed is null
),
-- All of a network's practices that have patients, wherever these live.
network as (
    select member.pcn_code, practices.sex, count(*) as pcn_practices
    from practices
    inner join member on practices.practice_code = member.practice_code
    group by member.pcn_code, practices.sex
)
select
    practices.*,
    100.0 * practices.patients_core20 / nullif(practices.patients_with_lsoa, 0) as core20_share_percent,
    main_place.place_code as main_place_code,
    place.place_name as main_place_name,
    main_place.patients as patients_in_main_place,
    member.pcn_code,
    member.pcn_name,
    network.pcn_practices,
    footprint.fictional
from practices
cross join registry.footprint as footprint
inner join main_place
    on practices.practice_code = main_place.practice_code and practices.sex = main_place.sex
inner join registry.place as place on main_place.place_code = place.place_code
left join member on practices.practice_code = member.practice_code
left join network on member.pcn_code = network.pcn_code and practices.sex = network.sex
where 2 * practices.patients_in_footprint > practices.patients
