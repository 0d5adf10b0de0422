"""The targets page.

What belongs here: every number that the partnership's plans set, as they set it. What does not:
a target for a beacon, because the plans give none.
"""

from __future__ import annotations

from typing import Any

from beacon.site import words
from beacon.site.facts import ReleaseFacts
from beacon.site.figures import figure, series_name
from beacon.site.page import Page, Shared

STATUS_WORDS = {
    "live": ("Live", "Due, and not yet past"),
    "expired": ("Date passed", "The date that the plan gives has passed"),
    "no_due_date": ("No date", "The plan gives no date"),
    "baseline_missing": ("No baseline", "The plan gives no starting point"),
    "baseline_only": ("Baseline only", "The plan gives a starting point and no aim"),
    "conflicting": ("Plans disagree", "The plans give different values"),
    "ambiguous": ("Ambiguous", "The wording can be read in more than one way"),
    "not_system_wide": ("Not for the system", "Set for England or for one organisation"),
}


def targets_page(shared: Shared) -> Page:
    """The targets page."""
    facts = shared.facts
    register = facts.targets
    groups: dict[str, list[dict[str, Any]]] = {}
    for target in register.targets if register else ():
        groups.setdefault(target.group, []).append(_target(facts, target))
    used = {row["status"] for rows in groups.values() for row in rows}
    return Page(
        "targets.html",
        "targets.html.j2",
        "Targets",
        "targets",
        {
            "groups": list(groups.items()),
            "documents": register.documents if register else (),
            "key": [(k, *STATUS_WORDS[k]) for k in STATUS_WORDS if k in used],
            "counts": [
                (
                    STATUS_WORDS[k][0],
                    sum(r["status"] == k for rows in groups.values() for r in rows),
                )
                for k in STATUS_WORDS
                if k in used
            ],
        },
    )


def _target(facts: ReleaseFacts, target: Any) -> dict[str, Any]:
    status = target.status_on(facts.released_on) if facts.released_on else target.status
    return {
        "target": target,
        "status": status,
        "word": STATUS_WORDS[status][0],
        "also": [STATUS_WORDS[name][0] for name in target.also],
        "aims": [_aim(target, item) for item in target.stated],
        "baseline": _baseline(target),
        "cited": _cited(target),
        "latest": None if facts.fictional else _values(facts, target),
    }


def _amount(target: Any, value: float) -> str:
    decimals = 0 if value == int(value) else 1 if round(value, 1) == value else 2
    if target.kind == "change":
        text = words.signed(value, decimals)
    else:
        text = words.number(value, decimals)
    return f"{text}%" if words.is_percent(target.unit) else text


def _aim(target: Any, stated: Any) -> str:
    if stated.value is None:
        return words.sentence(stated.due_label or words.day(stated.due)).rstrip(".")
    text = _amount(target, stated.value)
    if stated.upper_value is not None:
        text += f" to {_amount(target, stated.upper_value)}"
    due = stated.due_label or (f"by {words.day(stated.due)}" if stated.due else "no date")
    return f"{text}, {due}"


def _baseline(target: Any) -> str:
    start = target.baseline
    if start is None or start.value is None:
        return "not stated" if start is None else (start.note or "not stated")
    text = _amount(target, start.value)
    return f"{text} ({start.period})" if start.period else text


def _cited(target: Any) -> str:
    cites = [c for item in target.stated for c in item.cited]
    cites += list(target.baseline.cited) if target.baseline else []
    found: dict[str, set[int]] = {}
    for cite in cites:
        found.setdefault(cite.document, set()).update(cite.lines)
    return "; ".join(
        f"{name.replace('_', ' ').capitalize()}, {'line' if len(lines) == 1 else 'lines'} "
        f"{', '.join(map(str, sorted(lines)))}"
        for name, lines in sorted(found.items())
    )


def _values(facts: ReleaseFacts, target: Any) -> dict[str, Any] | None:
    """The latest values of the indicator that measures exactly this."""
    item = facts.by_slug.get(target.indicator or "")
    if item is None:
        return None
    for series in facts.scorecard_series():
        shown = facts.scorecard(series)
        known = [row for row in shown.values() if row["value"] is not None]
        if series.slug != item.slug or not known:
            continue
        ordered = sorted(known, key=lambda row: (row["value"], row["place_name"]))
        low, high = (
            figure(facts, item, row, row["place_name"]) for row in (ordered[0], ordered[-1])
        )
        nation = facts.benchmark_row(series, "nation")
        return {
            "page": item.page,
            "name": series_name(item, series),
            "period": low.period,
            "range": f"{low.text} ({ordered[0]['place_name']}) to "
            f"{high.text} ({ordered[-1]['place_name']})",
            "nation": figure(facts, item, nation, facts.nation).text if nation else None,
        }
    return {"page": item.page, "name": str(item.row["name"]), "period": None}
