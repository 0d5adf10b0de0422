-- table: marts.area_deprivation
-- grain: one row per IMD vintage and area: every local authority of the lower tier, board and Place, and the nation
-- depends: staging.imd_lsoa, staging.iod_domain, staging.lsoa21_icb24, cohorts.lsoa_deprivation, cohorts.lsoa_population, geography.area, registry.area_alias, registry.footprint
-- columns: imd_vintage, lsoa_vintage, area_type, area_code, code_in_use, area_name, population_base, people, lsoas, average_rank, average_score, most_deprived_tenth_percent, extent_percent, local_concentration, rank_of_average_rank, rank_of_average_score, rank_of_most_deprived_tenth, rank_of_extent, rank_of_local_concentration, authorities, fictional
-- MHCLG's summary measures of larger areas, from its own ranks (docs/methods/imd_summaries.md). Authorities
-- have the codes of the vintage: districts of 2019, of 2024 for 2025. Everything is summed in whole numbers,
-- so that the order in which rows are added cannot show.
with population as (
    select imd_vintage, lsoa_code, population_base, people
    from cohorts.lsoa_population
    where sex = 'Persons' and age_band = 'All ages'
),
-- The index stands in several files, of which some have its score.
scored as (
    select imd_vintage, lsoa_code, cast(max(score) as decimal(9, 3)) as imd_score
    from staging.iod_domain
    where domain = 'imd'
    group by imd_vintage, lsoa_code
),
ranked as (
    select imd_vintage, count(*) as lsoas_ranked from staging.imd_lsoa group by imd_vintage
),
lsoa as (
    select
        imd.imd_vintage,
        imd.lsoa_vintage,
        imd.lsoa_code,
        imd.lad_code,
        imd.lad_name,
        deprivation.place_code,
        deprivation.icb24_code,
        imd.imd_rank,
        imd.imd_decile,
        ranked.lsoas_ranked + 1 - imd.imd_rank as reversed_rank,
        extent_weight_380(imd.imd_rank, ranked.lsoas_ranked) as extent_weight,
        scored.imd_score,
        population.population_base,
        population.people
    from staging.imd_lsoa as imd
    inner join ranked on imd.imd_vintage = ranked.imd_vintage
    inner join cohorts.lsoa_deprivation as deprivation
        on imd.imd_vintage = deprivation.imd_vintage and imd.lsoa_code = deprivation.lsoa_code
    left join scored on imd.imd_vintage = scored.imd_vintage and imd.lsoa_code = scored.lsoa_code
    left join population on imd.imd_vintage = population.imd_vintage and imd.lsoa_code = population.lsoa_code
),
board as (
    select icb24_code, min(icb24_name) as icb24_name from staging.lsoa21_icb24 group by icb24_code
),
member as (
    select lad_code as member_of, lad_name as member_name, 'local_authority' as member_type, true as is_authority, lsoa.*
    from lsoa
    union all by name
    select place_code as member_of, null as member_name, 'place' as member_type, false as is_authority, lsoa.*
    from lsoa
    where place_code is not null
        and place_code not in (select lad_code from staging.imd_lsoa)
    union all by name
    select lsoa.icb24_code as member_of, board.icb24_name as member_name, 'icb' as member_type, false as is_authority, lsoa.*
    from lsoa
    inner join board on lsoa.icb24_code = board.icb24_code
    union all by name
    select footprint.nation_code as member_of, footprint.nation_name as member_name, 'nation' as member_type,
        false as is_authority, lsoa.*
    from lsoa
    cross join registry.footprint as footprint
),
-- People of the LSOAs that are more deprived, within the area: local concentration is of those that
-- hold exactly a tenth of its people, the last of them in part.
ordered as (
    select
        *,
        sum(people) over (
            partition by imd_vintage, member_of order by imd_rank, lsoa_code
            rows between unbounded preceding and current row
        ) - people as people_before,
        sum(people) over (partition by imd_vintage, member_of) as people_in_area
    from member
),
summed as (
    select
        imd_vintage,
        max(lsoa_vintage) as census_vintage,
        member_of,
        min(member_name) as known_name,
        min(member_type) as known_type,
        bool_and(is_authority) as is_authority,
        min(population_base) as base,
        sum(people) as people_summed,
        count(*) as lsoas_summed,
        count(people) = count(*) as is_complete,
        count(imd_score) = count(*) as is_scored,
        count(*) filter (where imd_decile = 1) as lsoas_in_tenth,
        sum(people * reversed_rank) as rank_people,
        sum(people * imd_score) as score_people,
        sum(people * extent_weight) as extent_people,
        sum(reversed_rank * least(10 * people, greatest(0, people_in_area - 10 * people_before))) as concentrated
    from ordered
    group by imd_vintage, member_of
),
measured as (
    select
        *,
        if(is_complete and people_summed > 0, cast(rank_people as double) / people_summed, null) as mean_rank,
        if(is_complete and is_scored and people_summed > 0, cast(score_people as double) / people_summed, null) as mean_score,
        100.0 * lsoas_in_tenth / lsoas_summed as tenth,
        if(is_complete and people_summed > 0, 100.0 * cast(extent_people as double) / (380.0 * people_summed), null) as extent,
        if(is_complete and people_summed > 0, cast(concentrated as double) / people_summed, null) as concentration
    from summed
)
select
    measured.imd_vintage,
    measured.census_vintage as lsoa_vintage,
    coalesce(area.area_type, measured.known_type) as area_type,
    measured.member_of as area_code,
    coalesce(alias.code_in_use, measured.member_of) as code_in_use,
    coalesce(area.area_name, measured.known_name) as area_name,
    measured.base as population_base,
    measured.people_summed as people,
    measured.lsoas_summed as lsoas,
    measured.mean_rank as average_rank,
    measured.mean_score as average_score,
    measured.tenth as most_deprived_tenth_percent,
    measured.extent as extent_percent,
    measured.concentration as local_concentration,
    if(is_authority and mean_rank is not null, rank() over (partition by imd_vintage, is_authority order by mean_rank desc nulls last), null) as rank_of_average_rank,
    if(is_authority and mean_score is not null, rank() over (partition by imd_vintage, is_authority order by mean_score desc nulls last), null) as rank_of_average_score,
    if(is_authority, rank() over (partition by imd_vintage, is_authority order by tenth desc), null) as rank_of_most_deprived_tenth,
    if(is_authority and extent is not null, rank() over (partition by imd_vintage, is_authority order by extent desc nulls last), null) as rank_of_extent,
    if(is_authority and concentration is not null, rank() over (partition by imd_vintage, is_authority order by concentration desc nulls last), null)
        as rank_of_local_concentration,
    if(is_authority, count(*) over (partition by imd_vintage, is_authority), null) as authorities,
    footprint.fictional
from measured
cross join registry.footprint as footprint
left join registry.area_alias as alias on measured.member_of = alias.area_code
left join geography.area as area on measured.member_of = area.area_code
