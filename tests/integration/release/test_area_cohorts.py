"""Cohorts of custom areas, on fictional persons: right where shown, and never of few people."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from beacon.core.errors import BeaconError
from beacon.core.home import Home
from beacon.disclosure.area_differences import Area
from beacon.people.custom_cohorts import cohorts_of_area
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


def counted(secure: SecureHome, codes: list[str], known: list[Area], name: str) -> int | None:
    """The cohort's size in an area, as it is given beside areas that are known."""
    _, counts = cohorts_of_area(secure, name, Area(codes), known, now=NOW, only=[COHORT])
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
    assert counted(secure, [*many, few], known[:1], "Without the other") is not None
    assert counted(secure, [few], [], "Alone") is None


def test_without_an_evaluated_extract_nothing_is_given(
    homes: tuple[Home, SecureHome], tmp_path: Path
) -> None:
    home, _ = homes
    empty = tmp_path / "empty"
    empty.mkdir(mode=0o700)
    with pytest.raises(BeaconError, match="No extract was evaluated"):
        custom_area(home, get_release(home), list(by_lsoa(homes[1]))[:3], secure=SecureHome(empty))
