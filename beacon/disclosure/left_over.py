"""What the parts of a total leave over: people who are in the total and in none of its parts.

Nobody knows the LSOA, the sex or the network of such people. They are a count too, published
nowhere: who subtracts the parts finds them. So they are a cell of their own, with which each sum
adds up exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from beacon.disclosure.cells import Rule
from beacon.disclosure.linked_tables import Flags

People = NDArray[np.int64]
Members = NDArray[np.int64]
"""Numbers of cells."""


@dataclass(frozen=True)
class Sums:
    """Which cells add up to which, with what is left over.

    Attributes:
        total: The cell that is a total, of each sum.
        parts: Its parts; where something is left over, that cell is the last.
        left_over: Whether a cell is what is left over. Such cells come after all others.
    """

    total: tuple[int, ...]
    parts: tuple[Members, ...]
    left_over: Flags

    @classmethod
    def closed(cls, total: Sequence[int], parts: Sequence[Members], people: People) -> Sums:
        """Add a cell to each sum that does not add up.

        Args:
            total: The cell that is a total, of each sum.
            parts: Its parts.
            people: The counts of all cells, of which any other counts are parts.
        """
        cells, exact = len(people), []
        for whole, own in zip(total, parts, strict=True):
            if people[own].sum() < people[whole]:
                own = np.append(own, cells)
                cells += 1
            exact.append(own)
        return cls(tuple(total), tuple(exact), np.arange(cells) >= len(people))

    def fill(self, people: People) -> People:
        """Counts of all cells, given those of the cells that are no left-over."""
        values = np.append(people, np.zeros(len(self.left_over) - len(people), dtype=np.int64))
        for whole, own in self._with_left_over():
            values[own[-1]] = values[whole] - values[own[:-1]].sum()
        return values

    def complements(self, people: People, rule: Rule) -> Flags:
        """Cells beside a published total of which they leave fewer people than may be shown."""
        found = np.zeros(len(people), dtype=np.bool_)
        for whole, own in zip(self.total, self.parts, strict=True):
            rest = people[whole] - people[own]
            found[own[(rest > 0) & (rest < rule.smallest_shown)]] = True
        return found & ~self.left_over

    def hide_beside(self, few: Flags, must: Flags, people: People) -> None:
        """Hide the smallest part beside what is left over, where that is of few people.

        Args:
            few: Whether a cell counts fewer people than may be shown.
            must: Whether a cell is hidden; changed.
            people: The counts.
        """
        for whole, own in self._with_left_over():
            if not few[own[-1]]:
                continue
            beside = own[:-1][people[own[:-1]] > 0]
            if len(beside) and not (must[whole] or must[beside].any()):
                must[beside[np.argmin(people[beside])]] = True

    def hide_counted_twice(self, must: Flags, people: People, rule: Rule) -> None:
        """Hide the smallest part of each sum of which few people are in two parts.

        Its parts exceed its total by them, so who subtracts finds how many they are.

        Args:
            must: Whether a cell is hidden; changed.
            people: The counts.
            rule: Says what few are.
        """
        for whole, own in zip(self.total, self.parts, strict=True):
            twice = people[own].sum() - people[whole]
            if 0 < twice < rule.smallest_shown and not (must[whole] or must[own].any()):
                counted = own[people[own] > 0]
                must[counted[np.argmin(people[counted])]] = True

    def known(self, hidden: Flags) -> Flags:
        """The same flags; what is left over counts as hidden where it cannot be worked out."""
        known = hidden & ~self.left_over
        for whole, own in self._with_left_over():
            known[own[-1]] = known[whole] or known[own[:-1]].any()
        return known

    def _with_left_over(self) -> list[tuple[int, Members]]:
        both = zip(self.total, self.parts, strict=True)
        return [(whole, own) for whole, own in both if self.left_over[own[-1:]].any()]
