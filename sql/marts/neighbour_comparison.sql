-- table: marts.neighbour_comparison
-- grain: one row per Place, indicator, headline measure, sex and age, at the latest period
-- depends: marts.neighbour, marts.observation, marts.scorecard
-- columns: indicator_id, indicator_slug, indicator_short_name, programme, measure, measure_name, place_code, place_name, period, sex, age, unit, polarity, value, neighbours, neighbours_with_value, neighbours_lowest, neighbours_median, neighbours_highest, difference_from_median, rank_among_neighbours, method, fictional
-- Fewer than five neighbours with a value are no group to be set beside.
with observed as (
    select
        card.place_code,
        card.indicator_slug,
        card.measure,
        card.sex,
        card.age,
        count(*) as with_value,
        min(other.value) as lowest,
        median(other.value) as middle,
        max(other.value) as highest,
        count(*) filter (where other.value < card.value) as below,
        count(*) filter (where other.value > card.value) as above
    from marts.scorecard as card
    inner join marts.neighbour as neighbour on card.place_code = neighbour.place_code
    inner join marts.observation as other
        on neighbour.neighbour_code = other.area_code
        and card.indicator_slug = other.indicator_slug
        and card.measure = other.measure
        and card.period = other.period
        and card.sex = other.sex
        and card.age = other.age
    where other.category = 'All' and other.value is not null and card.value is not null
    group by card.place_code, card.indicator_slug, card.measure, card.sex, card.age
),
grouped as (
    select place_code, count(*) as how_many, min(method) as whose from marts.neighbour group by place_code
),
named as (
    select distinct indicator_slug, indicator_short_name from marts.observation
)
select
    card.indicator_id,
    card.indicator_slug,
    named.indicator_short_name,
    card.programme,
    card.measure,
    card.measure_name,
    card.place_code,
    card.place_name,
    card.period,
    card.sex,
    card.age,
    card.unit,
    card.polarity,
    card.value,
    grouped.how_many as neighbours,
    coalesce(observed.with_value, 0) as neighbours_with_value,
    if(observed.with_value >= 5, observed.lowest, null) as neighbours_lowest,
    if(observed.with_value >= 5, observed.middle, null) as neighbours_median,
    if(observed.with_value >= 5, observed.highest, null) as neighbours_highest,
    if(observed.with_value >= 5, card.value - observed.middle, null) as difference_from_median,
    if(observed.with_value >= 5, 1 + if(card.polarity = 'low_is_good', observed.below, observed.above), null)
        as rank_among_neighbours,
    grouped.whose as method,
    card.fictional
from marts.scorecard as card
inner join grouped on card.place_code = grouped.place_code
inner join named on card.indicator_slug = named.indicator_slug
left join observed
    on card.place_code = observed.place_code
    and card.indicator_slug = observed.indicator_slug
    and card.measure = observed.measure
    and card.sex = observed.sex
    and card.age = observed.age
where card.value is not null
