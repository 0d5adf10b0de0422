-- table: marts.core20_ethnicity
-- grain: one row per area and ethnic group
-- depends: staging.ethnic_group_lsoa, cohorts.lsoa_deprivation, geography.lsoa21, geography.area, registry.footprint
-- columns: area_type, area_code, area_name, ethnic_group, people, people_core20, core20_share_percent, people_all_groups, people_core20_all_groups, share_of_area_percent, share_of_core20_percent, imd_vintage, population_base, fictional
-- Core20 by IMD 2025, people by Census 2021 of the LSOAs of 2021. Everybody has one of the five groups, so groups
-- make the whole. There is no row where the census table was not supplied.
with members as (
    select area.area_type, area.area_code, area.area_name, counted.ethnic_group, counted.people, deprivation.core20
    from staging.ethnic_group_lsoa as counted
    inner join geography.lsoa21 as lsoa on counted.lsoa21_code = lsoa.lsoa21_code
    inner join cohorts.lsoa_deprivation as deprivation
        on deprivation.imd_vintage = 2025 and counted.lsoa21_code = deprivation.lsoa_code
    inner join geography.area as area
        on lies_in(area.area_type, area.area_code, lsoa.place_code, lsoa.icb24_code, lsoa.icb26_code)
),
by_group as (
    select
        area_type,
        area_code,
        area_name,
        ethnic_group,
        sum(people)::bigint as people,
        coalesce(sum(people) filter (core20), 0)::bigint as people_core20
    from members
    group by area_type, area_code, area_name, ethnic_group
),
with_all as (
    select
        *,
        (sum(people) over (partition by area_code))::bigint as people_all_groups,
        (sum(people_core20) over (partition by area_code))::bigint as people_core20_all_groups
    from by_group
)
select
    with_all.*,
    100.0 * people_core20 / nullif(people, 0) as core20_share_percent,
    100.0 * people / nullif(people_all_groups, 0) as share_of_area_percent,
    100.0 * people_core20 / nullif(people_core20_all_groups, 0) as share_of_core20_percent,
    2025 as imd_vintage,
    'census_2021' as population_base,
    footprint.fictional
from with_all
cross join registry.footprint as footprint
