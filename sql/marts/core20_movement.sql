-- table: marts.core20_movement
-- grain: one row per LSOA 2021 of the footprint
-- depends: cohorts.lsoa_movement, geography.lsoa21, geography.lsoa21_history, cohorts.lsoa_deprivation, registry.place, registry.footprint
-- columns: lsoa21_code, lsoa21_name, place_code, place_name, ward24_code, ward24_name, change_indicator, predecessors, imd2019_rank, imd2019_decile, imd2025_rank, imd2025_decile, core20_imd2019, core20_imd2025, movement, is_mixed_origin, people, people_entered, people_left, people_stayed_in, people_stayed_out, population_base, fictional
select
    movement.* exclude (movement, predecessors),
    movement.movement,
    movement.predecessors,
    area.lsoa21_name,
    area.place_code,
    place.place_name,
    area.ward24_code,
    area.ward24_name,
    history.imd2019_rank,
    history.imd2019_decile,
    deprivation.imd_rank as imd2025_rank,
    deprivation.imd_decile as imd2025_decile,
    footprint.fictional
from cohorts.lsoa_movement as movement
cross join registry.footprint as footprint
inner join geography.lsoa21 as area on movement.lsoa21_code = area.lsoa21_code
inner join registry.place as place on area.place_code = place.place_code
inner join cohorts.lsoa_deprivation as deprivation
    on deprivation.imd_vintage = 2025 and movement.lsoa21_code = deprivation.lsoa_code
left join geography.lsoa21_history as history on movement.lsoa21_code = history.lsoa21_code
