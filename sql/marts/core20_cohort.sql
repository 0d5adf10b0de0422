-- table: marts.core20_cohort
-- grain: one row per area, IMD vintage, sex, age band and Core20 flag
-- depends: cohorts.core20_area, registry.footprint
-- columns: area_type, area_code, area_name, imd_vintage, lsoa_vintage, population_base, sex, age_band, age_from, age_to, core20, people, people_in_area, share_percent, share_of_board_percent, share_of_nation_percent, lsoas, lsoas_in_area, fictional
select
    cohort.*,
    age_from(cohort.age_band) as age_from,
    age_to(cohort.age_band) as age_to,
    footprint.fictional
from cohorts.core20_area as cohort
cross join registry.footprint as footprint
