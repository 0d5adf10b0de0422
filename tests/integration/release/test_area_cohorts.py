"""Cohorts of custom areas, on fictional persons: right where shown, and never of few people."""

import json
import shutil
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from beacon.core.errors import BeaconError
from beacon.core.home import Home
from beacon.disclosure.area_differences import Area
from beacon.people.custom_cohorts import KnownAreas, cohorts_of_area
from beacon.people.load_cohorts import load_cohorts
from beacon.people.secure_home import SecureHome
from beacon.release.custom_area import custom_area
from beacon.release.layout import get_release

COHORT = "maternity_bookings"
NOW = datetime(2026, 11, 29, tzinfo=UTC)


@pytest.fixture
def homes(people_root: Path, tmp_path: Path) -> tuple[Home, SecureHome]:
    """A home with the release of persons and a ledger of its own, and the secure home's counts."""
    root, secure = tmp_path / "home", tmp_path / "secure"
    root.mkdir()
    (root / "releases").symlink_to(people_root / "home" / "releases")
    shutil.copy(people_root / "home" / "latest.json", root / "latest.json")
    secure.mkdir(mode=0o700)
    (secure / "as_at").symlink_to(people_root / "secure" / "as_at")
    return Home(root), SecureHome(secure)


def by_lsoa(secure: SecureHome) -> dict[str, int]:
    """Members of the cohort by LSOA at the latest date, counted here."""
    day = sorted(path.name for path in secure.as_at("").glob("*"))[-1]
    folder = secure.as_at(day)
    return dict(
        duckdb.execute(
            "select lsoa21_code, count(*) from read_parquet(?) as m join read_parquet(?) as p "
            "on m.person_id = p.person_id where lsoa21_code is not null group by all",
            [f"{folder}/cohort/{COHORT}/*.parquet", f"{folder}/person/*.parquet"],
        ).fetchall()
    )


def counted(
    secure: SecureHome,
    codes: Iterable[str],
    known: list[Area],
    name: str,
    codes_of: dict[Area, str] | None = None,
    custom: Iterable[Area] = (),
) -> int | None:
    """The cohort's size in an area, as it is given beside areas that are known."""
    beside = KnownAreas(known, codes_of or {}, frozenset(custom))
    _, counts = cohorts_of_area(secure, name, Area(codes), beside, now=NOW, only=[COHORT])
    (size,) = (count for count in counts if not count.measure)
    return size.eligible


def test_a_large_area_has_its_cohort_rounded_and_the_log_says_so(
    homes: tuple[Home, SecureHome],
) -> None:
    _, secure = homes
    people = by_lsoa(secure)
    chosen = sorted(people, key=people.__getitem__, reverse=True)[:12]
    shown = counted(secure, chosen, [Area(people)], "Twelve")
    assert shown is not None
    assert abs(shown - sum(people[code] for code in chosen)) <= 2
    assert shown % 5 == 0
    line = json.loads(secure.log.read_text().splitlines()[-1])
    assert (line["what"], line["area"], line["lsoas"]) == ("custom area", "Twelve", sorted(chosen))


def test_an_area_that_differs_by_one_lsoa_with_few_of_the_cohort_is_guarded(
    homes: tuple[Home, SecureHome],
) -> None:
    _, secure = homes
    people = by_lsoa(secure)
    ordered = sorted(people, key=people.__getitem__)
    few, many = ordered[0], ordered[-12:]
    assert 0 < people[few] < 10
    assert counted(secure, many, [Area(people)], "Without it") is not None
    # It has more than a thousand residents, and fewer than ten of the cohort.
    known = [Area(people), Area(many)]
    assert counted(secure, [*many, few], known, "With it") is None
    # Another home's ledger does not have the first; the secure home's log does.
    assert counted(secure, [*many, few], known[:1], "With it, from another home") is None
    assert counted(secure, [few], [], "Alone") is None
    secure.log.unlink()
    assert counted(secure, [*many, few], known[:1], "Without the other") is not None


def test_without_an_evaluated_extract_nothing_is_given(
    homes: tuple[Home, SecureHome], tmp_path: Path
) -> None:
    home, _ = homes
    empty = tmp_path / "empty"
    empty.mkdir(mode=0o700)
    with pytest.raises(BeaconError, match="No extract was evaluated"):
        custom_area(home, get_release(home), list(by_lsoa(homes[1]))[:3], secure=SecureHome(empty))


