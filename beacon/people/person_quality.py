"""What practices sent, month by month: which has fallen silent, and what is missing.

What belongs here: the table of entries by practice, cluster and month. What does not: the gate's
warnings, which are of the same kind and are told when an extract is admitted.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from beacon.disclosure import Rule
from beacon.people.compile_cohort import months_before
from beacon.people.contract import CLUSTERED, DATE_COLUMNS
from beacon.people.extract_store import StoredExtract

if TYPE_CHECKING:
    import duckdb

MONTHS = 3
"""Months of entries that are shown, the last of which ends on the as-at date."""


def make_person_quality(
    con: duckdb.DuckDBPyConnection, extract: StoredExtract, persons: str, rule: Rule
) -> None:
    """Make table `person_quality`: practice, cluster, month, entries, persons, share missing.

    `share_without_value_percent` is of entries that carry no value; persons and entries below the
    smallest count shown are hidden. No totals are shown that would give one away.

    Args:
        con: A connection of the secure home.
        extract: The extract.
        persons: SQL of the persons at the as-at date.
        rule: The rule of disclosure control.
    """
    as_at = date.fromisoformat(extract.as_at)
    since = months_before(as_at, MONTHS)
    parts = []
    for table in CLUSTERED:
        day = DATE_COLUMNS[table]
        value = "value" if table == "event" else "quantity"
        parts.append(
            f"select person.practice_code, cluster, date_trunc('month', {day})::date as month, "
            f"count(*) as entries, count(distinct person_id) as persons, "
            f"count(*) filter ({value} is null) as lacking "
            f"from {extract.relation(table)} inner join {persons} as person using (person_id) "
            f"where {day} > date '{since}' and {day} <= date '{as_at}' "
            "and person.practice_code is not null and cluster not like 'OTHER%' group by all"
        )
    least = rule.smallest_shown
    few = f"(p between 1 and {least - 1} or n between 1 and {least - 1})"
    con.execute(
        f"""
        create or replace temp table person_quality as
        with counted as ({" union all ".join(parts)}),
        every as (
            select practice_code, cluster, month from (select distinct practice_code from counted)
            cross join (select distinct cluster from counted)
            cross join (select unnest(generate_series(date '{since}' + 1, date '{as_at}',
                interval 1 month))::date as month)
        ),
        filled as (
            select every.*, coalesce(entries, 0) as n, coalesce(persons, 0) as p, lacking,
                sum(coalesce(entries, 0)) over (partition by every.practice_code, every.month)
                    as of_practice,
                sum(coalesce(entries, 0)) over (partition by every.practice_code) as of_all_months
            from every left join counted using (practice_code, cluster, month)
        )
        select date '{as_at}' as as_at, practice_code, cluster, month,
            if({few}, null, n)::bigint as entries,
            if({few}, null, p)::bigint as persons,
            if(p >= {least} and n >= {least}, 100.0 * lacking / n, null)
                as share_without_value_percent,
            of_practice = 0 and of_all_months > 0 as practice_silent,
            if({few}, 'suppressed', 'published') as value_status
        from filled order by all
        """
    )
