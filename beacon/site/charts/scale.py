"""From data to drawing units, and round ticks."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """A linear scale from `low`..`high` in data to `start`..`end` in drawing units."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Where a value lies; outside the domain it is held at the edge."""
        share = (value - self.low) / (self.high - self.low)
        return self.start + min(max(share, 0.0), 1.0) * (self.end - self.start)

    def ticks(self, wanted: int = 4) -> list[float]:
        """Round values within the domain, about so many."""
        step = _step(self.high - self.low, wanted)
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        return [round(number * step, 10) for number in range(first, last + 1)]


def _step(span: float, wanted: int) -> float:
    raw = span / max(wanted, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    return next((m * power for m in (1, 2, 2.5, 5, 10) if m * power >= raw - 1e-12), 10 * power)


def scale_for(
    values: Iterable[float | None], start: float, end: float, *, from_zero: bool, wanted: int = 4
) -> Scale:
    """A scale that holds all values with round ends.

    Args:
        values: Data; None is passed over. Without any value the scale is 0 to 1.
        start: Drawing unit of the low end.
        end: Drawing unit of the high end.
        from_zero: Whether zero must be within it, as for bars.
        wanted: About how many steps the rounding uses.
    """
    known = [value for value in values if value is not None and math.isfinite(value)]
    if not known:
        return Scale(0.0, 1.0, start, end)
    low, high = min(known), max(known)
    if from_zero:
        low, high = min(low, 0.0), max(high, 0.0)
    if high - low < 1e-12:
        margin = abs(high) * 0.1 or 1.0
        low, high = (low if from_zero and low == 0 else low - margin), high + margin
    step = _step(high - low, wanted)
    return Scale(
        math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step, start, end
    )
