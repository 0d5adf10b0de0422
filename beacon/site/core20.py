"""Core20 of a Place in detail: wards, pockets, what moved between the indices, domains and PLUS."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from beacon.site import words
from beacon.site.facts import ReleaseFacts
from beacon.site.indicator_facts import Place, Row

MOVEMENTS = {
    "entered": "Entered the most deprived fifth",
    "left": "Left the most deprived fifth",
    "stayed_in": "Stayed in it",
    "stayed_out": "Stayed out of it",
}
PARTS = {
    "core20_only": "Core20 only",
    "plus_only": "PLUS only",
    "core20_and_plus": "Core20 and PLUS",
    "neither": "Neither",
}
_DOMAINS = {
    "imd": "All domains together (IMD)",
    "income": "Income",
    "employment": "Employment",
    "education": "Education, skills and training",
    "health": "Health and disability",
    "crime": "Crime",
    "barriers": "Barriers to housing and services",
    "living_environment": "Living environment",
    "idaci": "Income deprivation affecting children (IDACI)",
    "idaopi": "Income deprivation affecting older people (IDAOPI)",
}
_BOUNDARY = {"S": "split", "M": "merged", "X": "redrawn"}


@dataclass(frozen=True)
class Movement:
    """What moved in an area between the two indices.

    Attributes:
        rows: The mart's row of each movement, in the order of `MOVEMENTS`.
        changed: LSOAs whose boundary changed after 2011.
        base: The population counted, in words.
    """

    rows: dict[str, Row]
    changed: int
    base: str

    @property
    def lsoas(self) -> int:
        """LSOAs of the area."""
        return int(self.rows["entered"]["lsoas_in_area"])


def movement_of(facts: ReleaseFacts, area_code: str) -> Movement | None:
    """What moved in an area; None where the release does not say."""
    found = {
        row["movement"]: row
        for row in facts.rows("core20_movement_area")
        if row["area_code"] == area_code
    }
    if set(found) != set(MOVEMENTS):
        return None
    rows = {name: found[name] for name in MOVEMENTS}
    base = str(rows["entered"]["population_base"]).replace("_", " ").capitalize()
    return Movement(rows, sum(row["lsoas_changed_boundary"] for row in rows.values()), base)


def movers(facts: ReleaseFacts, place: Place) -> list[dict[str, Any]]:
    """The LSOAs of a Place that entered or left, those that entered first, most people first."""
    rows = [
        row
        for row in facts.rows("core20_movement")
        if row["place_code"] == place.code and row["movement"] in ("entered", "left")
    ]
    rows.sort(key=lambda r: (r["movement"], -r["people"], r["lsoa21_name"]))
    return [
        {
            "row": row,
            "movement": "Entered" if row["movement"] == "entered" else "Left",
            "boundary": _BOUNDARY.get(row["change_indicator"], "unchanged"),
        }
        for row in rows
    ]


@dataclass(frozen=True)
class Pockets:
    """Small pockets of a Place.

    Attributes:
        rules: Each rule in words, with how many LSOAs it finds.
        rows: One row an LSOA that either rule finds.
        core20: Core20 LSOAs of the Place.
    """

    rules: tuple[tuple[str, int], ...]
    rows: tuple[dict[str, Any], ...]
    core20: int


def pockets_of(facts: ReleaseFacts, place: Place) -> Pockets | None:
    """A Place's pockets on the heading index; None where the release has none to look among."""
    rows = [r for r in facts.rows("core20_pocket") if r["imd_vintage"] == facts.imd_vintage]
    if not rows:
        return None
    own = [row for row in rows if row["place_code"] == place.code]
    rules = []
    for kind in ("ward", "place"):
        rule = next((row for row in rows if row["surroundings"] == kind), None)
        if rule is not None:
            found = sum(bool(r["is_pocket"]) for r in own if r["surroundings"] == kind)
            rules.append((_rule_text(rule), found))
    lsoas: dict[str, dict[str, Row]] = {}
    for row in own:
        lsoas.setdefault(row["lsoa_code"], {})[row["surroundings"]] = row
    listed: list[dict[str, Any]] = []
    for kinds in lsoas.values():
        pocket = [kind for kind in ("ward", "place") if kinds.get(kind, {}).get("is_pocket")]
        if not pocket:
            continue
        first = next(iter(kinds.values()))
        ward = kinds.get("ward")
        listed.append(
            {
                "row": first,
                "ward": ward["surroundings_name"] if ward else "Ward not supplied",
                "of": {"ward": "Its ward", "place": "The Place"}[pocket[0]]
                if len(pocket) == 1
                else "Its ward and the Place",
                "around": [_around(kinds.get(kind)) for kind in ("ward", "place")],
                "order": (len(pocket) != 2, pocket[0] != "ward", -first["people"]),
            }
        )
    listed.sort(key=lambda r: (r["order"], r["row"]["lsoa_name"], r["row"]["lsoa_code"]))
    return Pockets(tuple(rules), tuple(listed), len(lsoas))


