-- table: cohorts.lsoa_area_data
-- grain: one row per LSOA, table and column that the rule of a PLUS group in use asks for
-- depends: staging.lsoa21_rural_urban, staging.iod_domain, staging.ethnic_group_lsoa, staging.plus_area_value, cohorts.lsoa_population, registry.plus_rule
-- columns: area_table, area_column, lsoa_vintage, lsoa_code, text_value, number_value
-- Empty while no group with a rule is on. What rules may name is listed in
-- beacon/registry/plus_groups.py, beside whatever tables of areas somebody supplies.
with asked as (
    select distinct area_table, area_column from registry.plus_rule
),
known as (
    select 'rural_urban_2021' as area_table, 'ruc' as area_column, 2021 as lsoa_vintage, lsoa21_code as lsoa_code,
        rural_or_urban as text_value, null::double as number_value
    from staging.lsoa21_rural_urban
    where exists (from asked where area_table = 'rural_urban_2021')
    union all by name
    select 'rural_urban_2021' as area_table, 'ruc_code' as area_column, 2021 as lsoa_vintage, lsoa21_code as lsoa_code,
        ruc21_code as text_value
    from staging.lsoa21_rural_urban
    where exists (from asked where area_table = 'rural_urban_2021')
    union all by name
    select
        'deprivation_domain_' || imd_vintage as area_table, domain || '_decile' as area_column, lsoa_vintage, lsoa_code,
        min(decile)::double as number_value
    from staging.iod_domain
    where exists (from asked where area_table like 'deprivation_domain_%')
    group by imd_vintage, domain, lsoa_vintage, lsoa_code
    union all by name
    select
        'residents_by_age' as area_table, 'aged_65_and_over_percent' as area_column, 2021 as lsoa_vintage, lsoa_code,
        100.0 * sum(people) filter (age_band in ('65-69', '70-74', '75-79', '80-84', '85+'))
            / nullif(sum(people) filter (age_band = 'All ages'), 0) as number_value
    from cohorts.lsoa_population
    where imd_vintage = 2025 and sex = 'Persons' and exists (from asked where area_table = 'residents_by_age')
    group by lsoa_code
    union all by name
    select
        'residents_by_age' as area_table, 'aged_under_5_percent' as area_column, 2021 as lsoa_vintage, lsoa_code,
        100.0 * sum(people) filter (age_band = '0-4')
            / nullif(sum(people) filter (age_band = 'All ages'), 0) as number_value
    from cohorts.lsoa_population
    where imd_vintage = 2025 and sex = 'Persons' and exists (from asked where area_table = 'residents_by_age')
    group by lsoa_code
    union all by name
    select
        'ethnic_group_2021' as area_table,
        case
            when ethnic_group like 'Asian%' then 'asian_percent'
            when ethnic_group like 'Black%' then 'black_percent'
            when ethnic_group like 'Mixed%' then 'mixed_percent'
            when ethnic_group like 'White%' then 'white_percent'
            else 'other_percent'
        end as area_column,
        2021 as lsoa_vintage, lsoa21_code as lsoa_code,
        100.0 * people / nullif(sum(people) over (partition by lsoa21_code), 0) as number_value
    from staging.ethnic_group_lsoa
    where exists (from asked where area_table = 'ethnic_group_2021')
    union all by name
    select
        area_table, area_column, 2021 as lsoa_vintage, lsoa_code,
        value as text_value, try_cast(value as double) as number_value
    from staging.plus_area_value
)
select known.*
from known
inner join asked on known.area_table = asked.area_table and known.area_column = asked.area_column
