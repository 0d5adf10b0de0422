-- table: cohorts.core20_area
-- grain: one row per area, IMD vintage, sex, age band and Core20 flag
-- depends: cohorts.lsoa_deprivation, cohorts.lsoa_population, geography.area
-- columns: area_type, area_code, area_name, imd_vintage, lsoa_vintage, population_base, sex, age_band, core20, people, people_in_area, share_percent, share_of_board_percent, share_of_nation_percent, lsoas, lsoas_in_area
-- An area without Core20 LSOAs has a row that says zero people: that is a count, not a gap.
with membership as (
    select area.area_type, area.area_code, area.area_name, lsoa.imd_vintage, lsoa.lsoa_vintage, lsoa.lsoa_code, lsoa.core20
    from cohorts.lsoa_deprivation as lsoa
    inner join geography.area as area
        on lies_in(area.area_type, area.area_code, lsoa.place_code, lsoa.icb24_code, lsoa.icb26_code)
),
areas as (
    select area_type, area_code, area_name, imd_vintage, lsoa_vintage, count(*) as lsoas_in_area, count(*) filter (core20) as core20_lsoas
    from membership
    group by all
),
counted as (
    select
        membership.area_code,
        membership.imd_vintage,
        membership.core20,
        population.population_base,
        population.sex,
        population.age_band,
        sum(population.people) as people
    from membership
    inner join cohorts.lsoa_population as population
        on membership.imd_vintage = population.imd_vintage
        and membership.lsoa_code = population.lsoa_code
    group by all
),
bands as (
    select distinct imd_vintage, population_base, sex, age_band from counted
),
flags as (
    select unnest([true, false]) as core20
),
complete as (
    select
        areas.area_type,
        areas.area_code,
        areas.area_name,
        areas.imd_vintage,
        areas.lsoa_vintage,
        bands.population_base,
        bands.sex,
        bands.age_band,
        flags.core20,
        coalesce(counted.people, 0) as people,
        if(flags.core20, areas.core20_lsoas, areas.lsoas_in_area - areas.core20_lsoas) as lsoas,
        areas.lsoas_in_area
    from areas
    inner join bands on areas.imd_vintage = bands.imd_vintage
    cross join flags
    left join counted
        on areas.area_code = counted.area_code
        and areas.imd_vintage = counted.imd_vintage
        and flags.core20 = counted.core20
        and bands.sex = counted.sex
        and bands.age_band = counted.age_band
)
select
    *,
    sum(people) over whole as people_in_area,
    100.0 * people / nullif(sum(people) over whole, 0) as share_percent,
    if(area_type <> 'nation',
        100.0 * people / nullif(max(people) filter (area_type = 'icb') over alike, 0), null) as share_of_board_percent,
    100.0 * people / nullif(max(people) filter (area_type = 'nation') over alike, 0) as share_of_nation_percent
from complete
window
    whole as (partition by area_code, imd_vintage, sex, age_band),
    alike as (partition by imd_vintage, sex, age_band, core20)
