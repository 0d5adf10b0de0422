"""A footprint for every integrated care board, from the lookups of the ONS."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from beacon.registry.footprints import Area, Footprint, IntegratedCareBoard, Place
from beacon.registry.successions import Succession, SuccessionRegister

Tier = Literal["upper", "lower"]


class LocatedLsoa(NamedTuple):
    """One LSOA 2021: its board and sub-ICB location, and its authority."""

    lsoa21_code: str
    board_code: str
    board_name: str
    board_ods_code: str
    location_ods_code: str
    authority_code: str
    authority_name: str


def of_april_2026(
    lsoas: Iterable[LocatedLsoa], successions: SuccessionRegister
) -> list[LocatedLsoa]:
    """The LSOAs in the boards of April 2026, from those of 2024 and what became of them."""
    took_over: dict[str, list[Succession]] = defaultdict(list)
    for one in successions.successions:
        if one.kind == "board" and one.valid_from.year == 2026:
            for part in one.made_of:
                took_over[part.code].append(one)
    found = []
    for lsoa in lsoas:
        new = next(
            (one for one in took_over[lsoa.board_code] if _passed_to(one, lsoa)), None
        )  # fmt: skip
        if new is not None:
            lsoa = lsoa._replace(
                board_code=new.code,
                board_name=new.name,
                board_ods_code=new.ods_code or lsoa.board_ods_code,
            )
        found.append(lsoa)
    return found


def _passed_to(one: Succession, lsoa: LocatedLsoa) -> bool:
    return any(
        part.code == lsoa.board_code
        and (
            part.is_whole
            or lsoa.location_ods_code in part.sub_icb_locations
            or lsoa.authority_code in part.local_authorities
        )
        for part in one.made_of
    )


def board_footprints(
    lsoas: Iterable[LocatedLsoa],
    nation: Area,
    vintage: int,
    tier: Tier = "upper",
    counties: Mapping[str, tuple[str, str]] | None = None,
) -> list[Footprint]:
    """One footprint a board, in the order of their codes.

    An authority that several boards share is a Place of the one that holds most of its LSOAs, and
    the footprint's notes say so: a board's own people and Core20 are counted by LSOA, exactly.

    Args:
        lsoas: All LSOAs of the nation.
        nation: The nation.
        vintage: Year of the boards, for names of files.
        tier: upper: a county whose districts are all of the board is one Place; lower: its
            districts are Places.
        counties: Code and name of the upper-tier authority of each lower-tier one.
    """
    boards: dict[str, IntegratedCareBoard] = {}
    names: dict[str, str] = {}
    shares: dict[str, Counter[str]] = defaultdict(Counter)
    for lsoa in lsoas:
        boards.setdefault(
            lsoa.board_code,
            IntegratedCareBoard(
                code=lsoa.board_code, name=lsoa.board_name, ods_code=lsoa.board_ods_code
            ),
        )
        names[lsoa.authority_code] = lsoa.authority_name
        shares[lsoa.authority_code][lsoa.board_code] += 1
    home_of = {code: max(sorted(found), key=found.__getitem__) for code, found in shares.items()}
    return [
        Footprint(
            id=f"{_slug(board.name)}_{vintage}",
            name=_short(board.name),
            kind="sample" if board.code.startswith("Z") else "official",
            fictional=board.code.startswith("Z"),
            nation=nation,
            icb=board,
            places=_places(code, home_of, names, counties if tier == "upper" else None),
            notes=tuple(_shared(code, home_of, names, shares, boards)),
        )
        for code, board in sorted(boards.items())
    ]


def _places(
    board: str,
    home_of: Mapping[str, str],
    names: Mapping[str, str],
    counties: Mapping[str, tuple[str, str]] | None,
) -> tuple[Place, ...]:
    own = [code for code, at in home_of.items() if at == board]
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for code in own:
        county = (counties or {}).get(code, (code, names[code]))
        whole = all(
            home_of.get(other) == board for other, its in (counties or {}).items() if its == county
        )
        groups[county if whole else (code, names[code])].append(code)
    return tuple(
        Place(code=code, name=name, local_authorities=tuple(sorted(parts)))
        for (code, name), parts in sorted(groups.items(), key=lambda item: item[0][1])
    )


def _shared(
    board: str,
    home_of: Mapping[str, str],
    names: Mapping[str, str],
    shares: Mapping[str, Counter[str]],
    boards: Mapping[str, IntegratedCareBoard],
) -> Iterable[str]:
    for code, found in sorted(shares.items()):
        if board not in found or len(found) == 1:
            continue
        here, all_ = found[board], sum(found.values())
        if home_of[code] == board:
            yield (
                f"{names[code]} is a Place of this board, which holds {here} of its {all_} LSOAs; "
                "the others are of another board."
            )
        else:
            yield (
                f"{here} of the {all_} LSOAs of {names[code]} are of this board and in none of its "
                f"Places: most are of {_short(boards[home_of[code]].name)}."
            )


def _short(name: str) -> str:
    return re.sub(r"^NHS | Integrated Care Board$", "", name)


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", _short(name).lower()).strip("_")
