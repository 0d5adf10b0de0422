"""From protected counts to figures: shares, limits, standardised values, gaps, slopes.

What belongs here: what is computed of counts that may be shown. What does not: which may be
(`protect_cells`) and writing them outside (`crossing`).

Sources: Wilson 1927 (limits of a share); Newcombe 1998, Statistics in Medicine 17: 873-890, method
10 (limits of a difference of two shares); Dobson and others 1991 (standardised rate); Low and Low
2004 (slope index). All shares, gaps and slopes are in percent or percentage points.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from beacon.contracts.ddl import quote_literal
from beacon.disclosure import Rule
from beacon.people.breakdowns import ALL, BREAKDOWNS, PAIRS

if TYPE_CHECKING:
    from beacon.people.breakdowns import BoardAreas

_BROAD_AGES = (
    "case when age_band in ('0-4', '5-9', '10-17') then '0-17' "
    "when age_band in ('18-24', '25-39') then '18-39' "
    "when age_band in ('40-49', '50-59') then '40-59' "
    "when age_band in ('60-69', '70-79') then '60-79' else '80+' end"
)
"""Bands of the standard: broad, so that a group of few people still has somebody in each."""
STANDARDISED = tuple(b for b in BREAKDOWNS if b not in ("sex", "age_band", *PAIRS))
"""Breakdowns whose groups are standardised for age and sex."""


def standardised_sql(folder: Path, areas: BoardAreas, rule: Rule) -> str:
    """Age-sex standardised shares by cohort, measure, area and group, in percent.

    The standard is the board's own eligible people by broad age band and sex. A group without
    eligible people in a band where the board has some has no value. Nor has one where a band and
    sex has fewer people than may be shown, eligible, done or not done: of few bands there is one
    set of counts that gives a value and its limits. For the same reason they have one decimal.
    """
    least = int(rule.smallest_shown)
    few = " or ".join(
        f"({count} > 0 and {count} < {least})" for count in ("eligible", "done", "eligible - done")
    )
    cells = f"read_parquet({quote_literal(str(folder / 'cell.parquet'))})"
    places = ", ".join(map(quote_literal, areas.places))
    board = quote_literal(areas.board)
    parts = []
    for area, where in ((board, "true"), ("place_code", f"place_code in ({places})")):
        for breakdown in (ALL, *STANDARDISED):
            member = "'All'" if breakdown == ALL else BREAKDOWNS[breakdown]
            parts.append(
                f"select cohort, measure, {area} as area_code, '{breakdown}' as breakdown, "
                f"{member} as member, stratum, sum(eligible)::bigint as eligible, "
                f"sum(done)::bigint as done from cell where {where} group by all"
            )
    return f"""
        with cell as (
            select *, {_BROAD_AGES} || ' ' || sex as stratum
            from {cells} where measure <> '' and sex in ('Female', 'Male')
        ),
        standard as (
            select cohort, measure, stratum, sum(eligible) as weight
            from cell group by all having sum(eligible) > 0
        ),
        counted as ({" union all ".join(parts)}),
        whole as (
            select groups.*, standard.stratum, standard.weight,
                coalesce(counted.eligible, 0) as eligible, coalesce(counted.done, 0) as done
            from (select distinct cohort, measure, area_code, breakdown, member from counted)
                as groups
            inner join standard using (cohort, measure)
            left join counted using (cohort, measure, area_code, breakdown, member, stratum)
            order by all
        )
        select cohort, measure, area_code, breakdown, member,
            round(dsr(done, eligible, weight, 100), 1) as standardised_value,
            round(dsr_lower(done, eligible, weight, 100, 0.95), 1) as standardised_lower_95,
            round(dsr_upper(done, eligible, weight, 100, 0.95), 1) as standardised_upper_95
        from whole group by all
        having not bool_or({few})
    """


def care_gap_sql(protected: str, standardised: str) -> str:
    """The rows of `care_gap`, in the order of its contract.

    Args:
        protected: Table of counts with `hidden`, a row each cohort, measure, area and group, with
            measure_name, polarity and as_at.
        standardised: Table that `standardised_sql` made.
    """
    return f"""
    with shown as (
        select *,
            if(hidden, null, eligible) as e,
            if(hidden, null, done) as d,
            max(if(hidden, null, eligible)) filter (breakdown = '{ALL}') over place as all_e,
            max(if(hidden, null, done)) filter (breakdown = '{ALL}') over place as all_d
        from {protected}
        window place as (partition by cohort, measure, area_code)
    ),
    limited as (
        select *,
            100 * proportion(d, e) as value,
            100 * wilson_lower_95(d, e) as lower_95, 100 * wilson_upper_95(d, e) as upper_95,
            100 * wilson_lower_998(d, e) as lower_998, 100 * wilson_upper_998(d, e) as upper_998,
            if(breakdown = '{ALL}', null, all_e - e) as rest_e,
            if(breakdown = '{ALL}', null, all_d - d) as rest_d
        from shown
    ),
    compared as (
        select *,
            100 * proportion(rest_d, rest_e) as rest_value,
            value - rest_value as absolute_gap,
            absolute_gap - sqrt((value - lower_95) ** 2
                + (100 * wilson_upper_95(rest_d, rest_e) - rest_value) ** 2) as gap_lower_95,
            absolute_gap + sqrt((upper_95 - value) ** 2
                + (rest_value - 100 * wilson_lower_95(rest_d, rest_e)) ** 2) as gap_upper_95
        from limited
    ),
    quintiles as (
        select cohort, measure, area_code,
            list(e order by member) as populations,
            list(value order by member) as y,
            list(sqrt(value * (100 - value) / e) order by member) as errors
        from limited
        where breakdown = 'imd_quintile' and member in ('1', '2', '3', '4', '5')
        group by all
        having count(value) = 5
    ),
    slopes as (
        select cohort, measure, area_code, sii(populations, y) as slope,
            z_95() * sii_standard_error(populations, errors) as margin
        from quintiles
    )
    select
        compared.cohort, compared.cohort_name, compared.clinical_area, compared.measure,
        compared.measure_name, compared.polarity, compared.indicator_slug,
        compared.indicator_measure, compared.area_type, compared.area_code,
        compared.as_at, compared.breakdown, compared.member as breakdown_group,
        compared.e as eligible, compared.d as done, compared.e - compared.d as not_done,
        compared.value, compared.lower_95, compared.upper_95, compared.lower_998,
        compared.upper_998,
        if(compared.value is null, null, standard.standardised_value) as standardised_value,
        if(compared.value is null, null, standard.standardised_lower_95) as standardised_lower_95,
        if(compared.value is null, null, standard.standardised_upper_95) as standardised_upper_95,
        compared.rest_value, compared.absolute_gap, compared.gap_lower_95, compared.gap_upper_95,
        compared.value / nullif(compared.rest_value, 0) as relative_gap,
        if(compared.breakdown = '{ALL}', slopes.slope, null) as slope_index,
        if(compared.breakdown = '{ALL}', slopes.slope - slopes.margin, null)
            as slope_index_lower_95,
        if(compared.breakdown = '{ALL}', slopes.slope + slopes.margin, null)
            as slope_index_upper_95,
        case
            when compared.polarity = 'no_judgement' or compared.absolute_gap is null then null
            when compared.polarity = 'high_is_good'
                then greatest(0, ceil(round(-compared.absolute_gap / 100 * compared.e, 6)))::bigint
            else greatest(0, ceil(round(compared.absolute_gap / 100 * compared.e, 6)))::bigint
        end as people_to_close_gap,
        case
            when compared.hidden then 'suppressed'
            when compared.e = 0 then 'not_applicable'
            else 'published'
        end as value_status,
        case
            when compared.hidden
                then 'Suppressed: it is a small number of people, or would let one be worked out.'
            when compared.e = 0 then 'Nobody is eligible.'
            else compared.measure_note
        end as value_note
    from compared
    left join {standardised} as standard
        using (cohort, measure, area_code, breakdown, member)
    left join slopes using (cohort, measure, area_code)
    """
