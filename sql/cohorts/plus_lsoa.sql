-- table: cohorts.plus_lsoa
-- grain: one row per PLUS group in use and LSOA 2021 of the nation that is in it
-- depends: registry.plus_group, registry.plus_rule, cohorts.lsoa_area_data, staging.plus_lsoa_list, geography.lsoa21, geography.lsoa21_history
-- columns: plus_group, lsoa21_code
-- Empty while no group is on. An LSOA 2021 is in a group that is defined on LSOA 2011 when its main
-- predecessor is. An LSOA without a value in the rule's column is not in the group.
with chosen as (
    select grouped.plus_group, grouped.lsoa_vintage, data.lsoa_code
    from registry.plus_group as grouped
    inner join registry.plus_rule as rule on grouped.plus_group = rule.plus_group
    inner join cohorts.lsoa_area_data as data
        on rule.area_table = data.area_table
        and rule.area_column = data.area_column
        and grouped.lsoa_vintage = data.lsoa_vintage
    where case rule.comparison
        when 'at_least' then data.number_value >= rule.threshold
        when 'at_most' then data.number_value <= rule.threshold
        else list_contains(rule.allowed_values, data.text_value)
    end
    union all by name
    select grouped.plus_group, grouped.lsoa_vintage, listed.lsoa_code
    from registry.plus_group as grouped
    inner join staging.plus_lsoa_list as listed
        on grouped.plus_group = listed.plus_group
        and grouped.lsoa_vintage = if(listed.dataset = 'lsoa11_list', 2011, 2021)
    where grouped.by_list
)
select chosen.plus_group, area.lsoa21_code
from chosen
inner join geography.lsoa21 as area on chosen.lsoa_vintage = 2021 and chosen.lsoa_code = area.lsoa21_code
union
select chosen.plus_group, history.lsoa21_code
from chosen
inner join geography.lsoa21_history as history
    on chosen.lsoa_vintage = 2011 and chosen.lsoa_code = history.main_lsoa11_code
