-- table: marts.segment
-- grain: one row per segmentation, segment, area, as-at date, breakdown and group
-- depends: people.segment, geography.area, registry.footprint
-- columns: segmentation, segmentation_name, definition_status, score_name, segment, segment_name, segment_order, area_type, area_code, area_name, as_at, breakdown, breakdown_group, people, people_in_all_segments, share_percent, mean_score, value_status, value_note, source_sha256, source_row, fictional
-- Empty where no person-level extract is supplied. Counts come protected; nothing is computed here.
select
    people.segmentation,
    people.segmentation_name,
    people.definition_status,
    people.score_name,
    people.segment,
    people.segment_name,
    people.segment_order,
    people.area_type,
    people.area_code,
    area.area_name,
    people.as_at,
    people.breakdown,
    people.breakdown_group,
    people.people,
    people.people_in_all_segments,
    people.share_percent,
    people.mean_score,
    people.value_status,
    people.value_note,
    people.source_sha256,
    people.source_row,
    footprint.fictional
from people.segment as people
left join geography.area as area on people.area_code = area.area_code
cross join registry.footprint as footprint
