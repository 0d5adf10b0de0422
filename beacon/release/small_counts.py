"""Whether a release in the making tells small counts, together with the releases before it.

The totals of returns were withheld with regard to earlier releases when they were put together
(`beacon.returns.withholding`). This tests what came of it, from the marts as they will be published
and whatever made them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb

from beacon.core.files import sha256_of
from beacon.core.home import Home
from beacon.core.source_names import LOCAL_RETURN
from beacon.disclosure.returned_counts import ReturnedTable, question_of, read_lines
from beacon.disclosure.successive import told
from beacon.registry.indicators import Indicator
from beacon.returns.shown_before import (
    releases_to_test_against,
    shown_before,
    shown_totals,
)
from beacon.sources.publishers.returned_tables import ReturnRules, rules_of
from beacon.warehouse.connection import Warehouse


def small_counts_told(
    warehouse: Warehouse,
    building: Path,
    marts: Sequence[dict[str, Any]],
    inputs: Iterable[dict[str, Any]],
) -> list[str]:
    """Reasons to hold a release back, without any count; none where it tells nothing small.

    Args:
        warehouse: Whose home holds the earlier releases.
        building: The directory of the release in the making, with its marts.
        marts: Name and file of each mart.
        inputs: The release's inputs, as its manifest lists them.
    """
    workspace = warehouse.workspace
    home = Home(workspace.settings.home)
    returned = {entry["name"]: entry for entry in inputs if entry["name"].startswith(LOCAL_RETURN)}
    if not returned:
        return []
    releases = releases_to_test_against(home)
    reasons: list[str] = []
    for indicator in workspace.indicators.values():
        entry = returned.get(f"{LOCAL_RETURN}/{indicator.slug}")
        spec = workspace.register.datasets.get(f"{LOCAL_RETURN}/{indicator.slug}")
        if entry is None or spec is None:
            continue
        rules = rules_of(spec.dataset)
        if rules.counts_people and indicator.disclosure.apply != "never":
            path = home.landing / entry["file"]
            reasons += _reasons(
                warehouse.con, home, releases, indicator, rules, path, entry, building, marts
            )
    return reasons


def _reasons(
    con: duckdb.DuckDBPyConnection,
    home: Home,
    releases: Sequence[Path],
    indicator: Indicator,
    rules: ReturnRules,
    path: Path,
    entry: dict[str, Any],
    building: Path,
    marts: Sequence[dict[str, Any]],
) -> Iterator[str]:
    name = f"indicator {indicator.id}, {indicator.name}"
    if not path.is_file() or sha256_of(path) != entry["sha256"]:
        yield f"the returns of {name} are not in landing, so it cannot be tested for small counts"
        return
    lines = read_lines(path.read_bytes())
    shown = shown_totals(con, building, marts, indicator, rules, lines)
    earlier = shown_before(con, home, releases, indicator, rules)
    if any(table.lines == lines and shown <= table.shown for table in earlier.tables):
        return  # it shows nothing that the earlier release does not
    if earlier.untested:
        yield (
            f"what {', '.join(earlier.untested)} showed of {name} is damaged, or its returns are "
            "no longer in landing, so it cannot be tested whether small counts follow from both; "
            "restore them from a backup"
        )
    question = question_of(
        ReturnedTable(lines, shown),
        earlier.tables,
        smallest_shown=indicator.disclosure.smallest_shown,
    )
    rows = [row for row in question.rows if row.key in shown]
    before = set(told(question.published, [], question.sensitive))
    new = [
        parts for parts in told(question.published, rows, question.sensitive) if parts not in before
    ]
    if new:
        yield f"withheld counts of {name}, could be worked out from it and earlier releases"
