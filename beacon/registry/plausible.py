"""Which values a measure can have at all, so that a misread or mistyped one is seen."""

from __future__ import annotations

from pydantic import Field, model_validator

from beacon.registry.base import Entry, ValueType

_LARGEST_COUNT = 100_000_000.0


class Plausible(Entry):
    """The least and the greatest value that can be true, in the measure's own unit."""

    min: float | None = Field(default=None, description="Null where there is no least value.")
    max: float | None = Field(default=None, description="Null where there is no greatest value.")

    @model_validator(mode="after")
    def _in_order(self) -> Plausible:
        if self.min is not None and self.max is not None and self.min >= self.max:
            raise ValueError(f"min {self.min:g} is not below max {self.max:g}")
        return self

    def scaled(self, factor: float) -> Plausible:
        """The same bounds in a unit so many times larger."""
        return Plausible(
            min=None if self.min is None else self.min / factor,
            max=None if self.max is None else self.max / factor,
        )

    def or_within(self, other: Plausible) -> Plausible:
        """Bounds that hold whatever lies in either."""
        lows = [bounds.min for bounds in (self, other) if bounds.min is not None]
        highs = [bounds.max for bounds in (self, other) if bounds.max is not None]
        return Plausible(
            min=min(lows) if len(lows) == 2 else None, max=max(highs) if len(highs) == 2 else None
        )


def usual_bounds(value_type: ValueType, multiplier: float | None) -> Plausible:
    """What a kind of number allows, where the registry declares nothing narrower.

    Args:
        value_type: The kind of number.
        multiplier: Factor from numerator over denominator to value. No more than all people, or
            one event a person and year, is plausible.
    """
    if value_type in ("proportion", "modelled_proportion"):
        return Plausible(min=0, max=multiplier or 100)
    if value_type in ("crude_rate", "directly_standardised_rate"):
        return Plausible(min=0, max=multiplier)
    if value_type == "life_expectancy":
        return Plausible(min=40, max=110)
    if value_type == "slope_index":
        return Plausible(min=-40, max=40)
    if value_type == "count":
        return Plausible(min=0, max=_LARGEST_COUNT)
    if value_type in ("indirectly_standardised_ratio", "ratio"):
        return Plausible(min=0)
    return Plausible()
