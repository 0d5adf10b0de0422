"""Office for National Statistics: jobs paid below the Living Wage Foundation's rates, by workplace.

Belongs here: table LWF.1a of the Annual Survey of Hours and Earnings. Does not belong here: its
table of coefficients of variation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from beacon.sample import names
from beacon.sample.formats import write_xlsx
from beacon.sample.outcomes import Area
from beacon.sample.percentages import Latest, Shape, invent
from beacon.sample.world import World

YEAR = 2025
FILE = f"FICTIONAL_Work Geography LWF Table 7 LWF.1a lwfmgx {YEAR}.xlsx"
UNRELIABLE = "x"
"""The survey's mark of an estimate whose coefficient of variation is above 20 percent."""
UNRELIABLE_PLACE = 4
_FEWEST_RESIDENTS = 90_000
"""With fewer, the tables of one sex and working pattern show no estimate."""

# Sheet: what its title says, level in percent, share of residents who have such a job.
_SHEETS = {
    "All": ("all employee jobs", 14.0, 0.42),
    "Male": ("male employee jobs", 11.5, 0.21),
    "Female": ("female employee jobs", 16.5, 0.21),
    "Full-Time": ("full-time employee jobs", 8.0, 0.30),
    "Part-Time": ("part-time employee jobs", 28.0, 0.12),
    "Male Full-Time": ("male full-time employee jobs", 7.5, 0.18),
    "Male Part-Time": ("male part-time employee jobs", 33.0, 0.03),
    "Female Full-Time": ("female full-time employee jobs", 9.0, 0.13),
    "Female Part-Time": ("female part-time employee jobs", 26.0, 0.09),
}


def write_living_wage(directory: Path, world: World, areas: list[Area]) -> Latest:
    """Write the workbook.

    Returns:
        Percentage of all employee jobs in each Place, None where the estimate is unreliable.
    """
    percents = {
        sheet: {
            code: round(float(value[0]), 1)
            for code, value in invent(
                world, areas, f"living wage {sheet}", Shape(level, 0.1 * level, 0.1 * level), 1
            ).items()
        }
        for sheet, (_, level, _) in _SHEETS.items()
    }
    write_xlsx(
        directory / FILE,
        {},
        {
            "Notes": [
                ("FICTIONAL. Written by the Beacon sample publisher; no official statistic.",)
            ],
            **{sheet: _sheet(areas, sheet, percents[sheet]) for sheet in _SHEETS},
        },
        title="FICTIONAL employee jobs below the Living Wage Foundation's rates",
    )
    return {
        a.code: None if _is_unreliable(a, "All") else percents["All"][a.code]
        for a in areas
        if a.place >= 0
    }


def _is_unreliable(area: Area, sheet: str) -> bool:
    if area.place == UNRELIABLE_PLACE:
        return True
    return " " in sheet and area.people < _FEWEST_RESIDENTS


def _sheet(areas: list[Area], sheet: str, percents: dict[str, float]) -> Iterator[Sequence[Any]]:
    said, _, share = _SHEETS[sheet]
    yield (f"Table 7 LWF.1 lwfmgx - For {said}: {names.NATION}, {YEAR}",)
    yield ("",)
    yield ("", "", "% earning below Living Wage Foundation rates")
    yield ("", "", "Jobs", "Per cent")
    yield ("Description", "Code", "(thousand)", "")
    for area in areas:
        name = f"{area.name} UA" if area.code.startswith("Z06") else area.name
        percent = percents[area.code]
        cells = (
            (UNRELIABLE, UNRELIABLE)
            if _is_unreliable(area, sheet)
            else (round(area.people * share * percent / 100_000), percent)
        )
        yield (name, area.code, *cells)
    yield ("Source: FICTIONAL, Beacon sample publisher.",)
