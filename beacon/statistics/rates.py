"""Proportions, crude rates, means and counts: one row in, one row out, or groups summed first."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from beacon.statistics.frames import (
    CONFIDENCES,
    Reasons,
    batches,
    by_group,
    floats,
    keyed,
    limit_names,
    quietly,
    together,
    with_columns,
)
from beacon.statistics.intervals import (
    EXACT_BELOW,
    Floats,
    Limits,
    byar_limits,
    exact_poisson_limits,
    in_blocks,
    poisson_limits,
    wilson_limits,
    z_score,
)
from beacon.statistics.reasons import Reason


def proportion_reasons(x: Floats, n: Floats) -> Reasons:
    """Why x of n is no proportion."""
    reasons = rate_reasons(x, n)
    reasons.add(x > n, Reason.NUMERATOR_ABOVE_DENOMINATOR)
    return reasons


def rate_reasons(x: Floats, n: Floats) -> Reasons:
    """Why x per n is no rate."""
    reasons = Reasons(len(x))
    reasons.add(~np.isfinite(x), Reason.MISSING_NUMERATOR)
    reasons.add(~np.isfinite(n), Reason.MISSING_DENOMINATOR)
    reasons.add(n <= 0, Reason.DENOMINATOR_NOT_POSITIVE)
    reasons.add(x < 0, Reason.NEGATIVE_NUMERATOR)
    return reasons


@quietly
def proportion(
    frame: pl.DataFrame,
    *,
    by: Sequence[str] = (),
    multiplier: float = 1.0,
    confidences: Sequence[float] = CONFIDENCES,
) -> pl.DataFrame:
    """Proportions x/n with Wilson limits (Wilson 1927), times the multiplier.

    Args:
        frame: Columns numerator, denominator, and optionally multiplier.
        by: Columns of groups to sum first; none leaves the rows as they are.
        multiplier: Used where the frame has no multiplier: 1 for proportions, 100 for percentages.
        confidences: Levels of the limits.

    Returns:
        The rows or groups with value, limits (in the value's unit) and reason. A NULL count or
        denominator within a group makes the group NULL: a sum with a hole is no sum.
    """
    return _ratio(frame, by, multiplier, confidences, proportion_reasons, _wilson)


@quietly
def rate(
    frame: pl.DataFrame,
    *,
    by: Sequence[str] = (),
    multiplier: float = 100_000.0,
    confidences: Sequence[float] = CONFIDENCES,
) -> pl.DataFrame:
    """Crude rates x/n per multiplier; exact Poisson limits below 10 events, Byar's from 10.

    Args:
        frame: Columns numerator (events), denominator (persons or person-years), and optionally
            multiplier.
        by: Columns of groups to sum first; none leaves the rows as they are.
        multiplier: Used where the frame has no multiplier; the rate is per this many persons.
        confidences: Levels of the limits.

    Returns:
        The rows or groups with value, limits, method (Exact or Byars) and reason. A rate may
        exceed its multiplier: one person can have several events.
    """
    result = _ratio(frame, by, multiplier, confidences, rate_reasons, _poisson)
    x = floats(result, "numerator")
    method = np.full(len(x), None, dtype=object)
    given = result["value"].is_not_null().to_numpy()
    method[given] = np.where(x[given] < EXACT_BELOW, "Exact", "Byars")
    reason = result["reason"]
    return with_columns(result.drop("reason"), {"method": method}).with_columns(reason)


def _wilson(x: Floats, n: Floats, confidence: float) -> Limits:
    return wilson_limits(x, n, z_score(confidence))


def _poisson(x: Floats, n: Floats, confidence: float) -> Limits:
    lower, upper = poisson_limits(x, confidence)
    return lower / n, upper / n


def _ratio(
    frame: pl.DataFrame,
    by: Sequence[str],
    multiplier: float,
    confidences: Sequence[float],
    why_not: Callable[[Floats, Floats], Reasons],
    limits: Callable[[Floats, Floats, float], Limits],
) -> pl.DataFrame:
    if "multiplier" not in frame.columns:
        frame = frame.with_columns(pl.lit(float(multiplier)).alias("multiplier"))
    if by:
        frame = _summed(frame, by)
    x, n, k = (floats(frame, name) for name in ("numerator", "denominator", "multiplier"))
    reasons = why_not(x, n)
    reasons.add(~(np.isfinite(k) & (k != 0)), Reason.INVALID_MULTIPLIER)
    valid = reasons.none
    with np.errstate(invalid="ignore", divide="ignore"):
        columns: dict[str, NDArray[np.generic]] = {"value": _where(valid, x / n * k)}
        safe_x, safe_n = (x, n) if valid.all() else (_where(valid, x), _where(valid, n))
        for confidence in confidences:

            def scaled(x: Floats, n: Floats, k: Floats, level: float = confidence) -> Limits:
                lower, upper = limits(x, n, level)
                return lower * k, upper * k

            low_name, high_name = limit_names(confidence)
            columns[low_name], columns[high_name] = in_blocks(scaled, safe_x, safe_n, k)
    return with_columns(frame, {**columns, "reason": reasons.codes})


def _where(valid: NDArray[np.bool_], values: Floats) -> Floats:
    """The values of valid rows, NaN for others."""
    return np.where(valid, values, np.nan)


def _summed(frame: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    """Numerators and denominators summed by group; a NULL in either makes its sum NULL."""
    parts = []
    for keys, rows, size in batches(frame, by, ["denominator", "numerator", "multiplier"]):
        k = by_group(rows, "multiplier", size)
        same = (k == k[:, :1]).all(axis=1)
        sums = {
            "numerator": by_group(rows, "numerator", size).sum(axis=1),
            "denominator": by_group(rows, "denominator", size).sum(axis=1),
            "multiplier": np.where(same, k[:, 0], np.nan),
        }
        parts.append(with_columns(keys, sums))
    return together(parts, by)


@quietly
def mean(
    frame: pl.DataFrame,
    *,
    by: Sequence[str] = (),
    confidences: Sequence[float] = CONFIDENCES,
) -> pl.DataFrame:
    """Means with Student t limits, sample standard deviation (n - 1).

    Args:
        frame: Column values.
        by: Columns of the groups; none takes the whole frame.
        confidences: Levels of the limits.

    Returns:
        One row a group: value_sum, value_count, stdev, value, limits, reason. A missing value
        makes the group NULL; a single value has a mean and no limits.
    """
    from scipy.special import stdtrit  # noqa: PLC0415 - slow to import, and few need it

    frame, keys_by = keyed(frame, by)
    parts = []
    for keys, rows, size in batches(frame, keys_by, ["values"]):
        values = by_group(rows, "values", size)
        total = values.sum(axis=1)
        average = total / size
        reasons = Reasons(len(values))
        reasons.add(~np.isfinite(total), Reason.MISSING_VALUE)
        stdev = np.full(len(values), np.nan)
        if size > 1:
            stdev = np.sqrt(((values - average[:, None]) ** 2).sum(axis=1) / (size - 1))
        else:
            reasons.add(np.ones(len(values), dtype=np.bool_), Reason.TOO_FEW_VALUES)
        columns: dict[str, object] = {
            "value_sum": total,
            "value_count": np.full(len(values), size),
            "stdev": stdev,
            "value": average,
        }
        for confidence in confidences:
            t = -stdtrit(size - 1, (1 - confidence) / 2) if size > 1 else np.nan
            margin = t * stdev / np.sqrt(size)
            low_name, high_name = limit_names(confidence)
            columns[low_name], columns[high_name] = average - margin, average + margin
        parts.append(with_columns(keys, {**columns, "reason": reasons.codes}))
    return together(parts, keys_by)


@quietly
def interval_primitives(frame: pl.DataFrame) -> pl.DataFrame:
    """Bare limits of a count (Byars, Exact) or a proportion (Wilson), without any switch.

    Args:
        frame: Columns method, x, n (Wilson only), conf.

    Returns:
        The rows with lowercl, uppercl and reason. Byars is used at any count, so that its raw
        lower limit can be negative: NULL with the reason lower_limit_negative.
    """
    x, n, conf = (floats(frame, name) for name in ("x", "n", "conf"))
    method = np.array([str(name or "").strip().lower() for name in frame["method"]], dtype=object)
    wilson, byar, exact = method == "wilson", np.isin(method, ["byars", "byar"]), method == "exact"
    reasons = Reasons(len(x))
    reasons.add(~(wilson | byar | exact), Reason.UNKNOWN_METHOD)
    reasons.add(~((conf > 0) & (conf < 1)), Reason.INVALID_CONFIDENCE)
    reasons.add(~np.isfinite(x), Reason.MISSING_NUMERATOR)
    reasons.add(wilson & ~np.isfinite(n), Reason.MISSING_DENOMINATOR)
    reasons.add(wilson & (n <= 0), Reason.DENOMINATOR_NOT_POSITIVE)
    reasons.add(x < 0, Reason.NEGATIVE_NUMERATOR)
    reasons.add(wilson & (x > n), Reason.NUMERATOR_ABOVE_DENOMINATOR)
    lower, upper = np.full(len(x), np.nan), np.full(len(x), np.nan)
    for level in np.unique(conf[reasons.none]):
        z = z_score(float(level))
        for kind, (low, high) in (
            (wilson, wilson_limits(x, n, z)),
            (byar, byar_limits(x, z)),
            (exact, exact_poisson_limits(x, (1 - level) / 2)),
        ):
            chosen = kind & reasons.none & (conf == level)
            lower[chosen], upper[chosen] = low[chosen], high[chosen]
    reasons.add(byar & np.isnan(lower), Reason.LOWER_LIMIT_NEGATIVE)
    return with_columns(frame, {"lowercl": lower, "uppercl": upper, "reason": reasons.codes})
