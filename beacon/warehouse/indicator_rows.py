"""Indicators: the rows of each from the registry, in one table."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict

from beacon.contracts import cast_select, create_table
from beacon.contracts.sql_files import sql_table
from beacon.core.errors import Problem
from beacon.core.files import write_json
from beacon.disclosure.own_counts import protect_own_counts
from beacon.registry import Indicator
from beacon.warehouse.connection import Warehouse

PUBLISHED = "indicators.published"

# Published rows, before any are chosen, that one query is given: about a third of those of one
# England. With all of them at once a run holds 80 to 100 MB more and is 0.2 seconds shorter.
_CANDIDATES_AT_ONCE = 50_000


def derive_published(warehouse: Warehouse, slugs: Collection[str] = ()) -> dict[str, int]:
    """Make the rows of indicators in `indicators.published`, small counts of people hidden.

    Rows of other indicators stay as they are.

    Args:
        warehouse: The open working database.
        slugs: Which indicators; all by default.

    Returns:
        The number of rows of each, by slug.
    """
    known = warehouse.workspace.indicators
    indicators = [known[slug] for slug in (slugs or known)]
    rows = _find_rows(warehouse, indicators)
    for indicator in indicators:
        hidden = protect_own_counts(warehouse.con, indicator)
        report = warehouse.workspace.home.state / "disclosure" / f"{indicator.slug}.json"
        if hidden or report.is_file():
            write_json(report, [asdict(cell) for cell in hidden])
    return rows


def _find_rows(warehouse: Warehouse, indicators: list[Indicator]) -> dict[str, int]:
    con = warehouse.con
    slugs = [indicator.slug for indicator in indicators]
    contract = warehouse.workspace.contracts[PUBLISHED]
    query = cast_select(contract, sql_table(PUBLISHED).text)
    staged = _staged_series(warehouse)
    sought = [
        indicator.slug
        for indicator in indicators
        if staged & {key for binding in indicator.sources for key in binding.series_keys}
    ]
    groups = _together(warehouse, sought)
    con.execute("begin")
    try:
        if set(slugs) >= set(warehouse.workspace.indicators):
            con.execute(create_table(contract))
        else:
            con.execute(f"delete from {PUBLISHED} where list_contains(?, indicator_slug)", [slugs])  # noqa: S608
        for group in groups:
            con.execute("set variable indicator_slugs = ?", [group])
            con.execute(f"insert into {PUBLISHED} {query}")
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


def _staged_series(warehouse: Warehouse) -> frozenset[tuple[str, str]]:
    """Which series of which source are staged, so that no SQL is run for those that are not."""
    rows = warehouse.con.execute(
        "select distinct source, series from staging.observation "
        "union select distinct source, series from indicators.practice_observation"
    ).fetchall()
    return frozenset((str(source), str(series)) for source, series in rows)


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
