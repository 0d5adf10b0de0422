"""The tables that counts of people are published in: which areas, divided by what.

What belongs here: the declared breakdowns, how their members add up, and counting cells by them.
What does not: hiding any (`protect_cells`). There are no others: a table that nobody declared could
be subtracted from one that was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from beacon.contracts.ddl import quote_literal
from beacon.disclosure.linked_tables import Way
from beacon.people.person_at import UNKNOWN

if TYPE_CHECKING:
    import duckdb

ALL = "all"
CORE20 = "case when core20 then 'Core20' when not core20 then 'Not Core20' end"
# Breakdown to the SQL of its member; none of who is not known counts in no member. Pairs join the
# members of two breakdowns and are of the board only.
BREAKDOWNS: dict[str, str] = {
    "imd_quintile": "imd_quintile::varchar",
    "core20": CORE20,
    "ethnicity": f"nullif(ethnicity, '{UNKNOWN}')",
    "sex": f"nullif(sex, '{UNKNOWN}')",
    "age_band": "age_band",
    "core20_and_sex": f"{CORE20} || ' | ' || nullif(sex, '{UNKNOWN}')",
    "core20_and_ethnicity": f"{CORE20} || ' | ' || nullif(ethnicity, '{UNKNOWN}')",
}
PAIRS = {"core20_and_sex": ("core20", "sex"), "core20_and_ethnicity": ("core20", "ethnicity")}


@dataclass(frozen=True)
class BoardAreas:
    """The areas that counts are for.

    Attributes:
        board: Code of the board.
        places: Codes of its Places.
        ward_place: Ward to its Place.
        practice_network: Practice to its network.
    """

    board: str
    places: tuple[str, ...]
    ward_place: dict[str, str]
    practice_network: dict[str, str]


def group_of(breakdown: str, member: str) -> str:
    """A cell's group: breakdown and member in one name."""
    return ALL if breakdown == ALL else f"{breakdown}:{member}"


def count_by_breakdown(
    con: duckdb.DuckDBPyConnection, cells: str, small: str, areas: BoardAreas, table: str
) -> None:
    """Make a table of counts by cohort, measure, area and declared breakdown.

    Columns: cohort, measure, area_type, area_code, breakdown, member, eligible, done. Everybody of
    the extract counts for the board; a Place has those who live in it.

    Args:
        con: A connection of the secure home.
        cells: SQL of the cells, as `evaluate` counts them.
        small: SQL of those of small areas.
        areas: The areas.
        table: Name of the table.
    """
    board = quote_literal(areas.board)
    places = ", ".join(map(quote_literal, areas.places))
    sums = "sum(eligible)::bigint as eligible, sum(done)::bigint as done"
    parts = []
    for area, where in ((board, "true"), ("place_code", f"place_code in ({places})")):
        kind = "'icb'" if area == board else "'place'"
        for breakdown, member in {ALL: "'All'", **BREAKDOWNS}.items():
            if kind == "'place'" and breakdown in PAIRS:
                continue
            parts.append(
                f"select cohort, measure, {kind} as area_type, {area} as area_code, "
                f"'{breakdown}' as breakdown, {member} as member, {sums} "
                f"from {cells} where {where} and ({member}) is not null group by all"
            )
    known = {"ward": areas.ward_place, "pcn": set(areas.practice_network.values()),
             "practice": areas.practice_network}  # fmt: skip
    for kind, codes in known.items():
        if codes:
            listed = ", ".join(map(quote_literal, sorted(codes)))
            parts.append(
                f"select cohort, measure, area_type, area_code, '{ALL}', 'All', {sums} "
                f"from {small} where area_type = '{kind}' and area_code in ({listed}) group by all"
            )
    con.execute(f"create or replace temp table {table} as {' union all '.join(parts)}")


def ways_to_add_up(areas: BoardAreas, groups: frozenset[str]) -> list[Way]:
    """How cells of the board and its Places, keyed by (area, group), add up.

    Args:
        areas: The areas.
        groups: Groups that there are.
    """
    ways = [Way(0, dict.fromkeys(areas.places, areas.board))]
    quintiles = {
        group_of("imd_quintile", str(q)): group_of("core20", "Core20" if q == 1 else "Not Core20")
        for q in range(1, 6)
    }
    ways.append(Way(1, quintiles))
    for breakdown in BREAKDOWNS:
        own = [group for group in groups if group.startswith(f"{breakdown}:")]
        ways.append(Way(1, dict.fromkeys(own, ALL)))
        for place, other in enumerate(PAIRS.get(breakdown, ())):
            members = {group: group.partition(":")[2].split(" | ")[place] for group in own}
            ways.append(Way(1, {g: group_of(other, m) for g, m in members.items()}))
    return ways


def areas_below(areas: BoardAreas) -> list[Mapping[str, str]]:
    """Area to the area that holds it: wards in Places, networks in the board, practices in them."""
    of_networks = dict.fromkeys(areas.practice_network.values(), areas.board)
    return [areas.ward_place, of_networks, areas.practice_network]