def _rule_text(row: Row) -> str:
    where = "ward" if row["surroundings"] == "ward" else "Place"
    most = row["core20_around_at_most_percent"]
    least = words.number(row["less_deprived_around_at_least_percent"], 0)
    core20 = "None" if most == 0 else f"At most {words.number(most, 0)}%"
    return (
        f"{core20} of the other people of its {where} live in Core20 LSOAs and at least "
        f"{least}% in national deciles 6 to 10"
    )


def _around(row: Row | None) -> tuple[str, str]:
    if row is None or row["core20_share_around_percent"] is None:
        return "nobody else", ""
    return (
        f"{words.number(row['core20_share_around_percent'])}%",
        f"{words.number(row['less_deprived_share_around_percent'])}%",
    )


def pocket_count(facts: ReleaseFacts, place: Place, kind: str) -> int | None:
    """How many pockets of a kind a Place has; None where the release has none to look among."""
    rows = [r for r in facts.rows("core20_pocket") if r["imd_vintage"] == facts.imd_vintage]
    if not rows:
        return None
    return sum(
        bool(r["is_pocket"])
        for r in rows
        if r["place_code"] == place.code and r["surroundings"] == kind
    )


def concentration(row: Row | None) -> dict[str, str | None]:
    """An area's share of the nation's and of the board's Core20, as text.

    The nation's has two decimals, because a Place is little of it.
    """
    nation, board = (
        None if row is None else row.get(f"share_of_{name}_percent") for name in ("nation", "board")
    )
    return {
        "nation": None if nation is None else f"{words.number(nation, 2)}%",
        "nation_value": nation,
        "board": None if board is None else f"{words.number(board)}%",
        "board_value": board,
    }


def wards_of(facts: ReleaseFacts, place: Place) -> list[dict[str, Any]]:
    """A Place's wards by people in Core20, most first; empty where the release has no ward."""
    rows = [
        row
        for row in facts.rows("core20_ward")
        if row["place_code"] == place.code
        and row["imd_vintage"] == facts.imd_vintage
        and row["core20"]
    ]
    rows.sort(key=lambda r: (-r["people"], -r["lsoas"], r["ward24_name"], r["ward24_code"]))
    return [
        {
            "code": row["ward24_code"],
            "name": row["ward24_name"],
            "people": row["people"],
            "of": row["people_in_ward"],
            "share": None
            if row["share_percent"] is None
            else f"{words.number(row['share_percent'])}%",
            "share_value": row["share_percent"],
            "lsoas": row["lsoas"],
            "lsoas_of": row["lsoas_in_ward"],
        }
        for row in rows
    ]


def domains_of(facts: ReleaseFacts, place: Place) -> dict[str, Any] | None:
    """LSOAs in the most deprived fifth by domain, one column an index; None without any."""
    rows = [
        r
        for r in facts.rows("deprivation_domain")
        if r["place_code"] == place.code and r["domain"] in _DOMAINS
    ]
    indices = [v for v in facts.vintages if any(r["imd_vintage"] == v for r in rows)]
    cells = {(r["domain"], r["imd_vintage"]): r for r in rows}
    if not indices:
        return None
    return {
        "indices": indices,
        "rows": [
            (name, [cells.get((domain, index)) for index in indices])
            for domain, name in _DOMAINS.items()
            if any((domain, index) in cells for index in indices)
        ],
    }


def ethnic_groups_of(facts: ReleaseFacts, area_code: str) -> list[Row]:
    """The mart's rows of an area, most people in Core20 first; none without the census table."""
    rows = [row for row in facts.rows("core20_ethnicity") if row["area_code"] == area_code]
    return sorted(rows, key=lambda row: (-row["people_core20"], row["ethnic_group"]))


def plus_groups(facts: ReleaseFacts, area_codes: Iterable[str]) -> list[dict[str, Any]]:
    """Core20, PLUS or both of some areas, one entry a group; empty while no group is on."""
    wanted = list(area_codes)
    groups: dict[str, dict[str, Any]] = {}
    for row in facts.rows("plus_cohort"):
        if row["imd_vintage"] != facts.imd_vintage or row["area_code"] not in wanted:
            continue
        group = groups.setdefault(
            row["plus_group"],
            {"name": row["plus_group_name"], "areas": {}, "id": row["plus_group"]},
        )
        area = group["areas"].setdefault(row["area_code"], {"name": row["area_name"], "parts": {}})
        area["parts"][row["part"]] = row
    for group in groups.values():
        group["areas"] = [group["areas"][code] for code in wanted if code in group["areas"]]
    return sorted(groups.values(), key=lambda g: (g["id"] == "any", g["name"]))