# Members of the cohort in 40 wards of three LSOAs; some wards have few.
WARDS = {f"W{n:02}": 3 if n % 5 == 0 else 17 + 13 * n % 41 for n in range(40)}
# Hidden in the published tables: the few, and beside them one more of each Place of ten wards.
HIDDEN = {ward for ward, people in WARDS.items() if people < 5} | {"W01", "W11", "W21", "W31"}
LSOAS_OF = {ward: Area(f"{ward}{letter}" for letter in "abc") for ward in WARDS}


@pytest.fixture
def invented(tmp_path: Path) -> SecureHome:
    """A secure home in which these members were counted, and some wards hidden."""
    root = tmp_path / "invented"
    folder = root / "as_at" / "2025-03-31"
    for part in (f"cohort/{COHORT}", "person"):
        (folder / part).mkdir(parents=True)
    root.chmod(0o700)
    rows = [
        (f"{ward}{'abc'[n % 3]}", f"{ward}-{n}")
        for ward, people in WARDS.items()
        for n in range(people)
    ]
    con = duckdb.connect()
    con.execute("create table person (lsoa21_code varchar, person_id varchar)")
    con.executemany("insert into person values (?, ?)", rows)
    flags = "".join(
        f', true as "{care.id}__eligible", false as "{care.id}__done"'
        for care in load_cohorts()[COHORT].care
    )
    con.execute(f"copy person to '{folder}/person/p.parquet'")
    con.execute(
        f"copy (select person_id{flags} from person) to '{folder}/cohort/{COHORT}/c.parquet'"
    )
    con.execute(f"copy (select 1 as x) to '{folder}/cell.parquet'")
    con.execute(
        'create table hidden (cohort varchar, measure varchar, area_code varchar, "group" varchar)'
    )
    con.executemany(
        "insert into hidden values (?, '', ?, 'all')", [[COHORT, ward] for ward in sorted(HIDDEN)]
    )
    con.execute(f"copy hidden to '{folder}/hidden.parquet'")
    return SecureHome(root)


def _worked_out(given: dict[Area, int]) -> set[str]:
    """Hidden wards whose count is one number after all, by taking wards that are shown away."""
    found = set()
    for ward in HIDDEN:
        least, most = 1, 10**6
        for other in WARDS.keys() - HIDDEN:
            rounded = given.get(LSOAS_OF[ward] | LSOAS_OF[other])
            if rounded is not None:
                least = max(least, rounded - 2 - WARDS[other])
                most = min(most, rounded + 2 - WARDS[other])
        if least == most:
            assert least == WARDS[ward]
            found.add(ward)
    return found


def test_the_attacker_works_out_no_small_ward_with_areas_that_join_it_to_others(
    invented: SecureHome,
) -> None:
    """A hidden ward and one that is shown, asked for as one area, again and again.

    Were counts that are hidden taken for known, such areas would look harmless.
    """
    codes_of = {codes: ward for ward, codes in LSOAS_OF.items()}
    everything = Area(code for codes in LSOAS_OF.values() for code in codes)
    known = [everything, *LSOAS_OF.values()]
    asked = [
        LSOAS_OF[ward] | LSOAS_OF[other]
        for ward in ("W00", "W05")
        for other in sorted(WARDS.keys() - HIDDEN)[:25]
    ]
    assert len(asked) == 50
    given: dict[str, dict[Area, int]] = {"guarded": {}, "blind": {}}
    for way, codes in (("guarded", codes_of), ("blind", {})):
        invented.log.unlink(missing_ok=True)
        for number, area in enumerate(asked):
            before = asked[:number] if way == "guarded" else []
            count = counted(invented, area, [*known, *before], "it", codes, before)
            if count is not None:
                given[way][area] = count
    assert _worked_out(given["guarded"]) == set()
    assert _worked_out(given["blind"]) == {"W00", "W05"}, "the attacker should have found both"
    # Areas of wards that are shown, or of many people whose wards are hidden, are given.
    plain = LSOAS_OF["W02"] | LSOAS_OF["W03"]
    assert counted(invented, plain, known, "shown", codes_of) is not None
    assert counted(invented, LSOAS_OF["W01"] | LSOAS_OF["W02"], known, "many", codes_of) is not None
