"""Department for Transport: adults who walk or cycle, by purpose and frequency (table CW0301).

Belongs here: that workbook. Does not belong here: tables CW0302 and CW0303.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from beacon.sample import names
from beacon.sample.formats import write_ods
from beacon.sample.outcomes import Area
from beacon.sample.percentages import Latest, Shape, invent
from beacon.sample.world import Floats, World

FILE = "FICTIONAL_cw0301.ods"
YEARS = tuple(range(2024, 2015, -1))
"""Years to mid-November, the latest first, as the table has them."""
NEW_PLACE, NEW_SINCE = 3, 2020
"""The Place whose boundaries changed, and the first year with figures for it."""
_NOT_EARLIER = "[note 6]"

_TRAVEL = Shape(17.0, -1.4, 1.6, 0.15, noise=0.5)
"""Percentage of adults who walk or cycle for travel at least 3 times a week."""
# Purpose and frequency: how many times as many adults.
_PURPOSES = {"Any": ("Any_Purpose", 1.9), "Leisure": ("Leisure", 1.2), "Travel": ("Travel", 1.0)}
_FREQUENCIES = {
    "At least once per month": 2.0,
    "At least once per week": 1.6,
    "At least 3 times per week": 1.0,
    "At least 5 times per week": 0.65,
}


def write_walking_cycling(directory: Path, world: World, areas: list[Area]) -> Latest:
    """Write the workbook.

    Returns:
        Percentage of adults of each Place who walk or cycle for travel at least 3 times a week, in
        the latest year.
    """
    values = invent(world, areas, "walking or cycling", _TRAVEL, len(YEARS))
    notes = [
        ("Notes table for CW0301 (FICTIONAL)",),
        ("Note number", "Note text"),
        (6.0, "Statistics for these areas are not available for earlier years due to boundary "
              "changes."),
    ]  # fmt: skip
    write_ods(
        directory / FILE,
        {
            "Cover_Sheet": [("FICTIONAL. Written by the Beacon sample publisher.",)],
            "Notes": notes,
            **{
                f"CW0301_{sheet}": _sheet(areas, purpose, factor, values)
                for purpose, (sheet, factor) in _PURPOSES.items()
            },
        },
    )
    return {a.code: round(float(values[a.code][-1]), 4) for a in areas if a.place >= 0}


def _sheet(
    areas: list[Area], purpose: str, factor: float, values: dict[str, Floats]
) -> Iterator[Sequence[Any]]:
    yield (f"Table CW0301: Proportion of adults who walk or cycle, {purpose.lower()}: "
           f"{names.NATION}",)  # fmt: skip
    yield ("All statistics in this table are expressed as percentages.",)
    yield ("ONS Code", "Area name", "Mode", "Purpose", "Frequency", *map(str, YEARS))
    for area in areas:
        for frequency, times in _FREQUENCIES.items():
            figures = [
                _NOT_EARLIER
                if area.place == NEW_PLACE and year < NEW_SINCE
                else round(min(float(value) * factor * times, 97.0), 4)
                for year, value in zip(YEARS, values[area.code][::-1], strict=True)
            ]
            yield (area.code, area.name, "Walking or cycling", purpose, frequency, *figures)
