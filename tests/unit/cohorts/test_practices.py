"""General practices by where their patients live."""

import duckdb
import pandas as pd
import pytest

from beacon.contracts import create_table
from beacon.core.home import Home
from tests.unit.marts.conftest import PLACE, SmallWarehouse


@pytest.fixture(scope="module")
def patients(_published_sample) -> pd.DataFrame:
    root = Home(_published_sample).sample
    (path,) = root.glob("gp/*lsoa-all*.csv")
    (imd,) = root.glob("imd2025/*File_7*.csv")
    deciles = pd.read_csv(imd)
    area = pd.DataFrame(
        {
            "LSOA_CODE": deciles["LSOA code (2021)"],
            "lad": deciles["Local Authority District code (2024)"],
            "core20": deciles.filter(regex=r"\(IMD\) Decile").iloc[:, 0] <= 2,
        }
    )
    return pd.read_csv(path).merge(area, on="LSOA_CODE", how="left")


@pytest.fixture(scope="module")
def memberships(_published_sample) -> pd.DataFrame:
    (path,) = Home(_published_sample).sample.glob("gp/*ePCN.xlsx")
    rows = pd.read_excel(path, sheet_name="PCN Core Partner Details", engine="calamine")
    return rows.rename(columns=lambda name: " ".join(name.split()))


def test_every_practice_of_the_footprint_is_as_the_file_says(
    fictional: duckdb.DuckDBPyConnection, patients: pd.DataFrame
) -> None:
    ours = fictional.sql(
        "select practice_code, patients, patients_with_lsoa, patients_core20, core20_share_percent, "
        "patients_in_footprint, main_place_code, imd_vintage from marts.gp_practice_core20"
    ).df().set_index("practice_code")  # fmt: skip
    places = {code for (code,) in fictional.sql("select place_code from registry.place").fetchall()}
    checked = 0
    for code, rows in patients.groupby("PRACTICE_CODE"):
        total = rows.NUMBER_OF_PATIENTS.sum()
        here = rows[rows.lad.isin(places)]
        if 2 * here.NUMBER_OF_PATIENTS.sum() <= total:
            assert code not in ours.index
            continue
        mine = ours.loc[code]
        known = rows[rows.lad.notna()].NUMBER_OF_PATIENTS.sum()
        core = rows[rows.core20.eq(True)].NUMBER_OF_PATIENTS.sum()
        assert (mine.patients, mine.patients_with_lsoa, mine.patients_core20) == (
            total,
            known,
            core,
        )
        assert mine.core20_share_percent == pytest.approx(100 * core / known)
        assert mine.patients_in_footprint == here.NUMBER_OF_PATIENTS.sum()
        assert mine.main_place_code == here.groupby("lad").NUMBER_OF_PATIENTS.sum().idxmax()
        assert mine.imd_vintage == 2025
        checked += 1
    assert checked == len(ours) > 100
    assert (ours.patients > ours.patients_with_lsoa).any(), "some live in no LSOA"


def test_every_practice_has_the_network_of_the_workbook(
    fictional: duckdb.DuckDBPyConnection, memberships: pd.DataFrame
) -> None:
    current = memberships[memberships["Practice to PCN Relationship End Date"].isna()]
    expected = dict(zip(current["Partner Organisation Code"], current["PCN Code"], strict=True))
    ours = fictional.sql(
        "select practice_code, pcn_code, pcn_name, pcn_practices from marts.gp_practice_core20"
    ).df()
    assert ours.pcn_code.notna().all()
    assert ours.pcn_code.tolist() == [expected[code] for code in ours.practice_code]
    assert ours.pcn_name.str.contains("FICTIONAL").all()
    sizes = current["PCN Code"].value_counts()
    assert ours.pcn_practices.tolist() == [sizes[code] for code in ours.pcn_code]


def _member(small: SmallWarehouse, practice: str | None, network: str, **more: str) -> None:
    small.add("staging.nhs_primary_care_network", pcn_code=network, pcn_name=f"NETWORK {network}",
              practice_code=practice, **more)  # fmt: skip


def _patients(small: SmallWarehouse, practice: str, lsoa: str) -> None:
    small.add("staging.nhs_gp_patients_by_lsoa", practice_code=practice, practice_name="SURGERY",
              extract_date="2025-10-01", sex="Persons", patients=10, lsoa_vintage=2021,
              lsoa21_code=lsoa, source_sha256="0" * 64)  # fmt: skip


def test_a_practice_is_in_the_open_network_that_it_has_not_left() -> None:
    small = SmallWarehouse()
    for name in ("nhs_gp_patients_by_lsoa", "nhs_primary_care_network"):
        small.con.execute(create_table(small.contracts[f"staging.{name}"], f"staging.{name}"))
    deprivation = "cohorts.lsoa_deprivation"
    small.con.execute(create_table(small.contracts[deprivation], deprivation))
    for lsoa, place in (("Z01000001", PLACE), ("Z01000002", None)):
        small.add(deprivation, imd_vintage=2025, lsoa_code=lsoa, core20=True, place_code=place)
    for practice in ("A81001", "A81002", "A81003", "A81004", "A81005"):
        _patients(small, practice, "Z01000001")
    _patients(small, "B81001", "Z01000002")
    _member(small, "A81001", "U00001", practice_left="2020-03-31")
    _member(small, "A81001", "U00002")
    _member(small, "A81002", "U00002")
    _member(small, "A81003", "U00003", closed="2021-03-31")
    _member(small, "A81004", "U00001", practice_left="2020-03-31")
    # A practice whose patients live elsewhere, one that has none, and a network without practices.
    _member(small, "B81001", "U00002")
    _member(small, "B81002", "U00002")
    _member(small, None, "U00004")
    rows = small.make("marts.gp_practice_core20")
    found = {row["practice_code"]: (row["pcn_code"], row["pcn_practices"]) for row in rows}
    nowhere = (None, None)
    assert found == {
        "A81001": ("U00002", 3), "A81002": ("U00002", 3),
        "A81003": nowhere, "A81004": nowhere, "A81005": nowhere,
    }  # fmt: skip


@pytest.mark.given
def test_without_the_file_there_are_no_practices(official: duckdb.DuckDBPyConnection) -> None:
    assert official.sql("select count(*) from marts.gp_practice_core20").fetchall() == [(0,)]
