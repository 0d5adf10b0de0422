-- table: marts.core20_lsoa
-- grain: one row per IMD vintage, LSOA of the footprint, sex and age band
-- depends: cohorts.lsoa_population, cohorts.lsoa_deprivation, registry.place, registry.footprint
-- columns: imd_vintage, lsoa_vintage, lsoa_code, lsoa_name, place_code, place_name, imd_decile, core20, population_base, sex, age_band, people, fictional
select
    deprivation.imd_vintage,
    deprivation.lsoa_vintage,
    deprivation.lsoa_code,
    deprivation.lsoa_name,
    deprivation.place_code,
    place.place_name,
    deprivation.imd_decile,
    deprivation.core20,
    population.population_base,
    population.sex,
    population.age_band,
    population.people,
    footprint.fictional
from cohorts.lsoa_deprivation as deprivation
cross join registry.footprint as footprint
inner join registry.place as place on deprivation.place_code = place.place_code
inner join cohorts.lsoa_population as population
    on deprivation.imd_vintage = population.imd_vintage
    and deprivation.lsoa_code = population.lsoa_code
