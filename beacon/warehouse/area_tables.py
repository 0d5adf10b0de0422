"""How areas hang together over time and in space, as tables of the working database."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from beacon.registry import Footprint, SuccessionRegister

AREA_TABLES: Final[dict[str, str]] = {
    # A code that files may carry, and the one that this run has for the same area.
    "area_alias": "area_code varchar, code_in_use varchar",
    # What an area can be put together from, where no source has a row for it: the authorities of a
    # Place, or the areas that it took over from. Ways of one area are tried in their order.
    "area_part": (
        "area_code varchar, area_name varchar, way integer, part_code varchar, part_name varchar, "
        "kind varchar, valid_from date, is_whole boolean"
    ),
    # How areas came about: every other code that they have had, and what they were formed from.
    "area_history": (
        "area_code varchar, area_name varchar, other_codes varchar, formed_on date, "
        "formed_from varchar"
    ),
    # Which board of 2026 took over from one of 2024, or from a part of it.
    "board_change": (
        "icb24_code varchar, sub_icb24_ods_code varchar, lad24_code varchar, icb26_code varchar"
    ),
}

_LOOKUP_OF_BOARDS = date(2024, 4, 1)


def area_rows(
    footprint: Footprint, successions: SuccessionRegister
) -> dict[str, list[tuple[Any, ...]]]:
    """Rows of the tables, and of `place_local_authority`, by table."""
    in_use = {footprint.icb.code, *footprint.place_codes, *footprint.local_authority_codes}
    return {
        "area_alias": sorted(successions.aliases(in_use).items()),
        "area_part": _parts(footprint, successions),
        "area_history": _history(successions),
        "board_change": [
            (part.code, location, authority, one.code)
            for one in successions.successions
            if one.kind == "board" and one.valid_from > _LOOKUP_OF_BOARDS
            for part in one.made_of
            for location in (part.sub_icb_locations or (None,))
            for authority in (part.local_authorities or (None,))
        ],
        "place_local_authority": [
            (place.code, code, authority)
            for place in footprint.places
            for authority in place.local_authorities
            for code in successions.within(authority)
        ],
    }


def _history(successions: SuccessionRegister) -> list[tuple[Any, ...]]:
    codes = {one.code for one in successions.successions} | set(successions.aliases(()))
    rows: list[tuple[Any, ...]] = []
    for code in sorted(codes):
        chain = successions.codes_of(code)
        known = [one for each in chain if (one := successions.of(each)) is not None]
        formed = next((one for one in known if not one.is_recode), None)
        rows.append(
            (
                code,
                known[0].name,
                ", ".join(other for other in chain if other != code) or None,
                formed.valid_from if formed else None,
                formed.sentence if formed else None,
            )
        )
    return rows


def _parts(footprint: Footprint, successions: SuccessionRegister) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    for place in footprint.places:
        if len(place.local_authorities) > 1:
            rows += [
                (place.code, place.name, 1, code, code, "authority", None, True)
                for code in place.local_authorities
            ]
    names = {part.code: part.name for one in successions.successions for part in one.made_of}
    for area in (footprint.icb, *footprint.places):
        for way, found in enumerate(successions.ways(area.code), start=2):
            rows += [
                (area.code, area.name, way, code, names.get(code, code), "predecessor",
                 found.valid_from, True)
                for code in found.parts
            ]  # fmt: skip
        redrawn = successions.of(area.code)
        if redrawn is not None and not redrawn.is_merger and not redrawn.is_recode:
            rows += [
                (area.code, area.name, 2, part.code, part.name, "predecessor",
                 redrawn.valid_from, part.is_whole)
                for part in redrawn.made_of
            ]  # fmt: skip
    return rows
