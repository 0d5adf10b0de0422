-- table: marts.aspiration
-- grain: one row per aspiration, indicator, measure, Place, sex and age; one row where no indicator shows it
-- depends: registry.aspiration, marts.scorecard, registry.indicator, registry.footprint
-- columns: aspiration_id, document, document_title, document_period, kind, aspiration_group, wording, line, also_lines, mapping, could_come_from, needed, targets, fit, indicator_slug, indicator_name, measure, measure_name, area_code, area_name, sex, age, period, value, lower_95, upper_95, unit, value_status, nation_value, compared_with_nation, recent_trend, recent_trend_reason, wanted, progress, progress_reason, fictional
-- Progress is the indicator's own recent trend in the wanted direction. fit says how far that is
-- progress of the aspiration: of a related indicator it is no proof.
select
    aspiration.aspiration_id,
    aspiration.document,
    aspiration.document_title,
    aspiration.document_period,
    aspiration.kind,
    aspiration.aspiration_group,
    aspiration.wording,
    aspiration.line,
    nullif(array_to_string(aspiration.also_lines, ', '), '') as also_lines,
    aspiration.mapping,
    aspiration.could_come_from,
    aspiration.needed,
    nullif(array_to_string(aspiration.targets, ', '), '') as targets,
    coalesce(aspiration.fit, 'none') as fit,
    coalesce(aspiration.indicator_slug, 'none') as indicator_slug,
    indicator.name as indicator_name,
    coalesce(scorecard.measure, 'none') as measure,
    scorecard.measure_name,
    coalesce(scorecard.place_code, footprint.icb_code) as area_code,
    coalesce(scorecard.place_name, footprint.icb_name) as area_name,
    coalesce(scorecard.sex, 'none') as sex,
    coalesce(scorecard.age, 'none') as age,
    scorecard.period,
    scorecard.value,
    scorecard.lower_95,
    scorecard.upper_95,
    scorecard.unit,
    scorecard.value_status,
    scorecard.nation_value,
    scorecard.compared_with_nation,
    scorecard.recent_trend,
    scorecard.recent_trend_reason,
    case scorecard.polarity
        when 'high_is_good' then 'increase'
        when 'low_is_good' then 'decrease'
        when 'no_judgement' then 'none'
    end as wanted,
    case
        when aspiration.indicator_slug is null then 'not_measured'
        when scorecard.value is null then 'no_value'
        when ends_with(scorecard.recent_trend, 'getting better') then 'as_wanted'
        when ends_with(scorecard.recent_trend, 'getting worse') then 'against'
        when scorecard.recent_trend = 'No significant change' then 'no_clear_change'
        else 'not_assessed'
    end as progress,
    case
        when aspiration.indicator_slug is null then aspiration.mapping
        when scorecard.value is null then coalesce(scorecard.value_status, 'not_supplied')
        when scorecard.recent_trend in ('Increasing', 'Decreasing') then 'no_direction_is_better'
        when scorecard.recent_trend = 'Cannot be calculated' then scorecard.recent_trend_reason
    end as progress_reason,
    footprint.fictional
from registry.aspiration as aspiration
cross join registry.footprint as footprint
left join registry.indicator as indicator on aspiration.indicator_slug = indicator.indicator_slug
left join marts.scorecard as scorecard on aspiration.indicator_slug = scorecard.indicator_slug
