-- table: marts.minimum_breakdown
-- grain: one row per measure and one of the four breakdowns
-- depends: registry.measure, registry.indicator, registry.breakdown, indicators.fact, marts.inequality, people.care_gap, marts.core20_cohort, marts.core20_ethnicity, registry.place, registry.footprint
-- columns: indicator_id, indicator_slug, programme, theme, measure, measure_name, breakdown, places_with_breakdown, places, nation_has_breakdown, groups, latest_period, status, status_note, basis, denominator_mart, denominator_note, fictional
-- The least that NHS England's statement under section 13SA of the National Health Service Act 2006
-- (27 November 2023) asks of information on inequalities: deprivation, ethnicity, age and sex. What is
-- missing is a status, never a blank.
with breakdowns(breakdown) as (values ('deprivation'), ('ethnicity'), ('age'), ('sex')),
headline as (
    select measure.*, indicator.indicator_id, indicator.programme, indicator.theme
    from registry.measure as measure
    inner join registry.indicator as indicator on measure.indicator_slug = indicator.indicator_slug
    where measure.role = 'measure'
),
valued as (
    select fact.*, fact.area_code in (select place_code from registry.place) as is_place
    from indicators.fact as fact
    where fact.value is not null
        and (
            fact.area_code in (select place_code from registry.place)
            or fact.area_code = (select nation_code from registry.footprint)
        )
),
-- What each row says of which breakdown, and of which group.
marked as (
    select
        indicator_slug, measure, area_code, is_place, period, period_end,
        if(category_type in ('Core20', 'Deprivation quintile', 'Deprivation decile'), 'deprivation', 'ethnicity') as breakdown,
        category as member
    from valued
    where category_type in ('Core20', 'Deprivation quintile', 'Deprivation decile') or contains(lower(category_type), 'ethnic')
    union all by name
    select indicator_slug, measure, area_code, is_place, period, period_end, 'sex' as breakdown, sex as member
    from valued
    where category = 'All' and sex in ('Female', 'Male')
    union all by name
    select indicator_slug, measure, area_code, is_place, period, period_end, 'age' as breakdown, age as member
    from valued
    where category = 'All'
),
by_area as (
    select indicator_slug, measure, area_code, is_place, breakdown, period, period_end, count(distinct member) as groups
    from marked
    group by all
    having count(distinct member) > 1
),
published_breakdown as (
    select
        indicator_slug,
        measure,
        breakdown,
        count(distinct area_code) filter (is_place) as places_with_breakdown,
        bool_or(not is_place) as nation_has_breakdown,
        max(groups) as groups,
        max({'period_end': period_end, 'period': period}).period as latest_period
    from by_area
    group by all
),
-- Local person-level figures at Places, named so, where nothing published is divided so.
local_areas as (
    select
        care.indicator_slug,
        care.indicator_measure as measure,
        care.area_code,
        case care.breakdown when 'core20' then 'deprivation' when 'age_band' then 'age' else care.breakdown end as breakdown,
        max(care.as_at)::varchar as latest_period,
        count(care.value) as groups
    from people.care_gap as care
    where care.area_type = 'place'
        and care.breakdown in ('core20', 'ethnicity', 'sex', 'age_band')
        and care.indicator_slug is not null
        and care.as_at = (select max(as_at) from people.care_gap)
    group by care.indicator_slug, care.indicator_measure, care.area_code, care.breakdown
    having count(care.value) > 1
),
-- Where local figures are divided so, but at every Place all groups but one are suppressed.
local_suppressed as (
    select
        care.indicator_slug,
        care.indicator_measure as measure,
        case care.breakdown when 'core20' then 'deprivation' when 'age_band' then 'age' else care.breakdown end as breakdown
    from people.care_gap as care
    where care.area_type = 'place'
        and care.breakdown in ('core20', 'ethnicity', 'sex', 'age_band')
        and care.indicator_slug is not null
        and care.as_at = (select max(as_at) from people.care_gap)
    group by care.indicator_slug, care.indicator_measure, care.breakdown
    having count(distinct care.breakdown_group) > 1 and bool_or(care.value_status = 'suppressed')
),
local_breakdown as (
    select indicator_slug, measure, breakdown, count(*) as places_with_breakdown, max(groups) as groups, max(latest_period) as latest_period
    from local_areas
    group by indicator_slug, measure, breakdown
),
found as (
    select
        coalesce(published.indicator_slug, local_breakdown.indicator_slug) as indicator_slug,
        coalesce(published.measure, local_breakdown.measure) as measure,
        coalesce(published.breakdown, local_breakdown.breakdown) as breakdown,
        if(published.places_with_breakdown > 0, published.places_with_breakdown, coalesce(local_breakdown.places_with_breakdown, published.places_with_breakdown)) as places_with_breakdown,
        coalesce(published.nation_has_breakdown, false) as nation_has_breakdown,
        if(published.places_with_breakdown > 0, published.groups, coalesce(local_breakdown.groups, published.groups)) as groups,
        if(published.places_with_breakdown > 0, published.latest_period, coalesce(local_breakdown.latest_period, published.latest_period)) as latest_period,
        case
            when published.places_with_breakdown > 0 then 'published'
            when local_breakdown.places_with_breakdown > 0 then 'local_person_level'
        end as basis
    from published_breakdown as published
    full join local_breakdown
        on published.indicator_slug = local_breakdown.indicator_slug
        and published.measure = local_breakdown.measure
        and published.breakdown = local_breakdown.breakdown
),
deciles as (
    select indicator_slug, measure, bool_and(ecological) as ecological, max({'period_end': period_end, 'period': period}).period as latest_period
    from marts.inequality
    where breakdown = 'deprivation_decile'
    group by all
),
-- Residents by group at Places, which a numerator by group could be divided by.
supplied as (
    select 'deprivation' as breakdown, 'core20_cohort' as denominator_mart, 'Residents in Core20 and outside it, by five-year age band' as people, population_base
    from marts.core20_cohort
    where area_type = 'place'
    union all by name
    select 'age' as breakdown, 'core20_cohort' as denominator_mart, 'Residents by five-year age band' as people, population_base
    from marts.core20_cohort
    where area_type = 'place' and age_band <> 'All ages'
    union all by name
    select 'sex' as breakdown, 'core20_cohort' as denominator_mart, 'Residents by sex and five-year age band' as people, population_base
    from marts.core20_cohort
    where area_type = 'place' and sex in ('Female', 'Male')
    union all by name
    select 'ethnicity' as breakdown, 'core20_ethnicity' as denominator_mart, 'Residents of all ages by five broad ethnic groups' as people, population_base
    from marts.core20_ethnicity
    where area_type = 'place'
),
denominator as (
    select
        breakdown,
        denominator_mart,
        people,
        concat_ws(
            ' or ',
            max(if(population_base = 'census_2021', 'Census 2021', null)),
            max(if(population_base = 'mid_2020', 'mid-2020 estimates', null))
        ) as bases
    from supplied
    group by breakdown, denominator_mart, people
),
-- What the registry knows of what a measure is divided by, and of its age.
divided as (
    select
        headline.indicator_slug,
        headline.measure,
        case
            when headline.value_type in ('life_expectancy', 'slope_index', 'score', 'mean')
                then 'The measure is no count divided by people, so residents alone do not give it by group.'
            when contains(lower(coalesce(headline.denominator_definition, headline.unit)), 'resident')
                then 'The register has the measure divided by residents.'
            when headline.denominator_definition is not null
                then 'The register has the measure divided by "' || headline.denominator_definition
                || '", not by residents as such, so the holder would have to give both counts by group.'
            else 'The register declares no denominator of the measure, whose unit is "' || headline.unit
                || '"; nobody has checked whether residents are the right one.'
        end as divided_by,
        if(
            headline.value_type = 'directly_standardised_rate',
            'It is standardised for age, which needs both counts by age band.', null
        ) as standardised,
        if(
            headline.value_type in ('life_expectancy', 'slope_index', 'score', 'mean') or headline.age = 'All ages',
            null, headline.age
        ) as age,
        age_from(headline.age) % 5 = 0 and coalesce((age_to(headline.age) + 1) % 5 = 0, true) as is_whole_bands
    from headline
),
present as (
    select indicator_slug, measure, count(distinct sex) as sexes, min(sex) as only_sex
    from valued
    group by all
),
judged as (
    select
        headline.*,
        breakdowns.breakdown,
        coalesce(found.places_with_breakdown, 0) as places_with_breakdown,
        coalesce(found.nation_has_breakdown, false)
            or (breakdowns.breakdown = 'deprivation' and deciles.indicator_slug is not null and not deciles.ecological)
            as nation_has_breakdown,
        coalesce(found.groups, if(breakdowns.breakdown = 'deprivation' and deciles.indicator_slug is not null, 10, 0)) as groups,
        coalesce(found.latest_period, if(breakdowns.breakdown = 'deprivation', deciles.latest_period, null)) as latest_period,
        case
            when found.places_with_breakdown > 0 then 'places'
            when found.nation_has_breakdown then 'nation_only'
            when breakdowns.breakdown = 'deprivation' and deciles.ecological then 'ecological_only'
            when breakdowns.breakdown = 'deprivation' and deciles.indicator_slug is not null then 'nation_only'
            when breakdowns.breakdown = 'sex' and registered.one_sex then 'one_group'
            when breakdowns.breakdown = 'age' and headline.age is not null and headline.age <> 'All ages'
                and not ends_with(headline.age, '+ yrs') then 'one_group'
            when local_suppressed.indicator_slug is not null then 'suppressed'
            when published.breakdown is not null and present.indicator_slug is null then 'published_not_supplied'
            when published.breakdown is not null then 'published_not_taken'
            when present.indicator_slug is null then 'no_data'
            else 'none_known'
        end as status,
        coalesce(published.wording, '') as published_as,
        coalesce(registered.one_sex, false) as one_sex,
        found.basis
    from headline
    cross join breakdowns
    left join found
        on headline.indicator_slug = found.indicator_slug
        and headline.measure = found.measure
        and breakdowns.breakdown = found.breakdown
    left join local_suppressed
        on headline.indicator_slug = local_suppressed.indicator_slug
        and headline.measure = local_suppressed.measure
        and breakdowns.breakdown = local_suppressed.breakdown
    left join deciles on headline.indicator_slug = deciles.indicator_slug and headline.measure = deciles.measure
    left join present on headline.indicator_slug = present.indicator_slug and headline.measure = present.measure
    left join registry.breakdown as published
        on headline.indicator_slug = published.indicator_slug and breakdowns.breakdown = published.breakdown
    left join (
        select indicator_slug, bool_or(one_sex) as one_sex from registry.breakdown group by indicator_slug
    ) as registered on headline.indicator_slug = registered.indicator_slug
)
select
    judged.indicator_id,
    judged.indicator_slug,
    judged.programme,
    judged.theme,
    judged.measure,
    judged.measure_name,
    judged.breakdown,
    judged.places_with_breakdown,
    (select count(*) from registry.place) as places,
    judged.nation_has_breakdown,
    judged.groups,
    judged.latest_period,
    judged.status,
    case judged.status
        when 'nation_only' then 'For the nation only.'
        when 'ecological_only' then 'By deprivation of whole authorities, which says nothing of people within them.'
        when 'one_group' then 'The measure is of one such group by definition.'
        when 'suppressed' then 'Local person-level data divide it so, but in every Place groups are too small to be shown beside one another.'
        when 'published_not_supplied' then 'Published (' || judged.published_as || '), not supplied to this release.'
        when 'published_not_taken' then 'Published at some level (' || judged.published_as || '), not among the series taken.'
        when 'no_data' then judged.missing_note
        when 'none_known' then 'No source of it is known to the register.'
    end as status_note,
    judged.basis,
    if(judged.status = 'one_group', null, denominator.denominator_mart) as denominator_mart,
    case
        when judged.status = 'one_group' then 'None is needed: the measure is of one such group by definition.'
        when denominator.denominator_mart is null
            then 'This release has no residents of its Places by '
            || if(judged.breakdown = 'ethnicity', 'ethnic group, as Census table TS021 is not supplied', judged.breakdown)
            || '. ' || divided.divided_by
        else concat_ws(
            ' ',
            denominator.people || ', ' || denominator.bases || '.',
            if(
                judged.breakdown = 'ethnicity',
                'The measure is of ages ' || divided.age || ', so rates by it would need counts of that age.',
                'The measure is of ages ' || divided.age || ', which '
                || if(divided.is_whole_bands, 'whole bands make up.', 'whole bands do not make up.')
            ),
            if(judged.one_sex, 'It is of one sex.', null),
            divided.divided_by,
            divided.standardised
        )
    end as denominator_note,
    footprint.fictional
from judged
inner join divided on judged.indicator_slug = divided.indicator_slug and judged.measure = divided.measure
left join denominator on judged.breakdown = denominator.breakdown
cross join registry.footprint as footprint
