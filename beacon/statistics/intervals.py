"""Confidence limits of a proportion and of a count, on whole arrays."""

from __future__ import annotations

from collections.abc import Callable
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Limits = tuple[Floats, Floats]

EXACT_BELOW = 10.0
"""Counts below this have exact Poisson limits, others Byar's (Fingertips technical guidance)."""

# Twenty such columns lie between counts and limits; a megabyte or two of them is quickly at hand.
_BLOCK_ROWS = 16_384


def z_score(confidence: float) -> float:
    """Two-sided standard normal quantile of a confidence level, 0.95 -> 1.96.

    Raises:
        ValueError: The confidence is not between 0 and 1.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"A confidence level lies between 0 and 1, not {confidence!r}.")
    return -NormalDist().inv_cdf((1 - confidence) / 2)


def as_floats(values: ArrayLike) -> Floats:
    """A float array in which everything not finite is NaN."""
    floats = np.asarray(values, dtype=np.float64)
    return np.where(np.isfinite(floats), floats, np.nan)


def in_blocks(limits: Callable[..., Limits], *arrays: Floats) -> Limits:
    """Limits of many rows, found for so many at a time that what lies between stays in the cache.

    Args:
        limits: Gives lower and upper limits of rows; each row's depend on nothing but the row.
        arrays: What it is given, of one length.

    Returns:
        What it would give for all rows at once.
    """
    size = len(arrays[0])
    lower, upper = np.empty(size), np.empty(size)
    for start in range(0, size, _BLOCK_ROWS):
        rows = slice(start, start + _BLOCK_ROWS)
        lower[rows], upper[rows] = limits(*(array[rows] for array in arrays))
    return lower, upper


def wilson_limits(x: ArrayLike, n: ArrayLike, z: ArrayLike) -> Limits:
    """Wilson score limits of x in n (Wilson 1927, JASA 22: 209-212).

    [2x + z^2 -+ z sqrt(z^2 + 4x(1 - x/n))] / [2(n + z^2)], the lower limit in its conjugate form,
    which loses no digits and is exactly 0 at x = 0; the upper is exactly 1 at x = n.

    Args:
        x: Counts, whole or not (effective sample sizes).
        n: Denominators.
        z: Two-sided normal quantile, one for all or one each.

    Returns:
        Lower and upper proportions; NaN where n <= 0, x < 0, x > n or anything is missing.
    """
    x, n, z = as_floats(x), as_floats(n), as_floats(z)
    square = z**2
    with np.errstate(invalid="ignore", divide="ignore"):
        valid = (n > 0) & (x >= 0) & (x <= n)
        top = 2 * x + square + z * np.sqrt(square + 4 * x * (1 - x / n))
        lower = 2 * x**2 / (n * top)
        upper = np.minimum(1.0, top / (2 * (n + square)))
        upper = np.where((x == n) & ~np.isnan(z), 1.0, upper)
    return np.where(valid, lower, np.nan), np.where(valid, upper, np.nan)


def byar_limits(x: ArrayLike, z: ArrayLike) -> Limits:
    """Byar's limits of a count (Breslow and Day 1987, IARC 82, p. 69).

    Returns:
        Limits in counts; NaN for x < 0, for the lower limit at x = 0 and where the raw lower limit
        is negative (x = 1 at 99.8%).
    """
    x, z = np.broadcast_arrays(as_floats(x), as_floats(z))
    # Counts of almost nothing overflow before they are found to have no lower limit.
    with np.errstate(all="ignore"):
        lower = x * (1 - 1 / (9 * x) - z / (3 * np.sqrt(x))) ** 3
        upper = (x + 1) * (1 - 1 / (9 * (x + 1)) + z / (3 * np.sqrt(x + 1))) ** 3
        return np.where((x > 0) & (lower >= 0), lower, np.nan), np.where(x >= 0, upper, np.nan)


def exact_poisson_limits(x: ArrayLike, tail: ArrayLike) -> Limits:
    """Exact Poisson limits of a count (Armitage and Berry, chi-squared form).

    Half the chi-squared quantiles with 2x and 2x + 2 degrees of freedom, which are gamma quantiles
    and so stand for x that is not whole as well.

    Args:
        x: Counts or expected counts.
        tail: Probability left in each tail, 0.025 for 95%.

    Returns:
        Limits in counts; lower is 0 at x = 0; NaN for x < 0.
    """
    from scipy.special import gammaincinv  # noqa: PLC0415 - slow to import, and few need it

    x, tail = np.broadcast_arrays(as_floats(x), as_floats(tail))
    safe = np.where(x >= 0, x, np.nan)
    lower = gammaincinv(np.where(safe > 0, safe, np.nan), tail)
    # 0 has the limit 0, and so, to the last bit of a float, has a count of almost nothing.
    lower = np.where((safe >= 0) & (safe < np.finfo(np.float64).tiny), 0.0, lower)
    return lower, gammaincinv(safe + 1, 1 - tail)


def poisson_limits(x: ArrayLike, confidence: float) -> Limits:
    """Limits of a count as OHID gives them: exact below 10, Byar's from 10.

    A count that is not whole, such as 9.7, is below 10 and takes the exact branch.
    """
    counts = as_floats(x)
    z = z_score(confidence)
    lower, upper = byar_limits(counts, z)
    small = counts < EXACT_BELOW
    if small.any():
        # Few counts are distinct below 10, and the exact quantile is the slow part.
        distinct, where = np.unique(counts[small], return_inverse=True)
        exact_lower, exact_upper = exact_poisson_limits(distinct, (1 - confidence) / 2)
        lower, upper = lower.copy(), upper.copy()
        lower[small], upper[small] = exact_lower[where], exact_upper[where]
    return lower, upper
