-- table: marts.neighbourhood_return
-- grain: one row per form, area, period, metric and group
-- depends: staging.neighbourhood_return, marts.area, registry.place, registry.footprint
-- columns: form_id, form_name, definition_version, organisation_code, organisation_name, place_code, place_name, area_kind, area_code, area_name, period, period_start, period_end, metric, metric_name, metric_kind, metric_order, polarity, unit, per, breakdown, breakdown_name, breakdown_group, group_order, numerator, denominator, value, lower_95, upper_95, limits_method, value_status, value_note, smallest_shown, return_id, return_sha256, return_row, source_sha256, source_row, fictional
-- Empty where no return was accepted. Small counts were hidden before the table was landed
-- (beacon/returns/neighbourhood_table.py); limits are of the counts that are shown. Neighbourhoods and Places have
-- their names from the form and the footprint, other areas from the table of areas.
with named as (
    select kind, area_code, max(area_name) as area_name
    from marts.area
    where kind in ('ward', 'msoa', 'pcn')
    group by kind, area_code
),
methods as (
    select metric_kind, limits_method
    from (values ('proportion', 'wilson'), ('rate', 'byar')) as method (metric_kind, limits_method)
),
returned as (
    select
        staged.*,
        methods.limits_method,
        coalesce(staged.per, 100) as factor
    from staging.neighbourhood_return as staged
    left join methods on staged.metric_kind = methods.metric_kind and staged.value is not null
)
select
    returned.* exclude (area_name, limits_method, factor, submitted_by_role, approved_by_role, source, dataset),
    coalesce(returned.area_name, named.area_name) as area_name,
    place.place_name,
    counted_lower_95(returned.limits_method, returned.numerator, returned.denominator, returned.factor) as lower_95,
    counted_upper_95(returned.limits_method, returned.numerator, returned.denominator, returned.factor) as upper_95,
    returned.limits_method,
    footprint.fictional
from returned
cross join registry.footprint as footprint
inner join registry.place as place on returned.place_code = place.place_code
left join named on returned.area_kind = named.kind and returned.area_code = named.area_code
