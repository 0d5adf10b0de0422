"""The decile that the macro gives for a published rank is the published decile, for every LSOA."""

from pathlib import Path

import duckdb
import pandas as pd
import pytest

from beacon.statistics.macros import install_macros

pytestmark = pytest.mark.given

LSOAS = {2015: 32_844, 2019: 32_844, 2025: 33_755}


@pytest.fixture(scope="module")
def con() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    install_macros(con)
    return con


@pytest.fixture(scope="module")
def imd2015(official_files: Path) -> pd.DataFrame:
    (path,) = official_files.glob("imd2015/File_1_ID_2015*.xlsx")
    frame = pd.read_excel(path, sheet_name="IMD 2015", engine="calamine")
    return frame.set_axis(["lsoa11", "name", "lad13", "lad13_name", "rank", "decile"], axis=1)


@pytest.mark.parametrize("vintage", sorted(LSOAS))
def test_every_published_decile_follows_from_the_rank(
    con: duckdb.DuckDBPyConnection, vintage: int, request: pytest.FixtureRequest
) -> None:
    published: pd.DataFrame = request.getfixturevalue(f"imd{vintage}")
    assert len(published) == LSOAS[vintage]
    con.register("published", published[["rank", "decile"]])
    ((agreeing, fifth),) = con.execute(
        f"select count(*) filter (imd_decile(rank, {LSOAS[vintage]}) = decile), "
        f"count(*) filter (is_core20(rank, {LSOAS[vintage]}) = (decile <= 2)) from published"
    ).fetchall()
    assert (agreeing, fifth) == (LSOAS[vintage], LSOAS[vintage])


@pytest.mark.parametrize(
    ("file", "indices"),
    [
        ("imd2019/File_2_-_IoD2019*.csv.gz", 8),
        ("imd2019/File_3_-_IoD2019*.csv", 3),
        ("imd2025/File_3_IoD2025*.xlsx", 3),
    ],
)
def test_every_published_decile_of_every_domain_follows_from_its_rank(
    con: duckdb.DuckDBPyConnection, official_files: Path, file: str, indices: int
) -> None:
    (path,) = official_files.glob(file)
    if path.suffix == ".xlsx":
        frame = pd.read_excel(path, sheet_name=1, engine="calamine")
    else:
        frame = pd.read_csv(path, thousands=",", encoding="utf-8-sig")
    measures = frame.iloc[:, 4:]
    assert measures.shape[1] == 2 * indices
    for index in range(indices):
        pair = measures.iloc[:, 2 * index : 2 * index + 2].set_axis(["rank", "decile"], axis=1)
        con.register("pair", pair.astype(int))
        ((wrong,),) = con.execute(
            f"select count(*) from pair where imd_decile(rank, {len(frame)}) is distinct from decile"
        ).fetchall()
        assert wrong == 0, measures.columns[2 * index]
