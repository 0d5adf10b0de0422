"""The targets page."""

from __future__ import annotations

from collections import Counter
from typing import Any

from markupsafe import Markup

from beacon.site import words
from beacon.site.charts.target_chart import Outlook, target_panel, values_of
from beacon.site.charts.trend_chart import position_of
from beacon.site.facts import ReleaseFacts
from beacon.site.indicator_facts import Series
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


# What a row of the target mart says, in words; the plan's own status is STATUS_WORDS.
STANDING_WORDS = {
    "met": "Met",
    "live": "Not reached yet",
    "missed": "Missed",
    "expired": "Date passed, no figure of that time",
    "no_due_date": "Not reached; no date",
}
# What stands in the place of a distance that is none.
REACHED = "reached"
IN_TIME_WORDS = {
    "yes": "Yes",
    "uncertain": "Uncertain",
    "no": "No",
    "not_assessed": "Not assessed",
}
REASON_WORDS = {
    "fewer_than_five_points": "fewer than five separate years",
    "periods_overlap": "its periods overlap",
    "latest_period_not_yearly": "the latest period is not a year",
    "due_date_further_than_points_reach_back": "the date is further than the years reach back",
    "due_date_passed": "the date has passed",
    "no_due_date": "no date",
    "unit_does_not_match": "an indicator of the subject counts in another unit",
    "definition_differs": "an indicator of the subject is defined otherwise",
    "source_not_taken": "published, not taken",
    "no_open_source": "no open source was found",
    "local_record": "only the partnership's own record can tell",
    "no_number": "the plan gives nothing to measure",
    "baseline_missing": "the plan gives no starting point to change from",
}


