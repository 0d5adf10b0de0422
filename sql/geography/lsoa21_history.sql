-- table: geography.lsoa21_history
-- grain: one row per LSOA 2021 of the nation
-- depends: geography.lsoa21, geography.lsoa_crosswalk, staging.imd_lsoa
-- columns: lsoa21_code, change_indicator, predecessors, main_lsoa11_code, imd2019_rank, imd2019_decile
-- IMD 2019 was published on LSOA 2011. An unchanged or split LSOA inherits the rank of the one it
-- was; a merged or redrawn one shows that of the predecessor that gave it most people.
-- ties: lsoa11_code
with ranked as (
    select
        lsoa21_code,
        lsoa11_code,
        change_indicator,
        count(*) over (partition by lsoa21_code) as predecessors,
        row_number() over (
            partition by lsoa21_code
            order by weight_lsoa21_to_lsoa11 desc, lsoa11_code
        ) as choice
    from geography.lsoa_crosswalk
)
select
    area.lsoa21_code,
    ranked.change_indicator,
    ranked.predecessors,
    ranked.lsoa11_code as main_lsoa11_code,
    imd.imd_rank as imd2019_rank,
    imd.imd_decile as imd2019_decile
from geography.lsoa21 as area
left join ranked on area.lsoa21_code = ranked.lsoa21_code and ranked.choice = 1
left join staging.imd_lsoa as imd on imd.imd_vintage = 2019 and ranked.lsoa11_code = imd.lsoa_code
