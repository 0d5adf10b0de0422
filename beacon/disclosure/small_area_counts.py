"""Protecting counts of small areas and groups of people, with regard to what was shown before.

What belongs here: any counts and what adds up among them. What does not: what they are counts of.

Cells are protected by the rule and guarantee of `linked_tables`. Where parts do not make their
total, what is left is a count that anybody can work out: it is protected as if it were shown. What
is shown now can be compared with an earlier state of the same table, so a count that differs by few
people from an earlier one is hidden too, and so is one that was hidden then and has hardly changed
since.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from beacon.disclosure.cells import Rule
from beacon.disclosure.linked_tables import Counts, Equations, hide_linked

Cell = Hashable
C = TypeVar("C", bound=Cell)


@dataclass(frozen=True)
class Sum:
    """A total and the cells that should make it.

    Attributes:
        name: Tells it from other sums of the same total.
        total: The total.
        parts: Its parts; those that are no cells of the table are not there.
    """

    name: str
    total: Cell
    parts: tuple[Cell, ...]


@dataclass(frozen=True)
class State:
    """A table as it was shown.

    Attributes:
        counts: The counts, the rests of totals among them.
        hidden: Cells that are hidden.
    """

    counts: Mapping[Cell, int]
    hidden: frozenset[Cell]


def protect_state(
    counts: Mapping[Cell, int | None],
    sums: Sequence[Sum],
    rule: Rule,
    earlier: Iterable[State] = (),
) -> State:
    """Which cells of a table may not be shown.

    Args:
        counts: Counts of people; None where the sender withheld one.
        sums: What adds up.
        rule: The rule.
        earlier: States of the same table that were shown before.

    Returns:
        The state; cells that a sender withheld are hidden.
    """
    known = _with_derived({cell: n for cell, n in counts.items() if n is not None}, counts, sums)
    withheld = {cell for cell, count in counts.items() if count is None}
    rests = _rests(known, sums)
    cells = [*known, *rests]
    values = np.array([*known.values(), *rests.values()], dtype=np.int64)
    index = {cell: number for number, cell in enumerate(cells)}
    must = (values > 0) & (values < rule.smallest_shown)
    for cell in withheld & set(known):
        must[index[cell]] = True
    for state in earlier:
        for cell, before in state.counts.items():
            number = index.get(cell)
            if number is None:
                continue
            change = abs(int(values[number]) - before)
            if (cell in state.hidden or change) and change < rule.smallest_shown:
                must[number] = True
    equations = _equations(index, known, rests, sums)
    try:
        hidden = hide_linked(Counts.of_people(values), equations, must)
    except ValueError:
        # No other table fits, so nothing of it may be shown.
        hidden = np.ones(len(values), dtype=np.bool_)
    by_cell = frozenset(cell for cell, number in index.items() if hidden[number])
    return State(dict(zip(cells, values.tolist(), strict=True)), by_cell | withheld)


def _with_derived(
    known: dict[Cell, int], counts: Mapping[Cell, int | None], sums: Sequence[Sum]
) -> dict[Cell, int]:
    """Counts, and withheld ones that follow from others: anybody could work them out."""
    while True:
        found = dict(known)
        for each in sums:
            parts = [part for part in each.parts if part in counts]
            unknown = [cell for cell in (each.total, *parts) if cell not in known]
            if len(unknown) != 1 or each.total not in counts or not parts:
                continue
            (cell,) = unknown
            others = sum(known[part] for part in parts if part != cell)
            value = others if cell == each.total else known[each.total] - others
            if value >= 0:
                found[cell] = value
        if len(found) == len(known):
            return known
        known = found


def _rests(known: Mapping[Cell, int], sums: Sequence[Sum]) -> dict[Cell, int]:
    """What totals have beyond their parts, where every part that is there is known."""
    rests: dict[Cell, int] = {}
    for each in sums:
        parts = [known[part] for part in each.parts if part in known]
        rest = known.get(each.total, 0) - sum(parts)
        if each.total in known and parts and rest > 0:
            rests[("rest", each.name, each.total)] = rest
    return rests


def _equations(
    index: Mapping[Cell, int],
    known: Mapping[Cell, int],
    rests: Mapping[Cell, int],
    sums: Sequence[Sum],
) -> Equations:
    totals, parts = [], []
    for each in sums:
        own = [index[part] for part in each.parts if part in known]
        rest = ("rest", each.name, each.total)
        if rest in rests:
            own.append(index[rest])
        if each.total in known and own:
            totals.append(index[each.total])
            parts.append(np.array(own, dtype=np.int64))
    return Equations(tuple(totals), tuple(parts), len(index))
