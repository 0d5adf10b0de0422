-- table: geography.lsoa21_outline
-- grain: one row per LSOA 2021 of the Places
-- depends: geography.lsoa21, staging.boundary
-- columns: lsoa21_code, resolution, geometry
-- Generalised outlines (BGC) are finer than super-generalised ones (BSC). The finer are taken for
-- all LSOAs or for none, so that neighbours always share an edge.
with wanted as (
    select lsoa21_code from geography.lsoa21 where place_code is not null
),
drawn as (
    select wanted.lsoa21_code, boundary.resolution, boundary.geometry
    from wanted
    inner join staging.boundary as boundary on wanted.lsoa21_code = boundary.area_code
    where boundary.area_type = 'lsoa21' and boundary.resolution in ('BGC', 'BSC')
),
chosen as (
    select
        case
            when (select count(*) from drawn where resolution = 'BGC') = (select count(*) from wanted) then 'BGC'
            else 'BSC'
        end as resolution
)
select drawn.lsoa21_code, drawn.resolution, drawn.geometry
from drawn
inner join chosen on drawn.resolution = chosen.resolution
