-- table: marts.deprivation_domain
-- grain: one row per IMD vintage, LSOA of the footprint and domain
-- depends: staging.iod_domain, geography.lsoa21, geography.lsoa11, registry.place, registry.footprint
-- columns: imd_vintage, lsoa_vintage, lsoa_code, lsoa_name, place_code, place_name, domain, kind, rank, decile, is_most_deprived_fifth, score, source, dataset, source_sha256, source_row, fictional
-- The same index stands in several of the publisher's files; the one with scores is taken first.
-- ties: source_sha256
with lsoa as (
    select 2021 as lsoa_vintage, lsoa21_code as lsoa_code, lsoa21_name as lsoa_name, place_code
    from geography.lsoa21
    union all by name
    select 2011 as lsoa_vintage, lsoa11_code as lsoa_code, lsoa11_name as lsoa_name, place_code
    from geography.lsoa11
)
select
    published.imd_vintage,
    published.lsoa_vintage,
    published.lsoa_code,
    lsoa.lsoa_name,
    lsoa.place_code,
    place.place_name,
    published.domain,
    case
        when published.domain = 'imd' then 'overall'
        when published.domain in ('idaci', 'idaopi') then 'supplementary_index'
        when published.domain in (
            'income', 'employment', 'education', 'health', 'crime', 'barriers', 'living_environment'
        ) then 'domain'
        else 'sub_domain'
    end as kind,
    published.rank,
    published.decile,
    published.decile <= 2 as is_most_deprived_fifth,
    published.score,
    published.source,
    published.dataset,
    published.source_sha256,
    published.source_row,
    footprint.fictional
from staging.iod_domain as published
cross join registry.footprint as footprint
inner join lsoa
    on published.lsoa_vintage = lsoa.lsoa_vintage and published.lsoa_code = lsoa.lsoa_code
inner join registry.place as place on lsoa.place_code = place.place_code
qualify row_number() over (
    partition by published.imd_vintage, published.lsoa_code, published.domain
    order by published.score is null, published.dataset, published.source_sha256
) = 1
