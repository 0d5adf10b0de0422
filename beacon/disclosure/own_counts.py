"""Protecting indicators that are made from counts nobody has protected yet.

Counts of local returns are protected here. Published aggregates are not: their publisher has
applied its own rules to them, and hiding more would only lose what anybody can read elsewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from beacon.disclosure.cells import Breakdown, Hidden, Rule, protect

if TYPE_CHECKING:
    import duckdb

    from beacon.registry import Indicator

# Sources whose counts reach us as they are.
UNPROTECTED_SOURCES = ("local_return",)

SUPPRESSED_NOTE = "Suppressed: it is a small number of people, or would let one be worked out."

_KEY = ("measure", "period", "age", "area_code", "sex", "category_type", "category")


def protect_own_counts(con: duckdb.DuckDBPyConnection, indicator: Indicator) -> list[Hidden]:
    """Blank what must not be shown of an indicator; give what was hidden and why.

    Places add up to their board, sexes to persons, and the groups of each breakdown to all. A
    hidden row loses numerator, denominator, value and limits and becomes `suppressed`.

    Args:
        con: The working database, with `indicators.published`, `registry.place` and
            `registry.footprint`.
        indicator: The indicator; its `disclosure` says whether and how.

    Returns:
        Every hidden cell. It tells small counts from others, so it is not for publication.
    """
    settings = indicator.disclosure
    own = any(binding.source in UNPROTECTED_SOURCES for binding in indicator.sources)
    if settings.apply == "never" or (settings.apply == "own_counts" and not own):
        return []
    where = "" if settings.apply == "always" else "and list_contains($sources, source)"
    values: dict[str, Any] = {"slug": indicator.slug}
    if settings.apply != "always":
        values["sources"] = list(UNPROTECTED_SOURCES)
    rows = con.execute(
        f"select rowid, {', '.join(_KEY)}, numerator, denominator "  # noqa: S608
        f"from indicators.published where indicator_slug = $slug and numerator is not null {where} "
        "order by all",
        values,
    ).fetchall()
    if not rows:
        return []
    return _protect_rows(con, indicator, rows)


def _protect_rows(
    con: duckdb.DuckDBPyConnection, indicator: Indicator, rows: list[tuple[Any, ...]]
) -> list[Hidden]:
    import polars as pl

    table = pl.DataFrame(
        rows, schema=["rowid", *_KEY, "numerator", "denominator"], orient="row"
    ).with_columns(
        pl.col("numerator", "denominator").cast(pl.Float64),
        (pl.col("category_type") + "|" + pl.col("category")).alias("group"),
    )
    settings = indicator.disclosure
    rule = Rule(settings.smallest_shown, settings.rounding, settings.complementary)
    # Of a group of few people even a share of none or all says something of each.
    few = pl.col("denominator").is_between(0, rule.smallest_shown, closed="none")
    numerators = table["numerator"]
    done = protect(
        table.with_columns(few.fill_null(False).alias("few")),
        count="numerator",
        by=("measure", "period", "age"),
        breakdowns=_breakdowns(con, table),
        rule=rule,
        whole=bool((numerators == numerators.floor()).all()),
        sensitive="few",
    )
    hidden = done.table.filter("suppressed")["rowid"].to_list()
    if hidden:
        con.executemany(
            "update indicators.published set value = null, lower_95 = null, upper_95 = null, "
            "lower_998 = null, upper_998 = null, limits_method = null, numerator = null, "
            "denominator = null, value_status = 'suppressed', value_note = ? where rowid = ?",
            [(SUPPRESSED_NOTE, rowid) for rowid in hidden],
        )
    if rule.rounding is not None:
        _round_shown(con, indicator, done.table.filter(~pl.col("suppressed")), rule.rounding)
    return list(done.hidden)


def _round_shown(
    con: duckdb.DuckDBPyConnection, indicator: Indicator, shown: Any, base: int
) -> None:
    """Round what is shown, and compute its value again: the exact value would undo the rounding."""
    for rowid, measure, numerator, denominator in shown.select(
        "rowid", "measure", "numerator", "denominator"
    ).iter_rows():
        rounded = None if denominator is None else (denominator / base + 0.5) // 1 * base
        factor = indicator.multiplier_of(measure)
        value = numerator / rounded * factor if rounded and factor else None
        con.execute(
            "update indicators.published set numerator = ?, denominator = ?, value = ?, "
            "lower_95 = null, upper_95 = null, lower_998 = null, upper_998 = null, "
            "limits_method = 'none', value_status = if(? is null, 'suppressed', value_status), "
            "value_note = ? where rowid = ?",
            [
                numerator, rounded, value, value,
                SUPPRESSED_NOTE if value is None else f"Counts are rounded to the nearest {base}.",
                rowid,
            ],
        )  # fmt: skip


def _breakdowns(con: duckdb.DuckDBPyConnection, table: Any) -> list[Breakdown]:
    places = [code for (code,) in con.execute("select place_code from registry.place").fetchall()]
    ((board,),) = con.execute("select icb_code from registry.footprint").fetchall()
    groups: dict[str, list[str]] = {}
    for kind, group in table.select("category_type", "group").unique().sort("group").iter_rows():
        if kind != "All":
            groups.setdefault(kind, []).append(group)
    found = [
        Breakdown.flat("area_code", places, board),
        Breakdown.flat("sex", ["Female", "Male"], "Persons"),
    ]
    found += [Breakdown.flat("group", members, "All|All") for members in groups.values()]
    if not groups:
        found.append(Breakdown("group", {}))
    return found
