-- table: marts.plus_lsoa
-- grain: one row per PLUS group in use and LSOA 2021 of the footprint that is in it
-- depends: cohorts.plus_lsoa, registry.plus_group, geography.lsoa21, registry.footprint
-- columns: plus_group, plus_group_name, lsoa21_code, lsoa21_name, place_code, fictional
-- Empty while no group is on. Which neighbourhoods are in a group, so that it can be mapped and counted for any area.
select
    member.plus_group,
    grouped.plus_group_name,
    member.lsoa21_code,
    lsoa.lsoa21_name,
    lsoa.place_code,
    footprint.fictional
from cohorts.plus_lsoa as member
inner join registry.plus_group as grouped on member.plus_group = grouped.plus_group
inner join geography.lsoa21 as lsoa on member.lsoa21_code = lsoa.lsoa21_code
cross join registry.footprint as footprint
where lsoa.place_code is not null
