"""Indicators: the rows of each from the registry, in one table."""

from __future__ import annotations

from collections.abc import Collection

from beacon.core.errors import Problem
from beacon.core.paths import resource_dir
from beacon.derivations import PUBLISHED
from beacon.registry import Indicator
from beacon.warehouse.connection import Warehouse

_QUERY = "indicators/published_series.sql"

# Published rows, before any are chosen, that one query is given: about those of one England.
_CANDIDATES_AT_ONCE = 150_000

# The columns of `indicators.published`, in the order of the query.
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
    """Make the rows of each indicator in `indicators.published` from the staged observations.

    Rows of other indicators stay as they are. One query finds the series of all, or of as many as
    have few rows together.

    Args:
        warehouse: The open working database.
        indicators: What to make.
        staged: The (source, series) pairs that are staged, where the caller knows them: an
            indicator with none of them is not looked for.

    Returns:
        The number of rows of each, by slug.
    """
    con = warehouse.con
    slugs = [indicator.slug for indicator in indicators]
    sought = [
        indicator.slug
        for indicator in indicators
        if staged is None
        or staged.intersection(key for binding in indicator.sources for key in binding.series_keys)
    ]
    sql = (resource_dir("sql") / _QUERY).read_text(encoding="utf-8")
    groups = _together(warehouse, sought)
    con.execute("begin")
    try:
        _merge_tables_of_before(warehouse)
        if set(slugs) >= set(warehouse.workspace.indicators):
            con.execute(f"create or replace table {PUBLISHED} ({PUBLISHED_COLUMNS})")
        else:
            con.execute(f"create table if not exists {PUBLISHED} ({PUBLISHED_COLUMNS})")
            con.execute(f"delete from {PUBLISHED} where list_contains(?, indicator_slug)", [slugs])  # noqa: S608
        for group in groups:
            con.execute("set variable indicator_slugs = ?", [group])
            con.execute(f"insert into {PUBLISHED} by name {sql}")
        counted = con.execute(
            f"select indicator_slug, count(*) from {PUBLISHED} group by all"  # noqa: S608
        ).fetchall()
        con.execute("commit")
    except BaseException:
        con.execute("rollback")
        raise
    return dict.fromkeys(slugs, 0) | {
        slug: int(count) for slug, count in counted if slug in set(slugs)
    }


def _merge_tables_of_before(warehouse: Warehouse) -> None:
    """Make one table of a view over a table for each indicator, as homes once had."""
    con = warehouse.con
    kinds = dict(
        con.execute(
            "select table_name, table_type from information_schema.tables "
            "where table_schema = 'indicators'"
        ).fetchall()
    )
    if kinds.get("published") != "VIEW":
        return
    con.execute(f"create temp table earlier as from {PUBLISHED}")
    con.execute(f"drop view {PUBLISHED}")
    con.execute(f"create table {PUBLISHED} as from earlier")
    con.execute("drop table earlier")
    for slug in kinds.keys() & warehouse.workspace.indicators.keys():
        con.execute(f"drop table indicators.{slug}")


def _together(warehouse: Warehouse, sought: list[str]) -> list[list[str]]:
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
    groups: list[list[str]] = []
    rows = 0
    # The largest first, so that few groups are needed; the others in their order.
    for slug in sorted(sought, key=lambda slug: -candidates.get(slug, 0)):
        rows += candidates.get(slug, 0)
        if not groups or rows > _CANDIDATES_AT_ONCE:
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


__all__ = ["PUBLISHED_COLUMNS", "derive_indicators", "renamed_series"]
