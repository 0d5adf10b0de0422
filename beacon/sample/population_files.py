"""People: Census 2021 by age band and by ethnic group as Nomis exports them, mid-2020 by age.

Belongs here: population files. Does not belong here: rates or cohorts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl

from beacon.sample.formats import chunks, write_csv
from beacon.sample.world import Ints, World, census_bands, ethnic_groups, single_years

CENSUS_BANDS = (
    "Aged 4 years and under",
    *(f"Aged {a} to {a + 4} years" for a in range(5, 85, 5)),
    "Aged 85 years and over",
)
ETHNIC_GROUPS = (
    "Asian, Asian British or Asian Welsh",
    "Black, Black British, Black Welsh, Caribbean or African",
    "Mixed or Multiple ethnic groups",
    "White",
    "Other ethnic group",
)
SINGLE_YEARS = (*(str(age) for age in range(90)), "90+")
_PREAMBLE = (
    b'\n"%s"\n'
    b'"FICTIONAL residents written by the Beacon sample publisher [not from Nomis]"\n'
    b'"Date       :","2021"\n\n'
)


def write_population(directory: Path, world: World) -> None:
    """Write TS007A and TS021 for LSOA 2021, and mid-2020 by single year for LSOA 2011."""
    for name, title, header, counts in (
        ("TS007A_age_by_five_year_age_bands_lsoa21", b"TS007A - Age by five-year age bands",
         ("Total", *CENSUS_BANDS), census_bands),
        ("TS021_ethnic_group_lsoa21", b"TS021 - Ethnic group",
         ("Total: All usual residents", *ETHNIC_GROUPS), ethnic_groups),
    ):  # fmt: skip
        write_csv(
            directory / f"FICTIONAL_{name}.csv",
            _census_frames(world, header, counts),
            before=_PREAMBLE % title + _census_header(header),
            after=b"\n\n\n",
            quote="non_numeric",
            header=False,
        )
    write_csv(
        directory / "FICTIONAL_SAPE23DT2_mid2020_lsoa11_persons_single_year.csv.gz",
        _single_year_frames(world),
    )


def _census_header(counted: tuple[str, ...]) -> bytes:
    names = ("2021 super output area - lower layer", "mnemonic", *counted)
    # Nomis leaves a blank line between the header and the first row.
    return (",".join(f'"{name}"' for name in names) + "\n\n").encode()


def _census_frames(
    world: World, header: tuple[str, ...], counts: Callable[[World, int, int], Ints]
) -> Iterator[pl.DataFrame]:
    """Name, code, total and the counts of each LSOA; the total is the first of `header`."""
    total, *names = header
    for start, stop in chunks(world.lsoas21):
        people = counts(world, start, stop)
        yield pl.DataFrame(
            {
                "name": world.name21[start:stop],
                "code": world.code21[start:stop],
                total: world.people21[start:stop],
                **{name: people[:, place] for place, name in enumerate(names)},
            }
        )


def _single_year_frames(world: World) -> Iterator[pl.DataFrame]:
    for start, stop in chunks(world.lsoas11):
        people = single_years(world, start, stop)
        yield pl.DataFrame(
            {
                "lsoa11_name": world.name11[start:stop],
                "lsoa11_code": world.code11[start:stop],
                "total_population": world.people11[start:stop],
                **{SINGLE_YEARS[age]: people[:, age] for age in range(91)},
            }
        )
