-- table: indicators.unmatched_series
-- grain: one row per measure and declared series that matches nothing in files that were supplied
-- depends: staging.observation, indicators.practice_observation, registry.selection, registry.dataset
-- columns: indicator_slug, measure, source, series, unmatched, nearest, message
-- A slip in a definition, not the publisher's silence. A series is missing for certain where every
-- dataset of its source was supplied, and by all appearance where a file holds one of nearly the same
-- name that no indicator asks for. A number, such as Fingertips', is like any other number, so that
-- only the publisher's list can tell. Rows are missing where the series is there, and what the
-- definition says of sex, age or category fits none of its rows.
with observed as (
    select source, dataset, series, series_name, sex, age, category_type, category, period from staging.observation
    union all by name
    select source, dataset, series, series_name, sex, age, category_type, category, period
    from indicators.practice_observation
),
supplied as (
    select source, series, count(*) as observations from observed group by all
),
complete as (
    -- Sources all of whose datasets were supplied, none of them one file a series.
    select dataset.source
    from registry.dataset as dataset
    left join (select distinct source, dataset from staging.observation) as there
        on dataset.source = there.source and dataset.dataset = there.dataset
    where dataset.staging = 'observation'
    group by dataset.source
    having bool_and(there.dataset is not null and not dataset.is_one_file_a_series)
),
wanted as (
    select distinct indicator_slug, measure, source, series from registry.selection
),
absent as (
    select * from wanted anti join supplied using (source, series)
    where source in (select source from supplied)
),
likeness as (
    select absent.source, absent.series, supplied.series as other,
        jaro_winkler_similarity(lower(absent.series), lower(supplied.series)) as likeness
    from absent
    inner join supplied using (source)
    anti join registry.selection as declared
        on declared.source = supplied.source and declared.series = supplied.series
    where not regexp_matches(absent.series, '^\d+$')
),
near as (
    select source, series, list(other order by likeness desc, other)[:3] as nearest, max(likeness) as closest
    from likeness
    group by all
),
unnamed as (
    select absent.indicator_slug, absent.measure, absent.source, absent.series, 'series' as unmatched, near.nearest
    from absent
    left join near using (source, series)
    where near.closest >= 0.9 or absent.source in (from complete)
),
fitting as (
    select distinct wanted.indicator_slug, wanted.measure, wanted.source, wanted.series
    from registry.selection as wanted
    inner join observed on wanted.source = observed.source and wanted.series = observed.series
    where (wanted.where_dataset is null or list_contains(wanted.where_dataset, observed.dataset))
        and (wanted.where_series_name is null or list_contains(wanted.where_series_name, observed.series_name))
        and (wanted.where_sex is null or list_contains(wanted.where_sex, coalesce(observed.sex, '')))
        and (wanted.where_age is null or list_contains(wanted.where_age, coalesce(observed.age, '')))
        and (wanted.where_period is null or list_contains(wanted.where_period, observed.period))
        and list_contains(coalesce(wanted.where_category_type, ['']), coalesce(observed.category_type, ''))
        and list_contains(coalesce(wanted.where_category, ['']), coalesce(observed.category, ''))
),
unfitting as (
    select wanted.indicator_slug, wanted.measure, wanted.source, wanted.series, 'rows' as unmatched,
        list(distinct concat_ws(', ', sex, nullif(age, ''), category_type, category)
            order by concat_ws(', ', sex, nullif(age, ''), category_type, category))[:3] as nearest
    from wanted
    inner join observed on wanted.source = observed.source and wanted.series = observed.series
    anti join fitting
        on fitting.indicator_slug = wanted.indicator_slug
        and fitting.measure = wanted.measure
        and fitting.source = wanted.source
        and fitting.series = wanted.series
    group by all
),
unmatched as (
    from unnamed
    union all by name
    from unfitting
)
select
    indicator_slug,
    measure,
    source,
    series,
    unmatched,
    array_to_string(nearest, '; ') as nearest,
    case unmatched
        when 'series' then 'The definition asks for the series "' || series || '", and the files of ' || source
            || ' that were supplied have none of that name.' || coalesce(' Nearest: ' || array_to_string(nearest, '; ') || '.', '')
        else 'The files of ' || source || ' have the series "' || series
            || '", and none of its rows is as the definition asks. They are of: ' || array_to_string(nearest, '; ') || '.'
    end as message
from unmatched
