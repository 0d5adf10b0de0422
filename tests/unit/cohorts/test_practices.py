"""General practices by where their patients live."""

import duckdb
import pandas as pd
import pytest

from beacon.core.home import Home


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


@pytest.mark.given
def test_without_the_file_there_are_no_practices(official: duckdb.DuckDBPyConnection) -> None:
    assert official.sql("select count(*) from marts.gp_practice_core20").fetchall() == [(0,)]
