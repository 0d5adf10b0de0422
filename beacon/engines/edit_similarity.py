"""How alike two texts are, for engines without a function of their own."""

from __future__ import annotations


def jaro_winkler(first: str | None, second: str | None) -> float | None:
    """The Jaro-Winkler similarity, 0 to 1, as DuckDB's `jaro_winkler_similarity`.

    Source: Winkler WE. String comparator metrics and enhanced decision rules in the Fellegi-Sunter
    model of record linkage. Proceedings of the Section on Survey Research Methods, American
    Statistical Association, 1990: 354-359; prefix of up to four characters, weight 0.1, applied
    above 0.7.
    """
    if first is None or second is None:
        return None
    if not first or not second:
        return 1.0 if first == second else 0.0
    reach = max(max(len(first), len(second)) // 2 - 1, 0)
    taken = [False] * len(second)
    ours = []
    for place, letter in enumerate(first):
        for other in range(max(0, place - reach), min(len(second), place + reach + 1)):
            if not taken[other] and second[other] == letter:
                taken[other] = True
                ours.append(letter)
                break
    theirs = [letter for letter, is_taken in zip(second, taken, strict=True) if is_taken]
    if not ours:
        return 0.0
    same = len(ours)
    swapped = sum(a != b for a, b in zip(ours, theirs, strict=True)) // 2
    jaro = (same / len(first) + same / len(second) + (same - swapped) / same) / 3
    if jaro <= 0.7:
        return jaro
    prefix = 0
    for a, b in zip(first[:4], second[:4], strict=False):
        if a != b:
            break
        prefix += 1
    return jaro + prefix * 0.1 * (1 - jaro)
