"""Places, indicators and their series, as pages speak of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from beacon.site.words import file_name

if TYPE_CHECKING:
    from beacon.registry import Indicator

Row = dict[str, Any]

# Decimals where the registry does not know the indicator.
_DECIMALS = {"count": 0, "score": 2, "ratio": 2}

ALL_AGES = "All ages"
BEACONS = "marmot_beacon"
OTHERS = "context"
ADULTS = "core20plus5_adults"
CHILDREN = "core20plus5_children"
PROGRAMMES = {
    BEACONS: "Marmot beacon indicators",
    ADULTS: "Core20PLUS5, adults",
    CHILDREN: "Core20PLUS5, children and young people",
    OTHERS: "Other indicators",
}
"""Lists of indicators, in words and in the order of the pages."""


@dataclass(frozen=True)
class Place:
    """A Place of the footprint, and the address of its page."""

    code: str
    name: str
    slug: str
    row: Row


@dataclass(frozen=True)
class Series:
    """One measure for one sex and age: what one chart, one row of a table, shows."""

    slug: str
    measure: str
    sex: str
    age: str

    @property
    def anchor(self) -> str:
        """An identifier within a page."""
        return file_name(f"{self.measure}-{self.sex}-{self.age}") or "series"


@dataclass(frozen=True)
class IndicatorFacts:
    """An indicator with the rows of its measures, the headline ones first."""

    row: Row
    measures: tuple[Row, ...]
    registry: Indicator | None

    @property
    def slug(self) -> str:
        """The registry's short name."""
        return str(self.row["indicator_slug"])

    @property
    def page(self) -> str:
        """File name of its page, without ending."""
        return file_name(self.slug) or f"indicator-{self.row['indicator_id']}"

    def decimals(self, measure: str) -> int:
        """Decimal places shown."""
        if self.registry is not None:
            return self.registry.rounding
        kind = next((m["value_type"] for m in self.measures if m["measure"] == measure), "")
        return _DECIMALS.get(kind, 1)

    def measure(self, measure: str) -> Row:
        """The row of one measure; the headline's where the release does not know it."""
        return next((m for m in self.measures if m["measure"] == measure), self.measures[0])

    def short_name(self, measure: str) -> str:
        """What to call a measure where there is little room; its name in an older release."""
        return str(self.measure(measure).get("measure_short_name") or self.measure_name(measure))

    @property
    def title(self) -> str:
        """The indicator's name without the sexes that its series are split by."""
        return str(self.row["name"]).replace(", female, male", "")

    def measure_name(self, measure: str) -> str:
        """What to call a measure."""
        return str(self.measure(measure)["measure_name"] or self.row["name"])
