-- table: marts.lsoa
-- grain: one row per LSOA 2021 of the footprint
-- depends: geography.lsoa21, geography.lsoa21_history, cohorts.lsoa_deprivation, cohorts.lsoa_population, geography.lsoa21_outline, registry.place, registry.footprint
-- columns: lsoa21_code, lsoa21_name, place_code, place_name, lad24_code, ward24_code, ward24_name, sub_icb24_code, icb24_code, imd2025_rank, imd2025_decile, core20_imd2025, imd2019_rank, imd2019_decile, core20_imd2019, change_indicator, predecessors, people, population_base, fictional, geometry
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
left join geography.lsoa21_history as history on area.lsoa21_code = history.lsoa21_code
left join geography.lsoa21_outline as outline on area.lsoa21_code = outline.lsoa21_code
