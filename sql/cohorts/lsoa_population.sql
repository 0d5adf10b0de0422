-- table: cohorts.lsoa_population
-- grain: one row per IMD vintage, LSOA, sex and age band, all ages among the bands
-- depends: staging.population_lsoa, cohorts.lsoa_deprivation, registry.population_in_use
-- columns: imd_vintage, population_base, lsoa_code, sex, age_band, people
-- Each IMD vintage has the population on its own LSOA vintage; codes are never joined across.
-- Persons are in every population; women and men apart only where its publisher gives them.
with banded as (
    select
        deprivation.imd_vintage,
        population.population_base,
        deprivation.lsoa_code,
        population.sex,
        population.age_band,
        population.people
    from cohorts.lsoa_deprivation as deprivation
    inner join registry.population_in_use as wanted on deprivation.lsoa_vintage = wanted.lsoa_vintage
    inner join staging.population_lsoa as population
        on deprivation.lsoa_vintage = population.lsoa_vintage
        and wanted.population_base = population.population_base
        and deprivation.lsoa_code = population.lsoa_code
)
select * from banded
union all by name
select imd_vintage, population_base, lsoa_code, sex, 'All ages' as age_band, sum(people)::bigint as people
from banded
group by imd_vintage, population_base, lsoa_code, sex
