-- table: marts.neighbour
-- grain: one row per Place and neighbour
-- depends: staging.neighbour_list, staging.lsoa21_rural_urban, cohorts.lsoa_population, geography.lsoa21, marts.area_deprivation, registry.imd_default, registry.area_alias, registry.place, registry.footprint
-- columns: place_code, place_name, neighbour_code, neighbour_name, neighbour_rank, method, distance, characteristics, neighbour_people, neighbour_average_rank, neighbour_aged_under_15_percent, neighbour_aged_65_and_over_percent, neighbour_rural_percent, fictional
-- The method, our own, is declared here and told in docs/methods/neighbours.md: Euclidean distance over characteristics
-- in standard deviations, among the nation's authorities of a single tier (entity codes 06, 08 and 09, without
-- those below 50,000 residents) and the Places; the nearest 15. A supplied list goes before it, Place by Place.
-- ties: neighbour_code
with area as (
    select lsoa21_code, coalesce(place_code, lad24_code) as area_code
    from geography.lsoa21
    where place_code is not null or substr(lad24_code, 2, 2) in ('06', '08', '09')
),
population as (
    select
        lsoa_code,
        sum(people) filter (where age_band = 'All ages') as people,
        sum(people) filter (where age_band in ('0-4', '5-9', '10-14')) as under_15,
        sum(people) filter (where age_band in ('65-69', '70-74', '75-79', '80-84', '85+')) as over_64
    from cohorts.lsoa_population
    where sex = 'Persons' and imd_vintage = (select imd_vintage from registry.imd_default)
    group by lsoa_code
),
counted as (
    select
        area.area_code,
        sum(population.people) as residents,
        100.0 * sum(population.under_15) / sum(population.people) as under_15_percent,
        100.0 * sum(population.over_64) / sum(population.people) as over_64_percent,
        if(count(rural.rural_or_urban) = count(*),
            100.0 * coalesce(sum(population.people) filter (where rural.rural_or_urban = 'Rural'), 0) / sum(population.people),
            null) as rural_percent
    from area
    inner join population on area.lsoa21_code = population.lsoa_code
    left join staging.lsoa21_rural_urban as rural on area.lsoa21_code = rural.lsoa21_code
    group by area.area_code
),
described as (
    select
        counted.*,
        coalesce(alias.code_in_use, counted.area_code) as code_in_use,
        deprivation.area_name,
        deprivation.average_rank,
        deprivation.most_deprived_tenth_percent,
        ln(counted.residents) as size_
    from counted
    inner join marts.area_deprivation as deprivation
        on counted.area_code = deprivation.area_code
        and deprivation.imd_vintage = (select imd_vintage from registry.imd_default)
    left join registry.area_alias as alias on counted.area_code = alias.area_code
    where deprivation.average_rank is not null
        -- An authority as small as the Isles of Scilly is like no other.
        and (counted.residents >= 50000 or counted.area_code in (select place_code from registry.place))
),
long_ as (
    select area_code, 'deprivation_average_rank' as characteristic, average_rank as amount from described
    union all by name
    select area_code, 'deprivation_most_deprived_tenth' as characteristic, most_deprived_tenth_percent as amount from described
    union all by name
    select area_code, 'aged_under_15' as characteristic, under_15_percent as amount from described
    union all by name
    select area_code, 'aged_65_and_over' as characteristic, over_64_percent as amount from described
    union all by name
    select area_code, 'residents_logarithm' as characteristic, size_ as amount from described
    union all by name
    select area_code, 'rural' as characteristic, rural_percent as amount from described
),
-- Averages of lists in a set order are the same to the bit whatever the number of threads.
moments as (
    select
        characteristic,
        list_sum(amounts) / array_length(amounts) as mean,
        sqrt(sum_of_products(amounts, amounts) / array_length(amounts)) as deviation
    from (
        select characteristic, list(amount order by area_code) as amounts
        from long_
        group by characteristic
        -- One that is the same everywhere has a deviation of nothing but rounding.
        having count(amount) = count(*) and min(amount) < max(amount)
    ) as listed
),
standardised as (
    select long_.area_code, long_.characteristic, (long_.amount - moments.mean) / moments.deviation as standard_amount
    from long_
    inner join moments on long_.characteristic = moments.characteristic
),
measured as (
    select
        own.area_code as place_code,
        other.area_code as neighbour_code,
        round(sqrt(list_sum(list((own.standard_amount - other.standard_amount) ** 2 order by own.characteristic))), 6) as distance,
        string_agg(own.characteristic, ', ' order by own.characteristic) as characteristics
    from standardised as own
    inner join standardised as other on own.characteristic = other.characteristic and own.area_code <> other.area_code
    where own.area_code in (select place_code from registry.place)
    group by own.area_code, other.area_code
),
nearest as (
    select
        *,
        row_number() over (partition by place_code order by distance, neighbour_code) as neighbour_rank
    from measured
    qualify row_number() over (partition by place_code order by distance, neighbour_code) <= 15
),
supplied as (
    select area_code as place_code, neighbour_code, min(try_cast(neighbour_rank as integer)) as neighbour_rank
    from staging.neighbour_list
    where area_code <> neighbour_code
        and area_code in (select place_code from registry.place)
    group by area_code, neighbour_code
),
chosen as (
    select place_code, neighbour_code, neighbour_rank, 'supplied' as method, null as distance, null as characteristics
    from supplied
    union all by name
    select place_code, neighbour_code, neighbour_rank, 'beacon_nearest' as method, distance, characteristics
    from nearest
    where place_code not in (select place_code from supplied)
)
select
    chosen.place_code,
    place.place_name,
    -- The code that figures have now, where it is newer than the index of deprivation.
    coalesce(described.code_in_use, chosen.neighbour_code) as neighbour_code,
    coalesce(described.area_name, chosen.neighbour_code) as neighbour_name,
    chosen.neighbour_rank,
    chosen.method,
    chosen.distance,
    chosen.characteristics,
    described.residents as neighbour_people,
    described.average_rank as neighbour_average_rank,
    described.under_15_percent as neighbour_aged_under_15_percent,
    described.over_64_percent as neighbour_aged_65_and_over_percent,
    described.rural_percent as neighbour_rural_percent,
    footprint.fictional
from chosen
cross join registry.footprint as footprint
inner join registry.place as place on chosen.place_code = place.place_code
left join described
    on chosen.neighbour_code = described.area_code or chosen.neighbour_code = described.code_in_use
