"""Verhoeff's check digit of SNOMED CT identifiers, so that made-up codes can be given a wrong one.

What belongs here: the digit. It is written apart from the gate's own check, which is tested by it.
"""

from __future__ import annotations


def _times(a: int, b: int) -> int:
    """Product in the dihedral group of order ten."""
    if a < 5:
        return (a + b) % 5 if b < 5 else 5 + (a + b) % 5
    return 5 + (a - b) % 5 if b < 5 else (a - b) % 5


_START = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)


def _permuted(place: int, digit: int) -> int:
    for _ in range(place % 8):
        digit = _START[digit]
    return digit


def verhoeff(body: str) -> int:
    """The digit that completes a body of digits (Verhoeff 1969, Error Detecting Decimal Codes)."""
    check = 0
    for place, character in enumerate(reversed(body), start=1):
        check = _times(check, _permuted(place, int(character)))
    return next(digit for digit in range(10) if _times(check, digit) == 0)
