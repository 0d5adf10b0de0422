"""Tables that are published one after another, protected together.

A reader who keeps every table sees what each one shows and knows which counts did not change in
between. So a count that is hidden in one of them may follow from the others. What is published
cannot be taken back: a new table is hidden so far that every small count, of any of the tables,
stays as uncertain as `beacon.disclosure.cells` asks of a single one.

Everything is written as sums of atoms: the smallest groups of people that any table counts, such as
those of one organisation in one Place. A count that was corrected is another atom.

Sources: Fischetti and Salazar 2001, Management Science 47: 1008-1027, for the programme;
Hundepool et al., Statistical Disclosure Control (Wiley 2012), 4.5, for linked tables.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

Atom = Hashable
Sum = frozenset[Atom]
"""The atoms that are added up."""
Key = TypeVar("Key", bound=Hashable)

_SAME = 1e-6
# A second table is looked for among so many branches; where none is found, all is hidden.
_MOST_BRANCHES = 2_000
# What it costs to hide a row, for each person that its count would move: little where the row was
# hidden before, much where it is a total.
_KEPT, _TOTAL = 0.01, 3.0


@dataclass(frozen=True)
class Row(Generic[Key]):
    """A row of the new table, shown or hidden as a whole.

    Attributes:
        key: What the table calls it.
        counts: The sums that it shows, such as a numerator and the rest of its denominator.
        is_total: Whether other rows add up to it.
    """

    key: Key
    counts: tuple[Sum, ...]
    is_total: bool = False


@dataclass(frozen=True)
class Known:
    """What readers know of a sum: its count, or between which counts it lies."""

    parts: Sum
    low: float
    high: float = math.inf


@dataclass(frozen=True)
class Published:
    """What is true, and what readers know of it before the new table.

    Attributes:
        counts: The true count of each atom.
        known: What earlier tables told.
        equal: Pairs of sums that readers take to be the same number.
        whole: Whether all counts are whole numbers.
    """

    counts: Mapping[Atom, float]
    known: Sequence[Known] = ()
    equal: Sequence[tuple[Sum, Sum]] = ()
    whole: bool = True

    def count(self, parts: Iterable[Atom]) -> float:
        """The true count of a sum."""
        return math.fsum(self.counts[atom] for atom in parts)


@dataclass(frozen=True)
class Hiding(Generic[Key]):
    """How the new table is to be hidden.

    Attributes:
        hidden: Keys of the rows to hide.
        already_told: Sums that the earlier tables tell by themselves: no hiding helps them.
    """

    hidden: frozenset[Key]
    already_told: tuple[Sum, ...] = ()


def is_small(count: float, smallest_shown: int) -> bool:
    """Whether a count of people may not be shown: above none, below the smallest that may."""
    return _SAME < count < smallest_shown - _SAME


def hide(
    published: Published,
    rows: Sequence[Row[Key]],
    *,
    sensitive: Sequence[Sum] = (),
    smallest_shown: int = 5,
    kept: Collection[Key] = (),
    never_shown: Collection[Key] = (),
) -> Hiding[Key]:
    """Choose which rows of a new table to hide, keeping to an earlier choice where it still serves.

    For each sensitive sum there is then another set of counts that agrees with all that any table
    shows, in which that sum is one more or one less, and no hidden count that is above zero falls
    to zero.

    Args:
        published: The true counts, and what readers know.
        rows: The new table.
        sensitive: Sums to protect beside the small counts of the rows themselves, such as what one
            organisation sent in, or the small counts of earlier tables.
        smallest_shown: Counts from 1 to one less than this are small.
        kept: Rows that the latest table hid: taken before others.
        never_shown: Rows that are not shown for reasons of their own.
    """
    small = {
        row.key
        for row in rows
        if any(is_small(published.count(parts), smallest_shown) for parts in row.counts)
    }
    hidden = small | set(never_shown)
    targets = list(
        dict.fromkeys(
            [
                *(
                    parts
                    for row in rows
                    for parts in row.counts
                    if is_small(published.count(parts), smallest_shown)
                ),
                *sensitive,
            ]
        )
    )
    programme = _Programme(published, rows)
    safe: set[Sum] = set()
    told: list[Sum] = []
    for target in targets:
        if target in safe:
            continue
        other = programme.other_counts(target, programme.costs(hidden, kept))
        if other is None:
            everything = {row.key for row in rows}
            other = programme.other_counts(target, programme.costs(everything, kept))
            if other is None:
                told.append(target)
                continue
            hidden = everything
        hidden |= programme.changed_rows(other)
        safe |= {parts for parts in targets if abs(programme.change(other, parts)) > 1 - _SAME}
    return Hiding(frozenset(hidden), tuple(told))


def told(published: Published, rows: Sequence[Row[Key]], targets: Sequence[Sum]) -> list[Sum]:
    """Which sums can be worked out from what is known and a table of which all rows are shown.

    Args:
        published: The true counts, and what readers know.
        rows: The rows that the new table shows.
        targets: The sums.
    """
    programme = _Programme(published, rows)
    none_may_change = programme.costs((), (), fixed=True)
    safe: set[Sum] = set()
    found = []
    for target in dict.fromkeys(targets):
        if target in safe:
            continue
        other = programme.other_counts(target, none_may_change)
        if other is None:
            found.append(target)
        else:
            safe |= {parts for parts in targets if abs(programme.change(other, parts)) > 1 - _SAME}
    return found


class _Programme(Generic[Key]):
    """The programme that looks for other counts which agree with all that is shown."""

    def __init__(self, published: Published, rows: Sequence[Row[Key]]) -> None:
        self._published = published
        self._index = {atom: i for i, atom in enumerate(published.counts)}
        self._true = np.array([float(count) for count in published.counts.values()])
        self._rows = rows
        # Each sum once, however many rows show it.
        self._sums = list(dict.fromkeys(parts for row in rows for parts in row.counts if parts))
        self._constraints = self._fixed_constraints()

    def _matrix(self, sums: Sequence[Mapping[Atom, float]]) -> Any:
        from scipy.sparse import csr_array

        entries = [(i, self._index[a], v) for i, one in enumerate(sums) for a, v in one.items()]
        shape = (len(sums), len(self._index))
        if not entries:
            return csr_array(shape)
        i, j, values = zip(*entries, strict=True)
        return csr_array((values, (i, j)), shape=shape)

    def _fixed_constraints(self) -> tuple[Any, NDArray[np.float64], NDArray[np.float64]]:
        """What holds whatever the new table shows, over the atoms."""
        known = [
            # Zeros are shown, so that what is hidden is known to be somebody.
            *(
                Known(parts, min(1.0, count))
                for parts in self._sums
                if (count := self._published.count(parts)) > _SAME
            ),
            *self._published.known,
        ]
        equal = [
            {**dict.fromkeys(first - second, 1.0), **dict.fromkeys(second - first, -1.0)}
            for first, second in self._published.equal
        ]
        matrix = self._matrix([*(dict.fromkeys(one.parts, 1.0) for one in known), *equal])
        zeros = np.zeros(len(equal))
        low = np.concatenate([[one.low for one in known], zeros])
        high = np.concatenate([[one.high for one in known], zeros])
        return matrix, low, high

    def costs(
        self, hidden: Collection[Key], kept: Collection[Key], *, fixed: bool = False
    ) -> NDArray[np.float64]:
        """What it costs to move each sum of the new table by one person.

        A sum that several rows show costs as much as all of them; infinite where `fixed`.
        """
        hidden, kept = set(hidden), set(kept)
        at = {parts: i for i, parts in enumerate(self._sums)}
        costs = np.zeros(len(self._sums))
        for row in self._rows:
            for parts in row.counts:
                if not parts or row.key in hidden:
                    continue
                cost = (1 + math.log1p(self._published.count(parts))) * (
                    _TOTAL if row.is_total else 1.0
                )
                costs[at[parts]] += (
                    math.inf if fixed else cost * (_KEPT if row.key in kept else 1.0)
                )
        return costs

    def other_counts(self, target: Sum, costs: NDArray[np.float64]) -> NDArray[np.float64] | None:
        """The cheapest other counts in which a sum is one more, or else one less."""
        for step in (1.0, -1.0):
            found = self._solve(target, step, costs)
            if found is not None:
                return found
        return None

    def _solve(
        self, target: Sum, step: float, costs: NDArray[np.float64]
    ) -> NDArray[np.float64] | None:
        from scipy.optimize import Bounds, LinearConstraint, milp
        from scipy.sparse import block_array, csr_array, eye_array

        atoms = len(self._index)
        aim = self._matrix([dict.fromkeys(target, 1.0)])
        goal = self._published.count(target) + step
        matrix, low, high = self._constraints
        priced = [i for i, cost in enumerate(costs) if 0 < cost < math.inf]
        fixed = [i for i, cost in enumerate(costs) if cost == math.inf]
        moving = self._matrix([dict.fromkeys(self._sums[i], 1.0) for i in priced])
        still = self._matrix([dict.fromkeys(self._sums[i], 1.0) for i in fixed])
        at_rest, stays = moving @ self._true, still @ self._true
        plenty = np.full(len(priced), np.inf)
        one = eye_array(len(priced))
        whole = block_array(
            [
                [aim, csr_array((1, len(priced)))],
                [matrix, csr_array((matrix.shape[0], len(priced)))],
                [still, csr_array((len(fixed), len(priced)))],
                # The size of each move is at least the move, up or down.
                [moving, one],
                [moving, -one],
            ]
        ).tocsr()
        limits = LinearConstraint(
            whole,
            np.concatenate([[goal], low, stays, at_rest, -plenty]),
            np.concatenate([[goal], high, stays, plenty, at_rest]),
        )
        aims = np.concatenate([np.zeros(atoms), costs[priced]])
        for integral in (False, True) if self._published.whole else (False,):
            found = milp(
                aims,
                constraints=limits,
                bounds=Bounds(0, np.inf),
                integrality=np.concatenate([np.full(atoms, integral), np.zeros(len(priced))]),
                options={"node_limit": _MOST_BRANCHES, "mip_rel_gap": 0.05},
            )
            if found.x is None:
                return None
            counts: NDArray[np.float64] = found.x[:atoms]
            if not self._published.whole or np.abs(counts - counts.round()).max(initial=0) < _SAME:
                return counts
        return counts.round() if self._fits(counts.round(), target, goal, fixed) else None

    def _fits(
        self, counts: NDArray[np.float64], target: Sum, goal: float, fixed: list[int]
    ) -> bool:
        matrix, low, high = self._constraints
        sums = matrix @ counts
        return bool(
            (sums > low - _SAME).all()
            and (sums < high + _SAME).all()
            and abs(sum(counts[self._index[atom]] for atom in target) - goal) < _SAME
            and all(abs(self.change(counts, self._sums[i])) < _SAME for i in fixed)
        )

    def change(self, other: NDArray[np.float64], parts: Sum) -> float:
        """By how much a sum is higher in other counts than in the true ones."""
        at = [self._index[atom] for atom in parts]
        return float((other[at] - self._true[at]).sum())

    def changed_rows(self, other: NDArray[np.float64]) -> set[Key]:
        """Rows that may not be shown if the other counts are to be possible."""
        return {
            row.key
            for row in self._rows
            if any(abs(self.change(other, parts)) > _SAME for parts in row.counts)
        }
