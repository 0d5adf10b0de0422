-- table: marts.core20_pocket
-- grain: one row per IMD vintage, Core20 LSOA of the footprint and kind of surroundings
-- depends: cohorts.lsoa_deprivation, cohorts.lsoa_population, registry.place, registry.footprint, registry.pocket_rule
-- columns: imd_vintage, lsoa_vintage, lsoa_code, lsoa_name, place_code, place_name, surroundings, surroundings_code, surroundings_name, imd_rank, imd_decile, people, population_base, people_around, core20_share_around_percent, less_deprived_share_around_percent, core20_around_at_most_percent, less_deprived_around_at_least_percent, is_pocket, fictional
-- Around an LSOA is everybody else in its ward or Place: the LSOA itself would hide behind its own
-- people in a ward of four. The rule's numbers stand in reference_data/core20_pockets.yaml.
with residents as (
    select
        deprivation.*,
        place.place_name,
        population.people,
        population.population_base,
        deprivation.imd_decile > 5 as less_deprived
    from cohorts.lsoa_deprivation as deprivation
    inner join registry.place as place on deprivation.place_code = place.place_code
    inner join cohorts.lsoa_population as population
        on deprivation.imd_vintage = population.imd_vintage
        and deprivation.lsoa_code = population.lsoa_code
        and population.sex = 'Persons'
        and population.age_band = 'All ages'
),
members as (
    select 'place' as surroundings, place_code as surroundings_code, place_name as surroundings_name, residents.*
    from residents
    union all by name
    select 'ward' as surroundings, ward24_code as surroundings_code, ward24_name as surroundings_name, residents.*
    from residents
    where ward24_code is not null
),
measured as (
    select
        *,
        sum(people) over around - people as people_around,
        coalesce(sum(people) filter (core20) over around, 0) - if(core20, people, 0) as core20_around,
        coalesce(sum(people) filter (less_deprived) over around, 0) - if(less_deprived, people, 0) as less_deprived_around
    from members
    window around as (partition by imd_vintage, surroundings, surroundings_code)
),
shares as (
    select
        *,
        100.0 * core20_around / nullif(people_around, 0) as core20_share_around_percent,
        100.0 * less_deprived_around / nullif(people_around, 0) as less_deprived_share_around_percent
    from measured
    where core20
)
select
    shares.imd_vintage,
    shares.lsoa_vintage,
    shares.lsoa_code,
    shares.lsoa_name,
    shares.place_code,
    shares.place_name,
    shares.surroundings,
    shares.surroundings_code,
    shares.surroundings_name,
    shares.imd_rank,
    shares.imd_decile,
    shares.people,
    shares.population_base,
    shares.people_around,
    shares.core20_share_around_percent,
    shares.less_deprived_share_around_percent,
    rule.core20_around_at_most_percent,
    rule.less_deprived_around_at_least_percent,
    shares.core20_share_around_percent <= rule.core20_around_at_most_percent
    and shares.less_deprived_share_around_percent >= rule.less_deprived_around_at_least_percent as is_pocket,
    footprint.fictional
from shares
cross join registry.footprint as footprint
inner join registry.pocket_rule as rule on shares.surroundings = rule.surroundings
