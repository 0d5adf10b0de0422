"""Small-number rules: what may be shown of counts of people, and what may not.

A hidden cell is safe when another table fits everything shown, in which that cell differs by at
least one, no count is below zero and no hidden count falls to zero. Cells are hidden until there is
such a table for each. That is more than hiding two in every row and column: in tables of several
dimensions those can still be worked out together. Differences between
periods that overlap and between tables published one after another are guarded against in
`beacon.disclosure.successive`.

Sources: Hundepool et al., Statistical Disclosure Control (Wiley 2012), chapter 4; ISB1523
Anonymisation Standard for Publishing Health and Social Care Data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

Reason = Literal["small_count", "complementary"]

_ZERO = 1e-9
_SAME = 1e-6


@dataclass(frozen=True)
class Rule:
    """How counts are protected.

    Attributes:
        smallest_shown: Counts from 1 to one less than this are hidden. Zero is shown: nobody is
            in it.
        rounding: Shown counts are rounded to the nearest multiple of this; None leaves them.
        complementary: Hide further cells so that no hidden one can be worked out.
    """

    smallest_shown: int = 5
    rounding: int | None = None
    complementary: bool = True

    def __post_init__(self) -> None:
        if self.smallest_shown < 1 or (self.rounding is not None and self.rounding < 2):
            raise ValueError("smallest_shown is at least 1 and rounding at least 2.")


@dataclass(frozen=True)
class Breakdown:
    """A column whose members add up.

    Attributes:
        column: The column.
        parent: Member to the member that is its total; totals of totals may be given too.
    """

    column: str
    parent: Mapping[str, str]

    @classmethod
    def flat(cls, column: str, members: Sequence[str], total: str) -> Breakdown:
        """A breakdown with one total over all members."""
        return cls(column, {member: total for member in members if member != total})


@dataclass(frozen=True)
class Hidden:
    """One cell that was hidden.

    Attributes:
        row: Number of the row in the table.
        cell: The row's key.
        reason: small_count (or marked as sensitive), or complementary: hidden so that another
            cannot be worked out.
        protects: Key of the cell on whose account it was hidden; None for a small count, and for a
            cell that was withheld beforehand.
    """

    row: int
    cell: dict[str, Any]
    reason: Reason
    protects: dict[str, Any] | None


@dataclass(frozen=True)
class Protected:
    """A table that may be published, and what was done to it.

    Attributes:
        table: The table with hidden counts null, shown ones rounded where the rule says so, and a
            column `suppressed`. It does not say which cells are small: that would narrow them.
        hidden: What was hidden and why, for the record of those who may see the counts.
    """

    table: pl.DataFrame
    hidden: tuple[Hidden, ...]


@dataclass
class _System:
    """Cells and the equations between them: each row of `matrix` times the counts is zero."""

    counts: NDArray[np.float64]
    matrix: NDArray[np.float64]
    is_total: NDArray[np.bool_]
    hidden: dict[int, tuple[Reason, int | None]] = field(default_factory=dict)


def protect(
    table: pl.DataFrame,
    *,
    count: str,
    breakdowns: Sequence[Breakdown],
    by: Sequence[str] = (),
    rule: Rule | None = None,
    blank: Sequence[str] = (),
    whole: bool = True,
    sensitive: str | None = None,
    withheld: str | None = None,
) -> Protected:
    """Hide what may not be shown of a table of counts.

    Args:
        table: One row a cell. A cell that has no row counts as zero.
        count: Column of counts of people: whole numbers, null where not known.
        breakdowns: Columns whose members add up to totals that are rows of the same table; one
            column may have several, where the same total is broken down in several ways.
        by: Columns that split the table into tables of their own, such as the period.
        rule: The rule; 5 and complementary suppression by default.
        blank: Further columns that would give a hidden count away, such as its rate and limits.
        sensitive: Column of booleans: cells to hide whatever their count.
        withheld: Column of booleans: cells that are hidden already for reasons of their own, so
            that others are protected by them first.
        whole: False where people are counted in parts (full-time equivalents).

    Raises:
        ValueError: A count that is negative or not whole, or two rows of one cell.
    """
    rule = rule or Rule()
    keys = [*by, *dict.fromkeys(breakdown.column for breakdown in breakdowns)]
    _refuse_bad(table, count, keys, whole)
    numbered = table.with_row_index("_row")
    groups = numbered.partition_by(list(by), maintain_order=True) if by else [numbered]
    found: list[Hidden] = []
    for group in groups:
        # In one order, so that the same table is hidden in the same way however it is sorted.
        group = group.sort(keys)
        rows = group["_row"].to_list()
        cells = group.select(keys).to_dicts()
        system = _system(group, count, breakdowns)
        _hide(system, rule, _marked(group, sensitive), _marked(group, withheld))
        found += [
            Hidden(rows[i], cells[i], reason, None if other is None else cells[other])
            for i, (reason, other) in sorted(system.hidden.items())
        ]
    found.sort(key=lambda hidden: hidden.row)
    rows_hidden = {hidden.row for hidden in found}
    suppressed = pl.Series("suppressed", [row in rows_hidden for row in range(table.height)])
    shown = pl.col(count)
    if rule.rounding is not None:
        # Halves go up, as people expect; Polars would round them to even.
        shown = ((shown / rule.rounding + 0.5).floor() * rule.rounding).cast(table.schema[count])
    is_shown = ~pl.col("suppressed")
    result = table.with_columns(suppressed).with_columns(
        pl.when(is_shown).then(shown).alias(count),
        *(pl.when(is_shown).then(pl.col(name)).alias(name) for name in blank),
    )
    return Protected(result, tuple(found))


def _refuse_bad(table: pl.DataFrame, count: str, keys: list[str], whole: bool) -> None:
    values = table[count].drop_nulls().cast(pl.Float64)
    fits = values.is_finite() & (values >= 0)
    if not fits.all() or (whole and not (values == values.floor()).all()):
        raise ValueError(f"{count}: counts of people are whole and not negative.")
    if table.select(keys).is_duplicated().any():
        raise ValueError(f"Two rows have the same {', '.join(keys)}.")


def _system(group: pl.DataFrame, count: str, breakdowns: Sequence[Breakdown]) -> _System:
    """The equations: in each breakdown, with all else equal, parts less their total are zero."""
    names = list(dict.fromkeys(breakdown.column for breakdown in breakdowns))
    cells = [tuple(cell) for cell in group.select(names).iter_rows()]
    index = {cell: i for i, cell in enumerate(cells)}
    # An unknown count can neither be hidden nor help to work another out.
    counts = group[count].cast(pl.Float64).fill_null(-1.0).to_numpy()
    is_total = np.zeros(len(cells), dtype=bool)
    equations: list[NDArray[np.float64]] = []
    for breakdown in breakdowns:
        position = names.index(breakdown.column)
        parts: dict[tuple[Any, ...], list[int]] = {}
        for cell, i in index.items():
            above = breakdown.parent.get(cell[position])
            if above is not None:
                total = (*cell[:position], above, *cell[position + 1 :])
                parts.setdefault(total, []).append(i)
        for total, members in parts.items():
            if total not in index:
                continue
            is_total[index[total]] = True
            known = counts[[index[total], *members]] >= 0
            # Where the parts do not make up the total (people of unknown sex, say), nothing exact
            # follows from it.
            if known.all() and abs(counts[members].sum() - counts[index[total]]) < _SAME:
                equation = np.zeros(len(cells))
                equation[members] = 1
                equation[index[total]] = -1
                equations.append(equation)
    matrix = np.array(equations) if equations else np.zeros((0, len(cells)))
    return _System(counts, matrix, is_total)


def _marked(group: pl.DataFrame, column: str | None) -> list[int]:
    return [] if column is None else [i for i, marked in enumerate(group[column]) if marked]


def _hide(system: _System, rule: Rule, sensitive: list[int], withheld: list[int]) -> None:
    small = np.flatnonzero((system.counts > 0) & (system.counts < rule.smallest_shown))
    for cell in sorted({*small.tolist(), *sensitive}):
        system.hidden[cell] = ("small_count", None)
    queue = sorted(system.hidden)
    for cell in withheld:
        system.hidden.setdefault(cell, ("complementary", None))
    if not rule.complementary:
        return
    # Cells for which another table that fits all that is shown is known: they are safe, and stay
    # so however much more is hidden.
    safe: set[int] = set()
    for cell in queue:
        if cell in safe:
            continue
        step = _other_table(system, cell)
        for other in np.flatnonzero(np.abs(step) > _ZERO):
            if int(other) not in system.hidden:
                system.hidden[int(other)] = ("complementary", cell)
                queue.append(int(other))
        safe |= {int(i) for i in np.flatnonzero(np.abs(step) >= 1 - _ZERO)}


def _other_table(system: _System, cell: int) -> NDArray[np.float64]:
    """The cheapest change to the table that leaves every equation true and the cell one higher.

    Whatever it changes must be hidden. What is hidden already costs nothing, totals cost more than
    parts and large counts more than small; no count falls below one, and zeros stay as they are
    unless they are hidden already or there is no other way (Fischetti and Salazar 2001, Management
    Science 47: 1008-1027, give the linear programme of this problem).
    """
    from scipy.optimize import linprog

    width = len(system.counts)
    cost = (1 + np.log1p(np.maximum(system.counts, 0))) * np.where(system.is_total, 3.0, 1.0)
    cost[list(system.hidden)] = 0
    # Rises and falls apart, so that the sum of both is the size of the change.
    equations = np.hstack([system.matrix, -system.matrix])
    for zeros_stay in (True, False):
        zero = system.counts == 0
        zero[list(system.hidden)] = False
        most_up = np.where(zero, 0.0 if zeros_stay else np.inf, np.inf)
        most_down = np.maximum(system.counts - 1.0, 0.0)
        most_up[system.counts < 0] = np.inf
        bounds = np.column_stack([np.zeros(2 * width), np.concatenate([most_up, most_down])])
        bounds[cell] = (1, 1)
        bounds[width + cell] = (0, 0)
        found = linprog(
            np.concatenate([cost, cost]),
            A_eq=equations if len(equations) else None,
            b_eq=np.zeros(len(equations)) if len(equations) else None,
            bounds=bounds,
            method="highs-ds",
        )
        if found.status == 0:
            step: NDArray[np.float64] = found.x[:width] - found.x[width:]
            return step
    # One more in the cell and in every total above it always fits, so this is not reached.
    raise ArithmeticError("No second table fits the totals; the breakdowns contradict each other.")
