"""`observation`: all areas of the nation, under one name each, with ages that sort."""

from __future__ import annotations

import duckdb
import pytest

from beacon.statistics.macros import install_macros
from tests.unit.marts.conftest import NATION, PLACE, SmallWarehouse

SLUG = "smoking_prevalence"
# Fictional codes begin with Z; what follows is the ONS entity code.
ELSEWHERE = {
    "Z06000099": ("local_authority", "single_tier"),
    "Z07000001": ("local_authority", "lower_tier"),
    "Z08000001": ("local_authority", "single_tier"),
    "Z09000001": ("local_authority", "single_tier"),
    "Z10000001": ("local_authority", "upper_tier"),
    "Z11000001": ("metropolitan_county", None),
    "Z12000001": ("region", None),
    "Z47000001": ("combined_authority", None),
    "Z54000009": ("icb", None),
}
NOT_OF_THE_NATION = ("S12000033", "Z13000001", "01A")


@pytest.fixture(autouse=True)
def _without_trends(small: SmallWarehouse) -> None:
    small.make("indicators.trend")


def _areas(small: SmallWarehouse) -> dict[str, dict[str, object]]:
    return {str(row["area_code"]): row for row in small.make("marts.observation")}


def test_each_area_of_the_nation_has_its_kind_and_others_are_left_out(
    small: SmallWarehouse,
) -> None:
    for code in (PLACE, NATION, *ELSEWHERE, *NOT_OF_THE_NATION):
        small.fact(SLUG, 2023, 12.0, area_code=code, area_name=code)
    rows = _areas(small)
    assert set(rows) == {PLACE, NATION, *ELSEWHERE}
    assert (rows[PLACE]["area_type"], rows[PLACE]["authority_tier"]) == ("place", "single_tier")
    assert (rows[NATION]["area_type"], rows[NATION]["authority_tier"]) == ("nation", None)
    for code, expected in ELSEWHERE.items():
        assert (rows[code]["area_type"], rows[code]["authority_tier"]) == expected


def test_of_several_spellings_the_most_frequent_that_is_not_in_capitals_stands(
    small: SmallWarehouse,
) -> None:
    small.fact(SLUG, 2023, 1.0, area_name="DUNMARROW")
    for year, name in enumerate(
        ["NORTH SHIRE", "NORTH SHIRE", "North Shire", "North Shire UA", "North Shire"], 2019
    ):
        small.fact(SLUG, year, 1.0, area_code="Z06000099", area_name=name)
    rows = small.make("marts.observation")
    assert {row["area_name"] for row in rows if row["area_code"] == "Z06000099"} == {"North Shire"}
    # A reported area has the name that the footprint gives it.
    assert {row["area_name"] for row in rows if row["area_code"] == PLACE} == {"Dunmarrow"}


def test_a_row_says_what_is_measured(small: SmallWarehouse) -> None:
    small.fact(SLUG, 2023, 12.0, area_name="x")
    (row,) = small.make("marts.observation")
    assert row["indicator_name"]
    assert len(str(row["indicator_short_name"])) <= len(str(row["indicator_name"]))
    assert (row["polarity"], row["age"], row["age_from"], row["age_to"]) == (
        "low_is_good", "18+ yrs", 18.0, None,
    )  # fmt: skip


def test_the_trend_stands_at_the_period_that_it_ends_with(small: SmallWarehouse) -> None:
    for year in range(2018, 2024):
        value = 30.0 - 3 * (year - 2018)
        small.fact(SLUG, year, value, area_code="Z10000001", area_name="Shire",
                   lower_95=value - 0.5, upper_95=value + 0.5)  # fmt: skip
    small.fact(SLUG, 2023, 12.0, area_name="x")
    small.make("indicators.trend")
    rows = {(r["area_code"], r["period"]): r for r in small.make("marts.observation")}
    assert rows["Z10000001", "2023"]["recent_trend"] == "Decreasing and getting better"
    assert rows["Z10000001", "2022"]["recent_trend"] is None
    assert rows[PLACE, "2023"]["recent_trend_reason"] == "fewer_than_five_points"


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("5-9", (5, 9)), ("45-49", (45, 49)), ("85+", (85, None)), ("All ages", (0, None)),
        ("<16 yrs", (0, 15)), ("18+ yrs", (18, None)), ("2-2.5 yrs", (2, 2.5)), ("19 yrs", (19, 19)),
        ("16-64 yrs", (16, 64)), ("Not stated", (None, None)), ("School age", (None, None)),
    ],
)  # fmt: skip
def test_ages_become_numbers(text: str, ends: tuple[float | None, float | None]) -> None:
    con = duckdb.connect()
    install_macros(con)
    assert con.execute("select age_from(?), age_to(?)", [text, text]).fetchall() == [ends]
