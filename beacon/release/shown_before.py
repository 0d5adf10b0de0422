"""What earlier releases showed of returned counts: their own marts, and what landing keeps.

Nothing is remembered elsewhere. Which totals a release showed stands in its marts; the returns that
they were made from are the objects of landing that its manifest names.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from beacon.core.files import sha256_of
from beacon.core.settings import Home
from beacon.disclosure.returned_counts import Key, Line, ReturnedTable, read_lines
from beacon.registry.indicators import LOCAL_RETURN, Indicator
from beacon.release.layout import Release, list_releases
from beacon.sources.publishers.returned_tables import ReturnRules

BACKFILLS = "backfills"
# Marts that hold the rows of indicators; all others, the workbook and the pages are made from them.
INDICATOR_MARTS = ("beacon_indicator", "core20plus5_indicator")


@dataclass(frozen=True)
class Earlier:
    """The tables of one indicator's returns that earlier releases showed, oldest first.

    Attributes:
        tables: Each once, however many releases showed it alike.
        untested: Releases whose returns are no longer in landing.
    """

    tables: tuple[ReturnedTable, ...] = ()
    untested: tuple[str, ...] = ()


def releases_to_test_against(home: Home) -> list[Release]:
    """Every release of a home that is still kept, and of its backfills, oldest first."""
    backfills = [
        release
        for folder in sorted((home.root / BACKFILLS).glob("*"))
        for release in list_releases(Home(folder))
    ]
    return [*backfills, *list_releases(home)]


def shown_before(
    home: Home, releases: Iterable[Release], indicator: Indicator, rules: ReturnRules
) -> Earlier:
    """The returns of an indicator that earlier releases were made from, and what they showed.

    Args:
        home: Whose landing keeps the returns.
        releases: The releases, oldest first.
        indicator: The indicator.
        rules: The rules of its returns.
    """
    tables: dict[tuple[str, frozenset[Key]], ReturnedTable] = {}
    untested = []
    for release in releases:
        entry = _input(release, indicator)
        if entry is None:
            continue
        path = home.landing / entry["file"]
        if not path.is_file() or sha256_of(path) != entry["sha256"]:
            untested.append(release.label)
            continue
        lines = read_lines(path.read_bytes())
        shown = shown_totals(release.path, release.manifest["marts"], indicator, rules, lines)
        alike = (str(entry["sha256"]), shown)
        # Of tables that are alike the last counts: its pattern is the one to keep to.
        tables.pop(alike, None)
        tables[alike] = ReturnedTable(lines, shown, indicator.disclosure.rounding)
    return Earlier(tuple(tables.values()), tuple(untested))


def _input(release: Release, indicator: Indicator) -> dict[str, Any] | None:
    name = f"{LOCAL_RETURN}/{indicator.slug}"
    found: list[dict[str, Any]] = [
        entry for entry in release.manifest["inputs"] if entry["name"] == name
    ]
    return found[0] if found else None


def shown_totals(
    directory: Path,
    marts: Sequence[dict[str, Any]],
    indicator: Indicator,
    rules: ReturnRules,
    lines: Sequence[Line],
) -> frozenset[Key]:
    """Keys of the totals that the marts of a directory show.

    Args:
        directory: A release, or one in the making.
        marts: The manifest's entries of its marts.
        indicator: The indicator.
        rules: The rules of its returns.
        lines: The returns that it was made from.
    """
    import duckdb

    level_of = {"All": ""}
    if rules.level is not None:
        label = rules.level.label
        level_of |= {label.format(line["level"]): line["level"] for line in lines if line["level"]}
    files = [str(directory / mart["file"]) for mart in marts if mart["name"] in INDICATOR_MARTS]
    with duckdb.connect() as con:
        rows = con.execute(
            "select period_start::varchar, period_end::varchar, area_code, category "
            "from read_parquet(?) where indicator_slug = ? and source = ? "
            "and coalesce(numerator, denominator, value) is not null",
            [files, indicator.slug, LOCAL_RETURN],
        ).fetchall()
    return frozenset(
        (start, end, area, level_of.get(category, category)) for start, end, area, category in rows
    )
