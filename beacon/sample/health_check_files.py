"""NHS England: physical health checks of people with severe mental illness, a workbook a quarter.

Belongs here: the sheet by sub-ICB location. Does not belong here: Places, which the workbook does
not know: two of them share a location, and so have no figure.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from beacon.sample import names
from beacon.sample.formats import write_xlsx
from beacon.sample.percentages import Latest
from beacon.sample.world import World

QUARTERS = ("Q4-2022-23", "Q4-2023-24")
HEADER = (
    "Region Code", "Region Name", "Sub ICB Location Code", "Sub ICB Location Name",
    "Number of people with all six physical health checks",
    "Number of people on the general practice SMI register",
)  # fmt: skip
_ON_REGISTER = 0.0095
_ROWS_ABOVE = 14


def write_health_checks(directory: Path, world: World) -> Latest:
    """Write the quarters.

    Returns:
        The last quarter's percentage of each Place that is made of whole locations, else None.
    """
    rng = world.rng("health checks of severe mental illness")
    locations = len(world.sub_icb_codes)
    people = np.bincount(world.sub_icb, weights=world.people21, minlength=locations)
    pull = np.bincount(world.sub_icb, weights=world.people21 * world.z21, minlength=locations)
    register = np.rint(people * _ON_REGISTER).astype(np.int64)
    authority = np.array([int(world.lad21[world.sub_icb == i][0]) for i in range(locations)])
    own = rng.normal(0.0, 2.0, locations)
    checked = register
    for number, quarter in enumerate(QUARTERS):
        percent = np.clip(55.0 + 3.0 * number - 1.5 * pull / people + own, 5.0, 95.0)
        checked = np.rint(register * percent / 100).astype(np.int64)
        rows = [
            (
                None,
                world.region_codes[world.authorities.region[authority[i]]],
                world.region_names[world.authorities.region[authority[i]]],
                world.sub_icb_ods[i],
                f"Fictional location {i + 1}",
                int(checked[i]),
                int(register[i]),
            )
            for i in range(locations)
        ]
        about = f"Physical health checks, {quarter} (fictional)"
        write_xlsx(
            directory / f"FICTIONAL_Physical-Health-Checks-SMI-{quarter}.xlsx",
            {},
            {
                "Contents": [(about,)],
                "England": [(None, about)],
                "Sub ICB": [(None, about), *[()] * (_ROWS_ABOVE - 1), (None, *HEADER), *rows],
            },
            title=about,
        )
    latest: Latest = {}
    for place in range(len(names.PLACES)):
        inside = np.unique(world.sub_icb[world.lad21 == place])
        whole = np.isin(world.sub_icb, inside).sum() == (world.lad21 == place).sum()
        top, bottom = int(checked[inside].sum()), int(register[inside].sum())
        latest[world.authorities.code[place]] = 100 * top / bottom if whole else None
    return latest
