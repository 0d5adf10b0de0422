-- table: cohorts.lsoa_movement
-- grain: one row per LSOA 2021 of the nation
-- depends: geography.lsoa_crosswalk, cohorts.lsoa_deprivation, registry.population_in_use
-- columns: lsoa21_code, change_indicator, predecessors, is_mixed_origin, core20_imd2019, core20_imd2025, movement, people, people_entered, people_left, people_stayed_in, people_stayed_out, population_base
-- One population throughout, that of the LSOA 2021, so that people move between groups only
-- because the index says otherwise. A merged or redrawn LSOA's people are shared among its
-- predecessors; where these differ, part of the LSOA moves and part stays.
-- ties: lsoa11_code
with parts as (
    select
        crosswalk.lsoa21_code,
        crosswalk.lsoa11_code,
        crosswalk.change_indicator,
        crosswalk.weight_lsoa21_to_lsoa11,
        crosswalk.people_lsoa21_from_lsoa11 as people,
        earlier.core20 as core20_imd2019,
        later.core20 as core20_imd2025
    from geography.lsoa_crosswalk as crosswalk
    inner join cohorts.lsoa_deprivation as later
        on later.imd_vintage = 2025 and crosswalk.lsoa21_code = later.lsoa_code
    inner join cohorts.lsoa_deprivation as earlier
        on earlier.imd_vintage = 2019 and crosswalk.lsoa11_code = earlier.lsoa_code
),
gathered as (
    select
        lsoa21_code,
        max(change_indicator) as change_indicator,
        count(*) as predecessors,
        count(distinct core20_imd2019) > 1 as is_mixed_origin,
        -- The main predecessor, as everywhere: most people, then the lower code.
        first(core20_imd2019 order by weight_lsoa21_to_lsoa11 desc, lsoa11_code) as core20_imd2019,
        bool_or(core20_imd2025) as core20_imd2025,
        sum(people) as people,
        coalesce(sum(people) filter (core20_imd2025 and not core20_imd2019), 0) as people_entered,
        coalesce(sum(people) filter (core20_imd2019 and not core20_imd2025), 0) as people_left,
        coalesce(sum(people) filter (core20_imd2019 and core20_imd2025), 0) as people_stayed_in,
        coalesce(sum(people) filter (not core20_imd2019 and not core20_imd2025), 0) as people_stayed_out
    from parts
    group by lsoa21_code
)
select
    gathered.*,
    core20_movement(gathered.core20_imd2019, gathered.core20_imd2025) as movement,
    wanted.population_base
from gathered
inner join registry.population_in_use as wanted on wanted.lsoa_vintage = 2021
