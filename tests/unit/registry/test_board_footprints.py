"""Footprints of boards from lookups: which authorities, which counties, which board of 2026."""

from __future__ import annotations

from beacon.registry import Area, load_successions
from beacon.registry.board_footprints import LocatedLsoa, board_footprints, of_april_2026

NATION = Area(code="E92000001", name="England")


def lsoas(board: str, location: str, authority: str, count: int) -> list[LocatedLsoa]:
    """So many LSOAs of one authority in one location."""
    return [
        LocatedLsoa(f"E01{authority[-3:]}{board[-2:]}{n}", board,
                    f"NHS {board} Integrated Care Board", board[-3:], location, authority, f"Town {authority}")
        for n in range(count)
    ]  # fmt: skip


def test_an_authority_in_two_boards_is_a_place_of_the_one_with_most_of_it() -> None:
    found = board_footprints(
        [*lsoas("E54000001", "01A", "E06000001", 3), *lsoas("E54000002", "02A", "E06000001", 2),
         *lsoas("E54000002", "02A", "E06000002", 4)],
        NATION, 2024,
    )  # fmt: skip
    first, second = found
    assert (first.id, first.place_codes) == ("e54000001_2024", ("E06000001",))
    assert second.place_codes == ("E06000002",)
    assert first.notes[0].startswith(
        "Town E06000001 is a Place of this board, which holds 3 of its 5"
    )
    assert second.notes[0].startswith(
        "2 of the 5 LSOAs of Town E06000001 are of this board and in none"
    )


def test_a_county_is_one_place_only_where_the_board_has_all_of_it() -> None:
    counties = dict.fromkeys(("E07000001", "E07000002"), ("E10000001", "Shire"))
    whole = [*lsoas("E54000001", "01A", "E07000001", 3), *lsoas("E54000001", "01A", "E07000002", 3)]
    (one,) = board_footprints(whole, NATION, 2024, "upper", counties)
    assert [(p.code, p.local_authorities) for p in one.places] == [
        ("E10000001", ("E07000001", "E07000002"))
    ]
    (lower,) = board_footprints(whole, NATION, 2024, "lower", counties)
    assert lower.place_codes == ("E07000001", "E07000002")
    cut = [*lsoas("E54000001", "01A", "E07000001", 3), *lsoas("E54000002", "02A", "E07000002", 3)]
    first, second = board_footprints(cut, NATION, 2024, "upper", counties)
    assert (first.place_codes, second.place_codes) == (("E07000001",), ("E07000002",))


def test_frimley_is_divided_by_authority_and_west_essex_by_location() -> None:
    moved = of_april_2026(
        [
            *lsoas("E54000034", "D4U1Y", "E06000039", 1),  # Slough
            *lsoas("E54000034", "D4U1Y", "E07000092", 1),  # Rushmoor
            *lsoas("E54000034", "D4U1Y", "E07000216", 1),  # Waverley
            *lsoas("E54000025", "07H", "E07000073", 1),  # Harlow
            *lsoas("E54000025", "06K", "E07000242", 1),  # East Hertfordshire
            *lsoas("E54000008", "01F", "E06000006", 1),  # Halton
        ],
        load_successions(),
    )
    assert [lsoa.board_code for lsoa in moved] == [
        "E54000070", "E54000067", "E54000069", "E54000066", "E54000065", "E54000008",
    ]  # fmt: skip
    assert moved[3].board_name == "NHS Essex Integrated Care Board"
    assert moved[3].board_ods_code == "D7T5G"
