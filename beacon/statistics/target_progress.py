"""Where a series stands against a target, and whether it gets there in time.

The line: ordinary least squares on the points of the last ten years, at least five, with the
interval of Student's t. Source: Altman DG, Gardner MJ, Calculating confidence intervals for
regression and correlation, BMJ 1988; 296: 1238-1242, "Single regression line". The scatter about
the line holds both sampling error and what the line misses, so limits of the points are not needed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Polarity = Literal["high_is_good", "low_is_good", "no_judgement"]
Verdict = Literal["yes", "uncertain", "no"]

MIN_POINTS = 5
WINDOW_YEARS = 10
DAYS_IN_YEAR = 365.25

# Upper 2.5 % points of Student's t with points less two degrees of freedom, 5 to 10 points.
_T_975 = {
    3: 3.182446305284263,
    4: 2.7764451051977987,
    5: 2.570581835636314,
    6: 2.4469118511449692,
    7: 2.3646242515927844,
    8: 2.306004135204166,
}


@dataclass(frozen=True)
class Line:
    """A straight line through yearly points.

    Attributes:
        points: How many points.
        slope: Change in the value's unit per year.
        slope_lower_95: Lower 95 % limit of the slope.
        slope_upper_95: Upper 95 % limit of the slope.
    """

    points: int
    slope: float
    slope_lower_95: float
    slope_upper_95: float
    _mean_time: float
    _mean_value: float
    _spread: float
    _scatter: float
    _t: float

    def at(self, time: float) -> tuple[float, float, float]:
        """The line at a time with the 95 % limits of a single new value (years, value's unit)."""
        distance = time - self._mean_time
        value = self._mean_value + self.slope * distance
        error = self._scatter * math.sqrt(1 + 1 / self.points + distance**2 / self._spread)
        return value, value - self._t * error, value + self._t * error


def fit_line(points: Sequence[tuple[float, float]]) -> Line | None:
    """Least squares through (time in years, value).

    Args:
        points: At most one a year, in any order; those of earlier years than the last ten are left
            out.

    Returns:
        The line, or None with fewer than five points.
    """
    last = max((time for time, _ in points), default=0.0)
    # Half a year of leeway: ten yearly points lie within nine years and some days.
    used = [(time, value) for time, value in points if time > last - WINDOW_YEARS + 0.5]
    count = len(used)
    if count < MIN_POINTS:
        return None
    mean_time = sum(time for time, _ in used) / count
    mean_value = sum(value for _, value in used) / count
    spread = sum((time - mean_time) ** 2 for time, _ in used)
    slope = sum((time - mean_time) * (value - mean_value) for time, value in used) / spread
    left = sum((value - mean_value - slope * (time - mean_time)) ** 2 for time, value in used)
    scatter = math.sqrt(left / (count - 2))
    t = _T_975[count - 2]
    error = t * scatter / math.sqrt(spread)
    return Line(
        count, slope, slope - error, slope + error, mean_time, mean_value, spread, scatter, t
    )


def to_go(value: float, target: float, polarity: Polarity) -> float | None:
    """How far there is still to go in the wanted direction, in the value's unit.

    Positive: not reached; zero or negative: reached, by that much. None without a direction.
    """
    if polarity == "no_judgement":
        return None
    return value - target if polarity == "low_is_good" else target - value


def yearly_change_needed(value: float, target: float, years: float) -> float | None:
    """The change per year that would take the value to the target; None when no time is left."""
    return (target - value) / years if years > 0 else None


def reaches(lower: float, upper: float, target: float, polarity: Polarity) -> Verdict | None:
    """Whether a projected interval is on the wanted side of the target.

    yes: all of it is at or beyond the target; no: none of it is; uncertain: it holds the target.
    """
    if polarity == "no_judgement":
        return None
    if polarity == "low_is_good":
        lower, upper, target = -upper, -lower, -target
    if lower >= target:
        return "yes"
    return "no" if upper < target else "uncertain"
