-- table: marts.place
-- grain: one row per Place of the footprint
-- depends: registry.place, registry.footprint, cohorts.core20_area, registry.imd_default, geography.place_outline
-- columns: place_code, place_name, icb_code, icb_name, people, people_core20, core20_share_percent, population_base, imd_vintage, lsoas, lsoas_core20, fictional, geometry
select
    place.place_code,
    place.place_name,
    footprint.icb_code,
    footprint.icb_name,
    cohort.people_in_area as people,
    cohort.people as people_core20,
    cohort.share_percent as core20_share_percent,
    cohort.population_base,
    cohort.imd_vintage,
    cohort.lsoas_in_area as lsoas,
    cohort.lsoas as lsoas_core20,
    footprint.fictional,
    outline.geometry
from registry.place as place
cross join registry.footprint as footprint
left join cohorts.core20_area as cohort
    on place.place_code = cohort.area_code
    and cohort.imd_vintage = (select imd_vintage from registry.imd_default)
    and cohort.sex = 'Persons'
    and cohort.age_band = 'All ages'
    and cohort.core20
left join geography.place_outline as outline on place.place_code = outline.place_code
