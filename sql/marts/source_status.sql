-- table: marts.source_status
-- grain: one row per dataset part in use or wanted
-- depends: registry.dataset, registry.footprint, registry.staged_part
-- columns: source, dataset, part, publisher, title, vintage, status, rows_staged, sha256, original_name, origin, size_bytes, licence, attribution, cadence, next_expected, coverage, message, fictional
select
    dataset.source,
    dataset.dataset,
    coalesce(nullif(part.part, ''), 'all') as part,
    dataset.publisher,
    dataset.title,
    coalesce(part.vintage, dataset.vintage) as vintage,
    part.status,
    part.rows_staged,
    part.sha256,
    part.original_name,
    part.origin,
    part.size_bytes,
    dataset.licence,
    dataset.attribution,
    dataset.cadence,
    dataset.next_expected,
    dataset.coverage,
    part.message,
    footprint.fictional
from registry.staged_part as part
inner join registry.dataset as dataset on part.key = dataset.key
cross join registry.footprint as footprint
