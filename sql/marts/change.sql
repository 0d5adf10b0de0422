-- table: marts.change
-- grain: one row per row of a mart that differs from the previous release
-- depends: marts.beacon_indicator, marts.core20plus5_indicator, marts.core20_cohort, marts.lsoa, registry.previous_release, registry.previous_row, registry.changed_input, registry.indicator, registry.footprint
-- columns: mart, change, reason, reason_note, indicator_slug, measure, area_code, area_name, period, sex, age, category_type, category, fields_changed, previous_value, value, difference, percent_difference, previous_status, value_status, beyond_tolerance, source, previous_sha256, source_sha256, previous_release, fictional
-- Empty in the first release. `registry.previous_row` holds the previous release's rows in the
-- shape of `present` below. A revision is the publisher's where its bytes differ, and ours (method
-- or code) where the same bytes give another number.
with present as (
    select
        'beacon_indicator' as mart, indicator_slug, measure, area_code, area_name, period, sex, age,
        category_type, category, value, lower_95, upper_95, numerator, denominator, unit, value_status,
        limits_method, source, dataset, series, source_sha256, null::varchar as frame
    from marts.beacon_indicator
    union all by name
    select
        'core20plus5_indicator' as mart, indicator_slug, measure, area_code, area_name, period, sex, age,
        category_type, category, value, lower_95, upper_95, numerator, denominator, unit, value_status,
        limits_method, source, dataset, series, source_sha256
    from marts.core20plus5_indicator
    union all by name
    select
        'core20_cohort' as mart, 'core20_cohort' as indicator_slug, 'people' as measure, area_code, area_name,
        'IMD ' || imd_vintage as period, sex, age_band as age, 'Core20' as category_type,
        if(core20, 'Core20', 'Not Core20') as category, people::double as value, 'people' as unit,
        'published' as value_status, population_base as series,
        lsoas || ' of ' || lsoas_in_area || ' LSOAs of ' || lsoa_vintage as frame
    from marts.core20_cohort
    union all by name
    select
        'lsoa' as mart, 'lsoa' as indicator_slug, 'imd2025_decile' as measure, lsoa21_code as area_code,
        lsoa21_name as area_name, 'IMD 2025' as period, 'Persons' as sex, 'All ages' as age, 'All' as category_type,
        'All' as category, imd2025_decile::double as value, 'decile' as unit, 'published' as value_status,
        place_code as frame
    from marts.lsoa
),
compared as (
    select
        coalesce(present.mart, before.mart) as mart,
        case when before.mart is null then 'added' when present.mart is null then 'removed' else 'changed' end as change,
        coalesce(present.indicator_slug, before.indicator_slug) as indicator_slug,
        coalesce(present.measure, before.measure) as measure,
        coalesce(present.area_code, before.area_code) as area_code,
        coalesce(present.area_name, before.area_name) as area_name,
        coalesce(present.period, before.period) as period,
        coalesce(present.sex, before.sex) as sex,
        coalesce(present.age, before.age) as age,
        coalesce(present.category_type, before.category_type) as category_type,
        coalesce(present.category, before.category) as category,
        concat_ws(', ',
            if(present.value is distinct from before.value, 'value', null),
            if(present.lower_95 is distinct from before.lower_95, 'lower_95', null),
            if(present.upper_95 is distinct from before.upper_95, 'upper_95', null),
            if(present.numerator is distinct from before.numerator, 'numerator', null),
            if(present.denominator is distinct from before.denominator, 'denominator', null),
            if(present.value_status is distinct from before.value_status, 'value_status', null),
            if(present.unit is distinct from before.unit, 'unit', null),
            if(present.frame is distinct from before.frame, 'membership', null)
        ) as fields_changed,
        before.value as previous_value,
        present.value,
        before.value_status as previous_status,
        present.value_status,
        coalesce(present.source, before.source) as source,
        before.source_sha256 as previous_sha256,
        present.source_sha256,
        present.unit is distinct from before.unit
            or present.limits_method is distinct from before.limits_method
            or present.series is distinct from before.series
            or present.source is distinct from before.source as other_method,
        present.source as source_now,
        before.source as source_before,
        present.series as series_now,
        before.series as series_before,
        present.frame is distinct from before.frame as other_frame,
        present.frame as frame_now,
        before.frame as frame_before
    from present
    full outer join registry.previous_row as before
        on present.mart = before.mart
        and present.indicator_slug = before.indicator_slug
        and present.measure = before.measure
        and present.area_code = before.area_code
        and present.period = before.period
        and present.sex = before.sex
        and present.age = before.age
        and present.category_type = before.category_type
        and present.category = before.category
),
-- What the previous and this release have at all, to tell a new period from a revision.
series_before as (
    select mart, indicator_slug, measure, list(distinct period) as periods
    from registry.previous_row
    where value is not null
    group by all
),
series_now as (select distinct mart, indicator_slug, measure from present where value is not null),
areas_before as (select distinct mart, area_code from registry.previous_row),
areas_now as (select distinct mart, area_code from present),
inputs as (
    select
        coalesce(bool_or(source like 'mhclg_iod%' or source like 'ons_open_geography%' or source like 'ons_boundaries%'), false)
            as geography_changed,
        coalesce(bool_or(source like 'ons_mid_year%' or source like 'ons_census%'), false) as population_changed
    from registry.changed_input
),
explained as (
    select
        compared.*,
        release.release as previous_release,
        release.same_code,
        case
            -- The board's own figures are added up here; they come and go with the code or the counts.
            when compared.change <> 'changed' and compared.area_code = footprint.icb_code
                and compared.mart in ('beacon_indicator', 'core20plus5_indicator')
                and (areas_now.area_code is null or areas_before.area_code is null)
                then 'method_or_code'
            when compared.change <> 'changed' and (areas_now.area_code is null or areas_before.area_code is null)
                then 'boundary_or_imd_vintage'
            when compared.mart in ('core20_cohort', 'lsoa') then case
                when compared.change = 'added' and not list_contains(coalesce(series_before.periods, []), compared.period)
                    then 'boundary_or_imd_vintage'
                when compared.series_now is distinct from compared.series_before and compared.change = 'changed' then 'new_period'
                when compared.other_frame or inputs.geography_changed then 'boundary_or_imd_vintage'
                when inputs.population_changed then 'revision_by_publisher'
                else 'method_or_code'
            end
            when compared.change = 'added' and series_before.mart is null then 'newly_supplied'
            when compared.change = 'added' and not list_contains(series_before.periods, compared.period) then 'new_period'
            when compared.change <> 'added' and series_now.mart is null and series_before.mart is not null then 'no_longer_supplied'
            when compared.change = 'changed' and series_before.mart is null then 'newly_supplied'
            -- The reason why the board has no figure moves on to the next period.
            when compared.change = 'removed' and compared.area_code = footprint.icb_code
                and compared.previous_value is null
                then 'new_period'
            when compared.change = 'changed' and compared.other_method then 'method_or_code'
            when compared.change = 'changed' and compared.source_sha256 is distinct from compared.previous_sha256
                then 'revision_by_publisher'
            when compared.change = 'removed' and compared.previous_value is null and series_before.mart is null then 'newly_supplied'
            when (compared.change <> 'changed' or compared.source_sha256 is null) and changed.source is not null
                then 'revision_by_publisher'
            else 'method_or_code'
        end as reason,
        case
            when compared.change = 'changed' and compared.source_now is distinct from compared.source_before
                then 'Taken from ' || coalesce(compared.source_now, 'no source') || ', before from '
                    || coalesce(compared.source_before, 'no source') || '.'
            when compared.change = 'changed' and compared.series_now is distinct from compared.series_before
                then 'Series ' || coalesce(compared.series_now, 'none') || ', before ' || coalesce(compared.series_before, 'none') || '.'
            when compared.change = 'changed' and compared.other_frame
                then 'Now ' || coalesce(compared.frame_now, 'none') || ', before ' || coalesce(compared.frame_before, 'none') || '.'
            when not release.same_code and compared.change = 'changed'
                and compared.source_sha256 is distinct from compared.previous_sha256
                then 'The code changed as well, so not all of it need be the publisher''s.'
        end as reason_note
    from compared
    inner join registry.previous_release as release on true
    cross join inputs
    cross join registry.footprint as footprint
    left join series_before
        on compared.mart = series_before.mart
        and compared.indicator_slug = series_before.indicator_slug
        and compared.measure = series_before.measure
    left join series_now
        on compared.mart = series_now.mart
        and compared.indicator_slug = series_now.indicator_slug
        and compared.measure = series_now.measure
    left join areas_before on compared.mart = areas_before.mart and compared.area_code = areas_before.area_code
    left join areas_now on compared.mart = areas_now.mart and compared.area_code = areas_now.area_code
    left join registry.changed_input as changed on compared.source = changed.source
    where compared.change <> 'changed' or compared.fields_changed <> ''
)
select
    explained.mart,
    explained.change,
    explained.reason,
    explained.reason_note,
    explained.indicator_slug,
    explained.measure,
    explained.area_code,
    explained.area_name,
    explained.period,
    explained.sex,
    explained.age,
    explained.category_type,
    explained.category,
    explained.fields_changed,
    explained.previous_value,
    explained.value,
    explained.value - explained.previous_value as difference,
    if(explained.previous_value <> 0,
        (explained.value - explained.previous_value) / abs(explained.previous_value) * 100, null) as percent_difference,
    explained.previous_status,
    explained.value_status,
    -- A published value that is gone has changed beyond any tolerance.
    coalesce(
        indicator.revision_tolerance_percent is not null
        and explained.previous_value is not null
        and (
            explained.value is null
            or abs(explained.value - explained.previous_value)
                > abs(explained.previous_value) * indicator.revision_tolerance_percent / 100
        ),
        false
    ) as beyond_tolerance,
    explained.source,
    explained.previous_sha256,
    explained.source_sha256,
    explained.previous_release,
    footprint.fictional
from explained
cross join registry.footprint as footprint
left join registry.indicator as indicator on explained.indicator_slug = indicator.indicator_slug
