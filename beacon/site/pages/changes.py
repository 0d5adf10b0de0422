"""What changed since the release before.

What belongs here: the `change` mart in words and rows. What does not: finding differences.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from beacon.site import words
from beacon.site.facts import ReleaseFacts
from beacon.site.page import Page, Shared

# More rows than anyone reads; the download has them all.
_MOST_ROWS = 500
# Columns that a reader wants first, where the mart has them.
_FIRST = (
    "indicator_slug", "measure", "area_name", "period", "sex", "category", "change", "reason",
    "reason_note", "previous_value", "value", "difference", "previous_status", "value_status",
    "beyond_tolerance", "mart",
)  # fmt: skip
_HIDDEN = {"fictional", "source_sha256", "previous_sha256", "area_code", "category_type", "age"}


def change_summary(facts: ReleaseFacts) -> list[tuple[str, int]] | None:
    """Counts of changes by reason; None where the release has no such mart."""
    if not facts.has("change"):
        return None
    counts = Counter(str(row.get("reason") or row.get("change") or "changed")
                     for row in facts.rows("change"))  # fmt: skip
    return [(name.replace("_", " "), counts[name]) for name in sorted(counts)]


def changes_page(shared: Shared) -> Page:
    """The page of changes."""
    rows = shared.facts.rows("change")
    return Page(
        "changes.html",
        "changes.html.j2",
        "What changed",
        "changes",
        {
            "summary": change_summary(shared.facts),
            "table": generic_table(rows, _FIRST, _MOST_ROWS),
            "total": len(rows),
            "download": "data/change.csv" if rows else None,
        },
    )


def generic_table(
    rows: list[dict[str, Any]], first: tuple[str, ...], most: int
) -> dict[str, Any] | None:
    """A mart's rows as a plain table: known columns first, empty ones left out."""
    if not rows:
        return None
    names = [name for name in first if name in rows[0]]
    names += [name for name in rows[0] if name not in names and name not in _HIDDEN]
    names = [name for name in names if any(row[name] is not None for row in rows)]
    return {
        "columns": [name.replace("_", " ").capitalize() for name in names],
        "rows": [[_cell(row[name]) for name in names] for row in rows[:most]],
    }


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return words.number(value, 2)
    return str(value)
