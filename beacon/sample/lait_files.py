"""Department for Education: the Local Authority Interactive Tool, all measures in one long table.

Belongs here: Progress 8 and Attainment 8 with their groups, and the other measures of the tool that
the register reads. Does not belong here: the Department's data sets (`dfe_files`).

The real tool gives each authority the Department's own number. Those stand for real authorities, so
here the area's code is in the number's place.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from beacon.sample.outcomes import Area
from beacon.sample.percentages import Latest, Shape, invent
from beacon.sample.world import World

FILE = "FICTIONAL_bds_long_0.parquet"
NONE = "-"
"""What the tool prints for every reason that there is no number."""

PROGRESS8, ATTAINMENT8 = "AVG_Prog8_Score", "AVG_Attain8_Score"
CANCELLED = (2020, 2021)
"""Years without examinations: no Progress 8, but Attainment 8 as schools assessed it."""
UNSHOWN_PLACE = 7
"""The Place whose latest Progress 8 the tool does not show."""
UNSHOWN_GROUP = "AVG_Attain8_Score_Chine"
"""The group that is too small in two Places of three."""


@dataclass(frozen=True)
class Measure:
    """One measure of the tool.

    Attributes:
        title: Its "Data item".
        shape: What it looks like; None prints no number at all.
        years: First and last year.
        places: Decimal places.
        empty: Years without a number.
    """

    title: str
    shape: Shape | None
    years: tuple[int, int]
    places: int
    empty: tuple[int, ...] = ()


def _progress(group: str, shift: float, depth: float) -> Measure:
    shape = Shape(shift, -depth, 0.05, noise=0.04, least=-5.0)
    return Measure(f"Average Progress 8 score per pupil{group}", shape, (2016, 2024), 2, CANCELLED)


def _attainment(group: str, level: float, depth: float) -> Measure:
    shape = Shape(level, -depth, 0.8, -0.25, noise=0.4)
    return Measure(f"Average Attainment 8 score per pupil{group}", shape, (2016, 2025), 1)


def _percent(title: str, level: float, slope: float, years: tuple[int, int]) -> Measure:
    return Measure(title, Shape(level, slope, 1.0, noise=0.5), years, 1)


def _elsewhere(title: str) -> Measure:
    """A measure whose figures are in the Department's data sets; here only an earlier year is."""
    return Measure(title, None, (2004, 2004), 1)


MEASURES: dict[str, Measure] = {
    PROGRESS8: _progress("", 0.0, 0.14),
    "FSM_AVG_Prog8_Score": _progress(", eligible for FSM", -0.58, 0.08),
    "NonFSM_AVG_Prog8_Score": _progress(", not eligible for FSM", 0.12, 0.10),
    "DAP_KS4_Prog8": _progress(", disadvantaged", -0.52, 0.08),
    "NonDAP_KS4_Prog8": _progress(", not disadvantaged", 0.16, 0.10),
    ATTAINMENT8: _attainment("", 48.8, 2.1),
    "FSM_AVG_Attain8_Score": _attainment(", eligible for FSM", 36.4, 1.1),
    "NonFSM_AVG_Attain8_Score": _attainment(", not eligible for FSM", 51.2, 1.6),
    "DAP_KS4_ATT8": _attainment(", disadvantaged", 37.9, 1.1),
    "NonDAP_KS4_ATT8": _attainment(", not disadvantaged", 52.4, 1.6),
    "AVG_Attain8_Score_Asian": _attainment(", Asian", 52.6, 1.2),
    "AVG_Attain8_Score_Black": _attainment(", Black", 47.5, 1.2),
    UNSHOWN_GROUP: _attainment(", Chinese", 64.0, 1.0),
    "AVG_Attain8_Score_Mixed": _attainment(", Mixed", 48.7, 1.4),
    "AVG_Attain8_Score_White": _attainment(", White", 48.1, 2.1),
    "FSP_Gooddev_FSM": _percent("Good level of development, FSM", 51.0, -1.6, (2022, 2025)),
    "FSP_Gooddev_FSM_Other": _percent("Good level of development, not FSM", 70.5, -1.9,
                                      (2022, 2025)),
    "HCP_PHOF": _percent("Children whose ASQ-3 was used at 2 to 2.5 years", 92.0, -0.4,
                         (2022, 2025)),
    "L2Age19_E&M_not16": _percent("English and maths at 19, not at 16", 27.0, -1.8, (2016, 2022)),
    "FSP_NEW_GOODDEV": _elsewhere("Good level of development"),
    "16-17_not known_NEET": _elsewhere("16-17 year olds NEET or not known"),
    "Level2Age19": _elsewhere("Level 2 at 19"),
    "Level2_FMS_Attain": _elsewhere("Level 2 at 19, eligible for FSM"),
    "Level2Age19_NON_FSM": _elsewhere("Level 2 at 19, not eligible for FSM"),
}  # fmt: skip


def write_lait(directory: Path, world: World, areas: list[Area]) -> dict[str, Latest]:
    """Write the table.

    Returns:
        Latest Progress 8 (2023/24) and Attainment 8 (2024/25) of each Place, by indicator.
    """
    shown = [a for a in areas if a.upper_tier or a.kind in ("nation", "region")]
    columns: dict[str, list[str]] = {
        name: []
        for name in ("Short Desc", "Data item", "Years", "LA and Regions", "Values", "LA Number",
                     "Region")
    }  # fmt: skip
    latest: dict[str, Latest] = {PROGRESS8: {}, ATTAINMENT8: {}}
    for name, measure in MEASURES.items():
        first, last = measure.years
        years = range(first, last + 1)
        values = (
            invent(world, areas, f"lait {name}", measure.shape, len(years)) if measure.shape else {}
        )
        for year in years:
            for area in sorted(shown, key=lambda a: (not a.upper_tier, a.name)):
                cell = NONE
                if measure.shape and year not in measure.empty and not _unshown(name, area, year):
                    cell = f"{values[area.code][year - first] + 0.0:.{measure.places}f}"
                if name in latest and year == last and area.place >= 0:
                    latest[name][area.code] = None if cell == NONE else float(cell)
                region = world.region_names[area.region] if area.upper_tier else "NA"
                # The tool names a measure beside its first year only.
                title = f"{measure.title} (fictional)" if year == first else ""
                row = (name, title, str(year), area.name, cell, area.code, region)
                for column, text in zip(columns.values(), row, strict=True):
                    column.append(text)
    directory.mkdir(parents=True, exist_ok=True)
    pl.DataFrame(columns).write_parquet(directory / FILE)
    return {"progress8": latest[PROGRESS8], "attainment8": latest[ATTAINMENT8]}


def _unshown(name: str, area: Area, year: int) -> bool:
    if name == UNSHOWN_GROUP:
        return area.upper_tier and area.place % 3 != 0
    return name == PROGRESS8 and area.place == UNSHOWN_PLACE and year == MEASURES[name].years[1]
