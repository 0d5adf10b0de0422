"""Nomis: an answer of its data service on children in households by who works (NM_136_1).

Belongs here: that answer. Does not belong here: other data sets of Nomis.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from beacon.sample.formats import number, write_csv
from beacon.sample.outcomes import Area
from beacon.sample.percentages import Latest, Shape, invent
from beacon.sample.world import World

FILE = "FICTIONAL_NM_136_1.data.csv"
YEARS = tuple(range(2013, 2025))
HEADER = (
    "DATE_NAME",
    "GEOGRAPHY_NAME",
    "GEOGRAPHY_CODE",
    "COMBINED_EA_STATUS_NAME",
    "HOUSEHOLDS_CHILDREN_NAME",
    "MEASURES",
    "OBS_VALUE",
    "OBS_STATUS_NAME",
    "RECORD_COUNT",
)
SMALL_SAMPLE_PLACE = 0
"""The Place whose latest estimate is withheld, because too few households were asked."""
_NORMAL, _SMALL_SAMPLE = "Normal Value", "Sample size is too small for a reliable estimate"
_PERCENT = "20301"
_NAMES = ("Working households", "Mixed households", "Workless households")


def write_workless(directory: Path, world: World, areas: list[Area]) -> Latest:
    """Write the answer: percentages of children by kind of household, area and calendar year.

    Returns:
        Percentage of children in workless households of each Place in the latest year, None where
        it is withheld.
    """
    shown = [a for a in areas if a.upper_tier or a.kind in ("nation", "region")]
    workless = invent(
        world, areas, "workless households", Shape(11.5, 2.4, 0.8, -0.15, noise=0.5), len(YEARS)
    )
    mixed = invent(world, areas, "mixed households", Shape(33.0, 1.2, 1.0), len(YEARS))
    rows: list[tuple[str, ...]] = []
    latest: Latest = {}
    total = str(len(YEARS) * len(shown) * len(_NAMES))
    for t, year in enumerate(YEARS):
        for area in shown:
            none, some = (round(float(values[area.code][t]), 1) for values in (workless, mixed))
            withheld = area.place == SMALL_SAMPLE_PLACE and year == YEARS[-1]
            if area.place >= 0:
                latest[area.code] = None if withheld else none
            for name, percent in zip(_NAMES, (100 - none - some, some, none), strict=True):
                rows.append(
                    (
                        f"Jan {year}-Dec {year}",
                        area.name,
                        area.code,
                        name,
                        "Children",
                        _PERCENT,
                        "" if withheld else number(percent, 1),
                        _SMALL_SAMPLE if withheld else _NORMAL,
                        total,
                    )
                )
    frame = pl.DataFrame(rows, schema=dict.fromkeys(HEADER, pl.String), orient="row")
    write_csv(directory / FILE, frame, line_end="\r\n", quote="always")
    return latest
