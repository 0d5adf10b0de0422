-- table: marts.core20_reach
-- grain: one row per headline measure of the clinical areas, or of others that count Core20 apart, and area
-- depends: registry.measure, registry.indicator, indicators.fact, geography.area, cohorts.core20_area, people.care_gap, registry.imd_default, registry.footprint
-- columns: indicator_id, indicator_slug, programme, theme, measure, measure_name, area_type, area_code, area_name, sex, age, people_core20, imd_vintage, period, core20_value, core20_numerator, core20_denominator, rest_value, rest_numerator, rest_denominator, unit, polarity, core20_not_reached, core20_not_reached_if_as_rest, core20_excess_not_reached, direction, status, status_note, basis, fictional
-- Not reached: the denominator less the numerator where high is good, the numerator where low is good;
-- of proportions only. Nothing is estimated: without counts of Core20 there is no number, and it is said why.
-- ties: category_type
with groups(category_type, category, is_core20) as (
    values
        ('Core20', 'Core20', true),
        ('Core20', 'Not Core20', false),
        ('Deprivation quintile', '1 - most deprived', true),
        ('Deprivation quintile', '2', false),
        ('Deprivation quintile', '3', false),
        ('Deprivation quintile', '4', false),
        ('Deprivation quintile', '5 - least deprived', false)
),
sizes as (select category_type, count(*) as wanted from groups group by category_type),
divided as (
    select
        fact.indicator_slug,
        fact.measure,
        fact.area_code,
        fact.sex,
        fact.age,
        fact.category_type,
        fact.period,
        fact.period_end,
        max(fact.value) filter (groups.is_core20) as core20_value,
        max(fact.numerator) filter (groups.is_core20) as core20_numerator,
        max(fact.denominator) filter (groups.is_core20) as core20_denominator,
        -- All the others or none: a part of them is not the rest.
        if(count(fact.numerator) = max(sizes.wanted), sum(fact.numerator) filter (not groups.is_core20), null)
            as rest_numerator,
        if(count(fact.denominator) = max(sizes.wanted), sum(fact.denominator) filter (not groups.is_core20), null)
            as rest_denominator,
        if(max(sizes.wanted) = 2, max(fact.value) filter (not groups.is_core20), null) as rest_value
    from indicators.fact as fact
    inner join groups on fact.category_type = groups.category_type and fact.category = groups.category
    inner join sizes on fact.category_type = sizes.category_type
    where fact.value is not null
    group by fact.indicator_slug, fact.measure, fact.area_code, fact.sex, fact.age, fact.category_type, fact.period,
        fact.period_end
    qualify row_number() over (
        partition by fact.indicator_slug, fact.measure, fact.area_code, fact.sex, fact.age
        order by fact.period_end desc, fact.category_type
    ) = 1
),
undivided as (
    select
        indicator_slug,
        measure,
        area_code,
        max({'period_end': period_end, 'sex': sex, 'age': age}) as latest,
        bool_or(value is not null) as has_value,
        -- Of the latest period without a value; where none has a date, of the only one.
        max({'period_end': period_end, 'status': value_status, 'note': value_note}) filter (value is null) as gap
    from indicators.fact
    where category = 'All'
    group by all
),
wanted as (
    select defined.*, indicator.indicator_id, indicator.programme, indicator.theme
    from registry.measure as defined
    inner join registry.indicator as indicator on defined.indicator_slug = indicator.indicator_slug
    where defined.role = 'measure'
        and (
            (defined.is_headline and starts_with(indicator.programme, 'core20plus5'))
            or exists (from divided where divided.indicator_slug = defined.indicator_slug and divided.measure = defined.measure)
        )
),
placed as (
    select
        wanted.*,
        area.area_type,
        area.area_code,
        area.area_name,
        coalesce(divided.sex, undivided.latest.sex, 'Persons') as sex,
        coalesce(divided.age, undivided.latest.age, wanted.age, 'Not stated') as age_group,
        cohort.people as people_core20,
        cohort.imd_vintage,
        divided.period,
        divided.core20_value,
        divided.core20_numerator,
        divided.core20_denominator,
        coalesce(
            divided.rest_value,
            if(wanted.value_type = 'proportion', 100 * divided.rest_numerator / nullif(divided.rest_denominator, 0), null)
        ) as rest_value,
        divided.rest_numerator,
        divided.rest_denominator,
        case
            when divided.core20_denominator is not null and divided.rest_denominator is not null
                and divided.core20_numerator is not null and divided.rest_numerator is not null
                and wanted.value_type = 'proportion' then 'counted'
            when divided.core20_value is not null then 'rates_only'
            when undivided.has_value then 'no_breakdown'
            else coalesce(undivided.gap.status, wanted.missing_status)
        end as status,
        coalesce(undivided.gap.note, wanted.missing_note) as missing_note_here
    from wanted
    inner join geography.area as area on area.area_type in ('place', 'icb', 'nation')
    left join divided
        on wanted.indicator_slug = divided.indicator_slug
        and wanted.measure = divided.measure
        and area.area_code = divided.area_code
    left join undivided
        on wanted.indicator_slug = undivided.indicator_slug
        and wanted.measure = undivided.measure
        and area.area_code = undivided.area_code
    left join cohorts.core20_area as cohort
        on area.area_code = cohort.area_code
        and cohort.imd_vintage = (select imd_vintage from registry.imd_default)
        and cohort.sex = 'Persons'
        and cohort.age_band = 'All ages'
        and cohort.core20
),
-- Local person-level figures, named so, where no published source counts Core20 apart.
local_counts as (
    select
        care.indicator_slug,
        care.indicator_measure as measure,
        care.area_code,
        min(care.measure_name) as measure_name,
        max(care.as_at)::varchar as period,
        max(care.eligible) filter (care.breakdown_group = 'Core20') as core20_denominator,
        max(care.done) filter (care.breakdown_group = 'Core20') as core20_numerator,
        max(care.value) filter (care.breakdown_group = 'Core20') as core20_value,
        max(care.eligible) filter (care.breakdown_group = 'Not Core20') as rest_denominator,
        max(care.done) filter (care.breakdown_group = 'Not Core20') as rest_numerator,
        max(care.value) filter (care.breakdown_group = 'Not Core20') as rest_value,
        case
            when count(care.value) = 2 then 'counted'
            when bool_or(care.value_status = 'suppressed') then 'suppressed'
            else 'not_applicable'
        end as local_status
    from people.care_gap as care
    where care.breakdown = 'core20'
        and care.indicator_slug is not null
        and care.as_at = (select max(as_at) from people.care_gap)
    group by care.indicator_slug, care.indicator_measure, care.area_code
),
joined as (
    select
        placed.*,
        local_counts.measure_name as own_measure_name,
        local_counts.period as own_period,
        local_counts.core20_value as own_core20_value,
        local_counts.core20_numerator as own_core20_numerator,
        local_counts.core20_denominator as own_core20_denominator,
        local_counts.rest_value as own_rest_value,
        local_counts.rest_numerator as own_rest_numerator,
        local_counts.rest_denominator as own_rest_denominator,
        local_counts.local_status as own_status,
        placed.status <> 'counted' and local_counts.local_status = 'counted' as takes_local
    from placed
    left join local_counts
        on placed.indicator_slug = local_counts.indicator_slug
        and placed.measure = local_counts.measure
        and placed.area_code = local_counts.area_code
),
completed as (
    select
        joined.* replace (
            if(takes_local, measure_name || ' (local person-level data: ' || own_measure_name || ')', measure_name)
                as measure_name,
            if(takes_local, 'percent of people (local person-level data)', unit) as unit,
            if(takes_local, own_period, period) as period,
            if(takes_local, own_core20_value, core20_value) as core20_value,
            if(takes_local, own_core20_numerator, core20_numerator) as core20_numerator,
            if(takes_local, own_core20_denominator, core20_denominator) as core20_denominator,
            if(takes_local, own_rest_value, rest_value) as rest_value,
            if(takes_local, own_rest_numerator, rest_numerator) as rest_numerator,
            if(takes_local, own_rest_denominator, rest_denominator) as rest_denominator,
            -- Values without counts stay: they say more than that the counts are suppressed.
            if(status in ('counted', 'rates_only') and not coalesce(takes_local, false), status,
                coalesce(own_status, status)) as status
        ),
        case when status = 'counted' then 'published' when takes_local then 'local_person_level' end as basis,
        case
            when status = 'rates_only' then null
            when own_status = 'suppressed'
                then 'Suppressed in the local person-level data: it is a small number of people, or would let one be worked out.'
            when own_status = 'not_applicable'
                then 'Nobody of Core20, or nobody else, is eligible in the local person-level data of this area.'
        end as local_note
    from joined
),
counted as (
    select
        *,
        case
            when status <> 'counted' then null
            when polarity = 'high_is_good' then core20_denominator - core20_numerator
            when polarity = 'low_is_good' then core20_numerator
        end as not_reached,
        case
            when status <> 'counted' then null
            when polarity = 'high_is_good' then core20_denominator * (1 - rest_numerator / nullif(rest_denominator, 0))
            when polarity = 'low_is_good' then core20_denominator * rest_numerator / nullif(rest_denominator, 0)
        end as as_rest
    from completed
)
select
    counted.indicator_id,
    counted.indicator_slug,
    counted.programme,
    counted.theme,
    counted.measure,
    counted.measure_name,
    counted.area_type,
    counted.area_code,
    counted.area_name,
    counted.sex,
    counted.age_group as age,
    counted.people_core20,
    counted.imd_vintage,
    counted.period,
    counted.core20_value,
    counted.core20_numerator,
    counted.core20_denominator,
    counted.rest_value,
    counted.rest_numerator,
    counted.rest_denominator,
    counted.unit,
    counted.polarity,
    counted.not_reached as core20_not_reached,
    counted.as_rest as core20_not_reached_if_as_rest,
    counted.not_reached - counted.as_rest as core20_excess_not_reached,
    case
        when counted.core20_value is null or counted.rest_value is null then 'not_available'
        when counted.polarity = 'no_judgement' then 'not_judged'
        when counted.core20_value = counted.rest_value then 'no_gap'
        when (counted.rest_value > counted.core20_value) = (counted.polarity = 'high_is_good')
            then 'worse_for_disadvantaged'
        else 'better_for_disadvantaged'
    end as direction,
    counted.status,
    case
        when counted.status = 'counted' then null
        when counted.local_note is not null then counted.local_note
        when counted.status = 'rates_only' then 'The source gives values for Core20, without the counts that would say how many people.'
        when counted.status = 'no_breakdown' then 'No source supplied divides this measure by deprivation of residence in this area.'
        else counted.missing_note_here
    end as status_note,
    counted.basis,
    footprint.fictional
from counted
cross join registry.footprint as footprint
