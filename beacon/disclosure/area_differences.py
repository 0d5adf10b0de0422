"""Whether figures of overlapping areas, taken together, tell of few people.

What belongs here: the rule for areas that are sets of the same small areas. What does not: which
areas were published or given out before, and where that is written down (`release/area_ledger`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

# The fewest people of an area whose figures are given, and of what two or more areas leave between
# them. It is the fewest residents of an output area, the smallest area that ONS gives figures of
# the Census for. Source: ONS, Census 2021 geographies, thresholds of output areas (100 residents,
# 40 households). LSOAs are made of output areas and have about 1,000 residents or more.
FEWEST_PEOPLE = 100

Area = frozenset[str]


def tells_of_few(
    people: Mapping[str, int], known: Sequence[Area], new: Area, fewest: int = FEWEST_PEOPLE
) -> bool:
    """Whether figures of one more area let figures of few people be worked out.

    Whoever knows a figure for each of several areas knows every sum and difference of them, with
    any factors. The areas divide the LSOAs into pieces; a piece lies wholly inside or outside each
    area. Where some combination of areas cancels on every piece of enough people and not on the
    rest, it is a figure of few people. Their number is the rank of the areas less their rank on the
    pieces of enough people; the new area may not raise it.

    Args:
        people: Residents of each LSOA; one that is not named counts as nobody.
        known: Areas whose figures are known, as sets of LSOA codes.
        new: The area that is asked for.
        fewest: Pieces of fewer people are few. Pieces without people tell of nobody.
    """
    areas = [*dict.fromkeys(known), new]
    if new in areas[:-1]:
        return False
    pieces: dict[tuple[int, ...], int] = {}
    inside: dict[str, list[int]] = {}
    for number, area in enumerate(areas):
        for code in area:
            inside.setdefault(code, []).append(number)
    for code, numbers in inside.items():
        pieces[tuple(numbers)] = pieces.get(tuple(numbers), 0) + people.get(code, 0)
    peopled = {numbers: count for numbers, count in pieces.items() if count > 0}
    many = np.array([count >= fewest for count in peopled.values()], dtype=bool)
    if many.all():
        return False
    matrix = np.zeros((len(areas), len(peopled)))
    for column, within in enumerate(peopled):
        matrix[list(within), column] = 1.0
    return _told(matrix, many) > _told(matrix[:-1], many)


def _told(matrix: np.ndarray[tuple[int, int], np.dtype[np.float64]], many: object) -> int:
    """How many independent figures of few people follow from figures of these areas."""
    return _rank(matrix) - _rank(matrix[:, many])  # type: ignore[index]


def _rank(matrix: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> int:
    return int(np.linalg.matrix_rank(matrix)) if matrix.size else 0


def differs_by_few(
    people: Mapping[str, int], known: Iterable[tuple[str, Area]], new: Area, fewest: int
) -> list[str]:
    """Names of areas that hold the new one, or are held by it, but for few people."""
    found = []
    for name, area in known:
        if area < new or new < area:
            between = sum(people.get(code, 0) for code in area ^ new)
            if 0 < between < fewest:
                found.append(name)
    return found
