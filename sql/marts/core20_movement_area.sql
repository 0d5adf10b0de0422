-- table: marts.core20_movement_area
-- grain: one row per area and movement
-- depends: cohorts.lsoa_movement, geography.lsoa21, geography.area, registry.footprint
-- columns: area_type, area_code, area_name, movement, people, people_in_area, share_percent, lsoas, lsoas_in_area, lsoas_changed_boundary, lsoas_mixed_origin, population_base, fictional
-- People go by their part of the LSOA, LSOAs by their main predecessor; the two differ only where
-- `lsoas_mixed_origin` is not zero.
with members as (
    select area.area_type, area.area_code, area.area_name, movement.*
    from cohorts.lsoa_movement as movement
    inner join geography.lsoa21 as lsoa on movement.lsoa21_code = lsoa.lsoa21_code
    inner join geography.area as area
        on lies_in(area.area_type, area.area_code, lsoa.place_code, lsoa.icb24_code, lsoa.icb26_code)
),
areas as (
    select
        area_type,
        area_code,
        area_name,
        population_base,
        sum(people) as people_in_area,
        count(*) as lsoas_in_area,
        sum(people_entered) as entered,
        sum(people_left) as left_core20,
        sum(people_stayed_in) as stayed_in,
        sum(people_stayed_out) as stayed_out
    from members
    group by area_type, area_code, area_name, population_base
),
people as (
    select
        areas.area_type,
        areas.area_code,
        areas.area_name,
        areas.population_base,
        areas.people_in_area,
        areas.lsoas_in_area,
        kinds.movement,
        case kinds.movement
            when 'entered' then areas.entered
            when 'left' then areas.left_core20
            when 'stayed_in' then areas.stayed_in
            else areas.stayed_out
        end as people
    from areas
    cross join (values ('entered'), ('left'), ('stayed_in'), ('stayed_out')) as kinds(movement)
),
lsoas as (
    select
        area_code,
        movement,
        count(*) as lsoas,
        count(*) filter (change_indicator <> 'U') as lsoas_changed_boundary,
        count(*) filter (is_mixed_origin) as lsoas_mixed_origin
    from members
    group by area_code, movement
)
select
    people.*,
    100.0 * people.people / nullif(people.people_in_area, 0) as share_percent,
    coalesce(lsoas.lsoas, 0) as lsoas,
    coalesce(lsoas.lsoas_changed_boundary, 0) as lsoas_changed_boundary,
    coalesce(lsoas.lsoas_mixed_origin, 0) as lsoas_mixed_origin,
    footprint.fictional
from people
cross join registry.footprint as footprint
left join lsoas on people.area_code = lsoas.area_code and people.movement = lsoas.movement
