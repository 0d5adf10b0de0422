"""Protecting many tables that share cells and totals, as counts by area and group do.

What belongs here: the rule and guarantee of `cells`, for systems of thousands of cells. What does
not: tables with names (`cells`), or which tables are linked.

The guarantee is that of `cells`: for each hidden cell another table fits all that is shown, in
which that cell differs by at least one, no count is below zero and no hidden count falls to zero.
It is reached in another order. Where an equation has a single hidden cell, its cheapest other cell
is hidden too, until there is none such; then one linear programme looks for a table in which as
many hidden cells as possible are different at once; only what is left is treated cell by cell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_ZERO = 1e-9
_SAME = 1e-6


@dataclass(frozen=True)
class Equations:
    """Which cells add up to which.

    Attributes:
        total: The cell that is a total, of each equation.
        parts: Its parts.
        cells: Number of cells.
    """

    total: tuple[int, ...]
    parts: tuple[NDArray[np.int64], ...]
    cells: int


@dataclass(frozen=True)
class Way:
    """One way in which members of a dimension add up.

    Attributes:
        dimension: Position of the dimension in a cell's key.
        parent: Member to the member that is its total.
    """

    dimension: int
    parent: Mapping[str, str]


def equations_of(cells: Sequence[tuple[str, ...]], ways: Sequence[Way]) -> Equations:
    """Equations between cells that are keyed by one member of each dimension.

    Args:
        cells: Keys of the cells.
        ways: How they add up; one dimension may have several.

    Returns:
        One equation for each total and way, with all other members alike.
    """
    index = {cell: number for number, cell in enumerate(cells)}
    totals: list[int] = []
    parts: list[NDArray[np.int64]] = []
    for way in ways:
        found: dict[int, list[int]] = {}
        at = way.dimension
        for cell, number in index.items():
            above = way.parent.get(cell[at])
            if above is None:
                continue
            total = index.get((*cell[:at], above, *cell[at + 1 :]))
            if total is not None:
                found.setdefault(total, []).append(number)
        for total, members in found.items():
            totals.append(total)
            parts.append(np.array(members, dtype=np.int64))
    return Equations(tuple(totals), tuple(parts), len(cells))


@dataclass(frozen=True)
class Counts:
    """Counts of cells and by how much each could be other than it is.

    Attributes:
        values: The counts.
        falls: By how much each may fall in another table that a reader must reckon with.
        rises: By how much each may rise.
    """

    values: Floats
    falls: Floats
    rises: Floats

    @classmethod
    def of_people(cls, people: NDArray[np.int64]) -> Counts:
        """Counts that may be anything: none falls to zero."""
        values = people.astype(np.float64)
        return cls(values, np.maximum(values - 1, 0), np.full(len(values), np.inf))

    @classmethod
    def of_parts(
        cls, total: NDArray[np.int64], part: NDArray[np.int64], total_hidden: Flags
    ) -> Counts:
        """Parts of totals that stay as they are: what a part gains its rest loses.

        Neither falls to zero where the total is shown.
        """
        least = np.where(total_hidden, 0.0, 1.0)
        values, rest = part.astype(np.float64), (total - part).astype(np.float64)
        return cls(values, np.maximum(values - least, 0), np.maximum(rest - least, 0))

    def free(self, left_over: Flags) -> Flags:
        """Cells of what is left over that protect a hidden part beside them, as they can move.

        Both ways: who guesses that nothing is left over, where that is so, is right.
        """
        return left_over & (self.falls > 0) & (self.rises > 0)


def hide_linked(
    counts: Counts,
    equations: Equations,
    must: Flags,
    unpublished: Flags | None = None,
    left_over: Flags | None = None,
) -> Flags:
    """Which cells of linked tables may not be shown.

    Args:
        counts: Counts of people.
        equations: What adds up. One that does not hold in the counts is left out, so what its
            parts leave of its total must be a cell of its own.
        must: Cells that are hidden whatever else is.
        unpublished: Cells that are shown nowhere and need no protection, such as a sum that only
            ties two tables together.
        left_over: Cells that are shown nowhere either, and whose own count needs no protection:
            what the parts leave of a total (people of unknown sex, say).

    Returns:
        Whether each cell is hidden.

    Raises:
        ValueError: Where no other table is possible for a cell that must be hidden.
    """
    hidden = must.copy()
    if not hidden.any():
        return hidden
    safe = np.zeros(len(hidden), dtype=np.bool_)
    if unpublished is not None:
        hidden |= unpublished
        safe |= unpublished
    alone = (
        np.zeros(len(hidden), dtype=np.bool_)
        if left_over is None
        else counts.free(left_over) & ~must
    )
    hidden |= alone
    safe |= alone
    system = _System(counts, equations)
    system.pair_up(hidden, alone)
    system.certify(hidden, safe)
    while True:
        left = np.flatnonzero(hidden & ~safe)
        if not len(left):
            return hidden
        step = system.cheapest(int(left[0]), hidden)
        hidden |= np.abs(step) > _ZERO
        safe |= hidden & (np.abs(step) >= 1 - _SAME)


class _System:
    """Counts, and the equations that hold between them."""

    def __init__(self, counts: Counts, equations: Equations) -> None:
        from scipy.sparse import csr_matrix, hstack

        self.counts = counts
        values = counts.values
        self.members: list[NDArray[np.int64]] = []
        signs: list[Floats] = []
        for total, parts in zip(equations.total, equations.parts, strict=True):
            if abs(values[parts].sum() - values[total]) < _SAME:
                self.members.append(np.concatenate([[total], parts]))
                signs.append(np.concatenate([[-1.0], np.ones(len(parts))]))
        rows = np.repeat(np.arange(len(self.members)), [len(group) for group in self.members])
        columns = np.concatenate(self.members) if self.members else np.zeros(0, dtype=np.int64)
        data = np.concatenate(signs) if signs else np.zeros(0)
        shape = (len(self.members), len(values))
        self.matrix = csr_matrix((data, (rows, columns)), shape=shape).tocsc()
        # Rises and falls apart, so that the sum of both is the size of a change.
        self.both_ways = hstack([self.matrix, -self.matrix], format="csc")
        totals = np.zeros(len(values), dtype=np.bool_)
        totals[[group[0] for group in self.members]] = True
        self.cost = (1 + np.log1p(values)) * np.where(totals, 3.0, 1.0)
        # Zero is a figure: it is hidden last.
        self.cost[values == 0] += 100.0

    def pair_up(self, hidden: Flags, alone: Flags) -> None:
        """Hide a second cell of each equation that has one, until none has exactly one.

        Those of `alone` may be the only one.
        Of those that can move the cheapest is taken. A cell costs more for each further equation
        in which it would be the only hidden one, because that needs another in its turn.
        """
        movable = (self.counts.falls > 0) | (self.counts.rises > 0)
        queue = list(range(len(self.members)))
        touching: list[list[int]] = [[] for _ in hidden]
        for number, group in enumerate(self.members):
            for cell in group:
                touching[cell].append(number)
        hidden_in = [int(np.count_nonzero(hidden[group])) for group in self.members]
        while queue:
            equation = queue.pop()
            if hidden_in[equation] != 1:
                continue
            group = self.members[equation]
            free = group[~hidden[group] & movable[group]]
            if not len(free) or alone[group[hidden[group]]].any():
                continue
            further = np.array([sum(hidden_in[n] == 0 for n in touching[cell]) for cell in free])
            chosen = int(free[np.lexsort((free, self.cost[free] * (1 + 2 * further)))[0]])
            hidden[chosen] = True
            for number in touching[chosen]:
                hidden_in[number] += 1
            queue += touching[chosen]

    def certify(self, hidden: Flags, safe: Flags) -> None:
        """Mark hidden cells for which another table is found while nothing more is hidden.

        One linear programme looks for a table in which as many as can be are higher by one at
        once, another for one in which they are lower; each has a second try for what is left.
        """
        from scipy.optimize import linprog
        from scipy.sparse import csc_matrix, hstack, identity

        cells = np.flatnonzero(hidden)
        part = self.matrix[:, cells].tocsr()
        part = part[np.flatnonzero(np.diff(part.indptr))].tocsc()
        width, rows = len(cells), part.shape[0]
        falls, rises = self.counts.falls[cells], self.counts.rises[cells]
        equal = hstack([part, csc_matrix((rows, width))], format="csc") if rows else None
        for _ in range(2):
            for sign, room in ((1.0, rises), (-1.0, falls)):
                wanted = ~safe[cells] & (room >= 1)
                if not wanted.any():
                    continue
                low = np.concatenate([-falls, np.zeros(width)])
                high = np.concatenate([rises, wanted.astype(np.float64)])
                # t of 0 to 1 for each, t <= sign * d, and as much of it as can be.
                low[width:][~wanted], high[width:][~wanted] = 0.0, 0.0
                at_most = hstack([-sign * identity(width), identity(width)], format="csr")
                at_most = at_most[np.flatnonzero(wanted)]
                found = linprog(
                    np.concatenate([np.zeros(width), -wanted.astype(np.float64)]),
                    A_ub=at_most,
                    b_ub=np.zeros(at_most.shape[0]),
                    A_eq=equal,
                    b_eq=np.zeros(rows) if rows else None,
                    bounds=np.column_stack([low, high]),
                    method="highs",
                )
                if found.status != 0:
                    continue
                safe[cells[np.abs(found.x[:width]) >= 1 - _SAME]] = True

    def cheapest(self, cell: int, hidden: Flags) -> Floats:
        """The cheapest change that leaves all equations true and one cell different by one."""
        from scipy.optimize import linprog

        cost = np.where(hidden, 0.0, self.cost)
        equations = self.both_ways
        width = len(cost)
        for room, chosen, other in (
            (self.counts.rises, cell, width + cell),
            (self.counts.falls, width + cell, cell),
        ):
            if room[cell] < 1:
                continue
            high = np.concatenate([self.counts.rises, self.counts.falls])
            bounds = np.column_stack([np.zeros(2 * width), high])
            bounds[chosen], bounds[other] = (1, 1), (0, 0)
            found = linprog(
                np.concatenate([cost, cost]),
                A_eq=equations if equations.shape[0] else None,
                b_eq=np.zeros(equations.shape[0]) if equations.shape[0] else None,
                bounds=bounds,
                method="highs-ds",
            )
            if found.status == 0:
                step: Floats = found.x[:width] - found.x[width:]
                return step
        raise ValueError("no other table is possible for a cell that must be hidden")
