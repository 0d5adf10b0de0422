"""NEET scorecard, and level 2 and 3 at 19."""

from __future__ import annotations

import csv as text_csv
from pathlib import Path

import pytest

from beacon.core.errors import InputRefusedError
from beacon.registry.sources import SourceRegister
from beacon.sources.recognise import recognise
from tests.unit.sources.conftest import Read, csv, given_path, messages, only

NEET_HEADER = (
    "time_period,time_identifier,geographic_level,country_code,country_name,region_code,"
    "region_name,old_la_code,new_la_code,la_name,Age,Cohort_DJFavg,NEET_not_known_percent,"
    "NEET_percent,Notknown_percent,annual_change,cohort_March,a,b,c,d,e"
)
REST = ",0,1,1,1,1,1,1"
NATION = "2025,Calendar year,National,E92000001,England,,,,,,16-17,1335160,5.6,3.4,2.2" + REST
REGION = (
    "2025,Calendar year,Regional,E92000001,England,E12000002,North West,,,,16-17,1,5.6,3.4,2.2"
    + REST
)
HALTON = (
    "2025,Calendar year,Local authority,E92000001,England,E12000002,North West,876,E06000006,"
    "Halton,16-17,3337,6,5.7,0.2" + REST
)
DEMO = "2025,Calendar year,Regional,E92000001,England,,Region demo,,,,16-17,9,4.2,3.3,1.3" + REST
TOGETHER = "NEET_not_known_percent"


def test_neet_is_read_for_the_winter_and_invented_rows_are_left_out(
    tmp_path: Path, read_replica: Read
) -> None:
    frame = read_replica(csv(tmp_path / "neet.csv", NEET_HEADER, NATION, REGION, HALTON, DEMO))
    assert frame.height == 9
    row = only(frame, series=TOGETHER, area_code="E06000006")
    assert (row["value"], row["denominator"], row["numerator"]) == (6, 3337, None)
    assert (row["period"], str(row["period_start"])) == ("2025", "2024-12-01")


def test_each_years_scorecard_is_a_part(tmp_path: Path, register: SourceRegister) -> None:
    found = recognise(csv(tmp_path / "any.csv", NEET_HEADER, NATION), register)
    # A year is an edition of the series, so the part is needed whatever the year.
    assert (found.key, found.part, found.members) == ("dfe_neet/scorecard", "2025", ())


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("E06000006", "", "row 4, column 'geographic_level': 'Local authority' has no area code"),
        (",6,5.7,0.2", ",6,5.7,0.9", "is not the sum of NEET_percent and Notknown_percent"),
        (",6,5.7,0.2", ",600,5.7,0.2", "'600' is above 100"),
        (",3337,", ",3337,,", "row 4, column 'field 22 of 22': the row has 23 fields"),
    ],
)
def test_a_damaged_scorecard_is_refused(
    tmp_path: Path, read_replica: Read, old: str, new: str, said: str
) -> None:
    rows = (NATION, REGION, HALTON.replace(old, new))
    with pytest.raises(InputRefusedError) as error:
        read_replica(csv(tmp_path / "neet.csv", NEET_HEADER, *rows))
    assert said in messages(error)


def test_a_renamed_column_of_the_scorecard_is_named(tmp_path: Path, read_replica: Read) -> None:
    header = NEET_HEADER.replace("NEET_percent", "NEET_pct")
    with pytest.raises(InputRefusedError) as error:
        read_replica(csv(tmp_path / "neet.csv", header, NATION))
    assert "column 'NEET_percent': the column is missing from the header" in messages(error)
    assert "the closest is 'NEET_pct'" in messages(error)


LEVEL_2_HEADER = (
    "cohort_19_in,number_in_ss_cohort,region,la_code_9,la_code_3,la_name,gender,fsm,sen,l2_by19,"
    "l2_with_em_by19,l3_by19,l2_em_by16,l2_em_by19_belowat16,l2_by19_rate,l2_with_em_by19_rate,"
    "l3_by19_rate,l2_em_by19_belowat16_rate"
)
PLACE = "North West,E06000006,876,Halton"
ROWS = (
    "2022,543313,ALL,ALL,ALL,ALL,ALL,ALL,ALL,271656,2,3,4,5,50,0.000368,0.000552,1",
    "2022,100,North West,ALL,ALL,ALL,ALL,ALL,ALL,80,70,60,4,5,80,70,60,1",
    f"2022,200,{PLACE},ALL,ALL,ALL,150,100,0,4,5,75,50,0,1",
    f"2022,50,{PLACE},Female,ALL,ALL,40,30,20,4,5,80,60,40,1",
    f"2022,20,{PLACE},ALL,Eligible for FSM,ALL,8,6,4,4,5,40,30,20,1",
    f"2022,20,{PLACE},ALL,ALL,No SEN,8,6,4,4,5,40,30,20,1",
    f"2023,210,{PLACE},ALL,ALL,ALL,0,0,0,140,0,0,0,0,0",
)


