"""Sub-regional fuel poverty, as the energy department lays out its workbook of 2022.

Belongs here: that workbook (regions, authorities, LSOA 2011, constituencies; data of 2020).
Does not belong here: any other publisher's layout.

Households are modelled upwards from LSOAs, so every total is the sum of its parts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from beacon.sample import names
from beacon.sample.formats import write_xlsx
from beacon.sample.outcomes import Area
from beacon.sample.world import Ints, World

FILE = "FICTIONAL_sub-regional-fuel-poverty-2022-tables.xlsx"
_COUNTS = (
    "Number of households",
    "Number of households in fuel poverty",
    "Proportion of households fuel poor (%)",
)
_HEADERS = {
    "Table 1": ("Region", *_COUNTS),
    "Table 2": ("Area Codes", "Area names ", None, None, *_COUNTS),
    "Table 3": ("LSOA Code", "LSOA Name", "LA Code", "LA Name", "Region", *_COUNTS),
    "Table 4": (
        "Parliamentary Constituency Code",
        "Parliamentary Constituency",
        "Region",
        *_COUNTS,
    ),
}
_SUBJECTS = {
    "Table 1": "Fuel Poverty by Region [Note A], 2020",
    "Table 2": "Fuel poor households by administrative area, 2020 [Notes 3 and 4]",
    "Table 3": "Fuel Poverty by LSOA [Note A], 2020 [Notes 3 and 4]",
    "Table 4": "Fuel Poverty by Parliamentary Constituency, 2020 [Note 3 and 4]",
}
Row = Sequence[Any]


@dataclass(frozen=True)
class FuelPovertyTruth:
    """Households of one Place or the nation, by Core20 on IMD 2019 (LSOA 2011).

    Attributes:
        area_code: Place or nation.
        households: All households.
        fuel_poor: Those in fuel poverty.
        core20_households: Households in Core20 LSOAs.
        core20_fuel_poor: Those in fuel poverty.
    """

    area_code: str
    households: int
    fuel_poor: int
    core20_households: int
    core20_fuel_poor: int


def write_fuel_poverty(directory: Path, world: World, areas: list[Area]) -> list[FuelPovertyTruth]:
    """Write the workbook.

    Returns:
        Households by Core20 for each Place and the nation.
    """
    rng = world.rng("fuel poverty")
    households = np.rint(world.people11 / 2.35).astype(np.int64)
    share = np.clip(0.13 + 0.03 * world.z11 + rng.normal(0, 0.02, world.lsoas11), 0.01, 0.6)
    poor = np.rint(share * households).astype(np.int64)
    by_lad = [
        np.bincount(world.lad11, weights=w, minlength=len(world.authorities)).astype(np.int64)
        for w in (households, poor)
    ]
    tables = {
        "Table 1": _regions(areas, by_lad),
        "Table 2": _administrative(areas, by_lad),
        "Table 3": _lsoas(world, households, poor),
        "Table 4": _constituencies(world, by_lad),
    }
    write_xlsx(
        directory / FILE,
        {},
        {**_front(), **{n: _framed(n, rows) for n, rows in tables.items()}},
        title="FICTIONAL sub-regional fuel poverty 2022 (2020 data)",
    )
    core = world.decile11 <= 2
    nation = areas[0].code
    scopes = [
        (code, world.lad11 == i)
        for i, code in enumerate(world.authorities.code[: len(names.PLACES)])
    ]
    scopes.append((nation, np.ones(world.lsoas11, dtype=bool)))
    return [
        FuelPovertyTruth(
            code,
            int(households[here].sum()),
            int(poor[here].sum()),
            int(households[here & core].sum()),
            int(poor[here & core].sum()),
        )
        for code, here in scopes
    ]


def _front() -> dict[str, Iterator[Row]]:
    said = "FICTIONAL. Written by the Beacon sample publisher; not an official statistic."
    return {
        "Title": iter(
            [
                (None, None, "Sub-regional Fuel Poverty"),
                (None, None, names.NATION),
                (None, None, 2022),
                (None, None, "(2020 data)"),
                (said,),
            ]
        ),
        "Contents": iter(
            [
                ("Region", None, None, "Fuel Poverty by Region, 2020", *[None] * 5, "Table 1"),
                (
                    "Local Authority",
                    None,
                    None,
                    "Fuel Poverty by Local Authority, 2020",
                    *[None] * 5,
                    "Table 2",
                ),
                (
                    "LSOA",
                    None,
                    None,
                    "Fuel poverty by Lower Super Output Area, 2020",
                    *[None] * 5,
                    "Table 3",
                ),
                (
                    "Parliamentary Constituency",
                    None,
                    None,
                    "Fuel poverty by Parliamentary Constituency, 2020",
                    *[None] * 5,
                    "Table 4",
                ),
            ]
        ),
        "Metadata": iter([("List of variables", "Description"), (_COUNTS[0], said)]),
        "Notes": iter(
            [
                ("Notes: Supplementary notes for the Sub Regional tables",),
                ("Note number", "Description"),
                (1, "Please note that totals may not sum due to rounding."),
                (3, said),
            ]
        ),
    }


def _framed(table: str, rows: Iterator[Row]) -> Iterator[Row]:
    """Title, blank row, header, data, then the foot: nation in the last column and a link."""
    header = _HEADERS[table]
    yield (f"{table}: {_SUBJECTS[table]} (FICTIONAL)",)
    yield ()
    yield header
    yield from rows
    yield (*[None] * (len(header) - 1), names.NATION)
    yield ()
    yield ("Back to contents",)


def _figures(households: int, poor: int) -> tuple[int, int, float]:
    return households, poor, 100 * poor / households


def _total(area: Area, by_lad: list[Ints]) -> tuple[int, int, float]:
    index = np.array(area.authorities)
    return _figures(int(by_lad[0][index].sum()), int(by_lad[1][index].sum()))


def _regions(areas: list[Area], by_lad: list[Ints]) -> Iterator[Row]:
    for area in areas:
        if area.kind == "region":
            yield area.name, *_total(area, by_lad)


def _administrative(areas: list[Area], by_lad: list[Ints]) -> Iterator[Row]:
    """Nation and regions in capitals, upper tier one column in, districts two."""
    yield areas[0].code, areas[0].name.upper(), None, None, *_total(areas[0], by_lad)
    single = {a.authorities[0]: a for a in areas if a.kind == "authority"}
    for region in (a for a in areas if a.kind == "region"):
        yield region.code, region.name.upper(), None, None, *_total(region, by_lad)
        inside = set(region.authorities)
        for i in region.authorities:
            if single[i].upper_tier:
                yield single[i].code, None, single[i].name, None, *_total(single[i], by_lad)
        for county in (a for a in areas if a.kind == "county" and a.authorities[0] in inside):
            yield county.code, None, county.name, None, *_total(county, by_lad)
            for i in county.authorities:
                yield single[i].code, None, None, single[i].name, *_total(single[i], by_lad)


def _lsoas(world: World, households: Ints, poor: Ints) -> Iterator[Row]:
    auth = world.authorities
    order = np.argsort(np.array(world.code11), kind="stable").tolist()
    lads, many, few = world.lad11.tolist(), households.tolist(), poor.tolist()
    regions = [world.region_names[r] for r in auth.region.tolist()]
    for i in order:
        lad = lads[i]
        yield (
            world.code11[i],
            world.name11[i],
            auth.code[lad],
            auth.name[lad],
            regions[lad],
            *_figures(many[i], few[i]),
        )


def _constituencies(world: World, by_lad: list[Ints]) -> Iterator[Row]:
    auth = world.authorities
    for i in range(len(auth)):
        region = world.region_names[int(auth.region[i])]
        figures = _figures(int(by_lad[0][i]), int(by_lad[1][i]))
        yield f"Z14{i + 1:06d}", f"{auth.name[i]} Central", region, *figures
