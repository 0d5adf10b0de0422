"""Protecting counts of small areas that lie in larger ones whose counts are protected already.

What belongs here: areas that only add up to the area around them, so that no programme is needed.
What does not: tables of several dimensions (`linked_tables`).

The guarantee is that of `cells`. In an area whose count is shown, one hidden part must be able to
rise while another falls; in one whose count is hidden, some part must be hidden that can move with
it, or the hidden count would be the sum of shown ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from beacon.disclosure.linked_tables import Counts, Flags


@dataclass(frozen=True)
class Nested:
    """Areas and the areas in them, as numbers of cells.

    Attributes:
        families: Each area with its parts, which add up to it.
    """

    families: tuple[tuple[int, NDArray[np.int64]], ...]


def hide_nested(
    counts: Counts, nested: Nested, hidden: Flags, left_over: Flags | None = None
) -> list[int]:
    """Hide further parts until no hidden one follows from what is shown; changes `hidden`.

    Args:
        counts: Counts of people.
        nested: The areas; those with a hidden count stay hidden, those with a shown one shown.
        hidden: What is hidden so far.
        left_over: Parts that are shown nowhere and whose own count needs no protection: what the
            others leave of an area.

    Returns:
        Areas that are shown and whose parts cannot protect one another (one person in each, say):
        they must be hidden themselves, and everything judged again.

    Raises:
        ValueError: Where the parts of an area cannot protect one another though it is hidden.
    """
    stuck = []
    left_over = np.zeros(len(hidden), dtype=np.bool_) if left_over is None else left_over
    free = counts.free(left_over)
    for parent, parts in nested.families:
        if free[parts].any():
            continue  # Whatever is hidden can move with it.
        family = parts[~left_over[parts]]
        if not hidden[family].any() and not hidden[parent]:
            continue
        # Cheapest first: small counts, and zeros last.
        order = family[np.lexsort((family, counts.values[family], counts.values[family] == 0))]
        for cell in (None, *order[~hidden[order]]):
            if cell is not None:
                hidden[cell] = True
            if _moves(counts, family[hidden[family]], bool(hidden[parent])):
                break
        else:
            if hidden[parent]:
                raise ValueError("the parts of an area cannot protect one another")
            stuck.append(parent)
    return stuck


def _moves(counts: Counts, cells: NDArray[np.int64], free: bool) -> bool:
    """Whether each of the hidden parts can be other than it is."""
    if not len(cells):
        return False
    up, down = counts.rises[cells] >= 1, counts.falls[cells] >= 1
    if free:
        return bool((up | down).any())
    for number in range(len(cells)):
        others = np.arange(len(cells)) != number
        if not (up[number] and down[others].any()) and not (down[number] and up[others].any()):
            return False
    return True
