-- table: geography.lsoa11
-- grain: one row per LSOA 2011 of the nation
-- depends: staging.imd_lsoa, geography.lsoa_crosswalk, geography.lsoa21
-- columns: lsoa11_code, lsoa11_name, lad19_code, lad19_name, lad24_code, ward24_code, ward24_name, icb24_code, icb26_code, place_code, successors
-- Today's authority and ward of an LSOA 2011 are those that hold most of its people, its board and Place those
-- of the LSOA 2021 that holds most of them there: district codes of 2019 no longer exist everywhere.
-- ties: lsoa21_code
with shared as (
    select
        crosswalk.lsoa11_code,
        crosswalk.lsoa21_code,
        crosswalk.weight_lsoa11_to_lsoa21 as share,
        area.lad24_code,
        area.ward24_code,
        area.ward24_name,
        area.icb24_code,
        area.icb26_code,
        area.place_code,
        count(*) over (partition by crosswalk.lsoa11_code) as successors,
        sum(share) over (partition by crosswalk.lsoa11_code, area.lad24_code) as share_in_authority,
        sum(share) over (partition by crosswalk.lsoa11_code, area.ward24_code) as share_in_ward
    from geography.lsoa_crosswalk as crosswalk
    inner join geography.lsoa21 as area on crosswalk.lsoa21_code = area.lsoa21_code
),
ranked as (
    select
        *,
        row_number() over (
            partition by lsoa11_code
            order by share_in_authority desc, share_in_ward desc, share desc, lsoa21_code
        ) as choice
    from shared
)
select
    imd.lsoa_code as lsoa11_code,
    imd.lsoa_name as lsoa11_name,
    imd.lad_code as lad19_code,
    imd.lad_name as lad19_name,
    ranked.lad24_code,
    ranked.ward24_code,
    ranked.ward24_name,
    ranked.icb24_code,
    ranked.icb26_code,
    ranked.place_code,
    ranked.successors
from (select distinct lsoa_code, lsoa_name, lad_code, lad_name from staging.imd_lsoa where imd_vintage = 2019) as imd
left join ranked on imd.lsoa_code = ranked.lsoa11_code and ranked.choice = 1
