"""Indicators: one table each from the registry, then all of them together.

What belongs here: running the template of published series, and the checks that only the registry
can make. What does not: the derivation (`sql/indicators`) or statistics.
"""

from __future__ import annotations

from collections.abc import Collection

from beacon.errors import Problem
from beacon.paths import resource_dir
from beacon.registry import Indicator
from beacon.warehouse import Warehouse

_TEMPLATE = "indicators/published_series.sql"

# Published rows, before any are chosen, that one query is given: about those of one England.
_CANDIDATES_AT_ONCE = 150_000

# The columns of every indicator's own table, in the order of the template.
PUBLISHED_COLUMNS = (
    "indicator_slug varchar, measure varchar, role varchar, modelled boolean, area_code varchar, "
    "area_name varchar, period varchar, period_start date, period_end date, sex varchar, "
    "age varchar, category_type varchar, category varchar, value double, lower_95 double, "
    "upper_95 double, lower_998 double, upper_998 double, limits_method varchar, "
    "numerator double, denominator double, value_status varchar, value_note varchar, "
    "publisher_comparison varchar, publisher_trend varchar, source varchar, dataset varchar, "
    "series varchar, source_sha256 varchar, source_row integer"
)


def derive_indicators(
    warehouse: Warehouse,
    indicators: Collection[Indicator],
    staged: frozenset[tuple[str, str]] | None = None,
) -> dict[str, int]:
    """Make `indicators.<slug>` of each indicator from the staged observations.

    One query finds the series of all of them, or of as many as have few rows together.

    Args:
        warehouse: The open working database.
        indicators: What to make.
        staged: The (source, series) pairs that are staged, where the caller knows them: an
            indicator with none of them gets its empty table without being looked for.

    Returns:
        The number of rows of each table, by slug.
    """
    con = warehouse.con
    sought = [
        indicator.slug
        for indicator in indicators
        if staged is None
        or staged.intersection(key for binding in indicator.sources for key in binding.series_keys)
    ]
    sql = (resource_dir("sql") / _TEMPLATE).read_text(encoding="utf-8")
    rows = dict.fromkeys((indicator.slug for indicator in indicators), 0)
    for slugs in _together(warehouse, list(rows), sought):
        con.execute("begin")
        try:
            con.execute("set variable indicator_slugs = ?", [slugs])
            con.execute(f"create or replace temp table found_series ({PUBLISHED_COLUMNS})")
            if not set(sought).isdisjoint(slugs):
                con.execute(f"insert into found_series by name {sql}")
            counted = con.execute(
                "select indicator_slug, count(*) from found_series group by all"
            ).fetchall()
            rows |= {slug: int(count) for slug, count in counted}
            for slug in slugs:
                table = f"indicators.{slug}"
                con.execute(f"create or replace table {table} ({PUBLISHED_COLUMNS})")
                if rows[slug]:
                    con.execute(
                        f"insert into {table} from found_series where indicator_slug = ?", [slug]
                    )
            con.execute("drop table found_series")
            con.execute("commit")
        except BaseException:
            con.execute("rollback")
            raise
    return rows


def _together(warehouse: Warehouse, slugs: list[str], sought: list[str]) -> list[list[str]]:
    """The indicators in groups that are looked for by one query each.

    Planning the query costs more than running it, but what it has in hand grows with the rows.
    """
    found = warehouse.con.execute(
        "select selection.indicator_slug, count(*) from registry.selection as selection "
        "inner join staging.observation as observation "
        "on selection.source = observation.source and selection.series = observation.series "
        "where list_contains(?, selection.indicator_slug) group by all",
        [sought],
    ).fetchall()
    candidates = {slug: int(count) for slug, count in found}
    groups: list[list[str]] = [[]]
    rows = 0
    # The largest first, so that few groups are needed; the others in their order.
    for slug in sorted(slugs, key=lambda slug: -candidates.get(slug, 0)):
        rows += candidates.get(slug, 0)
        if groups[-1] and rows > _CANDIDATES_AT_ONCE:
            groups.append([])
            rows = candidates.get(slug, 0)
        groups[-1].append(slug)
    return groups


def renamed_series(
    warehouse: Warehouse, indicators: Collection[Indicator]
) -> dict[str, list[Problem]]:
    """Series whose publisher's name is not the one that the registry expects, by indicator.

    Publishers re-use and rename identifiers, so a series under another name is left out.
    """
    problems: dict[str, list[Problem]] = {indicator.slug: [] for indicator in indicators}
    found = warehouse.con.execute(
        "select distinct s.indicator_slug, o.source, o.series, o.series_name, s.expected_name "
        "from registry.selection as s inner join staging.observation as o "
        "on s.source = o.source and s.series = o.series "
        "where list_contains(?, s.indicator_slug) and s.expected_name <> o.series_name "
        "order by all",
        [list(problems)],
    ).fetchall()
    for slug, source, series, name, expected in found:
        problems[slug].append(
            Problem(
                file=f"{source} series {series}",
                column="series_name",
                message=f"is named {name!r} where {slug} expects {expected!r}; left out.",
                remedy="Check the definition and correct the indicator's file in reference_data.",
            )
        )
    return problems


def derive_published(warehouse: Warehouse) -> int:
    """Make the view `indicators.published` over every indicator's own table."""
    con = warehouse.con
    present = {
        name
        for (name,) in con.execute(
            "select table_name from duckdb_tables() where schema_name = 'indicators'"
        ).fetchall()
    }
    parts = [
        f"select * from indicators.{slug}"  # noqa: S608
        for slug in warehouse.workspace.indicators
        if slug in present
    ]
    con.execute("create or replace view indicators.published as " + "\nunion all\n".join(parts))
    return warehouse.row_count("indicators.published")


def derive_facts(warehouse: Warehouse) -> dict[str, int]:
    """Put all indicators together, with what is missing, how each compares, and recent trends.

    Returns:
        Rows of `indicators.fact` and `indicators.trend`.
    """
    derive_published(warehouse)
    warehouse.derive("indicators.gap")
    warehouse.derive("indicators.system")
    return {name: warehouse.derive(name) for name in ("indicators.fact", "indicators.trend")}


__all__ = ["derive_facts", "derive_indicators", "derive_published", "renamed_series"]
