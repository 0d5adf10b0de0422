"""The Quality and Outcomes Framework by practice: raw files, revisions, and adding up to Places."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb
import polars as pl
import pytest

from beacon.core.errors import InputRefusedError
from beacon.core.home import Home
from beacon.registry.sources import SourceRegister
from beacon.release.layout import latest_release
from beacon.release.query import connect_release
from beacon.sources.recognise import recognise
from tests.unit.sources.conftest import Read, csv, messages, only

SAMPLES = Path(os.environ.get("BEACON_TEST_API_SAMPLES", "../shared/api_samples"))
ACHIEVEMENT = "PRACTICE_CODE,INDICATOR_CODE,MEASURE,VALUE"
ROWS = (
    "A81001,HYP008,ACHIEVED_POINTS,14",
    "A81001,HYP008,NUMERATOR,410",
    "A81001,HYP008,DENOMINATOR,500",
    "A81001,HYP009,NUMERATOR,90",
    "A81001,HYP009,DENOMINATOR,100",
    "A81001,AF006,NUMERATOR,5",
)


def achievement(folder: Path, *rows: str, name: str = "ACHIEVEMENT_NORTH_WEST_2324.csv") -> Path:
    return csv(folder / name, ACHIEVEMENT, *(rows or ROWS))


def test_numerators_and_denominators_of_the_wanted_indicators(
    tmp_path: Path, read_replica: Read
) -> None:
    frame = read_replica(achievement(tmp_path))
    assert frame.height == 2
    row = only(frame, indicator_code="HYP008")
    assert (row["numerator"], row["denominator"], row["source_row"]) == (410, 500, 3)
    assert (row["period"], row["series"]) == ("2023/24", "hypertension_treated")


def test_a_list_size_under_either_name(tmp_path: Path, read_replica: Read) -> None:
    for size in ("PRACTICE_LIST_SIZE", "PATIENT_LIST_SIZE"):
        path = csv(
            tmp_path / "PREVALENCE_2021_v2.csv",
            f"PRACTICE_CODE,GROUP_CODE,REGISTER,PATIENT_LIST_TYPE,{size}",
            "A81001,HYP,500,TOTAL,4098",
        )
        row = only(read_replica(path), group_code="HYP")
        assert (row["register"], row["practice_list_size"], row["period"]) == (500, 4098, "2020/21")


def test_a_reissued_file_is_the_same_part(tmp_path: Path, register: SourceRegister) -> None:
    first, again, other = (
        recognise(achievement(tmp_path, name=name), register).part
        for name in (
            "ACHIEVEMENT_NORTH_WEST_2324.csv",
            "ACHIEVEMENT_NORTH_WEST_2324_v2.csv",
            "ACHIEVEMENT_LONDON_2324.csv",
        )
    )
    assert first == again == "achievement-north-west-2324"
    assert other == "achievement-london-2324"


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (("A81001,HYP008,NUMERATOR,*",), "'*' is not a whole number of people"),
        (("A81001,HYP008,NUMERATOR,4",), "do not fit together"),
        (
            ("A81001,HYP008,NUMERATOR,9", "A81001,HYP008,DENOMINATOR,8"),
            "do not fit together",
        ),
        ((*ROWS, ROWS[1]), "the same measure of an indicator in more than one row"),
        (("A81001,AF006,NUMERATOR,5",), "hold none of HYP003, HYP007"),
        (("A8100,HYP008,NUMERATOR,5",), "'A8100' is not a code"),
    ],
)
def test_damage_is_refused(
    tmp_path: Path, read_replica: Read, rows: tuple[str, ...], said: str
) -> None:
    with pytest.raises(InputRefusedError) as error:
        read_replica(achievement(tmp_path, *rows))
    assert said in messages(error)


def test_a_file_whose_name_does_not_say_the_year_is_refused(
    tmp_path: Path, read_replica: Read
) -> None:
    with pytest.raises(InputRefusedError, match="says which year it is for"):
        read_replica(achievement(tmp_path, name="download.csv"))


@pytest.mark.given
def test_the_official_registers_of_2020_21(read_replica: Read) -> None:
    path = SAMPLES / "nhs/QOF_PREVALENCE_2021_v2.csv"
    if not path.is_file():
        pytest.skip(f"{path} is missing (set BEACON_TEST_API_SAMPLES)")
    frame = read_replica(path)
    hypertension = frame.filter(pl.col("group_code") == "HYP")
    assert hypertension["practice_code"].n_unique() == 6571
    # NHS Digital, Quality and Outcomes Framework 2020-21: prevalence of hypertension 13.9 %.
    share = hypertension["register"].sum() / hypertension["practice_list_size"].sum()
    assert round(100 * share, 1) == 13.9


@pytest.fixture
def release(sample_home: Path) -> duckdb.DuckDBPyConnection:
    found = latest_release(Home(sample_home))
    assert found is not None
    return connect_release(found)


def _values(release: duckdb.DuckDBPyConnection, measure: str) -> dict[str, tuple[float, ...]]:
    rows = release.execute(
        "select area_code, value, numerator, denominator from core20plus5_indicator "
        "where indicator_slug = 'hypertension_treated_to_threshold' and measure = ?",
        [measure],
    ).fetchall()
    return {code: tuple(rest) for code, *rest in rows}


def _by_practice(folder: Path) -> pl.DataFrame:
    """Numerator and denominator of each practice, read without Beacon."""
    files = sorted((folder / "gp").glob("*ACHIEVEMENT*.csv"))
    rows = pl.concat([pl.read_csv(file) for file in files])
    wide = rows.group_by("PRACTICE_CODE", "MEASURE").agg(pl.col("VALUE").sum())
    return wide.pivot(on="MEASURE", index="PRACTICE_CODE", values="VALUE")


def test_places_are_the_sum_of_their_practices(
    sample_home: Path, release: duckdb.DuckDBPyConnection
) -> None:
    folder = sample_home / "sample"
    where = pl.read_csv(next((folder / "gp").glob("*allocation*.csv")))
    counted = _by_practice(folder).join(
        where, left_on="PRACTICE_CODE", right_on="Practice_Code", validate="1:1"
    )
    expected = counted.group_by("LAD").agg(pl.col("NUMERATOR", "DENOMINATOR").sum())
    found = _values(release, "qof_by_practice")
    for lad, numerator, denominator in expected.iter_rows():
        if lad in found:
            assert found[lad][1:] == (numerator, denominator)
            assert found[lad][0] == pytest.approx(100 * numerator / denominator)
    nation = found["Z92000001"]
    assert nation[1:] == (counted["NUMERATOR"].sum(), counted["DENOMINATOR"].sum())
    assert len(found) == 11


def test_residents_are_estimated_from_where_patients_live(
    sample_home: Path, release: duckdb.DuckDBPyConnection
) -> None:
    folder = sample_home / "sample"
    lookup = pl.read_csv(folder / "lookups/FICTIONAL_LSOA21_WD24_LAD24_EW_LU.csv")
    patients = pl.read_csv(next((folder / "gp").glob("*lsoa-all.csv"))).join(
        lookup, left_on="LSOA_CODE", right_on="LSOA21CD", how="left"
    )
    total = patients.group_by("PRACTICE_CODE").agg(pl.col("NUMBER_OF_PATIENTS").sum().alias("list"))
    shares = (
        patients.group_by("PRACTICE_CODE", "LAD24CD")
        .agg(pl.col("NUMBER_OF_PATIENTS").sum())
        .join(total, on="PRACTICE_CODE")
        .join(_by_practice(folder), on="PRACTICE_CODE")
        .with_columns(share=pl.col("NUMBER_OF_PATIENTS") / pl.col("list"))
        .group_by("LAD24CD")
        .agg(
            (pl.col("NUMERATOR") * pl.col("share")).sum(),
            (pl.col("DENOMINATOR") * pl.col("share")).sum(),
        )
    )
    found = _values(release, "qof_by_residence")
    compared = 0
    for lad, numerator, denominator in shares.iter_rows():
        if lad in found:
            assert found[lad][0] == pytest.approx(100 * numerator / denominator)
            assert found[lad][1:] == (None, None)
            compared += 1
    assert compared == 9
    located = _values(release, "qof_by_practice")
    assert found["Z92000001"][0] == pytest.approx(located["Z92000001"][0])
    assert any(abs(found[code][0] - located[code][0]) > 0.05 for code in found)
