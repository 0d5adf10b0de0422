-- table: indicators.sub_icb_observation
-- grain: one row per series, area and period that is made from sub-ICB locations
-- depends: staging.observation, staging.lsoa21_icb24, geography.lsoa21, registry.selection, registry.place, registry.footprint
-- columns: series, series_name, area_code, area_name, period, period_start, period_end, sex, age, category_type, category, value, lower_95, upper_95, lower_998, upper_998, numerator, denominator, value_status, value_note, publisher_comparison, publisher_trend, source, dataset, source_sha256, source_row
-- In the shape of staging.observation, for series that are published by sub-ICB location and not by
-- authority. A Place takes the row of the location that is the same LSOAs, or the sum of the locations
-- that make it up; one of which a part lies elsewhere gives none. The board is the sum of all its
-- locations and the nation that of all locations of the file, where none lacks its counts.
with location_of as (
    select icb.lsoa21_code, icb.sub_icb24_ods_code as code, icb.icb24_code, lsoa.icb26_code
    from staging.lsoa21_icb24 as icb
    left join geography.lsoa21 as lsoa on icb.lsoa21_code = lsoa.lsoa21_code
),
overlap as (
    select location.code, lsoa.place_code, count(*) as lsoas,
        sum(count(*)) over (partition by location.code) as lsoas_of_location
    from location_of as location
    inner join geography.lsoa21 as lsoa on location.lsoa21_code = lsoa.lsoa21_code
    group by location.code, lsoa.place_code
),
-- Places that are made of whole locations.
made_of as (
    select place_code as area_code, code, count(*) over (partition by place_code) as parts
    from overlap
    where place_code is not null
    qualify bool_and(lsoas = lsoas_of_location) over (partition by place_code)
),
-- Locations that lie in the board with all their LSOAs; none where one is cut by its edge.
board_locations as (
    select location.code
    from location_of as location
    cross join registry.footprint as footprint
    group by location.code
    having bool_or(footprint.icb_code in (location.icb24_code, location.icb26_code))
    qualify bool_and(bool_and(footprint.icb_code in (location.icb24_code, location.icb26_code))) over ()
),
areas as (
    select made_of.area_code, place.place_name as area_name, 'place' as kind, made_of.code, made_of.parts
    from made_of
    inner join registry.place as place on made_of.area_code = place.place_code
    union all by name
    select footprint.icb_code as area_code, footprint.icb_name as area_name, 'board' as kind, location.code,
        count(*) over () as parts
    from board_locations as location
    cross join registry.footprint as footprint
),
observed as (
    select observation.*
    from staging.observation as observation
    semi join registry.selection as wanted
        on observation.source = wanted.source and observation.series = wanted.series
    where regexp_matches(observation.area_code, '^[0-9A-Z]{3,5}$')
),
-- Only series that have locations, and no row of a Place of their own.
series as (
    select source, series
    from staging.observation
    semi join observed using (source, series)
    group by all
    having count(*) filter (area_code in (select code from location_of)) > 0
        and count(*) filter (area_code in (select place_code from registry.place)) = 0
),
by_location as (
    select observed.* from observed semi join series using (source, series)
),
placed as (
    select by_location.* exclude (area_code, area_name), areas.area_code, areas.area_name, areas.kind, areas.parts
    from by_location
    inner join areas on by_location.area_code = areas.code
    union all by name
    select by_location.* exclude (area_code, area_name), footprint.nation_code as area_code,
        footprint.nation_name as area_name, 'nation' as kind,
        count(*) over (
            partition by source, dataset, series, period, sex, age, category_type, category
        ) as parts
    from by_location
    cross join registry.footprint as footprint
),
summed as (
    select
        source, dataset, series, max(series_name) as series_name, area_code, area_name, kind, parts, period,
        min(period_start) as period_start, max(period_end) as period_end, sex, age, category_type, category,
        sum(numerator) as numerator, sum(denominator) as denominator,
        min(source_sha256) as source_sha256, min(source_row) as source_row,
        max(value) as value, max(value_note) as value_note, max(value_status) as value_status
    from placed
    group by source, dataset, series, area_code, area_name, kind, parts, period, sex, age, category_type, category
    having count(*) = parts and (parts = 1 or (count(numerator) = parts and count(denominator) = parts))
)
select
    series,
    series_name,
    area_code,
    area_name,
    period,
    period_start,
    period_end,
    sex,
    age,
    category_type,
    category,
    if(parts = 1, value, 100 * numerator / nullif(denominator, 0)) as value,
    null as lower_95,
    null as upper_95,
    null as lower_998,
    null as upper_998,
    numerator,
    denominator,
    if(parts = 1, value_status, if(denominator > 0, 'published', 'not_published')) as value_status,
    concat_ws(' ', if(parts = 1, value_note, null), case
        when parts = 1 then 'The sub-ICB location is the same area as the Place.'
        when kind = 'place' then 'Computed here: the counts of the ' || parts || ' sub-ICB locations that make up the Place, added up.'
        when kind = 'board' then 'Computed here: the counts of the board''s ' || parts || ' sub-ICB locations, added up.'
        else 'Computed here: the counts of all ' || parts || ' locations of the file, added up.'
    end) as value_note,
    null as publisher_comparison,
    null as publisher_trend,
    source,
    dataset,
    source_sha256,
    if(parts = 1, source_row, null) as source_row
from summed
