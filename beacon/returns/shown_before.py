"""What earlier releases showed of returned counts: their own marts, and what landing keeps.

Nothing is remembered elsewhere. Which totals a release showed stands in its marts; the returns that
they were made from are the objects of landing that its manifest names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from beacon.contracts.sql_files import INDICATOR_MARTS
from beacon.core.files import read_json, sha256_of
from beacon.core.home import Home
from beacon.core.source_names import LOCAL_RETURN
from beacon.disclosure.returned_counts import Key, Line, ReturnedTable, read_lines
from beacon.registry.indicators import Indicator
from beacon.sources.publishers.returned_tables import ReturnRules

BACKFILLS = "backfills"


@dataclass(frozen=True)
class Earlier:
    """The tables of one indicator's returns that earlier releases showed, oldest first.

    Attributes:
        tables: Each once, however many releases showed it alike.
        untested: Releases that cannot be read, or whose returns are no longer in landing.
    """

    tables: tuple[ReturnedTable, ...] = ()
    untested: tuple[str, ...] = ()


def releases_to_test_against(home: Home) -> list[Path]:
    """Directories of all releases that a home keeps, and of its backfills, oldest first."""
    backfills = sorted((home.root / BACKFILLS).glob("*/releases/v*"))
    return [*backfills, *sorted(home.releases.glob("v*"), key=_order)]


def _order(release: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", release.name)]


def shown_before(
    con: duckdb.DuckDBPyConnection,
    home: Home,
    releases: Iterable[Path],
    indicator: Indicator,
    rules: ReturnRules,
) -> Earlier:
    """The returns of an indicator that earlier releases were made from, and what they showed.

    Args:
        con: A connection to read their marts with.
        home: Whose landing keeps the returns.
        releases: Directories of the releases, oldest first.
        indicator: The indicator.
        rules: The rules of its returns.
    """
    tables: dict[tuple[str, frozenset[Key]], ReturnedTable] = {}
    untested = []
    for release in releases:
        try:
            found = _table(con, home, release, indicator, rules)
        except _UntestableError:
            untested.append(release.name)
            continue
        if found is not None:
            alike, table = found
            # Of tables that are alike the last counts: its pattern is the one to keep to.
            tables.pop(alike, None)
            tables[alike] = table
    return Earlier(tuple(tables.values()), tuple(untested))


class _UntestableError(Exception):
    """What a release showed of the returns cannot be told any more."""


def _table(
    con: duckdb.DuckDBPyConnection,
    home: Home,
    release: Path,
    indicator: Indicator,
    rules: ReturnRules,
) -> tuple[tuple[str, frozenset[Key]], ReturnedTable] | None:
    try:
        manifest = read_json(release / "manifest.json")
        entry = {one["name"]: one for one in manifest["inputs"]}.get(
            f"{LOCAL_RETURN}/{indicator.slug}"
        )
        marts = manifest["marts"]
    except (ValueError, KeyError, TypeError) as error:
        raise _UntestableError from error
    if entry is None:
        return None
    path = home.landing / entry["file"]
    if not path.is_file() or sha256_of(path) != entry["sha256"]:
        raise _UntestableError
    lines = read_lines(path.read_bytes())
    try:
        shown = shown_totals(con, release, marts, indicator, rules, lines)
    except duckdb.Error as error:
        raise _UntestableError from error
    table = ReturnedTable(lines, shown, indicator.disclosure.rounding)
    return (str(entry["sha256"]), shown), table


def shown_totals(
    con: duckdb.DuckDBPyConnection,
    directory: Path,
    marts: Sequence[dict[str, Any]],
    indicator: Indicator,
    rules: ReturnRules,
    lines: Sequence[Line],
) -> frozenset[Key]:
    """Keys of the totals that the marts of a directory show.

    Args:
        con: A connection to read them with.
        directory: A release, or one in the making.
        marts: The manifest's entries of its marts.
        indicator: The indicator.
        rules: The rules of its returns.
        lines: The returns that it was made from.
    """
    level_of = {"All": ""}
    if rules.level is not None:
        label = rules.level.label
        level_of |= {label.format(line["level"]): line["level"] for line in lines if line["level"]}
    files = [str(directory / mart["file"]) for mart in marts if mart["name"] in INDICATOR_MARTS]
    rows = con.execute(
        "select period_start::varchar, period_end::varchar, area_code, category "
        "from read_parquet(?) where indicator_slug = ? and source = ? "
        "and coalesce(numerator, denominator, value) is not null",
        [files, indicator.slug, LOCAL_RETURN],
    ).fetchall()
    return frozenset(
        (start, end, area, level_of.get(category, category)) for start, end, area, category in rows
    )
