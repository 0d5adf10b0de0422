-- table: marts.core20_ward
-- grain: one row per ward 2024 of the footprint, IMD vintage, sex, age band and Core20 flag
-- depends: cohorts.lsoa_deprivation, cohorts.lsoa_population, registry.place, registry.footprint
-- columns: ward24_code, ward24_name, place_code, place_name, imd_vintage, lsoa_vintage, population_base, sex, age_band, core20, people, people_in_ward, share_percent, lsoas, lsoas_in_ward, fictional
-- LSOAs do not nest in wards: each counts whole in the ward that the lookup fits it best to, an
-- LSOA 2011 in the ward which holds most of its people.
with members as (
    select
        deprivation.ward24_code,
        deprivation.ward24_name,
        deprivation.place_code,
        place.place_name,
        deprivation.imd_vintage,
        deprivation.lsoa_vintage,
        deprivation.lsoa_code,
        deprivation.core20
    from cohorts.lsoa_deprivation as deprivation
    inner join registry.place as place on deprivation.place_code = place.place_code
    where deprivation.ward24_code is not null
),
wards as (
    select
        ward24_code,
        ward24_name,
        place_code,
        place_name,
        imd_vintage,
        lsoa_vintage,
        count(*) as lsoas_in_ward,
        count(*) filter (core20) as core20_lsoas
    from members
    group by all
),
counted as (
    select
        members.ward24_code,
        members.place_code,
        members.imd_vintage,
        population.population_base,
        population.sex,
        population.age_band,
        sum(population.people) as people_in_ward,
        coalesce(sum(population.people) filter (members.core20), 0) as core20_people
    from members
    inner join cohorts.lsoa_population as population
        on members.imd_vintage = population.imd_vintage
        and members.lsoa_code = population.lsoa_code
    group by all
),
flags as (
    select unnest([true, false]) as core20
)
select
    wards.* exclude (core20_lsoas),
    counted.population_base,
    counted.sex,
    counted.age_band,
    counted.people_in_ward,
    flags.core20,
    if(flags.core20, counted.core20_people, counted.people_in_ward - counted.core20_people) as people,
    100.0 * if(flags.core20, counted.core20_people, counted.people_in_ward - counted.core20_people)
        / nullif(counted.people_in_ward, 0) as share_percent,
    if(flags.core20, wards.core20_lsoas, wards.lsoas_in_ward - wards.core20_lsoas) as lsoas,
    footprint.fictional
from wards
cross join registry.footprint as footprint
cross join flags
inner join counted
    on wards.ward24_code = counted.ward24_code
    and wards.place_code = counted.place_code
    and wards.imd_vintage = counted.imd_vintage
