-- table: marts.plus_cohort
-- grain: one row per area, PLUS group, sex, age band and part
-- depends: registry.plus_group, cohorts.plus_lsoa, cohorts.lsoa_deprivation, cohorts.lsoa_population, geography.area, registry.imd_default, registry.footprint
-- columns: area_type, area_code, area_name, plus_group, plus_group_name, imd_vintage, lsoa_vintage, population_base, sex, age_band, part, people, people_in_area, share_percent, lsoas, fictional
-- Empty while no group is on. The four parts make the area, so Core20 or PLUS is the sum of three
-- of them and nobody in both is counted twice. Group 'any' is all groups in use together.
with grouped as (
    select plus_group, plus_group_name from registry.plus_group
    union all by name
    select 'any' as plus_group, 'Any PLUS group in use' as plus_group_name
    where exists (from registry.plus_group)
),
in_group as (
    select plus_group, lsoa21_code from cohorts.plus_lsoa
    union
    select 'any' as plus_group, lsoa21_code from cohorts.plus_lsoa
),
members as (
    select
        area.area_type,
        area.area_code,
        area.area_name,
        grouped.plus_group,
        grouped.plus_group_name,
        lsoa.imd_vintage,
        lsoa.lsoa_vintage,
        lsoa.lsoa_code,
        case
            when lsoa.core20 and in_group.lsoa21_code is not null then 'core20_and_plus'
            when lsoa.core20 then 'core20_only'
            when in_group.lsoa21_code is not null then 'plus_only'
            else 'neither'
        end as part
    from cohorts.lsoa_deprivation as lsoa
    inner join registry.imd_default as wanted on lsoa.imd_vintage = wanted.imd_vintage
    cross join grouped
    inner join geography.area as area
        on lies_in(area.area_type, area.area_code, lsoa.place_code, lsoa.icb24_code, lsoa.icb26_code)
    left join in_group on grouped.plus_group = in_group.plus_group and lsoa.lsoa_code = in_group.lsoa21_code
),
areas as (
    select distinct area_type, area_code, area_name, plus_group, plus_group_name, imd_vintage, lsoa_vintage
    from members
),
counted as (
    select
        members.area_code,
        members.plus_group,
        members.part,
        population.population_base,
        population.sex,
        population.age_band,
        sum(population.people) as people
    from members
    inner join cohorts.lsoa_population as population
        on members.imd_vintage = population.imd_vintage
        and members.lsoa_code = population.lsoa_code
    group by all
),
lsoas as (
    select area_code, plus_group, part, count(*) as lsoas from members group by all
),
bands as (
    select distinct population_base, sex, age_band from counted
),
parts as (
    select unnest(['core20_only', 'plus_only', 'core20_and_plus', 'neither']) as part
)
select
    areas.*,
    bands.population_base,
    bands.sex,
    bands.age_band,
    parts.part,
    coalesce(counted.people, 0) as people,
    sum(coalesce(counted.people, 0)) over whole as people_in_area,
    100.0 * coalesce(counted.people, 0) / nullif(sum(coalesce(counted.people, 0)) over whole, 0) as share_percent,
    coalesce(lsoas.lsoas, 0) as lsoas,
    footprint.fictional
from areas
cross join bands
cross join parts
cross join registry.footprint as footprint
left join counted
    on areas.area_code = counted.area_code
    and areas.plus_group = counted.plus_group
    and parts.part = counted.part
    and bands.sex = counted.sex
    and bands.age_band = counted.age_band
left join lsoas
    on areas.area_code = lsoas.area_code
    and areas.plus_group = lsoas.plus_group
    and parts.part = lsoas.part
window whole as (partition by areas.area_code, areas.plus_group, bands.sex, bands.age_band)
