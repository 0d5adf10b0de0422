-- table: marts.lsoa
-- grain: one row per LSOA 2021 of the footprint
-- depends: geography.lsoa21, geography.lsoa21_history, cohorts.lsoa_deprivation, cohorts.lsoa_population, staging.ethnic_group_lsoa, geography.lsoa21_outline, registry.place, registry.footprint
-- columns: lsoa21_code, lsoa21_name, place_code, place_name, lad24_code, ward24_code, ward24_name, sub_icb24_code, icb24_code, imd2025_rank, imd2025_decile, core20_imd2025, imd2019_rank, imd2019_decile, core20_imd2019, change_indicator, predecessors, people, population_base, people_asian, people_black, people_mixed, people_white, people_other, fictional, geometry
-- People by ethnic group are of Census 2021, and missing where its table was not supplied.
with ethnic as (
    select
        lsoa21_code,
        sum(people) filter (ethnic_group like 'Asian%')::bigint as people_asian,
        sum(people) filter (ethnic_group like 'Black%')::bigint as people_black,
        sum(people) filter (ethnic_group like 'Mixed%')::bigint as people_mixed,
        sum(people) filter (ethnic_group like 'White%')::bigint as people_white,
        sum(people) filter (ethnic_group like 'Other%')::bigint as people_other
    from staging.ethnic_group_lsoa
    group by lsoa21_code
)
select
    area.lsoa21_code,
    area.lsoa21_name,
    area.place_code,
    place.place_name,
    area.lad24_code,
    area.ward24_code,
    area.ward24_name,
    area.sub_icb24_code,
    area.icb24_code,
    deprivation.imd_rank as imd2025_rank,
    deprivation.imd_decile as imd2025_decile,
    deprivation.core20 as core20_imd2025,
    history.imd2019_rank,
    history.imd2019_decile,
    history.imd2019_decile <= 2 as core20_imd2019,
    history.change_indicator,
    history.predecessors,
    population.people,
    population.population_base,
    ethnic.people_asian,
    ethnic.people_black,
    ethnic.people_mixed,
    ethnic.people_white,
    ethnic.people_other,
    footprint.fictional,
    outline.geometry
from geography.lsoa21 as area
cross join registry.footprint as footprint
inner join registry.place as place on area.place_code = place.place_code
inner join cohorts.lsoa_deprivation as deprivation
    on deprivation.imd_vintage = 2025 and area.lsoa21_code = deprivation.lsoa_code
left join cohorts.lsoa_population as population
    on population.imd_vintage = 2025
    and area.lsoa21_code = population.lsoa_code
    and population.age_band = 'All ages'
    and population.sex = 'Persons'
left join ethnic on area.lsoa21_code = ethnic.lsoa21_code
left join geography.lsoa21_history as history on area.lsoa21_code = history.lsoa21_code
left join geography.lsoa21_outline as outline on area.lsoa21_code = outline.lsoa21_code
