"""Statutory homelessness, as the housing department's detailed local authority tables have it.

Belongs here: table TA1, households in temporary accommodation at the end of a quarter. Does not
belong here: the other 30 tables of that workbook, or any other publisher.

The real sheet hides header rows 2 to 5 and shows rows 6 and 7; all seven are here, and so are
its marks: `..` for an authority without usable figures, `-` for a bed and breakfast breakdown
withheld because fewer than five households are in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from beacon.sample import names
from beacon.sample.formats import write_ods
from beacon.sample.outcomes import Area
from beacon.sample.world import Floats, Ints, World

FILE = "FICTIONAL_Detailed_LA_202212.ods"
COLUMNS = 35
MISSING_PLACE = 6
"""The Place that returned no usable figures."""

_BB = "Bed and breakfast hotels (including shared annexes)"
_NIGHTLY = "Nightly paid, privately managed accommodation, self-contained"
_HOSTEL = "Hostels (including reception centres, emergency units and refuges)"
_LEASED = "Private sector accommodation leased by authority or by a registered provider"
_LEASED_SHOWN = (
    "Private sector accommodation leased by your authority or leased or managed by a "
    "registered provider"
)
_STOCK = "Local authority or Housing association (LA/HA) stock"
_OTHER = "Any other type of temporary accommodation (including private landlord and not known)"
_AWAY = "In TA in another local authority district"
_NONE = "Duty owed, no accommodation secured"
_NIGHTLY_SOURCE = f"Other {_NIGHTLY.lower()} "

_HEADERS: tuple[dict[int, str], ...] = (
    {
        4: "Households in temporary accommodation at end of quarter1",
        7: "Households in temporary accommodation at end of quarter1 children",
        **{
            column + child: text + (" children" if child else "")
            for column, text in (
                (10, _BB),
                (16, _NIGHTLY),
                (19, _HOSTEL),
                (22, _LEASED),
                (25, _STOCK),
                (28, f"{_OTHER}2"),
                (33, f"{_NONE}3"),
            )
            for child in (0, 1)
        },
        31: _AWAY,
    },
    {4: "Grand Total"},
    {
        4: "Own arrangements Total",
        8: "Sum of Total children",
        10: "B&B or shared annex Total",
        11: "B&B or shared annex",
        12: "Sum of Count",
        13: "Sum of Count",
        14: "Sum of Count",
        16: f"{_NIGHTLY_SOURCE} Total",
        17: _NIGHTLY_SOURCE,
        19: "Hostel or refuge Total",
        20: "Hostel or refuge",
        22: f"{_LEASED_SHOWN} Total",
        23: _LEASED_SHOWN,
        25: "LA/HA stock Total",
        26: "LA/HA stock",
        28: "Other/NK Total",
        29: "Other/NK",
        31: "TRUE",
        33: "Own arrangements Total",
        34: "Own arrangements",
    },
    {
        4: "Sum of Total households in TA",
        8: "Sum of Total children in TA",
        10: "Sum of BB Total",
        11: "Sum of BB with children",
        12: "Sum of BB with children > 6 weeks",
        13: "Sum of BB with children > 6 weeks pending",
        14: "Sum of BB with 16/17 main applicant",
        16: "Sum of Nightly paid private self-contained total",
        17: "Sum of Nightly paid private self-contained with children",
        19: "Sum of Hostels (including refuges) total",
        20: "Sum of Hostels (including refuges) with children",
        22: "Sum of Private sector leased total",
        23: "Sum of Private sector leased with children",
        25: "Sum of LA/HA total",
        26: "Sum of LA/HA with children",
        28: "Sum of Other (including private landlord) total",
        29: "Sum of Other (including private landlord) with children",
        31: "Sum of Out of district",
        33: "Sum of Own arrangements total",
        34: "Sum of Own arrangements with children",
    },
    {
        4: "Total number of households in TA1,2,3",
        5: "Number of households in area4 (000s)",
        6: "Total number of households in TA per (000s)",
        7: "Total number of households in TA with children",
        8: "Total number of children in TA",
        10: _BB,
        16: _NIGHTLY,
        19: _HOSTEL,
        22: _LEASED_SHOWN,
        25: _STOCK,
        28: f"{_OTHER}5",
        31: _AWAY,
        33: f"{_NONE}6",
    },
    {
        10: "Total number of households",
        11: "Total with children",
        12: "Total with children and resident more than 6 weeks",
        13: "Total with children and resident more than 6 weeks and pending review / appeal",
        14: "Total with 16/17-year-old main applicant",
        16: "Total number of households",
        17: "Total  with children",  # two spaces, as published
        **{
            column + child: "Total with children" if child else "Total number of households"
            for column in (19, 22, 25, 28, 33)
            for child in (0, 1)
        },
    },
)
# Column of each kind of accommodation: share of households, share of those with children.
_KINDS = {10: (0.16, 0.25), 16: (0.20, 0.62), 19: (0.10, 0.4), 22: (0.20, 0.74), 25: (0.26, 0.66)}
_REST = 28

_FOOT = (
    ("Notes:", None),
    (
        "-",
        "B&B breakdowns have been suppressed for local authorities with fewer than 5 households "
        "in B&Bs",
    ),
    (None, None),
    (None, "Total figures are presented rounded to the nearest 10 households."),
    (
        "..",
        "Missing or incomplete data. Particular figures have been suppressed where local "
        "authorities provided erroneous information.",
    ),
    (None, None),
    ("Source:", "FICTIONAL: Beacon sample publisher"),
)

Row = Sequence[Any]


@dataclass(frozen=True)
class TemporaryAccommodationTruth:
    """Households in temporary accommodation of one Place or the nation.

    Attributes:
        area_code: Place or nation.
        households: Households in temporary accommodation; None where the area shows `..`. The
            nation's is rounded to the nearest 10 and includes an imputation for such areas.
        per_1000: The published rate per 1,000 households, None likewise.
    """

    area_code: str
    households: int | None
    per_1000: float | None


def write_homelessness(
    directory: Path, world: World, areas: list[Area]
) -> list[TemporaryAccommodationTruth]:
    """Write the workbook with its contents sheet and table TA1.

    Returns:
        What Places and the nation show.
    """
    counts, thousands = _invent(world, areas)
    local = [a for a in areas if a.kind == "authority"]
    missing = {i for i, a in enumerate(local) if a.place == MISSING_PLACE}
    shown = {
        area.code: _authority_cells(counts[i], thousands[i], i in missing)
        for i, area in enumerate(local)
    }
    for area in areas:
        if area.kind in ("nation", "region"):
            index = np.array(area.authorities)
            shown[area.code] = _total_cells(
                counts[index].sum(axis=0), float(thousands[index].sum())
            )
    write_ods(
        directory / FILE,
        {
            "Contents": [
                ("FICTIONAL statutory homelessness: detailed local authority level tables",),
                ("Written by the Beacon sample publisher; not an official statistic.",),
                ("TA1", "Number of households by type of temporary accommodation provided"),
            ],
            "TA1_": _sheet(areas, local, shown),
        },
    )
    truths = []
    for area in areas:
        if area.kind == "nation" or area.place >= 0:
            cells = shown[area.code]
            absent = cells[4] == ".."
            truths.append(
                TemporaryAccommodationTruth(
                    area.code, None if absent else cells[4], None if absent else cells[6]
                )
            )
    return truths


def _invent(world: World, areas: list[Area]) -> tuple[Ints, Floats]:
    """Counts by authority and sheet column, and households in thousands."""
    rng = world.rng("temporary accommodation")
    local = [a for a in areas if a.kind == "authority"]
    thousands = np.round(np.array([a.people for a in local]) / 2.35 / 1000, 3)
    depth = np.array([a.deprivation for a in local])
    rate = np.exp(0.7 + 0.35 * depth + rng.normal(0, 0.35, len(local)))
    total = np.rint(rate * thousands).astype(np.int64)
    counts = np.zeros((len(local), COLUMNS), dtype=np.int64)
    left = total.copy()
    for column, (share, with_children) in _KINDS.items():
        here = rng.binomial(total, share)
        here = np.minimum(here, left)
        left -= here
        counts[:, column] = here
        counts[:, column + 1] = rng.binomial(here, with_children)
    counts[:, _REST] = left
    counts[:, _REST + 1] = rng.binomial(left, 0.6)
    counts[:, 12] = rng.binomial(counts[:, 11], 0.5)
    counts[:, 13] = rng.binomial(counts[:, 12], 0.05)
    counts[:, 14] = rng.binomial(counts[:, 10] - counts[:, 11], 0.01)
    counts[:, 31] = rng.binomial(total, 0.2)
    counts[:, 33] = rng.binomial(total, 0.02)
    counts[:, 34] = rng.binomial(counts[:, 33], 0.6)
    counts[:, 4] = total
    counts[:, 7] = counts[:, [11, 17, 20, 23, 26, 29]].sum(axis=1)
    counts[:, 8] = np.rint(counts[:, 7] * 2.04).astype(np.int64)
    return counts, thousands


_FILLED = (4, 7, 8, 10, 11, 12, 13, 14, 16, 17, 19, 20, 22, 23, 25, 26, 28, 29, 31, 33, 34)


def _authority_cells(counts: Ints, thousands: float, missing: bool) -> list[Any]:
    cells: list[Any] = [None] * COLUMNS
    cells[5] = float(thousands)
    for column in (*_FILLED, 6):
        cells[column] = ".." if missing else int(counts[column])
    if missing:
        return cells
    cells[6] = float(counts[4] / thousands)
    if counts[10] < 5:
        cells[11:15] = ["-"] * 4
    return cells


def _total_cells(counts: Ints, thousands: float) -> list[Any]:
    cells: list[Any] = [None] * COLUMNS
    for column in _FILLED:
        cells[column] = 10 * round(int(counts[column]) / 10)
    cells[5] = round(thousands, 3)
    cells[6] = float(counts[4] / thousands)
    return cells


def _sheet(areas: list[Area], local: list[Area], shown: dict[str, list[Any]]) -> Iterator[Row]:
    yield (
        "Table TA1 - Number of households by type of temporary accommodation provided\n"
        f"{names.NATION}, 31 December 2022",
    )
    for header in _HEADERS:
        yield [header.get(column) for column in range(COLUMNS)]
    nation = areas[0]
    yield [nation.code, nation.name.upper(), *shown[nation.code][2:]]
    yield ()
    for area in areas:
        if area.kind == "region":
            yield [area.code, area.name, *shown[area.code][2:]]
    yield ()
    for area in sorted(local, key=lambda a: a.name):
        yield [area.code, area.name, *shown[area.code][2:]]
    yield ()
    yield ()
    for mark, text in _FOOT:
        yield (None, mark, None, None, text)
