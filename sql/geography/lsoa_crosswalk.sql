-- table: geography.lsoa_crosswalk
-- grain: one row per pair of LSOA 2011 and LSOA 2021 that share people
-- depends: staging.lsoa11_lsoa21, staging.population_lsoa, geography.lsoa21
-- columns: lsoa11_code, lsoa21_code, change_indicator, people_lsoa21, weight_lsoa11_to_lsoa21
-- Change indicator: U unchanged, S split, M merged, X redrawn. A split area's people are shared
-- among its successors by their Census 2021 residents, so weights of one LSOA 2011 add up to 1.
with residents as (
    select lsoa_code, sum(people) as people
    from staging.population_lsoa
    where lsoa_vintage = 2021
    group by lsoa_code
),
pairs as (
    select
        lookup.lsoa11_code,
        lookup.lsoa21_code,
        lookup.change_indicator,
        coalesce(residents.people, 0) as people_lsoa21
    from staging.lsoa11_lsoa21 as lookup
    inner join geography.lsoa21 as area on lookup.lsoa21_code = area.lsoa21_code
    left join residents on lookup.lsoa21_code = residents.lsoa_code
)
select
    lsoa11_code,
    lsoa21_code,
    change_indicator,
    people_lsoa21,
    case
        when sum(people_lsoa21) over same_origin > 0
            then people_lsoa21 / sum(people_lsoa21) over same_origin
        else 1.0 / count(*) over same_origin
    end as weight_lsoa11_to_lsoa21
from pairs
window same_origin as (partition by lsoa11_code)
