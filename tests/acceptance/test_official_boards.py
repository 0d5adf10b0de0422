"""Boards and authorities of all England, from the official lookups, against sums made here by hand."""

import csv
import os
from collections import Counter, defaultdict
from pathlib import Path

import duckdb
import pytest

from beacon.boards import run_boards, shared_workspace
from beacon.core.home import Home
from beacon.core.settings import Settings
from beacon.ingest.board_lookups import footprints_from, write_footprints
from beacon.operations.home_lock import home_lock
from beacon.registry import load_footprint, load_successions
from beacon.release.layout import get_release
from beacon.release.query import connect_release

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


def test_a_lookup_of_2026_that_is_supplied_is_taken_as_it_is(
    official_files: Path, tmp_path: Path
) -> None:
    """Made from that of 2024 by renaming its columns, so that it has the boards of 2024."""
    name = "LSOA21_SICBL24_ICB24_EN_LU.csv"
    text = (official_files / "lookups" / name).read_text(encoding="utf-8-sig")
    header, _, body = text.partition("\n")
    (tmp_path / name.replace("24", "26")).write_text(header.replace("24", "26") + "\n" + body)
    found, source = footprints_from([official_files / "lookups", tmp_path], 2026)
    assert source.endswith("(April 2026), England")
    assert len(found) == 42
    assert all(one.id.endswith("_2026") for one in found)


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


def _lsoas(folder: Path) -> dict[str, tuple[str, int, int]]:
    """Authority, decile of IMD 2025 and Census residents of every LSOA, from the files' own cells."""
    from python_calamine import CalamineWorkbook

    (path,) = folder.glob("imd2025/File_1_IoD2025*.xlsx")
    index = CalamineWorkbook.from_path(str(path)).get_sheet_by_name("IMD25").to_python()[1:]
    people: dict[str, int] = {}
    (census,) = folder.glob("population/TS007A*.csv")
    for row in csv.reader(census.open(encoding="utf-8-sig", newline="")):
        if len(row) == 21 and row[1].startswith("E01"):
            people[row[1]] = sum(int(cell) for cell in row[3:])
    return {str(row[0]): (str(row[2]), int(row[5]), people.get(str(row[0]), 0)) for row in index}


def core20_by_hand(official_files: Path) -> dict[tuple[str, int, str], list[int]]:
    """LSOAs, people and people in Core20 of every authority and board, summed from the files' own cells."""
    lsoas = _lsoas(official_files)
    board = {row["LSOA21CD"]: (row["ICB24CD"], row["SICBL24CDH"])
             for row in rows(official_files, "LSOA21_SICBL24_ICB24_EN_LU.csv")}  # fmt: skip
    new = {"E54000063": "E54000069", "E54000064": "E54000069", "E54000044": "E54000070", "E54000042": "E54000067",
           "E54000022": "E54000068", "E54000026": "E54000066", "E54000024": "E54000065", "E54000056": "E54000065",
           "E54000027": "E54000071", "E54000028": "E54000071"}  # fmt: skip
    divided = {"06K": "E54000065", "06N": "E54000065", "07H": "E54000066", "06T": "E54000066", "06L": "E54000068",
               "07K": "E54000068"}  # fmt: skip
    frimley = {"E06": "E54000070", "E07000089": "E54000067", "E07000092": "E54000067"}
    expected: dict[tuple[str, int, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for code, (authority, decile, people) in lsoas.items():
        old, location = board[code]
        later = divided.get(location) or new.get(old, old)
        if old == "E54000034":
            later = frimley.get(authority) or frimley.get(authority[:3], "E54000069")
        for key in (
            ("lower_tier_authority", 2024, authority),
            ("board", 2024, old),
            ("board", 2026, later),
        ):
            total = expected[key]
            total[0] += 1
            total[1] += people
            total[2] += people if decile <= 2 else 0
    return dict(expected)


def test_core20_of_every_authority_and_board_is_right_to_the_person(
    official_files: Path, official_home: Path
) -> None:
    expected = core20_by_hand(official_files)
    con = connect_release(get_release(Home(official_home)))
    found = {
        (kind, vintage, code): [lsoas_, people, core20]
        for kind, vintage, code, lsoas_, people, core20 in con.execute(
            "select kind, vintage, area_code, lsoas, people, people_core20 from area "
            "where kind in ('board', 'lower_tier_authority')"
        ).fetchall()
    }
    assert len(found) == 296 + 42 + 36
    assert found == expected


def test_core20_of_boards_made_in_one_run_is_right_to_the_person(
    official_files: Path, tmp_path: Path
) -> None:
    """Three boards that the changes of 2026 made; all 36 where BEACON_TEST_ALL_BOARDS is set."""
    home = tmp_path / "home"
    found, source = footprints_from([official_files / "lookups"], 2026)
    write_footprints(found, source, home / "footprints")
    every = [one.id for one in found]
    some = ["essex_2026", "surrey_and_sussex_2026", "thames_valley_2026"]
    chosen = every if os.environ.get("BEACON_TEST_ALL_BOARDS") else some
    settings = Settings(home=home, inputs="folder", folder=official_files, footprint="all")
    workspace = shared_workspace(settings)
    with home_lock(workspace.home):
        done = run_boards(workspace, only=chosen, checks=False, pages=False)
    assert [one.status for one in done.outcomes] == ["published"] * len(chosen)
    expected = core20_by_hand(official_files)
    with duckdb.connect(str(home / "beacon.duckdb"), read_only=True) as con:
        rows = con.execute(
            "select board_id, board_code, lsoas, people, people_core20 from board where release is not null"
        ).fetchall()
        nations = con.execute(
            "select count(distinct board_code), count(distinct (people, people_in_area)) from core20_cohort "
            "where area_type = 'nation' and core20 and sex = 'Persons' and age_band = 'All ages' "
            "and imd_vintage = 2025"
        ).fetchone()
    assert {board for board, *_ in rows} == set(chosen)
    for _, code, *figures in rows:
        assert figures == expected["board", 2026, code]
    assert nations == (len(chosen), 1)


@pytest.mark.parametrize(
    ("file", "slug", "carries"),
    [
        ("employment-rate.csv", "employment_rate", {"E08000016"}),
        ("healthy-life-expectancy.csv", "healthy_life_expectancy", {"E08000038"}),
        ("adult-obesity-prevalence.csv", "adult_obesity", {"E08000016"}),
    ],
)
def test_barnsley_is_one_series_whichever_code_a_file_carries(
    official_files: Path, official_home: Path, file: str, slug: str, carries: set[str]
) -> None:
    with (official_files / "ons_els" / file).open(encoding="utf-8-sig", newline="") as text:
        given = [row for row in csv.DictReader(text) if row["areacd"] in ("E08000016", "E08000038")]
    assert {row["areacd"] for row in given} == carries
    con = connect_release(get_release(Home(official_home)))
    found = con.execute(
        "select area_code, round(value, 6) from observation where indicator_slug = ? "
        "and source = 'ons_els' and area_code in ('E08000016', 'E08000038')",
        [slug],
    ).fetchall()
    assert {code for code, _ in found} == {"E08000038"}
    values = {round(float(row["observation"]), 6) for row in given if row["observation"]}
    assert {value for _, value in found} <= values
    assert len(found) >= 10
