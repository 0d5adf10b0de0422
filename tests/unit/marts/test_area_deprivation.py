"""MHCLG's summary measures, against published shares and against sums that a person can follow."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from beacon.contracts import create_table
from tests.conftest import given_directory
from tests.unit.marts.conftest import NATION, PLACE, SmallWarehouse

# Published figures that do not reproduce: an LSOA that lies across two authorities.
_ACROSS = {"E06000062", "E07000177"}


@pytest.fixture(autouse=True)
def _tables(small: SmallWarehouse) -> None:
    for name in ("staging.imd_lsoa", "staging.iod_domain", "staging.lsoa21_icb24",
                 "cohorts.lsoa_deprivation", "cohorts.lsoa_population"):  # fmt: skip
        small.con.execute(create_table(small.contracts[name], name))


def _lsoa(
    small: SmallWarehouse,
    rank: int,
    lad: str,
    people: int,
    score: float | None = None,
    of: int = 100,
) -> None:
    code = f"Z01{rank:06}"
    decile = (rank * 10 + of - 1) // of
    small.add("staging.imd_lsoa", imd_vintage=2025, lsoa_vintage=2021, lsoa_code=code, lsoa_name=code,
              lad_code=lad, lad_name=lad, imd_rank=rank, imd_decile=decile)  # fmt: skip
    small.add("cohorts.lsoa_deprivation", imd_vintage=2025, lsoa_vintage=2021, lsoa_code=code,
              place_code=PLACE if lad == PLACE else None)  # fmt: skip
    small.add("cohorts.lsoa_population", imd_vintage=2025, population_base="census_2021",
              lsoa_code=code, sex="Persons", age_band="All ages", people=people)  # fmt: skip
    if score is not None:
        small.add("staging.iod_domain", imd_vintage=2025, lsoa_vintage=2021, lsoa_code=code,
                  domain="imd", rank=rank, decile=decile, score=score)  # fmt: skip


def _rows(small: SmallWarehouse) -> dict[str, dict[str, object]]:
    return {str(row["area_code"]): row for row in small.make("marts.area_deprivation")}


def test_an_authority_by_hand(small: SmallWarehouse) -> None:
    """A hundred LSOAs; three of them, of 1,000, 2,000 and 1,000 people, are the authority's."""
    for rank in range(1, 101):
        own = {1: 1000, 12: 2000, 91: 1000}.get(rank)
        _lsoa(small, rank, PLACE if own else "Z07000001", own or 1000, score=100.0 - rank)
    row = _rows(small)[PLACE]
    # Ranks turned round: 100, 89 and 10.
    assert row["average_rank"] == pytest.approx((100 * 1000 + 89 * 2000 + 10 * 1000) / 4000)
    assert row["average_score"] == pytest.approx((99 * 1000 + 88 * 2000 + 9 * 1000) / 4000)
    assert row["most_deprived_tenth_percent"] == pytest.approx(100 / 3)
    # All of the first; of the second, in the 12th percentile, 95 % less one of nineteen steps to 5 %.
    assert row["extent_percent"] == pytest.approx(100 * (1000 + 2000 * (0.95 - 0.90 / 19)) / 4000)
    # A tenth of 4,000 people lives in the first LSOA alone.
    assert row["local_concentration"] == pytest.approx(100)
    assert (row["area_type"], row["area_name"], row["lsoas"], row["people"]) == (
        "place",
        "Dunmarrow",
        3,
        4000,
    )
    assert (row["rank_of_average_rank"], row["authorities"]) == (1, 2)


def test_the_last_lsoa_of_the_concentrated_tenth_counts_in_part(small: SmallWarehouse) -> None:
    for rank in range(1, 101):
        _lsoa(
            small,
            rank,
            PLACE if rank in (1, 2, 3) else "Z07000001",
            {1: 100, 2: 400, 3: 4500}.get(rank, 1000),
        )
    # Of 5,000 people 500: all 100 of rank 1 and all 400 of rank 2.
    assert _rows(small)[PLACE]["local_concentration"] == pytest.approx((100 * 100 + 99 * 400) / 500)


def test_without_scores_or_people_there_is_no_average(small: SmallWarehouse) -> None:
    for rank in range(1, 101):
        _lsoa(small, rank, "Z07000001", 1000, score=None if rank == 50 else 1.0)
    small.con.execute("delete from cohorts.lsoa_population where lsoa_code = 'Z01000050'")
    row = _rows(small)[NATION]
    assert [
        row[name]
        for name in ("average_rank", "average_score", "extent_percent", "local_concentration")
    ] == [None] * 4
    assert row["most_deprived_tenth_percent"] == 10


@pytest.mark.given
def test_the_published_share_of_lsoas_of_all_authorities_of_2025(small: SmallWarehouse) -> None:
    folder = given_directory("BEACON_TEST_CASES", "cases") / "place_aggregation"
    source = str(Path(folder) / "inputs.csv")
    small.con.execute(
        "insert into staging.imd_lsoa by name select 2025 as imd_vintage, 2021 as lsoa_vintage, "
        "lsoa21_code as lsoa_code, lsoa21_code as lsoa_name, ltla24_code as lad_code, ltla24_code as lad_name, "
        "row_number() over (order by IMD_decile, lsoa21_code) as imd_rank, IMD_decile as imd_decile "
        "from read_csv(?)", [source],
    )  # fmt: skip
    small.con.execute(
        "insert into cohorts.lsoa_deprivation by name select imd_vintage, lsoa_vintage, lsoa_code from staging.imd_lsoa"
    )
    small.con.execute(
        "insert into cohorts.lsoa_population by name select imd_vintage, 'census_2021' as population_base, lsoa_code, "
        "'Persons' as sex, 'All ages' as age_band, 1000 as people from staging.imd_lsoa"
    )
    rows = _rows(small)
    with (folder / "expected.csv").open(encoding="utf-8", newline="") as stream:
        published = {
            r["ltla24_code"]: float(r["IMD_prop_most_deprived_10pc"])
            for r in csv.DictReader(stream)
        }
    assert len(published) == 296
    # Published to four decimals.
    wrong = {
        code for code, share in published.items()
        if abs(float(str(rows[code]["most_deprived_tenth_percent"])) / 100 - share) > 5.1e-5
    }  # fmt: skip
    assert wrong <= _ACROSS
