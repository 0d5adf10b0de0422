"""Disclosure control of all tables of a cohort together.

What belongs here: the order in which counts are protected, and the guard across as-at dates. What
does not: the methods (`beacon.disclosure.linked_tables`, `nested_areas`).

What the parts of a total leave over is protected with them (`left_over`). Nor is a part shown that
leaves few of its total.

First the sizes of a cohort, over all areas and groups at once. Then of each measure who is eligible
within those sizes, where that is not everybody, and for whom it was done within the eligible; what
is shown already stays. So tables of a board, its Places, wards and practices, of all groups and of
all measures, hold against one another.

The same cohort at an earlier as-at date is a further table of nearly the same people. Where a count
was shown then, and since then people only came or only went, fewer than may be shown, the
difference would be a count of those people: it is hidden now. Where a count was hidden then and the
same people are in it now, it stays hidden. That holds of the parts of a total, and of what they
leave of it: it is not published, but follows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from beacon.disclosure import Rule
from beacon.disclosure.left_over import People, Sums
from beacon.disclosure.linked_tables import (
    Counts,
    Equations,
    Flags,
    Way,
    equations_of,
    hide_linked,
)
from beacon.disclosure.nested_areas import Nested, hide_nested
from beacon.people.breakdowns import ALL

Key = tuple[str, str]
"""Area and group."""
_LEFT_OVER = ""  # no code of an area


@dataclass(frozen=True)
class Before:
    """The same counts at the as-at date before.

    Attributes:
        hidden: Whether each cell was hidden then; false where it was not there.
        came: People who are in the cell now and were not then.
        went: People who were in it then and are not now.
    """

    hidden: Flags
    came: People
    went: People

    def sensitive(self, rule: Rule) -> Flags:
        """Cells that must be hidden because of what was shown, or hidden, before."""
        most = np.maximum(self.came, self.went)
        one_way = np.minimum(self.came, self.went) == 0
        few = one_way & (most > 0) & (most < rule.smallest_shown)
        sensitive: Flags = (self.hidden & (most == 0)) | (few & ~self.hidden)
        return sensitive


@dataclass(frozen=True)
class Layout:
    """The cells of a cohort and what adds up among them.

    Attributes:
        cells: Area and group of each; what is left over has no area.
        sums: All that adds up.
        linked: Of it the cells of the board and its Places.
        nested: Of it areas below them, level by level.
        small: Whether a cell is of an area below.
    """

    cells: tuple[Key, ...]
    sums: Sums
    linked: Equations
    nested: tuple[Nested, ...]
    small: Flags

    @classmethod
    def of(
        cls,
        cells: list[Key],
        ways: list[Way],
        below: list[Mapping[str, str]],
        people: Mapping[Key, int],
    ) -> Layout:
        """Find what adds up once for all counts of the same cells.

        Args:
            cells: Area and group of each.
            ways: How cells of the board and its Places add up.
            below: Area to the area that holds it, one level after another; of everybody only.
            people: The counts of which all others are parts.
        """
        index = {cell: number for number, cell in enumerate(cells)}
        linked = equations_of(cells, ways)
        total, parts, levels = list(linked.total), list(linked.parts), [len(linked.total)]
        for level in below:
            families: dict[int, list[int]] = {}
            for area, above in level.items():
                child, parent = index.get((area, ALL)), index.get((above, ALL))
                if child is not None and parent is not None:
                    families.setdefault(parent, []).append(child)
            total += families
            parts += [np.array(sorted(own), dtype=np.int64) for own in families.values()]
            levels.append(len(total))
        sums = Sums.closed(total, parts, aligned(tuple(cells), people))
        count = len(sums.left_over)
        small = np.zeros(count, dtype=np.bool_)
        for own in sums.parts[levels[0] :]:
            small[own] = True
        return cls(
            (*cells, *((_LEFT_OVER, str(number)) for number in range(len(cells), count))),
            sums,
            Equations(sums.total[: levels[0]], sums.parts[: levels[0]], count),
            tuple(
                Nested(tuple(zip(sums.total[start:end], sums.parts[start:end], strict=True)))
                for start, end in pairwise(levels)
            ),
            small,
        )

    @property
    def left_over(self) -> Flags:
        """Whether a cell is what the parts of a sum leave of its total, published nowhere."""
        return self.sums.left_over

    def counts(self, given: Mapping[Key, int]) -> People:
        """Counts in the order of the cells, with what is left over; a cell without one has none."""
        return self.sums.fill(aligned(self.cells[: np.count_nonzero(~self.left_over)], given))


def protect_sizes(
    layout: Layout, people: People, rule: Rule, before: Before | None = None
) -> Flags:
    """Which sizes are hidden."""
    few = (people > 0) & (people < rule.smallest_shown)
    must = few & ~layout.left_over | layout.sums.complements(people, rule)
    if before is not None:
        must = must | before.sensitive(rule)
    layout.sums.hide_beside(few, must, people)
    return _hide(layout, Counts.of_people(people), must, rule)


def protect_split(
    layout: Layout,
    total: People,
    total_hidden: Flags,
    part: People,
    rule: Rule,
    before: Iterable[Before] = (),
) -> Flags:
    """Which parts of totals are hidden; the rest of the same total is hidden with each.

    Args:
        layout: The cells.
        total: The totals.
        total_hidden: Which of them are hidden already; the others stay shown.
        part: The parts.
        rule: The rule.
        before: The parts at the as-at date before, and what they left of the totals.
    """
    rest = total - part
    must, few = total_hidden.copy(), np.zeros(len(total), dtype=np.bool_)
    for count in (part, rest, total):
        few |= (count > 0) & (count < rule.smallest_shown)
        must |= layout.sums.complements(count, rule)
    must |= few
    for past in before:
        must |= past.sensitive(rule)
    # Of nobody there is no part to hide.
    must &= (total > 0) & ~layout.left_over
    layout.sums.hide_beside(few, must, total)
    try:
        return _hide(layout, Counts.of_parts(total, part, total_hidden), must, rule) | total_hidden
    except ValueError:
        # No other table fits what is shown already, so nothing of this measure may be.
        return np.ones(len(total), dtype=np.bool_)


def _hide(layout: Layout, counts: Counts, must: Flags, rule: Rule) -> Flags:
    if not rule.complementary:
        return must
    must = must.copy()
    while True:
        linked = must & ~layout.small
        hidden = hide_linked(counts, layout.linked, linked, left_over=layout.left_over) | must
        stuck = [
            area
            for level in layout.nested
            for area in hide_nested(counts, level, hidden, layout.left_over)
        ]
        if not stuck:
            return layout.sums.known(hidden)
        must[stuck] = True


def aligned(cells: tuple[Key, ...], counts: Mapping[Key, int]) -> People:
    """Counts in the order of the cells; a cell without a row counts nobody."""
    return np.array([counts.get(cell, 0) for cell in cells], dtype=np.int64)
