"""Bounding hidden counts by linear programming, from all that is shown."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from itertools import chain
from typing import Any

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

Atom = Hashable


class LinearAttacker:
    """What can be told of sums of unknown counts from what is known of other sums.

    Atoms are the smallest groups of people. The same atom in two tables is the same count: whoever
    knows that a count did not change between two releases says so by using the same atom.
    """

    def __init__(self, *, whole: bool = True) -> None:
        self.whole = whole
        self._known: dict[tuple[frozenset[tuple[Atom, float]], float, float], None] = {}
        self._solved: Any = None

    def learns(
        self,
        parts: Iterable[Atom] | Mapping[Atom, float],
        low: float,
        high: float | None = None,
    ) -> None:
        """A sum, weighted where a mapping is given, is `low`, or lies between `low` and `high`."""
        weights = parts if isinstance(parts, Mapping) else dict.fromkeys(parts, 1.0)
        self._known[frozenset(weights.items()), low, low if high is None else high] = None
        self._solved = None

    def bounds(self, parts: Iterable[Atom], *, whole: bool | None = None) -> tuple[float, float]:
        """The least and the greatest that a sum can be.

        Raises:
            ValueError: When nothing fits what is known: then something was assumed wrongly.
        """
        index, constraint = self._constraint()
        aim = np.zeros(len(index))
        atoms = list(parts)
        if any(atom not in index for atom in atoms):
            return 0.0, np.inf
        aim[[index[atom] for atom in atoms]] = 1
        ends = []
        for sign in (1.0, -1.0):
            found = milp(
                sign * aim,
                constraints=constraint,
                bounds=Bounds(0, np.inf),
                integrality=np.full(len(index), int(self.whole if whole is None else whole)),
            )
            if found.status == 2:
                raise ValueError("Nothing fits what the attacker takes to be known.")
            ends.append(np.inf if found.x is None else sign * float(found.fun))
        return ends[0], ends[1]

    def width(self, parts: Iterable[Atom]) -> float:
        """How widely a sum must still be guessed: 0 where it is known.

        Whole numbers are looked for only where bounds alone leave few: they take longer.
        """
        parts = list(parts)
        low, high = self.bounds(parts, whole=False)
        if self.whole and high - low < 3:
            low, high = self.bounds(parts)
        return high - low

    def recovers(self, parts: Iterable[Atom], *, protection: float = 1.0) -> bool:
        """Whether a sum is known more narrowly than the protection that is declared."""
        return self.width(parts) < protection - 1e-6

    def _constraint(self) -> tuple[dict[Atom, int], LinearConstraint]:
        if self._solved is None:
            names = chain.from_iterable((atom for atom, _ in one) for one, _, _ in self._known)
            index = {atom: i for i, atom in enumerate(dict.fromkeys(names))}
            entries = [
                (row, index[atom], weight)
                for row, (one, _, _) in enumerate(self._known)
                for atom, weight in one
            ]
            rows, columns, weights = zip(*entries, strict=True)
            matrix = csr_array((weights, (rows, columns)), shape=(len(self._known), len(index)))
            low, high = (np.array([one[end] for one in self._known]) for end in (1, 2))
            self._solved = index, LinearConstraint(matrix, low, high)
        return self._solved
