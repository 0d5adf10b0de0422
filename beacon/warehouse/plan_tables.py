"""The plans' targets and aspirations as tables of the working database."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from beacon.registry import AspirationFile, Footprint, Indicator, TargetRegister
from beacon.registry.targets import Citation, StatedValue, Target

Rows = list[tuple[Any, ...]]

PLAN_TABLES: dict[str, str] = {
    "target": (
        "target_id varchar, target_order integer, step integer, steps integer, name varchar, "
        "target_group varchar, kind varchar, unit varchar, polarity varchar, set_for varchar, "
        "is_national boolean, indicator_slug varchar, related varchar[], why_not_measured varchar, "
        "could_come_from varchar, plan_status varchar, also varchar[], target_value double, "
        "target_upper_value double, due date, due_label varchar, cited varchar, "
        "baseline_value double, baseline_period varchar, baseline_note varchar, note varchar"
    ),
    "aspiration": (
        "aspiration_id varchar, aspiration_order integer, document varchar, "
        "document_title varchar, document_period varchar, kind varchar, aspiration_group varchar, "
        "wording varchar, line integer, also_lines integer[], mapping varchar, "
        "indicator_slug varchar, fit varchar, targets varchar[], could_come_from varchar, "
        "needed varchar"
    ),
    # One row a known breakdown of an indicator; one_sex holds for the indicator.
    "breakdown": "indicator_slug varchar, breakdown varchar, wording varchar, one_sex boolean",
}

# Words of the registry's breakdowns, and which of the four of section 13SA they are.
_BREAKDOWN_WORDS = {
    "deprivation": "deprivation",
    "ethnic": "ethnicity",
    "age": "age",
    "sex": "sex",
}


def concerns(of: str | None, footprint: Footprint) -> bool:
    """Whether plans of one system are shown for a footprint: its own, and the fictional one."""
    return of is None or of == footprint.id or footprint.fictional


def target_rows(register: TargetRegister, footprint: Footprint, day: date) -> Rows:
    """One row per target and stated value; a baseline without an aim has one row.

    Args:
        register: The targets.
        footprint: The system that is shown.
        day: The day that due dates are held against.
    """
    if not concerns(register.footprint, footprint):
        return []
    rows: Rows = []
    for order, target in enumerate(register.targets, start=1):
        steps: tuple[StatedValue | None, ...] = target.stated or (None,)
        rows += [
            _target_row(target, order, number, len(steps), step, day)
            for number, step in enumerate(steps, start=1)
        ]
    return rows


def _target_row(
    target: Target, order: int, number: int, steps: int, step: StatedValue | None, day: date
) -> tuple[Any, ...]:
    baseline = target.baseline
    cites = [*(step.cited if step else ()), *(baseline.cited if baseline else ())]
    notes = [note for note in (target.note, step.note if step else None) if note]
    return (
        target.id,
        order,
        number,
        steps,
        target.name,
        target.group,
        target.kind,
        target.unit,
        target.direction,
        target.area,
        target.is_national,
        target.indicator,
        list(target.related),
        target.why_not_measured,
        target.could_come_from,
        target.status_on(day, step),
        list(target.also),
        step.value if step else None,
        step.upper_value if step else None,
        step.due if step else None,
        step.due_label if step else None,
        cited(cites),
        baseline.value if baseline else None,
        baseline.period if baseline else None,
        baseline.note if baseline else None,
        " ".join(notes) or None,
    )


def cited(citations: Iterable[Citation]) -> str:
    """Citations as text: `joint_forward_plan_2023 lines 902, 945`."""
    found: dict[str, set[int]] = {}
    for citation in citations:
        found.setdefault(citation.document, set()).update(citation.lines)
    return "; ".join(
        f"{document} {'line' if len(lines) == 1 else 'lines'} {', '.join(map(str, sorted(lines)))}"
        for document, lines in sorted(found.items())
    )


def aspiration_rows(files: Iterable[AspirationFile], footprint: Footprint) -> Rows:
    """One row per aspiration and indicator that shows it; one where none does."""
    rows: Rows = []
    order = 0
    for file in files:
        if not concerns(file.footprint, footprint):
            continue
        for group in file.groups:
            for number, item in enumerate(group.items):
                order += 1
                evidence = item.measured_by or (None,)
                rows += [
                    (
                        item.id,
                        order,
                        file.document.id,
                        file.document.title,
                        file.document.period,
                        file.kind,
                        group.title,
                        item.wording,
                        group.line_of(number),
                        list(group.also_lines),
                        item.mapping,
                        shown.indicator if shown else None,
                        shown.fit if shown else None,
                        list(item.targets),
                        item.could_come_from,
                        item.needed,
                    )
                    for shown in evidence
                ]
    return rows


def breakdown_rows(indicators: Iterable[Indicator]) -> Rows:
    """Which of deprivation, ethnicity, age and sex some publisher gives, as the registry knows."""
    rows: Rows = []
    for indicator in indicators:
        one_sex = len(indicator.sex) == 1 and indicator.sex[0] != "Persons"
        found: dict[str, str] = {}
        for text in indicator.breakdowns:
            for word, breakdown in _BREAKDOWN_WORDS.items():
                if text.lower().startswith(word):
                    found.setdefault(breakdown, text)
        rows += [(indicator.slug, breakdown, text, one_sex) for breakdown, text in found.items()]
        if one_sex and not found:
            rows.append((indicator.slug, None, None, True))
    return rows
