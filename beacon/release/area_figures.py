"""Figures of chosen LSOAs from the tables of a release.

Each function reads a connection to a release's marts that has a table `chosen` beside them, with
`lsoa_code` and `people` of every LSOA that counts.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from beacon.release.area_members import Lsoa

if TYPE_CHECKING:
    import duckdb


class Figure(NamedTuple):
    """One figure of an area; None where the release does not have it for every LSOA."""

    measure: str
    group: str
    value: float | int | None
    unit: str


def by_age(con: duckdb.DuckDBPyConnection) -> list[Figure]:
    """Residents and Core20 residents by sex and age band, as the population gives them."""
    rows = con.execute(
        "select population.sex, population.age_band, sum(population.people)::bigint, "
        "coalesce(sum(population.people) filter (population.core20), 0)::bigint "
        "from chosen inner join core20_lsoa as population using (lsoa_code) "
        "where population.imd_vintage = 2025 and population.age_band <> 'All ages' "
        "group by all"
    ).fetchall()
    rows.sort(key=lambda row: (row[0], int(re.match(r"\d+", row[1])[0])))  # type: ignore[index]
    return [
        Figure(measure, f"{sex}, {band}", values[at], "people")
        for measure, at in (("people_by_age", 0), ("core20_people_by_age", 1))
        for sex, band, *values in rows
    ]


def by_lsoa(lsoas: Sequence[Lsoa]) -> list[Figure]:
    """Residents by decile of IMD 2025, and by Place."""
    deciles = dict.fromkeys(range(1, 11), 0)
    places: dict[str, int] = {}
    for each in lsoas:
        deciles[each.imd_decile] += each.people or 0
        place = f"{each.place_name} ({each.place_code})"
        places[place] = places.get(place, 0) + (each.people or 0)
    by_decile = [
        Figure("people_by_imd2025_decile", str(decile), n, "people")
        for decile, n in deciles.items()
    ]
    return by_decile + [
        Figure("people_by_place", place, n, "people") for place, n in places.items()
    ]


def domains(con: duckdb.DuckDBPyConnection, lsoas: int) -> list[Figure]:
    """Residents of LSOAs in the nation's most deprived fifth by each domain of 2025."""
    rows = con.execute(
        "select domain, if(count(is_most_deprived_fifth) = ?, "
        "coalesce(sum(people) filter (is_most_deprived_fifth), 0), null)::bigint "
        "from chosen inner join deprivation_domain using (lsoa_code) "
        "where imd_vintage = 2025 and domain <> 'imd' group by domain order by domain",
        [lsoas],
    ).fetchall()
    measure = "people_in_most_deprived_fifth_2025"
    return [Figure(measure, domain, value, "people") for domain, value in rows]


def average_score(con: duckdb.DuckDBPyConnection, lsoas: int) -> float | None:
    """Mean of the LSOAs' IMD 2025 scores, weighted by residents as MHCLG's summaries are.

    Source of the method: MHCLG, English Indices of Deprivation, technical report, "average score"
    of higher-level areas; there by the index's own population, here by that of the release.
    """
    rows = con.execute(
        "select people, score from chosen inner join deprivation_domain using (lsoa_code) "
        "where imd_vintage = 2025 and domain = 'imd' and score is not null"
    ).fetchall()
    if len(rows) < lsoas:
        return None
    weighted = math.fsum(people * score for people, score in rows)
    return weighted / math.fsum(people for people, _ in rows)


def movement(con: duckdb.DuckDBPyConnection, lsoas: int) -> list[Figure]:
    """Residents by whether their LSOA was in Core20 in 2019 and is in 2025."""
    kinds = ("entered", "left", "stayed_in", "stayed_out")
    sums = ", ".join(f"sum(movement.people_{kind})::bigint" for kind in kinds)
    ((count, *values),) = con.execute(
        f"select count(*), {sums} from chosen "  # noqa: S608 - names above
        "inner join core20_movement as movement on chosen.lsoa_code = movement.lsoa21_code"
    ).fetchall()
    return [
        Figure("core20_2019_to_2025", kind, value if count == lsoas else None, "people")
        for kind, value in zip(kinds, values, strict=True)
    ]


def pockets(con: duckdb.DuckDBPyConnection) -> list[Figure]:
    """Residents of Core20 LSOAs that are pockets in their ward or Place."""
    rows = con.execute(
        "select surroundings, coalesce(sum(chosen.people) filter (is_pocket), 0)::bigint "
        "from core20_pocket left join chosen using (lsoa_code) "
        "where imd_vintage = 2025 group by all order by all"
    ).fetchall()
    return [Figure("people_in_core20_pockets", f"in its {of}", n, "people") for of, n in rows]


def without_small_areas(con: duckdb.DuckDBPyConnection, has: set[str]) -> str:
    """Say how many beacon indicators have figures below the Place, which none has so far."""
    if "beacon_indicator" not in has:
        return ""
    ((below,),) = con.execute(
        "select count(distinct indicator_id) from beacon_indicator where value is not null "
        "and area_type not in ('place', 'icb', 'region', 'nation')"
    ).fetchall()
    if below:
        return f"{below} beacon indicators have figures below the Place; they are not combined."
    return (
        "No beacon indicator has figures below the Place in this release; they are not estimated "
        "for the area."
    )
