"""Recent trend, as Fingertips judges it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from beacon.statistics.frames import (
    Reasons,
    batches,
    by_group,
    keyed,
    quietly,
    together,
    with_columns,
)
from beacon.statistics.intervals import Floats, z_score
from beacon.statistics.reasons import Reason

POINTS = 5
SIGNIFICANCE = 0.002
"""Two-sided level of the chi-squared test, one degree of freedom: 3 sigma of a control chart."""

INCREASING = "Increasing"
DECREASING = "Decreasing"
NO_CHANGE = "No significant change"
CANNOT = "Cannot be calculated"

_YEAR = re.compile(r"^\s*(\d{1,4})(?:\.0+)?\s*$")
_FINANCIAL_YEAR = re.compile(r"^\s*(\d{4})\s*[/-]\s*(\d{2}|\d{4})\s*$")
_CENTRED = np.arange(POINTS) - (POINTS - 1) / 2


def threshold() -> float:
    """The chi-squared value to be exceeded: about 9.5495, the square of z at 99.8%."""
    return z_score(1 - SIGNIFICANCE) ** 2


def period_year(label: object) -> float:
    """The year of an annual period: 2023, "2023", "2023/24" -> 2023; NaN for any other period.

    "2021 - 23" is three years: such periods overlap and have no recent trend.
    """
    text = str(label)
    if match := _YEAR.match(text):
        return float(match[1])
    if match := _FINANCIAL_YEAR.match(text):
        first, last = int(match[1]), int(match[2])
        if (first + 1) % 100 == last % 100 and last in ((first + 1) % 100, first + 1):
            return float(first)
    return float("nan")


def proportion_trend(x: Floats, n: Floats) -> tuple[Floats, Floats]:
    """Gradient and chi-squared of proportions (Armitage 1955, linear trend in proportions).

    Gradient: ordinary least squares of ln(x / (n - x)) on the year. Chi-squared:
    D (D sum(x t) - X sum(n t))^2 / [X (D - X) (D sum(n t^2) - (sum(n t))^2)], X = sum x, D = sum n.

    Args:
        x: Counts, (groups x five consecutive years).
        n: Denominators.

    Returns:
        Gradient (logit per year) and chi-squared of each group.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        gradient = _slope(np.ones_like(x), np.log(x / (n - x)))
        total_x, total_n = x.sum(axis=1), n.sum(axis=1)
        x_t, n_t = (x * _CENTRED).sum(axis=1), (n * _CENTRED).sum(axis=1)
        numerator = total_n * (total_n * x_t - total_x * n_t) ** 2
        spread = total_n * (n * _CENTRED**2).sum(axis=1) - n_t**2
        return gradient, numerator / (total_x * (total_n - total_x) * spread)


