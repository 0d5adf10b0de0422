"""Which of the publishers' series indicators use, and which values each can have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from beacon.registry.indicators import Indicator
from beacon.registry.plausible import Plausible

SeriesInUse = Mapping[str, Mapping[str, Plausible]]
"""Source -> series -> the values that it can have, in the publisher's unit."""


def series_in_use(indicators: Iterable[Indicator]) -> SeriesInUse:
    """Every series that some indicator reads."""
    found: dict[str, dict[str, Plausible]] = {}
    for indicator in indicators:
        for binding in indicator.sources:
            bounds = indicator.plausible_of(binding.measure)
            for selection in binding.select:
                own = bounds.scaled(selection.scale) if selection.scale else bounds
                series = found.setdefault(binding.source, {})
                known = series.get(selection.series)
                series[selection.series] = own if known is None else own.or_within(known)
    return found
