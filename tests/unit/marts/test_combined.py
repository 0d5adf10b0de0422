"""Recodes, mergers and Places of several authorities, on planted figures."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from beacon.contracts import create_table
from beacon.registry import load_indicators
from beacon.warehouse.registry_tables import _selection_rows, insert_rows
from tests.unit.marts.conftest import PLACE, SmallWarehouse

SLUG, SERIES, SOURCE = "obesity_year6", "90323", "fingertips"
FIRST, SECOND, OLD_CODE = "Z07000001", "Z07000002", "Z06000099"


@pytest.fixture
def areas(small: SmallWarehouse) -> SmallWarehouse:
    """A Place that was formed in 2023 from two districts."""
    for name in ("geography.lsoa21", "cohorts.lsoa_population", "indicators.practice_observation",
                 "indicators.sub_icb_observation"):  # fmt: skip
        small.con.execute(create_table(small.contracts[name], name))
    for lsoa, authority, people in (("Z01000001", FIRST, 3000), ("Z01000002", SECOND, 1000)):
        small.add("geography.lsoa21", lsoa21_code=lsoa, lad24_code=authority,
                  lad24_name=f"Town {authority}", place_code=PLACE)  # fmt: skip
        small.add("cohorts.lsoa_population", imd_vintage=2025, population_base="census_2021",
                  lsoa_code=lsoa, sex="Persons", age_band="All ages", people=people)  # fmt: skip
    return small


def part(small: SmallWarehouse, kind: str, *codes: str, whole: bool = True, way: int = 1) -> None:
    for code in codes:
        small.add("registry.area_part", area_code=PLACE, area_name="Dunmarrow", way=way, part_code=code,
                  part_name=code, kind=kind, is_whole=whole,
                  valid_from=date(2023, 4, 1) if kind == "predecessor" else None)  # fmt: skip


def year(small: SmallWarehouse, area: str, start: int, cases: float | None, persons: float | None,
         value: float | None = None) -> None:  # fmt: skip
    """One school year of a series; the value is that of the counts unless it is given."""
    if value is None and cases is not None and persons is not None:
        value = 100 * cases / persons
    small.observe(SERIES, area, value, source=SOURCE, dataset="indicator_data", age="10-11 yrs",
                  series_name=load_indicators()[SLUG].sources[0].select[0].expected_name,
                  period=f"{start}/{(start + 1) % 100:02}", period_start=date(start, 9, 1),
                  period_end=date(start + 1, 8, 31), numerator=cases, denominator=persons)  # fmt: skip


def combined(small: SmallWarehouse, **changes: Any) -> list[dict[str, Any]]:
    indicator = load_indicators()[SLUG].model_copy(update=changes)
    if "combine_areas" in changes:
        small.con.execute(
            "update registry.indicator set combine_areas = ?", [changes["combine_areas"]]
        )
    insert_rows(small.con, "registry.selection", _selection_rows(indicator))
    small.con.execute("set variable indicator_slugs = ?", [[SLUG]])
    small.make("indicators.published")
    rows = small.make("indicators.combined")
    return sorted((row for row in rows if row["sex"] == "Persons"), key=lambda row: row["period"])


def test_years_before_a_merger_are_the_sums_of_their_counts(areas: SmallWarehouse) -> None:
    part(areas, "predecessor", FIRST, SECOND)
    for start, first, second in ((2020, (61, 301), (29, 99)), (2021, (63, 300), (31, 101))):
        year(areas, FIRST, start, *first)
        year(areas, SECOND, start, *second)
    year(areas, PLACE, 2023, 100, 400)
    before, after = combined(areas)
    assert (before["period"], after["period"]) == ("2020/21", "2021/22")
    assert (before["numerator"], before["denominator"], before["value"]) == (90, 400, 22.5)
    # Not the mean of the two figures, 24.8.
    assert before["value_method"] == "sum_of_predecessors"
    assert before["lower_95"] < 22.5 < before["upper_95"]
    assert before["limits_method"] == "wilson"
    assert "formed from on 1 April 2023" in before["value_note"]


def test_a_year_that_cannot_be_counted_is_where_the_series_breaks(areas: SmallWarehouse) -> None:
    part(areas, "predecessor", FIRST, SECOND)
    for start in (2020, 2021):
        year(areas, FIRST, start, None, None, value=20.0)
        year(areas, SECOND, start, None, None, value=30.0)
    year(areas, PLACE, 2023, 100, 400)
    (row,) = combined(areas)
    assert (row["period"], row["value"], row["value_status"]) == ("2021/22", None, "not_comparable")
    assert row["value_note"].endswith(
        "the source gives no counts to add up. An average would be wrong."
    )


def test_counts_are_taken_for_rounded_only_where_every_year_is(areas: SmallWarehouse) -> None:
    part(areas, "predecessor", FIRST, SECOND)
    for start, first, second in ((2019, 60, 30), (2020, 61, 29)):
        year(areas, FIRST, start, first, 300)
        year(areas, SECOND, start, second, 100)
    assert [row["value"] for row in combined(areas)] == [22.5, 22.5]
    areas.con.execute("delete from staging.observation where period = '2020/21'")
    (row,) = combined(areas)
    assert (row["value"], row["value_status"]) == (None, "not_comparable")
    assert "the source rounds its counts" in row["value_note"]


def test_a_part_that_is_hidden_hides_the_sum(areas: SmallWarehouse) -> None:
    part(areas, "predecessor", FIRST, SECOND)
    year(areas, FIRST, 2020, 61, 301)
    year(areas, SECOND, 2020, None, None)
    (row,) = combined(areas)
    assert (row["value"], row["value_status"]) == (None, "not_comparable")
    assert "not all of them have a figure" in row["value_note"]


def test_a_redrawn_area_is_never_added_up(areas: SmallWarehouse) -> None:
    part(areas, "predecessor", FIRST)
    part(areas, "predecessor", SECOND, whole=False)
    year(areas, FIRST, 2020, 61, 301)
    year(areas, SECOND, 2020, 29, 99)
    (row,) = combined(areas)
    assert row["value"] is None
    assert f"a part of {SECOND}" in row["value_note"]


def test_the_earlier_predecessors_are_taken_where_the_later_were_not_there(
    areas: SmallWarehouse,
) -> None:
    part(areas, "predecessor", FIRST, "Z07000003", way=1)
    part(areas, "predecessor", FIRST, SECOND, "Z07000004", way=2)
    year(areas, FIRST, 2018, 61, 301)
    year(areas, SECOND, 2018, 20, 99)
    year(areas, "Z07000004", 2018, 9, 100)
    (row,) = combined(areas)
    assert (row["numerator"], row["denominator"]) == (90, 500)


@pytest.mark.parametrize("carried", [PLACE, OLD_CODE])
def test_an_old_code_in_a_new_file_and_a_new_one_in_an_old_file_are_one_series(
    areas: SmallWarehouse, carried: str
) -> None:
    areas.add("registry.area_alias", area_code=OLD_CODE, code_in_use=PLACE)
    year(areas, carried, 2023, 100, 400)
    year(areas, PLACE, 2022, 90, 400)
    combined(areas)
    found = {row["period"]: row["value"] for row in areas.rows("indicators.published")
             if row["area_code"] == PLACE}  # fmt: skip
    assert found == {"2022/23": 22.5, "2023/24": 25.0}


def test_of_two_codes_in_one_file_the_one_in_use_is_taken(areas: SmallWarehouse) -> None:
    areas.add("registry.area_alias", area_code=OLD_CODE, code_in_use=PLACE)
    year(areas, OLD_CODE, 2023, 90, 400)
    year(areas, PLACE, 2023, 100, 400)
    combined(areas)
    rows = [row for row in areas.rows("indicators.published") if row["sex"] == "Persons"]
    assert [(row["area_code"], row["value"]) for row in rows] == [(PLACE, 25.0)]


def test_a_place_of_several_authorities_has_the_sum_of_their_counts(areas: SmallWarehouse) -> None:
    part(areas, "authority", FIRST, SECOND)
    year(areas, FIRST, 2023, 61, 301)
    year(areas, SECOND, 2023, 29, 99)
    (row,) = combined(areas)
    assert (row["value"], row["value_method"]) == (22.5, "sum_of_authorities")


def test_percentages_without_counts_are_weighted_only_where_that_is_declared(
    areas: SmallWarehouse,
) -> None:
    part(areas, "authority", FIRST, SECOND)
    year(areas, FIRST, 2023, None, None, value=20.0)
    year(areas, SECOND, 2023, None, None, value=30.0)
    (row,) = combined(areas)
    assert (row["value"], row["value_status"]) == (None, "not_published")
    assert f"cannot be combined from Town {FIRST}, Town {SECOND}: " in row["value_note"]
    (row,) = combined(areas, combine_areas="population_weighted")
    # 3,000 residents at 20 % and 1,000 at 30 %.
    assert (row["value"], row["value_method"]) == (22.5, "population_weighted")
    assert (row["lower_95"], row["limits_method"]) == (None, "none")


def test_no_digit_of_a_weighted_mean_depends_on_the_order_of_the_parts(
    areas: SmallWarehouse,
) -> None:
    """Threads add parts in any order; a sum of floating-point numbers would tell which it was."""
    values = {f"Z0700001{n}": 9.7 + n / 7 for n in range(9)}
    for number, code in enumerate(values):
        areas.add("geography.lsoa21", lsoa21_code=f"Z0100001{number}", lad24_code=code,
                  lad24_name=f"Town {code}", place_code=PLACE)  # fmt: skip
        areas.add("cohorts.lsoa_population", imd_vintage=2025, population_base="census_2021",
                  lsoa_code=f"Z0100001{number}", sex="Persons", age_band="All ages",
                  people=30_011 + 977 * number)  # fmt: skip
    found = set()
    for turn in range(len(values)):
        areas.con.execute("delete from staging.observation")
        areas.con.execute("delete from registry.selection")
        order = [*list(values)[turn:], *list(values)[:turn]][:: 1 if turn % 2 else -1]
        areas.con.execute("delete from registry.area_part")
        part(areas, "authority", *order)
        for code in order:
            year(areas, code, 2023, None, None, value=values[code])
        (row,) = combined(areas, combine_areas="population_weighted")
        found.add(row["value"])
    assert len(found) == 1
    people = {code: 30_011 + 977 * number for number, code in enumerate(values)}
    mean = sum(values[code] * people[code] for code in values) / sum(people.values())
    assert found.pop() == pytest.approx(mean, rel=1e-12)


def test_a_source_that_has_the_place_is_never_overruled(areas: SmallWarehouse) -> None:
    part(areas, "authority", FIRST, SECOND)
    year(areas, PLACE, 2023, 100, 400)
    year(areas, FIRST, 2023, 61, 301)
    year(areas, SECOND, 2023, 29, 99)
    assert combined(areas) == []