def test_zeros_of_a_cohort_to_come_are_not_published(tmp_path: Path, read_replica: Read) -> None:
    frame = read_replica(csv(tmp_path / "level2.csv", LEVEL_2_HEADER, *ROWS))
    row = only(frame, series="l2_by19_rate", area_code="E06000006", period="2022/23")
    assert (row["value"], row["numerator"], row["value_status"]) == (None, None, "not_published")
    # A zero in a cohort that has been published stays a zero.
    real = only(
        frame.filter(frame["sex"] == "Persons", frame["category"].is_null()),
        series="l3_by19_rate",
        area_code="E06000006",
        period="2021/22",
    )
    assert (real["value"], real["value_status"]) == (0, "published")


def test_regions_get_codes_and_groups_become_sex_and_category(
    tmp_path: Path, read_replica: Read
) -> None:
    frame = read_replica(csv(tmp_path / "level2.csv", LEVEL_2_HEADER, *ROWS))
    frame = frame.filter(frame["series"] == "l2_by19_rate", frame["period"] == "2021/22")
    assert only(frame, area_code="E12000002")["area_name"] == "North West"
    assert only(frame, area_code="E92000001")["denominator"] == 543313
    assert only(frame, sex="Female")["value"] == 80
    assert only(frame, category_type="Free school meals")["category"] == "Eligible"
    assert only(frame, category_type="Special educational needs")["category"] == "No SEN"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (",150,", ",120,", "row 4, column 'l2_by19_rate': '75' does not follow from the counts"),
        ("North West,E06", "Mercia,E06", "'Mercia' is none of"),
        ("2022,200", "22,200", "'22' is not a code of the expected form"),
    ],
)
def test_a_damaged_dashboard_is_refused(
    tmp_path: Path, read_replica: Read, old: str, new: str, said: str
) -> None:
    rows = [row.replace(old, new) if index == 2 else row for index, row in enumerate(ROWS)]
    with pytest.raises(InputRefusedError) as error:
        read_replica(csv(tmp_path / "level2.csv", LEVEL_2_HEADER, *rows))
    assert said in messages(error)


@pytest.mark.given
@pytest.mark.parametrize(
    ("file", "period", "halton", "liverpool"),
    [
        # DfE, NEET and participation local authority scorecards: NEET or not known, percent.
        ("dfe/UD_NEETNK_LA_dashboard_2021_vg_removed.csv", "2021", 4.0, 8.4),
        ("dfe/UD_NEETNK_LA_dashboard_2022_final.csv", "2022", 3.3, 7.6),
        ("dfe/UD_NEETNK_LA_dashboard_2023_final.csv", "2023", 4.9, 8.5),
        ("dfe/UD_NEETNK_LA_dashboard_final.csv", "2025", 6.0, 8.8),
    ],
)
def test_published_neet_of_two_places(
    read_given: Read, file: str, period: str, halton: float, liverpool: float
) -> None:
    frame = read_given(Path(file))
    frame = frame.filter(frame["series"] == TOGETHER)
    assert frame["period"].unique().to_list() == [period]
    assert only(frame, area_code="E06000006")["value"] == halton
    assert only(frame, area_code="E08000012")["value"] == liverpool
    with given_path(file).open(encoding="utf-8-sig", newline="") as stream:
        raw = {
            row["new_la_code"]: float(row[TOGETHER])
            for row in text_csv.DictReader(stream)
            if row["new_la_code"]
        }
    read = dict(
        frame.filter(frame["area_code"].is_in(list(raw))).select("area_code", "value").rows()
    )
    assert read == raw


@pytest.mark.given
def test_published_level_2_of_two_places(read_given: Read) -> None:
    file = "dfe/L2_L3_attainment_age19_LA_Dashboard_2022.csv"
    frame = read_given(Path(file))
    main = frame.filter(
        frame["series"] == "l2_by19_rate", frame["sex"] == "Persons", frame["category"].is_null()
    )
    # DfE, Level 2 and 3 attainment by age 19, cohort 19 in 2022.
    halton = only(main, area_code="E06000006", period="2021/22")
    assert (halton["numerator"], halton["denominator"]) == (1077, 1365)
    liverpool = only(main, area_code="E08000012", period="2021/22")
    assert (liverpool["numerator"], liverpool["denominator"]) == (3646, 4705)
    later = frame.filter(frame["period"].is_in(["2022/23", "2023/24", "2024/25"]))
    assert later.height == 3 * 3 * 1280
    assert later["value"].null_count() == later.height
    with given_path(file).open(encoding="utf-8-sig", newline="") as stream:
        passed = sum(
            int(row["l2_by19"])
            for row in text_csv.DictReader(stream)
            if row["cohort_19_in"] < "2023"
        )
    assert frame.filter(frame["series"] == "l2_by19_rate")["numerator"].sum() == passed
