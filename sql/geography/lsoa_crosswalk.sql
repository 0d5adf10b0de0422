-- table: geography.lsoa_crosswalk
-- grain: one row per pair of LSOA 2011 and LSOA 2021 that share people
-- depends: staging.lsoa11_lsoa21, staging.population_lsoa, geography.lsoa21, registry.population_in_use
-- columns: lsoa11_code, lsoa21_code, change_indicator, people_lsoa11, people_lsoa21, weight_lsoa11_to_lsoa21, weight_lsoa21_to_lsoa11, people_lsoa11_to_lsoa21, people_lsoa21_from_lsoa11
-- Change indicator: U unchanged, S split, M merged, X redrawn. A split area's people are shared
-- among its successors by their Census 2021 residents, so weights of one LSOA 2011 add up to 1; a
-- merged area's among its predecessors by their mid-2020 residents, so weights of one LSOA 2021 do
-- as well. People are shared whole: nobody is lost or counted twice.
with residents as (
    select population.lsoa_vintage, population.lsoa_code, sum(population.people) as people
    from staging.population_lsoa as population
    inner join registry.population_in_use as wanted
        on population.lsoa_vintage = wanted.lsoa_vintage
        and population.population_base = wanted.population_base
    where population.sex = 'Persons'
    group by population.lsoa_vintage, population.lsoa_code
),
pairs as (
    select
        lookup.lsoa11_code,
        lookup.lsoa21_code,
        lookup.change_indicator,
        coalesce(before.people, 0) as people_lsoa11,
        coalesce(after.people, 0) as people_lsoa21
    from staging.lsoa11_lsoa21 as lookup
    inner join geography.lsoa21 as area on lookup.lsoa21_code = area.lsoa21_code
    left join residents as before on before.lsoa_vintage = 2011 and lookup.lsoa11_code = before.lsoa_code
    left join residents as after on after.lsoa_vintage = 2021 and lookup.lsoa21_code = after.lsoa_code
),
-- Where nobody lives, the pieces count alike.
forward as (
    select
        *,
        if(sum(people_lsoa21) over same_origin > 0, people_lsoa21, 1) as part
    from pairs
    window same_origin as (partition by lsoa11_code)
),
forward_shared as (
    select
        * exclude (part),
        part / sum(part) over same_origin as weight_lsoa11_to_lsoa21,
        share_whole(people_lsoa11, part, sum(part) over up_to_here, sum(part) over same_origin) as people_lsoa11_to_lsoa21
    from forward
    window
        same_origin as (partition by lsoa11_code),
        up_to_here as (partition by lsoa11_code order by lsoa21_code)
),
backward as (
    select
        *,
        if(sum(people_lsoa11_to_lsoa21) over same_destination > 0, people_lsoa11_to_lsoa21, 1) as part
    from forward_shared
    window same_destination as (partition by lsoa21_code)
)
select
    * exclude (part),
    part / sum(part) over same_destination as weight_lsoa21_to_lsoa11,
    share_whole(people_lsoa21, part, sum(part) over up_to_here, sum(part) over same_destination) as people_lsoa21_from_lsoa11
from backward
window
    same_destination as (partition by lsoa21_code),
    up_to_here as (partition by lsoa21_code order by lsoa11_code)
