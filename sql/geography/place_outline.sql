-- table: geography.place_outline
-- grain: one row per Place
-- depends: registry.place_local_authority, registry.area_alias, geography.lsoa21, geography.lsoa21_outline, staging.boundary
-- columns: place_code, geometry
-- The outlines that make up each Place: those of its authorities where all are there, else those of
-- its LSOAs. DuckDB cannot dissolve outlines, so beacon.warehouse.outlines joins those of one Place.
with authorities as (
    select place.place_code, place.lad_code_in_use as lad_code, max(boundary.geometry) as geometry
    from registry.place_local_authority as place
    left join staging.boundary as boundary on boundary.area_type = 'lad24' and place.lad_code = boundary.area_code
    -- Of several codes of one authority, those of before a merger are parts of it.
    where place.lad_code = place.lad_code_in_use or place.lad_code in (select area_code from registry.area_alias)
    group by place.place_code, place.lad_code_in_use
),
complete as (
    select place_code from authorities group by place_code having count(*) = count(geometry)
),
pieces as (
    select authorities.place_code, authorities.lad_code as code, authorities.geometry
    from authorities
    inner join complete on authorities.place_code = complete.place_code
    union all
    select lsoa.place_code, lsoa.lsoa21_code as code, outline.geometry
    from geography.lsoa21_outline as outline
    inner join geography.lsoa21 as lsoa on outline.lsoa21_code = lsoa.lsoa21_code
    where lsoa.place_code not in (select place_code from complete)
)
select place_code, list(geometry order by code) as geometry
from pieces
where place_code in (select place_code from registry.place_local_authority)
group by place_code
