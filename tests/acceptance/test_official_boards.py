"""Boards and authorities of all England, from the official lookups, against sums made here by hand."""

import csv
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from beacon.ingest.board_lookups import footprints_from
from beacon.registry import load_footprint, load_successions

pytestmark = pytest.mark.given


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / "lookups" / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_there_are_42_boards_of_2024_and_36_of_2026(official_files: Path) -> None:
    lookups = [official_files / "lookups"]
    before, source = footprints_from(lookups, 2024)
    assert len(before) == 42
    assert "April 2024" in source
    after, source = footprints_from(lookups, 2026)
    assert len(after) == 36
    assert "became of those boards in April 2026" in source
    for footprints in (before, after):
        authorities = [code for one in footprints for code in one.local_authority_codes]
        assert len(authorities) == len(set(authorities)) == 296
    ours = next(one for one in after if one.icb.code == "E54000008")
    assert set(ours.place_codes) == set(load_footprint("cheshire_merseyside").place_codes)


def test_districts_are_places_where_that_is_asked_for(official_files: Path) -> None:
    lower, _ = footprints_from([official_files / "lookups"], 2026, "lower")
    assert sum(len(one.places) for one in lower) == 296


def test_10207_lsoas_changed_their_board_in_2026(official_files: Path) -> None:
    # The number that the lookup of April 2026 has, by the publisher's catalogue.
    register = load_successions()
    changed = {part.code for one in register.successions if one.valid_from.year == 2026
               for part in one.made_of}  # fmt: skip
    lookup = rows(official_files, "LSOA21_SICBL24_ICB24_EN_LU.csv")
    assert sum(row["ICB24CD"] in changed for row in lookup) == 10207


def test_every_part_that_passed_on_is_one_of_its_board(official_files: Path) -> None:
    lookup = rows(official_files, "LSOA21_SICBL24_ICB24_EN_LU.csv")
    authority = {row["LSOA21CD"]: row["LAD24CD"]
                 for row in rows(official_files, "LSOA21_WD24_LAD24_EW_LU.csv")}  # fmt: skip
    locations: dict[str, set[str]] = defaultdict(set)
    authorities: dict[str, set[str]] = defaultdict(set)
    for row in lookup:
        locations[row["ICB24CD"]].add(row["SICBL24CDH"])
        authorities[row["ICB24CD"]].add(authority[row["LSOA21CD"]])
    passed: dict[str, Counter[str]] = defaultdict(Counter)
    for one in load_successions().successions:
        for part in one.made_of if one.valid_from.year == 2026 else ():
            assert set(part.sub_icb_locations) <= locations[part.code]
            assert set(part.local_authorities) <= authorities[part.code]
            passed[part.code].update(part.sub_icb_locations or part.local_authorities)
    # Each of the three boards that were divided is divided whole, and nothing of it twice.
    assert passed["E54000025"] == Counter(locations["E54000025"])
    assert passed["E54000023"] == Counter(locations["E54000023"])
    assert passed["E54000034"] == Counter(authorities["E54000034"])


def test_codes_that_two_vintages_of_the_lookup_have_are_in_the_register(
    official_files: Path,
) -> None:
    old = {
        row["ICB22CD"]: row["ICB22NM"]
        for row in rows(official_files, "LSOA11_SICBL22_ICB22_LAD22_EN_LU.csv")
    }
    new = {
        row["ICB24CD"]: row["ICB24NM"]
        for row in rows(official_files, "LSOA21_SICBL24_ICB24_EN_LU.csv")
    }
    aliases = load_successions().aliases(in_use=new)
    assert {aliases[code] for code in old.keys() - new.keys()} == new.keys() - old.keys()