def weighted_trend(value: Floats, sigma: Floats) -> tuple[Floats, Floats]:
    """Gradient and chi-squared of values weighted by 1/sigma^2.

    Args:
        value: Values, (groups x five consecutive years).
        sigma: Their standard errors.

    Returns:
        Gradient (the value's unit per year) and chi-squared = gradient^2 / its variance.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        weight = sigma**-2
        total, w_t = weight.sum(axis=1), (weight * _CENTRED).sum(axis=1)
        spread = total * (weight * _CENTRED**2).sum(axis=1) - w_t**2
        gradient = _slope(weight, value)
        return gradient, gradient**2 * spread / total


def _slope(weight: Floats, y: Floats, t: NDArray[Any] = _CENTRED) -> Floats:
    """Weighted least squares slope of y on the year, the year centred so that no digits go."""
    centre = (weight * t).sum(axis=1, keepdims=True) / weight.sum(axis=1, keepdims=True)
    distance = t - centre
    return np.asarray((weight * distance * y).sum(axis=1) / (weight * distance**2).sum(axis=1))


def _turns(weight: Floats, y: Floats, gradient: Floats) -> NDArray[np.bool_]:
    """Whether leaving out any one point changes the sign of the slope."""
    turned = np.zeros(len(y), dtype=np.bool_)
    for left_out in range(POINTS):
        kept = np.delete(np.arange(POINTS), left_out)
        without = _slope(weight[:, kept], y[:, kept], _CENTRED[kept])
        turned |= np.sign(without) != np.sign(gradient)
    return turned


@quietly
def recent_trend(
    frame: pl.DataFrame,
    *,
    by: Sequence[str] = (),
    value_type: str | None = None,
) -> pl.DataFrame:
    """Recent trends over the five most recent annual points (Fingertips technical guidance).

    A trend is significant where chi-squared exceeds its upper 0.2% point (strictly) and leaving
    out any one point leaves the sign of the slope.

    Args:
        frame: Columns period (a year or a financial year), and numerator with denominator
            (proportions) or value with lower95 and upper95 (everything else); optionally
            value_type ("proportion" or anything else) and polarity.
        by: Columns of the groups; none takes the whole frame as one series.
        value_type: Where the frame has none. None takes the weighted line where the frame has
            limits, the proportion test where it has none.

    Returns:
        One row a group: recent_trend, reason, chi2, gradient (per year), and trend_judgement where
        there is a polarity. "Cannot be calculated" unless the five most recent points are
        complete, of five consecutive years, and, for proportions, neither none nor all.
    """
    frame, keys_by = keyed(frame, by)
    for name in ("numerator", "denominator", "value", "lower95", "upper95"):
        if name not in frame.columns:
            frame = frame.with_columns(pl.lit(None, dtype=pl.Float64).alias(name))
    if "value_type" not in frame.columns:
        has_limits = frame["lower95"].is_not_null().any()
        assumed = value_type or ("other" if has_limits else "proportion")
        frame = frame.with_columns(pl.lit(assumed).alias("value_type"))
    years = [period_year(label) for label in frame["period"]]
    frame = frame.with_columns(pl.Series("__year__", years, dtype=pl.Float64).fill_nan(None))
    parts = []
    for keys, rows, size in batches(frame, keys_by, ["__year__", "numerator", "value"]):
        parts.append(with_columns(keys, _batch(rows, size)))
    return together(parts, keys_by)


def _batch(rows: pl.DataFrame, size: int) -> dict[str, object]:
    groups = rows.height // size
    year = by_group(rows, "__year__", size)
    reasons = Reasons(groups)
    reasons.add(np.isnan(year).any(axis=1), Reason.PERIOD_NOT_ANNUAL)
    reasons.add((year[:, 1:] == year[:, :-1]).any(axis=1), Reason.DUPLICATE_PERIOD)
    trend = np.full(groups, CANNOT, dtype=object)
    chi2, gradient = np.full(groups, np.nan), np.full(groups, np.nan)
    if size < POINTS:
        reasons.add(np.ones(groups, dtype=np.bool_), Reason.TOO_FEW_PERIODS)
    else:
        last = [by_group(rows, name, size)[:, -POINTS:] for name in (
            "numerator", "denominator", "value", "lower95", "upper95")]  # fmt: skip
        x, n, value, low, high = last
        types = rows["value_type"].fill_null("").to_numpy().reshape(-1, size)[:, -1]
        proportion = np.array([str(each).strip().lower() == "proportion" for each in types])
        reasons.add((np.diff(year[:, -POINTS:], axis=1) != 1).any(axis=1),
                    Reason.PERIODS_NOT_CONSECUTIVE)  # fmt: skip
        _why_proportion(reasons, proportion, x, n)
        _why_other(reasons, ~proportion, value, low, high)
        sigma = (high - low) / (2 * z_score(0.95))
        for chosen, (slope, square), weight, y in (
            (proportion, proportion_trend(x, n), np.ones_like(x), _logit(x, n)),
            (~proportion, weighted_trend(value, sigma), _inverse_square(sigma), value),
        ):
            tested = chosen & reasons.none
            gradient[tested], chi2[tested] = slope[tested], square[tested]
            turned = np.zeros(groups, dtype=np.bool_)
            turned[tested] = _turns(weight[tested], y[tested], slope[tested])
            trend[tested] = NO_CHANGE
            reasons.add(tested & ~(chi2 > threshold()), Reason.NOT_SIGNIFICANT)
            reasons.add(tested & turned, Reason.OUTLIER)
            significant = tested & reasons.none
            trend[significant] = np.where(slope[significant] > 0, INCREASING, DECREASING)
    columns: dict[str, object] = {
        "recent_trend": trend,
        "reason": reasons.codes,
        "chi2": chi2,
        "gradient": gradient,
    }
    if "polarity" in rows.columns:
        polarity = rows["polarity"].to_list()[size - 1 :: size]
        columns["trend_judgement"] = np.array(
            [judgement(str(word), each) for word, each in zip(trend, polarity, strict=True)],
            dtype=object,
        )
    return columns


def _logit(x: Floats, n: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.log(x / (n - x)))


def _inverse_square(sigma: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(sigma**-2)


def _why_proportion(reasons: Reasons, chosen: NDArray[Any], x: Floats, n: Floats) -> None:
    reasons.add(chosen & np.isnan(x).any(axis=1), Reason.MISSING_NUMERATOR)
    reasons.add(chosen & np.isnan(n).any(axis=1), Reason.MISSING_DENOMINATOR)
    reasons.add(chosen & (n <= 0).any(axis=1), Reason.DENOMINATOR_NOT_POSITIVE)
    reasons.add(chosen & (x < 0).any(axis=1), Reason.NEGATIVE_NUMERATOR)
    reasons.add(chosen & (x > n).any(axis=1), Reason.NUMERATOR_ABOVE_DENOMINATOR)
    reasons.add(chosen & ((x == 0) | (x == n)).any(axis=1), Reason.PROPORTION_0_OR_1)


def _why_other(
    reasons: Reasons, chosen: NDArray[Any], value: Floats, low: Floats, high: Floats
) -> None:
    reasons.add(chosen & np.isnan(value).any(axis=1), Reason.MISSING_VALUE)
    missing = (np.isnan(low) | np.isnan(high)).any(axis=1)
    reasons.add(chosen & missing, Reason.MISSING_LIMITS)
    # Limits of no width would have infinite weight.
    reasons.add(chosen & (high <= low).any(axis=1), Reason.INVALID_LIMITS)


def judgement(trend: str, polarity: str | None) -> str:
    """The trend in Fingertips' words: "Increasing and getting better"."""
    if trend not in (INCREASING, DECREASING) or polarity not in ("high_is_good", "low_is_good"):
        return trend
    better = (trend == INCREASING) == (polarity == "high_is_good")
    return f"{trend} and getting {'better' if better else 'worse'}"
