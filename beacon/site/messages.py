"""The front page's sentences, made from numbers and true whatever the numbers are."""

from __future__ import annotations

from beacon.site import words

Valued = list[tuple[str, float | None, str]]


def _at(items: Valued, value_text: str) -> str:
    """The areas that show this text: up to three by name, else how many."""
    names = [name for name, _, text in items if text == value_text]
    if len(names) > 3:
        return f"{words.count_word(len(names))} Places"
    return words.listed(names)


def spread_sentence(items: Valued) -> str:
    """From the lowest to the highest area, without subject or full stop.

    Args:
        items: Name, value, and the value as it is shown; None where an area has none.
    """
    known = [item for item in items if item[1] is not None]
    if not known:
        return "no Place has a figure"
    lowest = min(known, key=lambda i: i[1] or 0.0)[2]
    highest = max(known, key=lambda i: i[1] or 0.0)[2]
    if len(known) == 1:
        said = f"only {known[0][0]} has a figure, {highest}"
    elif lowest == highest:
        all_ = "both" if len(known) == 2 else f"all {words.count_word(len(known))}"
        said = f"the same in {all_} Places with a figure, {highest}"
    else:
        said = f"from {lowest} ({_at(known, lowest)}) to {highest} ({_at(known, highest)})"
    return said


def largest_sentence(items: Valued) -> str:
    """Where a gap is largest, without subject or full stop; as `spread_sentence` otherwise."""
    known = [item for item in items if item[1] is not None]
    shown = {text for _, _, text in known}
    if len(known) < 2 or len(shown) == 1:
        return spread_sentence(items)
    largest = max(known, key=lambda i: i[1] or 0.0)[2]
    return f"largest in {_at(known, largest)}, {largest}"


def counts_sentence(widening: int, closing: int, level: int, untested: int) -> str:
    """In how many Places a gap was tested to go which way, without subject or full stop.

    Args:
        widening: Places where it grows.
        closing: Places where it shrinks.
        level: Places where the test finds no clear change.
        untested: Places where nothing is tested.
    """
    total = widening + closing + level
    parts: list[str] = []
    said_of = ("widening", "closing", "without clear change")
    for count, word in zip((widening, closing, level), said_of, strict=True):
        if count:
            parts.append(
                f"{word} in {'all ' if count == total > 1 else ''}{words.count_word(count)}"
                + ("" if parts else " Place" + ("" if count == 1 else "s"))
            )
    said = words.listed(parts)
    if untested:
        said += f" (not tested in {words.count_word(untested)})"
    return said


def trends_sentence(tested: int, better: int, worse: int, other: int) -> str:
    """What recent trends say, as a whole sentence."""
    if tested == 0:
        return "No recent trend can be tested in this release."
    found = [
        (worse, "is getting worse", "are getting worse"),
        (better, "is getting better", "are getting better"),
        (
            other,
            "moves where neither direction is better",
            "move where neither direction is better",
        ),
        (tested - better - worse - other, "shows no clear change", "show no clear change"),
    ]
    said = [(count, one, many) for count, one, many in found if count]
    if tested == 1:
        return f"One recent trend can be tested: it {said[0][1]}."
    if len(said) == 1:
        return f"All {tested:,} recent trends that can be tested {said[0][2]}."
    parts = [
        f"{words.count_word(count)} {one if count == 1 else many}" for count, one, many in said
    ]
    return f"Of {tested:,} recent trends that can be tested, {words.listed(parts)}."