def targets_page(shared: Shared) -> Page:
    """The targets page."""
    facts = shared.facts
    register = facts.targets
    groups: dict[str, list[dict[str, Any]]] = {}
    for target in facts.plan_targets:
        groups.setdefault(target.group, []).append(_target(facts, target))
    used = {row["status"] for rows in groups.values() for row in rows}
    return Page(
        "targets.html",
        "targets.html.j2",
        "Targets",
        "targets",
        {
            "groups": list(groups.items()),
            "measured": [
                _measured(row) for rows in groups.values() for row in rows if row["standing"]
            ],
            "total": sum(map(len, groups.values())),
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
        "standing": standing(facts, target.id),
        "why": _why_not(facts, target),
        "panels": _panels(facts, target.id),
    }


def _measured(row: dict[str, Any]) -> dict[str, Any]:
    """A target that areas can be held against: the whole system, and how many Places stand how."""
    standing_rows = row["standing"]
    places = [r for r in standing_rows if r["role"] == "within"]
    ahead = Counter(r["in_time"] for r in places if r["to_go"] != REACHED)
    return {
        "target": row["target"],
        "aim": standing_rows[0]["aim"],
        "due": standing_rows[0]["due"],
        "whole": next((r for r in standing_rows if r["role"] == "set_for"), None),
        "reached": sum(r["to_go"] == REACHED for r in places),
        "areas": len(places),
        "in_time": [(word, ahead[word]) for word in IN_TIME_WORDS.values() if ahead[word]],
    }


def _panels(facts: ReleaseFacts, target_id: str) -> list[tuple[str, Markup]]:
    """A panel for each area that a line could be drawn for, by name; the system's first."""
    found: list[tuple[dict[str, Any], Outlook]] = []
    for row in facts.rows("target"):
        shown = row["target_id"] == target_id and row["area_role"] != "compared"
        outlook = _outlook(facts, row) if shown else None
        if outlook is not None:
            found.append((row, outlook))
    found.sort(key=lambda pair: (pair[0]["area_role"] != "set_for", pair[0]["area_name"]))
    scale = values_of([outlook for _, outlook in found])
    panels = []
    for row, outlook in found:
        suffix = "%" if words.is_percent(row["unit"]) else ""
        panel = target_panel(outlook, scale, suffix, _panel_label(facts, row))
        panels.append((row["area_name"], panel))
    return panels


def _outlook(facts: ReleaseFacts, row: dict[str, Any]) -> Outlook | None:
    """What is drawn of a row of the mart; None where it holds no projection of a level."""
    needed = (
        "projected_value",
        "projected_lower_95",
        "yearly_change",
        "target_value",
        "due",
        "period_end",
    )
    if any(row[name] is None for name in needed) or row["kind"] != "level":
        return None
    series = Series(row["indicator_slug"], "main", row["sex"], row["age"] or "")
    history = [
        (at, other["value"], other["period"])
        for other in facts.series_rows(series)
        if other["area_code"] == row["area_code"]
        and other["value"] is not None
        and (at := position_of(other["period"])) is not None
    ]
    since = position_of(row["trend_first_period"])
    ahead = (row["due"] - row["period_end"]).days / 365.25
    if len(history) < 2 or since is None or ahead <= 0:
        return None
    return Outlook(
        history=[(at, value) for at, value, _ in history],
        due=history[-1][0] + ahead,
        target=row["target_value"],
        projected=row["projected_value"],
        lower=row["projected_lower_95"],
        upper=row["projected_upper_95"],
        yearly_change=row["yearly_change"],
        since=since,
        first_label=words.period_text(history[0][2]),
        due_label=words.day(row["due"]),
    )


def _panel_label(facts: ReleaseFacts, row: dict[str, Any]) -> str:
    item = facts.by_slug.get(row["indicator_slug"])
    told = _standing_row(row, item, item.decimals("main") if item else 1)
    return (
        f"{told['area']}: {told['value']} in {told['period']}; the line of its last years leads to "
        f"{told['projected']} at {told['due']}; the target is {told['aim']}."
    )


def standing(facts: ReleaseFacts, target_id: str, area_code: str | None = None) -> list[Any]:
    """How areas stand against a target: rows of the mart that have a value, worst first."""
    found = []
    for row in facts.rows("target"):
        if row["target_id"] != target_id or row["value"] is None or row["still_to_go"] is None:
            continue
        if area_code is not None and row["area_code"] != area_code:
            continue
        item = facts.by_slug.get(row["indicator_slug"])
        decimals = item.decimals("main") if item else 1
        found.append(_standing_row(row, item, decimals))
    return sorted(found, key=lambda r: (r["role"] == "compared", -r["order"], r["area"]))


def _standing_row(row: dict[str, Any], item: Any, decimals: int) -> dict[str, Any]:
    unit = row["unit"]

    def shown(name: str) -> str | None:
        value = row[name]
        return None if value is None else words.in_cell(value, unit, decimals)

    def change(name: str) -> str | None:
        value = row[name]
        return None if value is None else words.signed(value, decimals + 1)

    def projected() -> str | None:
        if row["projected_value"] is None:
            return None
        limits = f"{shown('projected_lower_95')} to {shown('projected_upper_95')}"
        return f"{shown('projected_value')} ({limits})"

    def line_now() -> str | None:
        """Where the line is at the latest period, unless the projection was cut at 0 or 100%."""
        if row["projected_value"] in (None, 0, 100) or row["years_left"] is None:
            return None
        now = row["projected_value"] - row["yearly_change"] * row["years_left"]
        return words.in_cell(now, unit, decimals)

    reason = row["reaches_reason"]
    return {
        "target": row["name"],
        "target_id": row["target_id"],
        "aim": shown("target_value"),
        "due": words.day(row["due"]) if row["due"] else "no date",
        "area": row["area_name"],
        "role": row["area_role"],
        "order": row["still_to_go"],
        "page": item.page if item else None,
        "period": words.period_text(row["period"]),
        "value": shown("value"),
        "to_go": REACHED if row["still_to_go"] <= 0 else words.number(row["still_to_go"], decimals),
        "unit": words.difference_unit(unit),
        "needed": change("yearly_change_needed"),
        "change": change("yearly_change"),
        "change_limits": (
            f"{change('yearly_change_lower_95')} to {change('yearly_change_upper_95')}"
            if row["yearly_change"] is not None
            else None
        ),
        "projected": projected(),
        "line_now": line_now(),
        "status": STANDING_WORDS.get(row["status"], row["status"].replace("_", " ")),
        "in_time": IN_TIME_WORDS[row["reaches_in_time"]],
        "in_time_key": row["reaches_in_time"],
        "reason": REASON_WORDS.get(reason, reason.replace("_", " ")) if reason else None,
        "years": f"{row['trend_first_period']} to {row['trend_last_period']}"
        if row["trend_points"]
        else None,
    }


def _why_not(facts: ReleaseFacts, target: Any) -> str | None:
    """Why there is no figure beside a target, in words."""
    rows = [row for row in facts.rows("target") if row["target_id"] == target.id]
    if not rows or any(row["value"] is not None for row in rows):
        return None
    reason = target.why_not_measured
    if reason is None:
        return "The indicator that measures it has no figure in this release."
    text = words.sentence(REASON_WORDS[reason])
    return (
        f"{text} It could come from: {target.could_come_from}" if target.could_come_from else text
    )


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
