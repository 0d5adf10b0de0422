"""What the cohort tests share: the working databases, and the official files read with pandas.

The readings here are oracles: they share no code with Beacon's readers.
"""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pandas as pd
import pytest

PLACES = {
    "E06000006", "E06000007", "E06000049", "E06000050", "E08000011",
    "E08000012", "E08000013", "E08000014", "E08000015",
}  # fmt: skip
BANDS = [*(f"{start}-{start + 4}" for start in range(0, 85, 5)), "85+"]


def working(home: Path) -> duckdb.DuckDBPyConnection:
    """The working database of a home, for reading."""
    return duckdb.connect(str(home / "warehouse.duckdb"), read_only=True)


@pytest.fixture(scope="session")
def official(official_home: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The working database made from the official files."""
    with working(official_home) as con:
        yield con


@pytest.fixture
def fictional(sample_home: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The working database made from the sample."""
    with working(sample_home) as con:
        yield con


@pytest.fixture(scope="session")
def imd2025(official_files: Path) -> pd.DataFrame:
    """File 1 of 2025: lsoa21, lad24, rank, decile."""
    (path,) = official_files.glob("imd2025/File_1_IoD2025*.xlsx")
    frame = pd.read_excel(path, sheet_name="IMD25", engine="calamine")
    return frame.set_axis(["lsoa21", "name", "lad24", "lad24_name", "rank", "decile"], axis=1)


@pytest.fixture(scope="session")
def imd2019(official_files: Path) -> pd.DataFrame:
    """File 1 of 2019: lsoa11, lad19, rank, decile."""
    (path,) = official_files.glob("imd2019/File_1*.csv.gz")
    frame = pd.read_csv(path, thousands=",", encoding="utf-8-sig")
    return frame.set_axis(["lsoa11", "name", "lad19", "lad19_name", "rank", "decile"], axis=1)


@pytest.fixture(scope="session")
def census(official_files: Path) -> pd.DataFrame:
    """TS007A: lsoa21, one column a band, and people, their sum."""
    (path,) = official_files.glob("population/TS007A*.csv")
    lines = path.read_text("utf-8-sig").splitlines()
    start = next(i for i, line in enumerate(lines) if "mnemonic" in line)
    frame = pd.read_csv(path, skiprows=start, encoding="utf-8-sig").dropna()
    frame = frame.iloc[:, [1, *range(3, 21)]].set_axis(["lsoa21", *BANDS], axis=1)
    frame[BANDS] = frame[BANDS].astype(int)
    return frame.assign(people=frame[BANDS].sum(axis=1))


@pytest.fixture(scope="session")
def mid_2020(official_files: Path) -> pd.DataFrame:
    """Mid-2020 estimates: lsoa11, people, and children under five."""
    (path,) = official_files.glob("population/*SAPE23*.csv.gz")
    frame = pd.read_csv(path)
    under_five = frame[[str(age) for age in range(5)]].sum(axis=1)
    return pd.DataFrame(
        {"lsoa11": frame.lsoa11_code, "people": frame.total_population, "under_five": under_five}
    )


@pytest.fixture(scope="session")
def lookup(official_files: Path) -> pd.DataFrame:
    """The crosswalk as published: lsoa11, lsoa21, change, England only."""
    frame = pd.read_csv(official_files / "lookups/LSOA11_LSOA21_LAD22_EW_LU.csv")
    frame = frame[["LSOA11CD", "LSOA21CD", "CHGIND"]].set_axis(
        ["lsoa11", "lsoa21", "change"], axis=1
    )
    return frame[frame.lsoa21.str.startswith("E")]


@pytest.fixture(scope="session")
def wards(official_files: Path) -> pd.DataFrame:
    """lsoa21, ward, ward_name."""
    frame = pd.read_csv(official_files / "lookups/LSOA21_WD24_LAD24_EW_LU.csv")
    return frame[["LSOA21CD", "WD24CD", "WD24NM"]].set_axis(["lsoa21", "ward", "ward_name"], axis=1)


@pytest.fixture(scope="session")
def boards(official_files: Path) -> pd.DataFrame:
    """lsoa21, icb."""
    frame = pd.read_csv(official_files / "lookups/LSOA21_SICBL24_ICB24_EN_LU.csv")
    return frame[["LSOA21CD", "ICB24CD"]].set_axis(["lsoa21", "icb"], axis=1)
