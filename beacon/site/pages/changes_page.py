"""What changed since the release before."""

from __future__ import annotations

from dataclasses import dataclass
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


_REASONS = {
    "newly_supplied": "Newly supplied",
    "new_period": "New periods",
    "revision_by_publisher": "Revised by the publisher",
    "method_or_code": "Changed by Beacon’s own method or code",
    "boundary_or_imd_vintage": "Other boundaries or index of deprivation",
    "no_longer_supplied": "No longer supplied",
}
_SUBJECTS = {"core20_cohort": "Core20 population", "lsoa": "LSOAs"}


@dataclass(frozen=True)
class ChangeGroup:
    """What changed for one reason.

    Attributes:
        reason: The reason in words.
        rows: Rows of the change mart.
        subjects: What they are about: name, and the indicator's page or None.
    """

    reason: str
    rows: int
    subjects: tuple[tuple[str, str | None], ...]


def change_groups(facts: ReleaseFacts) -> list[ChangeGroup] | None:
    """Changes by reason with their subjects; None where the release has no such mart."""
    if not facts.has("change"):
        return None
    found: dict[str, list[dict[str, Any]]] = {}
    for row in facts.rows("change"):
        found.setdefault(str(row.get("reason") or row.get("change") or "changed"), []).append(row)
    order = {name: number for number, name in enumerate(_REASONS)}
    return [
        ChangeGroup(
            _REASONS.get(reason, reason.replace("_", " ").capitalize()),
            len(rows),
            tuple(dict.fromkeys(_subject(facts, row) for row in rows)),
        )
        for reason, rows in sorted(found.items(), key=lambda g: (order.get(g[0], 9), g[0]))
    ]


def _subject(facts: ReleaseFacts, row: dict[str, Any]) -> tuple[str, str | None]:
    slug = str(row.get("indicator_slug") or row.get("mart") or "")
    item = facts.by_slug.get(slug)
    if item is not None:
        return str(item.row.get("short_name") or item.title), f"indicators/{item.page}.html"
    return _SUBJECTS.get(slug, slug.replace("_", " ")), None


def changes_page(shared: Shared) -> Page:
    """The page of changes."""
    rows = shared.facts.rows("change")
    return Page(
        "changes.html",
        "changes.html.j2",
        "What changed",
        "changes",
        {
            "groups": change_groups(shared.facts),
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
