-- table: cohorts.lsoa_deprivation
-- grain: one row per IMD vintage and LSOA of the nation
-- depends: staging.imd_lsoa, geography.lsoa21, geography.lsoa11
-- columns: imd_vintage, lsoa_vintage, lsoa_code, lsoa_name, imd_rank, imd_decile, imd_quintile, core20, ward24_code, ward24_name, place_code, icb24_code, icb26_code
-- Core20 is the most deprived fifth of the nation: the published deciles 1 and 2, which is the
-- same as a rank of at most a fifth of the LSOAs. Source: NHS England, Core20PLUS5.
select
    imd.imd_vintage,
    imd.lsoa_vintage,
    imd.lsoa_code,
    imd.lsoa_name,
    imd.imd_rank,
    imd.imd_decile,
    imd_quintile(imd.imd_rank, count(*) over (partition by imd.imd_vintage)) as imd_quintile,
    imd.imd_decile <= 2 as core20,
    coalesce(lsoa21.ward24_code, lsoa11.ward24_code) as ward24_code,
    coalesce(lsoa21.ward24_name, lsoa11.ward24_name) as ward24_name,
    coalesce(lsoa21.place_code, lsoa11.place_code) as place_code,
    coalesce(lsoa21.icb24_code, lsoa11.icb24_code) as icb24_code,
    coalesce(lsoa21.icb26_code, lsoa11.icb26_code) as icb26_code
from staging.imd_lsoa as imd
left join geography.lsoa21 as lsoa21
    on imd.lsoa_vintage = 2021 and imd.lsoa_code = lsoa21.lsoa21_code
left join geography.lsoa11 as lsoa11
    on imd.lsoa_vintage = 2011 and imd.lsoa_code = lsoa11.lsoa11_code
