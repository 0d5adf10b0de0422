-- table: geography.lsoa21
-- grain: one row per LSOA 2021 of the nation
-- depends: staging.imd_lsoa, staging.lsoa21_icb24, staging.lsoa21_icb26, staging.lsoa21_ward24, registry.place_local_authority, registry.board_change, registry.imd_default
-- columns: lsoa21_code, lsoa21_name, lad24_code, lad24_name, ward24_code, ward24_name, sub_icb24_code, sub_icb24_name, icb24_code, icb24_name, icb26_code, place_code
-- The board of 2026 is that of the lookup of 2026 where it was supplied, else the one that took over from the
-- board of 2024: whole, by sub-ICB location or by authority.
-- The local authority is the one in the deprivation file: it is exact, the ward lookup best-fit.
select
    imd.lsoa_code as lsoa21_code,
    imd.lsoa_name as lsoa21_name,
    imd.lad_code as lad24_code,
    imd.lad_name as lad24_name,
    ward.ward24_code,
    ward.ward24_name,
    icb.sub_icb24_code,
    icb.sub_icb24_name,
    icb.icb24_code,
    icb.icb24_name,
    coalesce(later.icb26_code, change.icb26_code, icb.icb24_code) as icb26_code,
    authority.place_code
from staging.imd_lsoa as imd
inner join registry.imd_default as wanted
    on imd.imd_vintage = wanted.imd_vintage
left join staging.lsoa21_icb24 as icb on imd.lsoa_code = icb.lsoa21_code
left join staging.lsoa21_icb26 as later on imd.lsoa_code = later.lsoa21_code
left join registry.board_change as change
    on icb.icb24_code = change.icb24_code
    and coalesce(change.sub_icb24_ods_code, icb.sub_icb24_ods_code) = icb.sub_icb24_ods_code
    and coalesce(change.lad24_code, imd.lad_code) = imd.lad_code
left join staging.lsoa21_ward24 as ward on imd.lsoa_code = ward.lsoa21_code
left join registry.place_local_authority as authority on imd.lad_code = authority.lad_code
