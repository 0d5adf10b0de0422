-- table: marts.area
-- grain: one row per kind, vintage and area; of wards and MSOAs those of the footprint
-- depends: geography.lsoa21, cohorts.lsoa_deprivation, cohorts.lsoa_population, staging.ltla23_utla23, staging.lad25_cauth25, staging.lsoa21_pcon24, staging.lsoa21_icb24, staging.nhs_primary_care_network, staging.msoa11_msoa21, registry.place, registry.footprint, registry.area_alias, registry.area_history
-- columns: kind, vintage, area_code, area_name, parent_kind, parent_code, parent_name, parents, lsoas, lsoas_core20, people, people_core20, core20_share_percent, population_base, imd_vintage, other_codes, formed_on, formed_from, in_footprint, fictional
-- Every area counts the LSOAs 2021 that are its own: authorities, boards and sub-ICB locations by the
-- lookups of the ONS, MSOAs by name, wards and constituencies by best fit. Core20 is by IMD 2025, people by Census 2021. The parent is the
-- area that holds most of an area's LSOAs, and parents says how many there are. Primary care networks have no LSOAs:
-- they belong to sub-ICB locations, by the code that the ODS has for these.
with base as (
    select
        lsoa.*,
        footprint.nation_code,
        footprint.nation_name,
        footprint.icb_code as own_board,
        footprint.icb_name as own_board_name,
        footprint.fictional,
        place.place_name,
        county.utla23_code,
        county.utla23_name,
        combined.cauth25_code,
        combined.cauth25_name,
        constituency.pcon24_code,
        constituency.pcon24_name,
        constituency.ward25_code,
        constituency.ward25_name,
        constituency.lad25_code,
        constituency.lad25_name,
        msoa.msoa21_code,
        msoa.msoa21_name,
        deprivation.core20,
        population.people,
        population.population_base
    from geography.lsoa21 as lsoa
    cross join registry.footprint as footprint
    inner join cohorts.lsoa_deprivation as deprivation
        on deprivation.imd_vintage = 2025 and lsoa.lsoa21_code = deprivation.lsoa_code
    left join cohorts.lsoa_population as population
        on population.imd_vintage = 2025 and population.sex = 'Persons' and population.age_band = 'All ages'
        and lsoa.lsoa21_code = population.lsoa_code
    left join registry.place as place on lsoa.place_code = place.place_code
    left join registry.area_alias as later on lsoa.lad24_code = later.area_code
    left join staging.ltla23_utla23 as county on lsoa.lad24_code = county.ltla23_code
    left join staging.lad25_cauth25 as combined
        on combined.lad25_code in (lsoa.lad24_code, coalesce(later.code_in_use, lsoa.lad24_code))
    left join staging.lsoa21_pcon24 as constituency on lsoa.lsoa21_code = constituency.lsoa21_code
    -- "Halton 003C" is an LSOA of the MSOA "Halton 003".
    left join (select distinct msoa21_code, msoa21_name from staging.msoa11_msoa21) as msoa
        on regexp_replace(lsoa.lsoa21_name, '[A-Z]+$', '') = msoa.msoa21_name
),
members as (
    select 'nation' as kind, 0 as vintage, nation_code as area_code, nation_name as area_name,
        null as parent_kind, null as parent_code, null as parent_name, base.* from base
    union all by name
    select 'board' as kind, 2024 as vintage, icb24_code as area_code, icb24_name as area_name,
        'nation' as parent_kind, nation_code as parent_code, nation_name as parent_name, base.* from base
    union all by name
    select 'board' as kind, 2026 as vintage, icb26_code as area_code, coalesce(history.area_name, icb24_name) as area_name,
        'nation' as parent_kind, nation_code as parent_code, nation_name as parent_name, base.*
    from base
    left join registry.area_history as history on base.icb26_code = history.area_code
    union all by name
    select 'sub_icb_location' as kind, 2024 as vintage, sub_icb24_code as area_code, sub_icb24_name as area_name,
        'board' as parent_kind, icb24_code as parent_code, icb24_name as parent_name, base.* from base
    union all by name
    select 'lower_tier_authority' as kind, 2024 as vintage, lad24_code as area_code, lad24_name as area_name,
        'board' as parent_kind, icb24_code as parent_code, icb24_name as parent_name, base.* from base
    union all by name
    select 'upper_tier_authority' as kind, 2023 as vintage, utla23_code as area_code, utla23_name as area_name,
        'board' as parent_kind, icb24_code as parent_code, icb24_name as parent_name, base.* from base
    union all by name
    select 'combined_authority' as kind, 2025 as vintage, cauth25_code as area_code, cauth25_name as area_name,
        'nation' as parent_kind, nation_code as parent_code, nation_name as parent_name, base.* from base
    union all by name
    select 'place' as kind, 0 as vintage, place_code as area_code, place_name as area_name,
        'board' as parent_kind, own_board as parent_code, own_board_name as parent_name, base.* from base
    union all by name
    select 'constituency' as kind, 2024 as vintage, pcon24_code as area_code, pcon24_name as area_name,
        'nation' as parent_kind, nation_code as parent_code, nation_name as parent_name, base.* from base
    union all by name
    select 'msoa' as kind, 2021 as vintage, msoa21_code as area_code, msoa21_name as area_name,
        'lower_tier_authority' as parent_kind, lad24_code as parent_code, lad24_name as parent_name, base.*
    from base where place_code is not null
    union all by name
    select 'ward' as kind, 2024 as vintage, ward24_code as area_code, ward24_name as area_name,
        'lower_tier_authority' as parent_kind, lad24_code as parent_code, lad24_name as parent_name, base.*
    from base where place_code is not null
    union all by name
    select 'ward' as kind, 2025 as vintage, ward25_code as area_code, ward25_name as area_name,
        'lower_tier_authority' as parent_kind, lad25_code as parent_code, lad25_name as parent_name, base.*
    from base where place_code is not null
),
sub_icb as (
    select
        icb.sub_icb24_ods_code,
        max(base.sub_icb24_code) as sub_icb24_code,
        max(base.sub_icb24_name) as sub_icb24_name,
        bool_and(base.place_code is not null) as in_footprint
    from base
    inner join staging.lsoa21_icb24 as icb on base.lsoa21_code = icb.lsoa21_code
    group by icb.sub_icb24_ods_code
),
networks as (
    select
        'pcn' as kind,
        (
            select year(max(greatest(opened, coalesce(closed, opened))))::integer
            from staging.nhs_primary_care_network
        ) as vintage,
        network.pcn_code as area_code,
        network.pcn_name as area_name,
        'sub_icb_location' as parent_kind,
        sub_icb.sub_icb24_code as parent_code,
        sub_icb.sub_icb24_name as parent_name,
        2025 as imd_vintage,
        coalesce(sub_icb.in_footprint, false) as in_footprint,
        footprint.fictional
    from (
        select distinct pcn_code, pcn_name, sub_icb_ods_code
        from staging.nhs_primary_care_network
        where closed is null
    ) as network
    cross join registry.footprint as footprint
    left join sub_icb on network.sub_icb_ods_code = sub_icb.sub_icb24_ods_code
),
parents as (
    select kind, vintage, area_code, parent_code, max(parent_name) as parent_name, count(*) as lsoas
    from members
    where area_code is not null
    group by kind, vintage, area_code, parent_code
),
parent as (
    select
        kind, area_code, vintage,
        max({'lsoas': lsoas, 'code': parent_code, 'name': parent_name}) as most,
        count(*) as parents
    from parents
    group by kind, area_code, vintage
)
select
    members.kind,
    members.vintage,
    members.area_code,
    max(members.area_name) as area_name,
    max(members.parent_kind) as parent_kind,
    max(parent.most.code) as parent_code,
    max(parent.most.name) as parent_name,
    max(parent.parents) as parents,
    count(*) as lsoas,
    count(*) filter (members.core20) as lsoas_core20,
    sum(members.people)::bigint as people,
    coalesce(sum(members.people) filter (members.core20), 0)::bigint as people_core20,
    100.0 * coalesce(sum(members.people) filter (members.core20), 0) / nullif(sum(members.people), 0) as core20_share_percent,
    max(members.population_base) as population_base,
    2025 as imd_vintage,
    max(history.other_codes) as other_codes,
    max(history.formed_on) as formed_on,
    max(history.formed_from) as formed_from,
    bool_and(members.place_code is not null) as in_footprint,
    bool_or(members.fictional) as fictional
from members
inner join parent
    on members.kind = parent.kind
    and members.vintage = parent.vintage
    and members.area_code = parent.area_code
left join registry.area_history as history on members.area_code = history.area_code
group by members.kind, members.vintage, members.area_code
union all by name
select networks.* from networks
