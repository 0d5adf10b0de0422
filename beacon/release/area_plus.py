"""People of a custom area in Core20, in a PLUS group, in both or in neither.

What belongs here: counting them, and when they are not given. What does not: which LSOAs are in a
group, which the release's table `plus_lsoa` says.

Whole LSOAs are in a group or not, so each of the four parts of an area is a count of residents of
whole LSOAs, and so is whatever can be worked out from such counts. While every LSOA of the release
has as many residents as a figure must be of, no sum or difference of them is of few people. Where
one has fewer, a part taken away from another area could be that LSOA alone; the ledger remembers
areas and not their parts, so in such a release no part of any area is given. No LSOA of England has
fewer than 999 residents in Census 2021.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from beacon.disclosure.area_differences import FEWEST_PEOPLE, Area
from beacon.registry.plus_groups import ANY_GROUP
from beacon.release.area_figures import Figure
from beacon.release.area_members import Lsoa

if TYPE_CHECKING:
    import duckdb

PARTS = ("core20_only", "plus_only", "core20_and_plus", "neither")
NOTE = "PLUS groups are made of whole LSOAs: all who live in one are counted, of the group or not."


def plus_figures(
    con: duckdb.DuckDBPyConnection,
    area: Area,
    lsoas: Mapping[str, Lsoa],
    fewest: int = FEWEST_PEOPLE,
) -> list[Figure]:
    """People of an area by group and part, and those in Core20 or the group.

    Args:
        con: A connection to a release's marts that has `plus_lsoa` and `plus_cohort`.
        area: Its LSOAs.
        lsoas: Every LSOA of the release by code.
        fewest: Fewest people of a figure.

    Returns:
        The figures; None where the release has an LSOA of fewer people.
    """
    groups = con.execute(
        "select distinct plus_group from plus_cohort order by plus_group = ?, plus_group",
        [ANY_GROUP],
    ).fetchall()
    rows = con.execute("select plus_group, lsoa21_code from plus_lsoa").fetchall()
    has_few = any(0 < (each.people or 0) < fewest for each in lsoas.values())
    found: list[Figure] = []
    for (group,) in groups:
        inside = {code for of, code in rows if group in (of, ANY_GROUP)}
        counts = dict.fromkeys(PARTS, 0)
        for code in area:
            counts[_part(lsoas[code].core20, code in inside)] += lsoas[code].people or 0
        either = sum(counts[part] for part in PARTS[:3])
        for name, count in (*counts.items(), ("core20_or_plus", either)):
            found.append(Figure(f"people_{name}", group, None if has_few else count, "people"))
    return found


def _part(core20: bool, plus: bool) -> str:
    if core20:
        return "core20_and_plus" if plus else "core20_only"
    return "plus_only" if plus else "neither"
