"""Comparison of areas with a benchmark, and significance on a funnel."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from beacon.statistics.frames import Reasons, floats, quietly, with_columns
from beacon.statistics.intervals import (
    Floats,
    exact_poisson_limits,
    poisson_limits,
    wilson_limits,
    z_score,
)
from beacon.statistics.rates import proportion_reasons
from beacon.statistics.reasons import Reason

POLARITIES = ("high_is_good", "low_is_good", "no_judgement")
NOT_COMPARED = "not_compared"

METHODS = (
    "single_overlap_95",
    "single_overlap_998",
    "single_overlap_two_level",
    "spc_wilson",
    "spc_poisson",
    "double_overlap",
)


def position(low: Floats, high: Floats, other_low: Floats, other_high: Floats) -> Floats:
    """Where an interval lies against another: -1 wholly below, 0 touching, 1 wholly above, or NaN.

    A single value is an interval of no width. Touching is not apart: the inequalities are strict.
    """
    with np.errstate(invalid="ignore"):
        usable = (low <= high) & (other_low <= other_high)
        place = np.where(high < other_low, -1.0, np.where(low > other_high, 1.0, 0.0))
    return np.where(usable, place, np.nan)


def judge(
    place: Floats, polarity: Sequence[str | None], beyond: Floats | None = None
) -> NDArray[np.object_]:
    """Words for positions: better, worse, similar, lower, higher or not_compared.

    Args:
        place: -1, 0, 1 or NaN.
        polarity: high_is_good, low_is_good or no_judgement, one for each.
        beyond: Positions at the outer level: where it is not 0 the words become best, worst,
            lowest, highest.
    """
    outer = {"better": "best", "worse": "worst", "lower": "lowest", "higher": "highest"}
    words = np.full(len(place), NOT_COMPARED, dtype=object)
    for index, (where, sign) in enumerate(zip(place, polarity, strict=True)):
        if np.isnan(where) or sign not in POLARITIES:
            continue
        if where == 0:
            words[index] = "similar"
        elif sign == "no_judgement":
            words[index] = "lower" if where < 0 else "higher"
        else:
            words[index] = "better" if (where > 0) == (sign == "high_is_good") else "worse"
        if beyond is not None and beyond[index] == where:
            words[index] = outer.get(words[index], words[index])
    return words


@quietly
def compare_with_benchmark(frame: pl.DataFrame) -> pl.DataFrame:
    """Compare each row with its benchmark by the method named in the row (Fingertips).

    Args:
        frame: Columns method, polarity, and as the method needs: lower95 and upper95 (also
            lower998 and upper998), benchmark, value, denominator, unit, z or tail,
            benchmark_lower95 and benchmark_upper95. Methods:
            single_overlap_95, single_overlap_998 - the area's limits against the benchmark value;
            single_overlap_two_level - better or worse outside 95%, best or worst outside 99.8%;
            spc_wilson - the area's value against Wilson limits around the benchmark at its n;
            spc_poisson - the area's count against exact limits at the expected count;
            double_overlap - the two intervals against each other.

    Returns:
        The rows with comparison (also under the name expected) and reason. A limit equal to the
        benchmark is similar.
    """
    names = (
        "value", "lower95", "upper95", "lower998", "upper998", "benchmark", "denominator", "unit",
        "z", "tail", "benchmark_lower95", "benchmark_upper95",
    )  # fmt: skip
    size = frame.height
    blank = np.full(size, np.nan)
    col = {name: floats(frame, name) if name in frame.columns else blank for name in names}
    unit = np.where(np.isnan(col["unit"]), 1.0, col["unit"])
    if "method" in frame.columns:
        method = np.array([str(each or "").strip().lower() for each in frame["method"]])
    else:
        method = np.full(size, METHODS[0])
    polarity = [None if each is None else str(each).strip().lower() for each in frame["polarity"]]
    place, beyond = blank.copy(), blank.copy()
    reasons = Reasons(size)
    reasons.add(~np.isin(method, METHODS), Reason.UNKNOWN_METHOD)
    reasons.add([sign not in POLARITIES for sign in polarity], Reason.UNKNOWN_POLARITY)
    double = method == "double_overlap"
    reasons.add(~double & np.isnan(col["benchmark"]), Reason.MISSING_BENCHMARK)
    no_other = np.isnan(col["benchmark_lower95"]) | np.isnan(col["benchmark_upper95"])
    reasons.add(double & no_other, Reason.MISSING_BENCHMARK)

    inner = (col["lower95"], col["upper95"])
    outer = (col["lower998"], col["upper998"])
    target = (col["benchmark"], col["benchmark"])
    with np.errstate(invalid="ignore", divide="ignore"):
        share = col["benchmark"] / unit
        z = np.where(np.isnan(col["z"]), z_score(0.95), col["z"])
        tail = np.where(np.isnan(col["tail"]), 0.025, col["tail"])
        usable = (tail > 0) & (tail < 1) & (col["denominator"] > 0)
        around = wilson_limits(share * col["denominator"], col["denominator"], z)
        expected = np.where(usable, share * col["denominator"], np.nan)
        expected_limits = exact_poisson_limits(expected, np.where(usable, tail, 0.5))
        rate_limits = [limit / col["denominator"] for limit in expected_limits]
        value = col["value"] / unit
    places = {
        "single_overlap_95": position(*inner, *target),
        "single_overlap_998": position(*outer, *target),
        "single_overlap_two_level": position(*inner, *target),
        "spc_wilson": position(value, value, *around),
        "spc_poisson": position(value, value, *rate_limits),
        "double_overlap": position(
            *inner, col["benchmark_lower95"], col["benchmark_upper95"]
        ),
    }  # fmt: skip
    for name, where in places.items():
        chosen = method == name
        place[chosen] = where[chosen]
    two_level = method == "single_overlap_two_level"
    beyond[two_level] = position(*outer, *target)[two_level]
    place[two_level & np.isnan(beyond)] = np.nan

    spc = np.isin(method, ("spc_wilson", "spc_poisson"))
    reasons.add(spc & np.isnan(value), Reason.MISSING_VALUE)
    reasons.add(spc & np.isnan(col["denominator"]), Reason.MISSING_DENOMINATOR)
    reasons.add(spc & ~(col["denominator"] > 0), Reason.DENOMINATOR_NOT_POSITIVE)
    for chosen, (low, high) in (
        (np.isin(method, ("single_overlap_95", "single_overlap_two_level")) | double, inner),
        (np.isin(method, ("single_overlap_998", "single_overlap_two_level")), outer),
    ):
        reasons.add(chosen & (np.isnan(low) | np.isnan(high)), Reason.MISSING_LIMITS)
        reasons.add(chosen & (low > high), Reason.INVALID_LIMITS)
    reasons.add(np.isnan(place), Reason.VALUE_OUT_OF_RANGE)
    words = judge(np.where(reasons.none, place, np.nan), polarity, beyond)
    return with_columns(frame, {"comparison": words, "expected": words, "reason": reasons.codes})


def _significance(inner: Floats, outer: Floats, valid: NDArray[np.bool_]) -> NDArray[np.object_]:
    words = np.full(len(inner), None, dtype=object)
    words[valid] = "Not significant"
    for place, side in ((1, "High"), (-1, "Low")):
        words[valid & (inner == place)] = f"{side} (0.025)"
        words[valid & (outer == place)] = f"{side} (0.001)"
    return words


@quietly
def funnel_significance_proportion(
    frame: pl.DataFrame, *, benchmark: float | None = None
) -> pl.DataFrame:
    """Significance of proportions on a funnel: Wilson control limits around the average.

    Args:
        frame: Columns numerator, denominator, optionally benchmark (a proportion).
        benchmark: The average. None takes sum(numerator) / sum(denominator) of the rows that have
            both, which is right only if the frame holds all areas.

    Returns:
        The rows with benchmark, significance (High or Low (0.001) or (0.025), Not significant) and
        reason.
    """
    x, n = floats(frame, "numerator"), floats(frame, "denominator")
    reasons = proportion_reasons(x, n)
    valid = reasons.none
    if "benchmark" in frame.columns:
        centre = floats(frame, "benchmark")
    else:
        order = np.lexsort((x[valid], n[valid]))
        pooled = benchmark
        if pooled is None:
            total = n[valid][order].sum()
            pooled = float(x[valid][order].sum() / total) if total > 0 else float("nan")
        centre = np.full(frame.height, pooled)
    reasons.add(~((centre >= 0) & (centre <= 1)), Reason.MISSING_BENCHMARK)
    with np.errstate(invalid="ignore", divide="ignore"):
        value = x / n
    places = [
        position(value, value, *wilson_limits(centre * n, n, z_score(level)))
        for level in (0.95, 0.998)
    ]
    words = _significance(places[0], places[1], reasons.none)
    return with_columns(
        frame, {"benchmark": centre, "significance": words, "reason": reasons.codes}
    )


@quietly
def funnel_significance_ratio(frame: pl.DataFrame) -> pl.DataFrame:
    """Significance of observed against expected counts: limits of the observed against 1.

    Args:
        frame: Columns obs, expected.

    Returns:
        The rows with ratio, significance and reason. Exact Poisson limits below 10 observed,
        Byar's from 10.
    """
    observed, expected = floats(frame, "obs"), floats(frame, "expected")
    reasons = Reasons(frame.height)
    reasons.add(np.isnan(observed), Reason.MISSING_NUMERATOR)
    reasons.add(observed < 0, Reason.NEGATIVE_NUMERATOR)
    reasons.add(~(expected > 0), Reason.EXPECTED_NOT_POSITIVE)
    places = [
        position(*poisson_limits(observed, level), expected, expected) for level in (0.95, 0.998)
    ]
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where(reasons.none, observed / expected, np.nan)
    words = _significance(places[0], places[1], reasons.none)
    return with_columns(frame, {"ratio": ratio, "significance": words, "reason": reasons.codes})
