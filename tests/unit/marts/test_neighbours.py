"""Statistical neighbours: our own by distance, a supplied list before them, and figures beside theirs."""

from __future__ import annotations

from datetime import date

import pytest

from beacon.contracts import create_table
from tests.unit.marts.conftest import PLACE, SmallWarehouse

SLUG = "smoking_prevalence"
_TABLES = (
    "staging.neighbour_list", "staging.lsoa21_rural_urban", "cohorts.lsoa_population",
    "geography.lsoa21", "marts.area_deprivation",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _tables(small: SmallWarehouse) -> None:
    for name in _TABLES:
        small.con.execute(create_table(small.contracts[name], name))
    small.add("registry.imd_default", imd_vintage=2025)


def _authority(
    small: SmallWarehouse,
    number: int,
    rank: float,
    *,
    people: int = 100_000,
    code: str | None = None,
) -> str:
    """An authority of one LSOA, of which a fifth is under 15 and a fifth 65 or over."""
    code = code or f"Z08{number:06}"
    lsoa = f"Z01{number:06}"
    small.add("geography.lsoa21", lsoa21_code=lsoa, lsoa21_name=lsoa, lad24_code=code, lad24_name=code,
              place_code=PLACE if code == PLACE else None)  # fmt: skip
    for band, count in (("All ages", people), ("5-9", people // 5), ("65-69", people // 5)):
        small.add("cohorts.lsoa_population", imd_vintage=2025, population_base="census_2021",
                  lsoa_code=lsoa, sex="Persons", age_band=band, people=count)  # fmt: skip
    small.add("marts.area_deprivation", imd_vintage=2025, lsoa_vintage=2021, area_type="local_authority",
              area_code=code, area_name=f"Town {number}", average_rank=rank, lsoas=1,
              most_deprived_tenth_percent=0.0, fictional=True)  # fmt: skip
    return code


def test_the_nearest_come_first_and_nobody_is_its_own(small: SmallWarehouse) -> None:
    _authority(small, 0, 100.0, code=PLACE)
    for number in range(1, 21):
        _authority(small, number, 100.0 + number)
    rows = sorted(small.make("marts.neighbour"), key=lambda row: row["neighbour_rank"])
    assert [row["neighbour_name"] for row in rows] == [f"Town {number}" for number in range(1, 16)]
    assert {row["method"] for row in rows} == {"beacon_nearest"}
    # All alike in age, size and share of the tenth: only the average rank can tell them apart.
    assert {row["characteristics"] for row in rows} == {"deprivation_average_rank"}
    # The ranks 100 to 120 have a standard deviation of the square root of (21² - 1) / 12.
    assert rows[0]["distance"] == pytest.approx(1 / ((21**2 - 1) / 12) ** 0.5, abs=1e-6)


def test_districts_and_the_very_small_are_no_neighbours(small: SmallWarehouse) -> None:
    _authority(small, 0, 100.0, code=PLACE)
    _authority(small, 1, 101.0, code="Z07000001")
    _authority(small, 2, 101.0, people=49_999)
    far = _authority(small, 3, 900.0)
    assert [row["neighbour_code"] for row in small.make("marts.neighbour")] == [far]


def test_a_supplied_list_goes_before_our_own(small: SmallWarehouse) -> None:
    _authority(small, 0, 100.0, code=PLACE)
    near, far = _authority(small, 1, 101.0), _authority(small, 2, 900.0)
    for rank, code in (("10", near), ("9", far)):
        small.add("staging.neighbour_list", area_code=PLACE, neighbour_code=code, neighbour_rank=rank,
                  source_sha256="0" * 64)  # fmt: skip
    rows = sorted(small.make("marts.neighbour"), key=lambda row: row["neighbour_rank"])
    assert [(row["neighbour_code"], row["method"], row["distance"]) for row in rows] == [
        (far, "supplied", None), (near, "supplied", None),
    ]  # fmt: skip


def test_a_neighbour_has_the_code_that_its_figures_have_now(small: SmallWarehouse) -> None:
    _authority(small, 0, 100.0, code=PLACE)
    old = _authority(small, 1, 101.0)
    small.add("registry.area_alias", area_code=old, code_in_use="Z08000099")
    (row,) = small.make("marts.neighbour")
    assert (row["neighbour_code"], row["neighbour_name"]) == ("Z08000099", "Town 1")


def _beside(small: SmallWarehouse, others: list[float], own: float = 12.0) -> dict[str, object]:
    small.add("marts.scorecard", indicator_id=1, indicator_slug=SLUG, name=SLUG, programme="context",
              measure="main", place_code=PLACE, place_name="Dunmarrow", sex="Persons", age="18+ yrs",
              period="2023", period_end=date(2023, 12, 31), value=own, unit="percent",
              polarity="low_is_good", fictional=True)  # fmt: skip
    small.fact(SLUG, 2023, own, area_name="x")
    for number, value in enumerate(others, 1):
        code = f"Z08{number:06}"
        small.fact(SLUG, 2023, value, area_code=code, area_name=code)
        small.fact(SLUG, 2022, 99.0, area_code=code, area_name=code)
        small.add("marts.neighbour", place_code=PLACE, neighbour_code=code, neighbour_rank=number,
                  neighbour_name=code, method="supplied", fictional=True)  # fmt: skip
    small.make("indicators.trend")
    small.make("marts.observation")
    (row,) = small.make("marts.neighbour_comparison")
    return row


@pytest.fixture
def _comparison(small: SmallWarehouse) -> None:
    small.con.execute(create_table(small.contracts["marts.neighbour"], "marts.neighbour"))


@pytest.mark.usefixtures("_comparison")
def test_a_figure_beside_those_of_the_same_period(small: SmallWarehouse) -> None:
    row = _beside(small, [10.0, 11.0, 13.0, 14.0, 15.0, 16.0])
    assert (row["neighbours"], row["neighbours_with_value"]) == (6, 6)
    assert (row["neighbours_lowest"], row["neighbours_median"], row["neighbours_highest"]) == (
        10.0,
        13.5,
        16.0,
    )
    assert row["difference_from_median"] == -1.5
    # Low is good: two of the six have less.
    assert row["rank_among_neighbours"] == 3


@pytest.mark.usefixtures("_comparison")
def test_fewer_than_five_are_no_group(small: SmallWarehouse) -> None:
    row = _beside(small, [10.0, 11.0, 13.0, 14.0])
    assert row["neighbours_with_value"] == 4
    assert row["neighbours_median"] is None
    assert row["rank_among_neighbours"] is None
