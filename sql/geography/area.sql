-- table: geography.area
-- grain: one row per area that marts report on: the Places, the board, regions and the nation
-- depends: registry.place, registry.footprint, registry.region
-- columns: area_type, area_code, area_name, sort_order
select 'place' as area_type, place_code as area_code, place_name as area_name, sort_order from registry.place
union all by name
select 'icb' as area_type, icb_code as area_code, icb_name as area_name, 1000 as sort_order from registry.footprint
union all by name
select 'region' as area_type, region_code as area_code, region_name as area_name, 1001 as sort_order from registry.region
union all by name
select 'nation' as area_type, nation_code as area_code, nation_name as area_name, 2000 as sort_order from registry.footprint
