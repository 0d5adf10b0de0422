-- table: indicators.published
-- grain: one row per indicator, measure, area, period, sex, age and category
-- depends: staging.observation, indicators.practice_observation, indicators.sub_icb_observation, registry.selection, registry.cancelled_period, registry.place, registry.area_alias
-- columns: indicator_slug, measure, role, modelled, area_code, area_name, period, period_start, period_end, sex, age, category_type, category, value, lower_95, upper_95, lower_998, upper_998, limits_method, numerator, denominator, value_status, value_note, publisher_comparison, publisher_trend, source, dataset, series, source_sha256, source_row
-- The rows of the indicators asked for (variable indicator_slugs): the registry says which series of which
-- publisher it is, in order of preference. Nothing is computed but one constant factor of scale, and
-- limits by the indicator's declared method where the publisher gives counts without limits: only
-- where the counts give the value, or where another source of the same measure gives the denominator
-- of the very same row. Every such row says so in limits_method, and a lent denominator in its note.
-- ties: source_row
with wanted as (
    select * from registry.selection where list_contains(getvariable('indicator_slugs'), indicator_slug)
),
-- Read twice rather than kept: a copy of all observations, or of all found, is 100 MB and no faster.
observations as not materialized (
    select * from staging.observation
    union all by name
    select * from indicators.practice_observation
    union all by name
    select * from indicators.sub_icb_observation
),
found as not materialized (
    select
        wanted.*,
        observation.* exclude (source, series, dataset, area_code, sex, age, category_type, category),
        -- One area has one code here, whichever of its codes a file carries.
        coalesce(alias.code_in_use, observation.area_code) as area_code,
        alias.code_in_use is not null as has_other_code,
        observation.dataset,
        coalesce(wanted.set_sex, observation.sex) as sex,
        coalesce(wanted.set_age, observation.age) as age,
        coalesce(wanted.set_category_type, observation.category_type) as category_type,
        coalesce(wanted.set_category, observation.category) as category,
        coalesce(alias.code_in_use, observation.area_code) in (select place_code from registry.place) as is_place
    from wanted
    inner join observations as observation
        on wanted.source = observation.source and wanted.series = observation.series
    left join registry.area_alias as alias on observation.area_code = alias.area_code
    where (wanted.expected_name is null or wanted.expected_name = observation.series_name)
        and (wanted.where_dataset is null or list_contains(wanted.where_dataset, observation.dataset))
        and (wanted.where_series_name is null or list_contains(wanted.where_series_name, observation.series_name))
        and (wanted.where_sex is null or list_contains(wanted.where_sex, coalesce(observation.sex, '')))
        and (wanted.where_age is null or list_contains(wanted.where_age, coalesce(observation.age, '')))
        and (wanted.where_period is null or list_contains(wanted.where_period, observation.period))
        -- Without a word on categories, only rows that stand for everybody are taken.
        and list_contains(coalesce(wanted.where_category_type, ['']), coalesce(observation.category_type, ''))
        and list_contains(coalesce(wanted.where_category, ['']), coalesce(observation.category, ''))
        -- A year that was cancelled or is not comparable has no value here, whoever prints one.
        and not exists (
            from registry.cancelled_period as cancelled
            where cancelled.indicator_slug = wanted.indicator_slug
                and (cancelled.measure is null or cancelled.measure = wanted.measure)
                and cancelled.period = observation.period
        )
),
choice as (
    -- first_only: a measure comes whole from the first source that has a value for a Place (or,
    -- failing that, for any area). by_period: the same, period by period.
    -- A series is one measure, sex and category.
    select
        indicator_slug,
        measure,
        sex,
        category_type,
        category,
        if(combine_sources = 'by_period', period, null) as period,
        coalesce(
            min(binding_order) filter (is_place and value is not null),
            min(binding_order) filter (value is not null),
            min(binding_order)
        ) as binding_order
    from found
    group by all
),
chosen as (
    select found.*
    from found
    inner join choice
        on found.indicator_slug = choice.indicator_slug
        and found.measure = choice.measure
        and found.sex = choice.sex
        and found.category_type is not distinct from choice.category_type
        and found.category is not distinct from choice.category
        and found.binding_order = choice.binding_order
        and (choice.period is null or found.period = choice.period)
),
dated as (
    select
        *,
        max(period_end) over (partition by indicator_slug, measure, source, series, source_sha256) as file_ends
    from chosen
),
-- The same series can come in two files of one publisher: by region and by authority, or in this
-- year's issue and last year's, which the newer one revises.
distinct_rows as (
    select * exclude (file_ends)
    from dated
    qualify row_number() over (
        partition by indicator_slug, measure, area_code, period, sex, age, category_type, category
        order by binding_order, file_ends desc, has_other_code, source_sha256, source_row
    ) = 1
),
-- A percentage without counts, where another source of the measure counts the same people: the
-- Department's interactive tool beside its data sets, or a newer vintage beside an older one.
lent as (
    select
        indicator_slug, measure, area_code, period, sex, age, category_type, category,
        denominator as lent_denominator, source as lender
    from found
    where ci_method = 'wilson' and role = 'measure' and denominator > 0
    qualify row_number() over (
        partition by indicator_slug, measure, area_code, period, sex, age, category_type, category
        order by binding_order, has_other_code, source_sha256, source_row
    ) = 1
),
-- A file without names of areas takes them from the others; an area that nobody names is its code.
area_names as (
    select area_code, min(area_name) as area_name
    from observations
    where area_name is not null
    group by all
),
counted as (
    select
        distinct_rows.* exclude (area_name),
        coalesce(distinct_rows.area_name, area_names.area_name, distinct_rows.area_code) as area_name,
        lent_denominator,
        lender,
        value * scale as scaled,
        -- Sexes or groups of a measure and period from a source further down its list are of another vintage.
        binding_order > min(binding_order) over of_measure as is_of_another_vintage,
        min({'binding_order': binding_order, 'source': distinct_rows.source}) over of_measure as first_choice,
        numerator is null and denominator is null as is_without_counts,
        abs(scaled - numerator / nullif(denominator, 0) * multiplier) <= 0.5 * 10.0 ** -rounding + 1e-9
            as is_reproduced
    from distinct_rows
    left join area_names using (area_code)
    left join lent
        on distinct_rows.indicator_slug = lent.indicator_slug
        and distinct_rows.measure = lent.measure
        and distinct_rows.area_code = lent.area_code
        and distinct_rows.period = lent.period
        and distinct_rows.sex = lent.sex
        and distinct_rows.age = lent.age
        and distinct_rows.category_type is not distinct from lent.category_type
        and distinct_rows.category is not distinct from lent.category
    window of_measure as (partition by distinct_rows.indicator_slug, distinct_rows.measure, distinct_rows.period)
),
-- All limits of a figure are of one method: where the publisher gives those of 95%, none are computed.
limited as (
    select
        *,
        scaled is not null and lower_95 is not null as has_published_limits,
        if(is_without_counts, scaled / multiplier * lent_denominator, numerator) as events,
        if(is_without_counts, lent_denominator, denominator) as persons,
        if(scaled is not null and ci_method in ('wilson', 'byar') and persons > 0
            and (is_without_counts or is_reproduced), ci_method, null) as method
    from counted
)
select
    indicator_slug,
    measure,
    role,
    modelled,
    area_code,
    area_name,
    period,
    period_start,
    period_end,
    sex,
    coalesce(nullif(age, ''), 'Not stated') as age,
    coalesce(category_type, 'All') as category_type,
    coalesce(category, 'All') as category,
    scaled as value,
    if(has_published_limits, lower_95 * scale, counted_lower_95(method, events, persons, multiplier)) as lower_95,
    if(has_published_limits, upper_95 * scale, counted_upper_95(method, events, persons, multiplier)) as upper_95,
    if(has_published_limits, lower_998 * scale, counted_lower_998(method, events, persons, multiplier)) as lower_998,
    if(has_published_limits, upper_998 * scale, counted_upper_998(method, events, persons, multiplier)) as upper_998,
    case
        when value is null then null
        when has_published_limits then 'publisher'
        else coalesce(method, 'none')
    end as limits_method,
    numerator,
    denominator,
    value_status,
    -- A lent denominator is no part of this source's figure, so it is told and not put in its column.
    nullif(concat_ws(' ', value_note, if(not has_published_limits and method is not null and is_without_counts,
        'Limits computed with the denominator ' || printf('%.0f', persons) || ' of ' || lender || '.', null), if(value is not null and is_of_another_vintage and source <> first_choice.source,
        'From ' || source || '; other rows of the measure are of another vintage, from ' || first_choice.source
        || ', and not to be set beside this one.', null)), '')
        as value_note,
    publisher_comparison,
    publisher_trend,
    source,
    dataset,
    series,
    source_sha256,
    source_row
from limited
