"""ONS Explore Local Statistics: CSVW tables with their metadata.

Belongs here: the 12 columns, status marks and `.csvw.json`. Does not belong here: any other
publisher's layout.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from beacon.sample.fingertips_files import period_level
from beacon.sample.formats import BOM, opened, write_csv
from beacon.sample.outcomes import Z95, Area, deprivation_position
from beacon.sample.world import World

HEADER = (
    "areacd",
    "areanm",
    "geography",
    "indicator",
    "period",
    "observation",
    "measure",
    "unit",
    "lci_95",
    "uci_95",
    "status",
    "notes",
)
_NOTE = "Fictional figures written by the Beacon sample publisher"
_GEOGRAPHY = {
    "Z92": "Nation",
    "Z12": "Region",
    "Z10": "County or Unitary Authority",
    "Z06": "County or Unitary Authority",
    "Z07": "Local Authority District",
    "Z08": "Local Authority District",
}
HLE_INTERCEPT = {"Female": 57.0, "Male": 56.0}
HLE_PLACE_SLOPE = {"Female": 9.0, "Male": 8.0}
"""Years of healthy life expectancy from the most to the least deprived end of the Places."""


@dataclass(frozen=True)
class Table:
    """One ELS dataset as it is invented.

    Attributes:
        file: Stem of the file's name.
        measures: Value of `indicator` to (level, change for each SD of deprivation).
        unit: (`measure`, `unit`).
        years: First and last year of the periods.
        interval: How a period is printed, `{}` for the year.
        bom: Whether the file starts with a byte order mark.
        line_end: Line end.
        error: Standard error of an authority of 100,000 people; 0 gives no limits.
        places: Decimal places printed.
        missing: Status mark of one authority's last two periods, if any.
    """

    file: str
    measures: dict[str, tuple[float, float]]
    unit: tuple[str, str]
    years: tuple[int, int]
    interval: str
    bom: bool
    line_end: str
    error: float
    places: int = 1
    missing: str = ""


TABLES = (
    Table(
        "healthy-life-expectancy",
        {
            "Male healthy life expectancy": (60.5, -3.0),
            "Female healthy life expectancy": (61.0, -3.0),
        },
        ("Years", "yrs"),
        (0, 2022),
        "{}-01-01/P3Y",
        False,
        "\r\n",
        1.1,
    ),
    Table(
        "modelled-unemployment",
        {"Modelled unemployment rate": (4.2, 0.8)},
        ("Percentage", "%"),
        (2014, 2023),
        "{}-01-01/P1Y",
        True,
        "\n",
        0.35,
        missing="x",
    ),
    Table(
        "claimant-count",
        {"Claimant Count": (3.6, 0.9)},
        ("Percentage", "%"),
        (2014, 2025),
        "{}-01-01/P1Y",
        True,
        "\r\n",
        0.0,
        missing="x",
    ),
    Table(
        "early-years",
        {
            "Communication and language": (79.0, -2.5),
            "Literacy": (70.0, -3.0),
            "Mathematics": (77.0, -2.5),
        },
        ("Percentage", "%"),
        (2021, 2024),
        "{}-09-01/P1Y",
        False,
        "\r\n",
        0.0,
    ),
    Table(
        "cancer-diagnosis-at-stage-1-and-2",
        {"Cancer diagnosis at stage 1 and 2": (55.0, -1.5)},
        ("Percentage", "%"),
        (2013, 2022),
        "{}-01-01/P1Y",
        True,
        "\r\n",
        1.8,
        places=5,
        missing="u",
    ),
)


def write_els(directory: Path, world: World, areas: list[Area]) -> dict[str, dict[str, float]]:
    """Write each table and its metadata.

    Returns:
        Place code to value of the latest period, by `indicator`.
    """
    planted: dict[str, dict[str, float]] = {}
    for table in TABLES:
        first = table.years[0] or table.years[1] - world.size.rolling_periods + 1
        years = list(range(first, table.years[1] + 1))
        frames = [
            _measure(table, measure, level, slope, years, world, areas, planted)
            for measure, (level, slope) in table.measures.items()
        ]
        write_csv(
            directory / f"FICTIONAL_{table.file}.csv",
            frames,
            before=BOM if table.bom else b"",
            line_end=table.line_end,
        )
        with opened(directory / f"FICTIONAL_{table.file}.csvw.json") as out:
            out.write((json.dumps(_metadata(table, years), indent=2) + "\n").encode())
    return planted


def _measure(
    table: Table,
    measure: str,
    level: float,
    slope: float,
    years: list[int],
    world: World,
    areas: list[Area],
    planted: dict[str, dict[str, float]],
) -> pl.DataFrame:
    rng = world.rng(f"els {measure}")
    authorities = len(world.authorities)
    drift = rng.normal(0.0, 0.02 * level, authorities)
    steps = rng.normal(0.0, 0.008 * level, (authorities, len(years)))
    wave = 1 + 0.03 * np.sin(np.arange(len(years)) / 2.0)
    lad_areas = [a for a in areas if a.kind == "authority"]
    depth = np.array([a.deprivation for a in lad_areas])
    values = level * wave + (slope * depth + drift)[:, None] + steps
    if table.file == "healthy-life-expectancy":
        sex = measure.split()[0]
        position = deprivation_position(world)
        gradient = HLE_INTERCEPT[sex] + HLE_PLACE_SLOPE[sex] * position
        values[: len(position)] = gradient[:, None] + period_level(len(years))
    values = np.maximum(values, 0.3)
    people = np.array([a.people for a in lad_areas], dtype=np.float64)

    columns: dict[str, list[str | None]] = {name: [] for name in HEADER}
    silent = min((a for a in lad_areas if a.place < 0), key=lambda a: a.people).code
    planted[measure] = {}
    for area in areas:
        index = np.array(area.authorities)
        weight = people[index] / people[index].sum()
        error = table.error * float(np.sqrt(100_000 / area.people))
        for t, year in enumerate(years):
            value = float(weight @ values[index, t])
            withheld = bool(table.missing) and area.code == silent and t >= len(years) - 2
            row = _cells(table, value, error, withheld)
            if area.place >= 0 and t == len(years) - 1:
                planted[measure][area.code] = float(str(row[0]))
            filled = (
                area.code,
                area.name,
                _GEOGRAPHY[area.code[:3]],
                measure,
                table.interval.format(year),
                row[0],
                *table.unit,
                row[1],
                row[2],
                table.missing if withheld else None,
                _NOTE if area.kind == "nation" else None,
            )
            for name, cell in zip(HEADER, filled, strict=True):
                columns[name].append(cell)
    return pl.DataFrame(columns, schema=dict.fromkeys(HEADER, pl.String))


def _cells(
    table: Table, value: float, error: float, withheld: bool
) -> tuple[str | None, str | None, str | None]:
    if withheld:
        return None, None, None

    def printed(number: float) -> str:
        return f"{number:.1f}" if table.places == 1 else repr(round(number, table.places))

    if not table.error:
        return printed(value), None, None
    return printed(value), printed(max(value - Z95 * error, 0.0)), printed(value + Z95 * error)


def _metadata(table: Table, years: list[int]) -> dict[str, object]:
    shared: dict[str, object] = {
        "prefix": None,
        "suffix": "%" if table.unit[1] == "%" else None,
        "subText": None if table.unit[1] == "%" else "years",
        "decimalPlaces": 1,
        "experimentalStatistic": "F",
        "sourceDate": "01/01/2026",
        "sourceURL": "",
        "sourceOrg": "Beacon sample publisher (fictional)",
        "standardised": "T",
        "caveats": "FICTIONAL. Not an official statistic; the nation does not exist.",
    }
    described: dict[str, dict[str, object]] = {
        measure: {
            "label": measure,
            "subtitle": f"FICTIONAL {measure.lower()}",
            "longDescription": f"Fictional figures for periods {years[0]} to {years[-1]}.",
        }
        for measure in table.measures
    }
    body: dict[str, object]
    if len(described) == 1:
        body = shared | next(iter(described.values()))
    else:
        body = {"shared": shared, **described}
    return {"_note": "FICTIONAL file of the Beacon sample publisher", "ess-beta-metadata": body}
