-- table: marts.inequality
-- grain: one row per indicator, measure, area, period, sex, age and breakdown
-- depends: indicators.fact, geography.area, marts.place, staging.observation, registry.selection, registry.indicator, registry.measure, registry.footprint
-- columns: indicator_id, indicator_slug, programme, measure, area_type, area_code, area_name, period, period_end, sex, age, breakdown, breakdown_note, ecological, groups, groups_with_value, disadvantaged_group, comparison_group, disadvantaged_value, comparison_value, absolute_gap, absolute_gap_lower_95, absolute_gap_upper_95, relative_gap, relative_gap_lower_95, relative_gap_upper_95, sii, sii_lower_95, sii_upper_95, rii, rii_lower_95, rii_upper_95, gap_method, sii_method, unit, polarity, direction, gap_is_clear, fictional
-- Every gap is comparison less disadvantaged and every ratio comparison over disadvantaged, as the
-- slope and relative indices run from the most to the least deprived end. A position comes from the
-- words of a category, never from its order: publishers number deciles in both directions.
-- Gap limits: difference of two independent estimates, standard errors from their 95 % limits;
-- of the ratio the same on the log scale (Altman and Bland 2003, BMJ 326: 219).
-- RII limits: Fieller 1954, JRSS B 16: 175-185.
-- ties: source_row, place_code, step
with constants as (select 1.959963984540054e0 as z),
ordinal(words, step) as (
    values ('most', 1), ('second most', 2), ('third more', 3), ('fourth more', 4), ('fifth more', 5),
        ('fifth less', 6), ('fourth less', 7), ('third less', 8), ('second least', 9), ('least', 10)
),
-- What each member of a breakdown is: its place in order, most disadvantaged first.
decile_rows as (
    select
        selection.indicator_slug,
        selection.measure,
        observation.area_code,
        observation.period,
        observation.period_end,
        coalesce(selection.set_sex, observation.sex) as sex,
        coalesce(nullif(coalesce(selection.set_age, observation.age), ''), 'Not stated') as age,
        'deprivation_decile' as breakdown,
        observation.category_type as breakdown_note,
        ordinal.step as step,
        observation.category as member,
        observation.value * selection.scale as value,
        coalesce(observation.lower_95, case when selection.ci_method = 'wilson' and observation.value is not null
            then wilson_lower_95(observation.numerator, observation.denominator) * selection.multiplier / selection.scale end)
            * selection.scale as lower_95,
        coalesce(observation.upper_95, case when selection.ci_method = 'wilson' and observation.value is not null
            then wilson_upper_95(observation.numerator, observation.denominator) * selection.multiplier / selection.scale end)
            * selection.scale as upper_95,
        observation.denominator as population,
        observation.source_sha256,
        observation.source_row
    from registry.selection as selection
    inner join staging.observation as observation
        on selection.source = observation.source and selection.series = observation.series
    inner join ordinal
        on lower(observation.category) = ordinal.words || ' deprived decile'
        or starts_with(lower(observation.category), ordinal.words || ' deprived decile (')
    where selection.role = 'measure'
        and contains(lower(observation.category_type), 'deprivation decile')
        and (selection.expected_name is null or selection.expected_name = observation.series_name)
        and (selection.where_sex is null or list_contains(selection.where_sex, coalesce(observation.sex, '')))
        and (selection.where_age is null or list_contains(selection.where_age, coalesce(observation.age, '')))
        and observation.area_code = (select nation_code from registry.footprint)
    qualify row_number() over (
        partition by selection.indicator_slug, selection.measure, observation.area_code, observation.period,
            coalesce(selection.set_sex, observation.sex), coalesce(selection.set_age, observation.age),
            observation.category_type, ordinal.step
        order by selection.binding_order, observation.source_sha256, observation.source_row
    ) = 1
),
-- A publisher re-cuts its deciles as boundaries change, by county and by district: where a period comes
-- on several, the last by name is taken, which is districts before counties and the newest boundaries.
decile_choice as (
    select *
    from decile_rows
    qualify dense_rank() over (
        partition by indicator_slug, measure, area_code, period, sex, age
        order by breakdown_note desc
    ) = 1
),
pairs(category_type, category, breakdown, step) as (
    values
        ('Free school meals', 'Eligible', 'free_school_meals', 1),
        ('Free school meals', 'Not eligible', 'free_school_meals', 2),
        ('Disadvantage', 'Disadvantaged', 'disadvantage', 1),
        ('Disadvantage', 'Not disadvantaged', 'disadvantage', 2),
        ('Core20', 'Core20', 'core20', 1),
        ('Core20', 'Not Core20', 'core20', 2),
        ('Deprivation quintile', '1 - most deprived', 'deprivation_quintile', 1),
        ('Deprivation quintile', '2', 'deprivation_quintile', 2),
        ('Deprivation quintile', '3', 'deprivation_quintile', 3),
        ('Deprivation quintile', '4', 'deprivation_quintile', 4),
        ('Deprivation quintile', '5 - least deprived', 'deprivation_quintile', 5)
),
members as (
    select
        indicator_slug, measure, area_code, period, period_end, sex, age, breakdown, breakdown_note,
        step, member, value, lower_95, upper_95, population
    from decile_choice
    union all by name
    select
        fact.indicator_slug, fact.measure, fact.area_code, fact.period, fact.period_end, fact.sex, fact.age,
        pairs.breakdown, fact.category_type as breakdown_note, pairs.step, fact.category as member,
        fact.value, fact.lower_95, fact.upper_95, fact.denominator as population
    from indicators.fact as fact
    inner join pairs on fact.category_type = pairs.category_type and fact.category = pairs.category
    where fact.role = 'measure' and fact.period <> 'none'
    union all by name
    -- Places from the greatest to the smallest share of Core20 residents.
    select
        fact.indicator_slug, fact.measure, place.icb_code as area_code, fact.period, fact.period_end, fact.sex, fact.age,
        'places_by_core20_share' as breakdown,
        'Ecological: Places in order of their share of Core20 residents, IMD ' || place.imd_vintage
            || '. It says nothing of differences between people within a Place.' as breakdown_note,
        row_number() over (
            partition by fact.indicator_slug, fact.measure, fact.period, fact.sex, fact.age
            order by place.core20_share_percent desc, place.place_code
        ) as step,
        place.place_name as member,
        fact.value, fact.lower_95, fact.upper_95, place.people as population
    from indicators.fact as fact
    inner join marts.place as place on fact.area_code = place.place_code
    inner join registry.measure as measure
        on fact.indicator_slug = measure.indicator_slug and fact.measure = measure.measure
    where fact.role = 'measure' and fact.category = 'All' and fact.period <> 'none'
        -- A slope of slopes means nothing, and a larger Place counts more people.
        and measure.value_type not in ('slope_index', 'count')
    union all by name
    -- The same Places from the worst to the best value; without a direction, lowest to highest.
    select
        fact.indicator_slug, fact.measure, place.icb_code as area_code, fact.period, fact.period_end, fact.sex, fact.age,
        'places_worst_to_best' as breakdown,
        'Worst and best of the Places that have a value. Chosen by their values, so without limits.' as breakdown_note,
        row_number() over (
            partition by fact.indicator_slug, fact.measure, fact.period, fact.sex, fact.age
            order by if(measure.polarity = 'low_is_good', -fact.value, fact.value), place.place_code
        ) as step,
        place.place_name as member,
        fact.value, null as lower_95, null as upper_95, null as population
    from indicators.fact as fact
    inner join marts.place as place on fact.area_code = place.place_code
    inner join registry.measure as measure
        on fact.indicator_slug = measure.indicator_slug and fact.measure = measure.measure
    where fact.role = 'measure' and fact.category = 'All' and fact.value is not null
        and measure.value_type <> 'count'
),
gathered as (
    select
        indicator_slug, measure, area_code, period, sex, age, breakdown,
        max(breakdown_note) as breakdown_note,
        max(period_end) as period_end,
        count(*) as groups,
        count(value) as groups_with_value,
        max(step) as last_step,
        first(member order by step) as disadvantaged_group,
        last(member order by step) as comparison_group,
        first(value order by step) as v1,
        last(value order by step) as v2,
        first(lower_95 order by step) as l1,
        last(lower_95 order by step) as l2,
        first(upper_95 order by step) as u1,
        last(upper_95 order by step) as u2,
        list(population::double order by step) as populations,
        list(value order by step) as y,
        list((upper_95 - lower_95) / (2 * constants.z) order by step) as errors
    from members
    cross join constants
    group by indicator_slug, measure, area_code, period, sex, age, breakdown
    -- A breakdown that lacks an end has no gap; one without any value says nothing.
    having min(step) = 1
        and count(value) > 0
        and count(*) > 1
        and (breakdown <> 'deprivation_decile' or (count(*) = 10 and max(step) = 10))
        and (breakdown <> 'deprivation_quintile' or (count(*) = 5 and max(step) = 5))
),
-- The line needs every quantile: a Place without a value leaves none.
lined as (
    select
        *,
        if(breakdown in ('deprivation_decile', 'deprivation_quintile', 'places_by_core20_share') and groups = groups_with_value
            and sii_reason(populations, y) is null, populations, null) as p,
        if(array_length(list_filter(errors, lambda e: e is null or e < 0)) = 0, errors, null) as e
    from gathered
),
sloped as (
    select
        *,
        sii(p, y) as slope,
        rii(p, y) as ratio,
        list_sum([weight * y[i] for weight, i in p]) / list_sum(p) as mean,
        sii_standard_error(p, e) ** 2 as var_slope,
        list_sum([(weight / list_sum(p) * e[i]) ** 2 for weight, i in p]) as var_mean,
        list_sum([w * (p[i] / list_sum(p)) * e[i] ** 2 for w, i in share_times_position(p)])
            / list_dot_product(share_times_position(p), centred_positions(p)) as covariance
    from lined
),
fieller as (
    select
        sloped.*,
        constants.z,
        mean ** 2 - z ** 2 * var_mean as fa,
        slope * mean - z ** 2 * covariance as fb,
        slope ** 2 - z ** 2 * var_slope as fc
    from sloped
    cross join constants
),
bounded as (
    select
        *,
        if(fa > 0 and mean > 0 and fb ** 2 >= fa * fc, (fb - sqrt(greatest(fb ** 2 - fa * fc, 0))) / fa, null) as low,
        if(fa > 0 and mean > 0 and fb ** 2 >= fa * fc, (fb + sqrt(greatest(fb ** 2 - fa * fc, 0))) / fa, null) as high
    from fieller
),
gaps as (
    select
        *,
        v2 - v1 as gap,
        sqrt(((u1 - l1) / (2 * z)) ** 2 + ((u2 - l2) / (2 * z)) ** 2) as gap_error,
        if(v1 > 0 and v2 > 0, v2 / v1, null) as quotient,
        if(l1 > 0 and l2 > 0 and u1 > 0 and u2 > 0,
            sqrt(((ln(u1) - ln(l1)) / (2 * z)) ** 2 + ((ln(u2) - ln(l2)) / (2 * z)) ** 2), null) as log_error
    from bounded
)
select
    indicator.indicator_id,
    gaps.indicator_slug,
    indicator.programme,
    gaps.measure,
    area.area_type,
    gaps.area_code,
    area.area_name,
    gaps.period,
    gaps.period_end,
    gaps.sex,
    gaps.age,
    gaps.breakdown,
    gaps.breakdown_note,
    -- Deciles of authorities rank whole areas: what holds between them need not hold for people.
    gaps.breakdown in ('places_by_core20_share', 'places_worst_to_best')
        or (gaps.breakdown = 'deprivation_decile' and regexp_matches(gaps.breakdown_note, 'District|County|UA\b'))
        as ecological,
    gaps.groups,
    gaps.groups_with_value,
    gaps.disadvantaged_group,
    gaps.comparison_group,
    gaps.v1 as disadvantaged_value,
    gaps.v2 as comparison_value,
    gaps.gap as absolute_gap,
    gaps.gap - gaps.z * gaps.gap_error as absolute_gap_lower_95,
    gaps.gap + gaps.z * gaps.gap_error as absolute_gap_upper_95,
    -- A score around zero has no meaningful ratio.
    if(measure.value_type = 'score', null, gaps.quotient) as relative_gap,
    if(measure.value_type = 'score', null, exp(ln(gaps.quotient) - gaps.z * gaps.log_error)) as relative_gap_lower_95,
    if(measure.value_type = 'score', null, exp(ln(gaps.quotient) + gaps.z * gaps.log_error)) as relative_gap_upper_95,
    gaps.slope as sii,
    gaps.slope - gaps.z * sqrt(gaps.var_slope) as sii_lower_95,
    gaps.slope + gaps.z * sqrt(gaps.var_slope) as sii_upper_95,
    if(measure.value_type = 'score', null, gaps.ratio) as rii,
    if(measure.value_type = 'score' or gaps.ratio is null or gaps.low <= -2 or gaps.high >= 2, null,
        (1 + gaps.low / 2) / (1 - gaps.low / 2)) as rii_lower_95,
    if(measure.value_type = 'score' or gaps.ratio is null or gaps.low <= -2 or gaps.high >= 2, null,
        (1 + gaps.high / 2) / (1 - gaps.high / 2)) as rii_upper_95,
    case
        when gaps.gap is null then null
        when gaps.gap_error is null then 'difference'
        else 'difference_normal_95'
    end as gap_method,
    case
        when gaps.slope is null then null
        when gaps.var_slope is null then 'weighted_least_squares'
        else 'weighted_least_squares_normal_95'
    end as sii_method,
    measure.unit,
    measure.polarity,
    case
        when gaps.gap is null then 'not_available'
        when measure.polarity = 'no_judgement' then 'not_judged'
        when gaps.gap = 0 then 'no_gap'
        when (gaps.gap > 0) = (measure.polarity = 'high_is_good') then 'worse_for_disadvantaged'
        else 'better_for_disadvantaged'
    end as direction,
    if(gaps.gap_error is null, null, abs(gaps.gap) > gaps.z * gaps.gap_error) as gap_is_clear,
    footprint.fictional
from gaps
inner join registry.indicator as indicator on gaps.indicator_slug = indicator.indicator_slug
inner join registry.measure as measure
    on gaps.indicator_slug = measure.indicator_slug and gaps.measure = measure.measure
inner join geography.area as area on gaps.area_code = area.area_code
cross join registry.footprint as footprint
