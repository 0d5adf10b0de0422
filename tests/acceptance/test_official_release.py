"""What a release made from the real official files must say.

The expected figures are the publishers' own, read here by other means than Beacon's readers.
"""

import csv
from collections import defaultdict
from pathlib import Path

import duckdb
import pytest

from beacon.core.home import Home
from beacon.core.settings import Settings
from beacon.pipeline import run_pipeline
from beacon.release.layout import get_release
from beacon.release.query import connect_release
from beacon.workspace import Workspace

pytestmark = pytest.mark.given

PLACES = {
    "E06000006", "E06000007", "E06000049", "E06000050", "E08000011",
    "E08000012", "E08000013", "E08000014", "E08000015",
}  # fmt: skip
ENGLAND = "E92000001"


@pytest.fixture(scope="module")
def con(official_home: Path) -> duckdb.DuckDBPyConnection:
    return connect_release(get_release(Home(official_home)))


def _core20(con: duckdb.DuckDBPyConnection, area: str, vintage: int) -> tuple[int, ...]:
    (row,) = con.execute(
        "select people, people_in_area, lsoas, lsoas_in_area from core20_cohort "
        "where area_code = ? and imd_vintage = ? and core20 and sex = 'Persons' "
        "and age_band = 'All ages'",
        [area, vintage],
    ).fetchall()
    return tuple(row)


def test_england_has_a_fifth_of_its_lsoas_in_core20(con: duckdb.DuckDBPyConnection) -> None:
    # Published: 33,755 LSOAs in the 2025 index, 32,844 in that of 2019 (MHCLG, File 1).
    assert _core20(con, ENGLAND, 2025)[2:] == (6751, 33755)
    assert _core20(con, ENGLAND, 2019)[2:] == (6568, 32844)


def test_cheshire_and_merseyside_has_494_of_1601(con: duckdb.DuckDBPyConnection) -> None:
    assert _core20(con, "E54000008", 2025)[2:] == (494, 1601)


def _deciles_2025(folder: Path) -> dict[str, tuple[str, int]]:
    from python_calamine import CalamineWorkbook

    (path,) = folder.glob("imd2025/File_1_IoD2025*.xlsx")
    rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_name("IMD25").to_python()
    return {str(row[0]): (str(row[2]), int(row[5])) for row in rows[1:]}


def _deciles_2019(folder: Path) -> dict[str, int]:
    import gzip

    (path,) = folder.glob("imd2019/File_1*.csv.gz")
    with gzip.open(path, "rt", encoding="utf-8-sig") as stream:
        reader = csv.reader(stream)
        next(reader)
        return {row[0]: int(row[5]) for row in reader}


def test_core20_people_of_every_place_are_right_to_the_person_2025(
    con: duckdb.DuckDBPyConnection, official_files: Path
) -> None:
    deciles = _deciles_2025(official_files)
    expected: dict[str, int] = defaultdict(int)
    by_age: dict[str, int] = defaultdict(int)
    (path,) = official_files.glob("population/TS007A*.csv")
    with path.open(encoding="utf-8-sig") as stream:
        for row in csv.reader(stream):
            if len(row) > 18 and row[1] in deciles:
                authority, decile = deciles[row[1]]
                if decile <= 2:
                    expected[authority] += sum(map(int, row[3:]))
                    by_age[authority] += int(row[3])
    for place in PLACES:
        assert _core20(con, place, 2025)[0] == expected[place]
        (young,) = con.execute(
            "select people from core20_cohort where area_code = ? and imd_vintage = 2025 and core20 "
            "and age_band = '0-4'",
            [place],
        ).fetchall()
        assert young[0] == by_age[place]


def test_core20_people_of_every_place_are_right_to_the_person_2019(
    con: duckdb.DuckDBPyConnection, official_files: Path
) -> None:
    import gzip

    deciles = _deciles_2019(official_files)
    with (official_files / "lookups" / "LSOA11_SICBL22_ICB22_LAD22_EN_LU.csv").open() as stream:
        authority = {row["LSOA11CD"]: row["LAD22CD"] for row in csv.DictReader(stream)}
    expected: dict[str, int] = defaultdict(int)
    (path,) = official_files.glob("population/*SAPE23*.csv.gz")
    with gzip.open(path, "rt", encoding="utf-8-sig") as stream:
        for row in csv.DictReader(stream):
            code = row["lsoa11_code"]
            if deciles.get(code, 10) <= 2:
                expected[authority[code]] += int(row["total_population"])
    for place in PLACES:
        assert _core20(con, place, 2019)[0] == expected[place]


def test_life_expectancy_equals_the_published_values_in_every_period(
    con: duckdb.DuckDBPyConnection, official_files: Path
) -> None:
    published: dict[tuple[str, str, str], float | None] = {}
    with (official_files / "fingertips/RECUT_90366_life_expectancy_at502.csv").open() as stream:
        for row in csv.DictReader(stream):
            if row["Area Code"] in PLACES | {ENGLAND}:
                period = row["Time period"].replace(" ", "")
                key = (row["Area Code"], row["Sex"], period)
                published[key] = float(row["Value"]) if row["Value"] else None
    ours = {
        (area, sex, period): value
        for area, sex, period, value in con.execute(
            "select area_code, sex, period, value from beacon_indicator "
            "where indicator_slug = 'life_expectancy' and measure = 'main' and category = 'All'"
        ).fetchall()
        if area in PLACES | {ENGLAND}
    }
    assert len(published) == 10 * 2 * 9
    assert ours == published


def test_healthy_life_expectancy_equals_the_published_values_with_limits(
    con: duckdb.DuckDBPyConnection, official_files: Path
) -> None:
    published = {}
    with (official_files / "ons_els/healthy-life-expectancy.csv").open(
        encoding="utf-8-sig"
    ) as stream:
        for row in csv.DictReader(stream):
            if row["areacd"] in PLACES | {ENGLAND}:
                first = int(row["period"][:4])
                period = f"{first}-{(first + 2) % 100:02d}"
                key = (row["areacd"], row["indicator"].split()[0], period)
                published[key] = tuple(
                    float(row[name]) for name in ("observation", "lci_95", "uci_95")
                )
    ours = {
        (area, sex, period): (value, lower, upper)
        for area, sex, period, value, lower, upper in con.execute(
            "select area_code, sex, period, value, lower_95, upper_95 from beacon_indicator "
            "where indicator_slug = 'healthy_life_expectancy' and measure = 'main'"
        ).fetchall()
        if area in PLACES | {ENGLAND}
    }
    assert len(published) == 10 * 2 * 12
    assert ours == published


@pytest.mark.parametrize(
    "slug",
    [
        "life_expectancy",
        "healthy_life_expectancy",
        "gld_reception",
        "unemployment_16_64",
        "activity_levels",
    ],
)
def test_indicators_with_real_input_have_a_value_for_every_place(
    con: duckdb.DuckDBPyConnection, slug: str
) -> None:
    (row,) = con.execute(
        "select max(places_with_value) from indicator where indicator_slug = ? and role = 'measure'",
        [slug],
    ).fetchall()
    assert row[0] == 9


def test_beacons_without_data_are_in_the_marts_as_such(con: duckdb.DuckDBPyConnection) -> None:
    found = con.execute(
        "select count(distinct indicator_id) from beacon_indicator where indicator_id <= 22"
    ).fetchall()
    assert found == [(22,)]
    statuses = con.execute(
        "select distinct value_status, value from beacon_indicator "
        "where indicator_slug = 'local_supply_chain_spend'"
    ).fetchall()
    assert statuses == [("not_supplied", None)]


def test_a_figure_is_compared_or_the_reason_why_not_is_given(
    con: duckdb.DuckDBPyConnection,
) -> None:
    cells = con.execute(
        "select indicator_slug, measure, comparison_method, not_compared_reason from scorecard "
        "where value is not null"
    ).fetchall()
    left = [cell for cell in cells if cell[2] is None]
    assert {reason for *_, reason in left} == {
        "no_limits_and_no_counts",
        "not_judged_for_this_indicator",
    }
    # Published without limits, counts or a judgement. Fuel poverty is modelled and never judged.
    assert {(slug, measure) for slug, measure, *_ in left} == {
        ("attainment8", "main"),
        ("below_real_living_wage", "main"),
        ("fuel_poverty", "main"),
        ("gld_reception", "main"),
        ("inequality_in_life_expectancy", "main"),
        ("progress8", "main"),
        ("unemployment_16_64", "model_based"),
    }
    assert len(left) <= 0.27 * len(cells)


def test_another_board_needs_only_a_yaml_file(
    official_files: Path, official_home: Path, tmp_path: Path
) -> None:
    """Greater Manchester: ten authorities, checked against the deprivation file itself."""
    import shutil

    authorities = {
        "E08000001": "Bolton", "E08000002": "Bury", "E08000003": "Manchester",
        "E08000004": "Oldham", "E08000005": "Rochdale", "E08000006": "Salford",
        "E08000007": "Stockport", "E08000008": "Tameside", "E08000009": "Trafford",
        "E08000010": "Wigan",
    }  # fmt: skip
    footprint = tmp_path / "greater_manchester.yaml"
    footprint.write_text(
        "id: greater_manchester\nname: Greater Manchester\nkind: official\n"
        "nation: {code: E92000001, name: England}\n"
        "icb: {code: E54000057, name: NHS Greater Manchester}\nplaces:\n"
        + "".join(
            f"  - {{code: {code}, name: {name}, local_authorities: [{code}]}}\n"
            for code, name in authorities.items()
        )
    )
    home = tmp_path / "home"
    home.mkdir()
    for part in ("landing", "staging", "state"):
        shutil.copytree(official_home / part, home / part)
    settings = Settings(home=home, inputs="folder", folder=official_files, footprint=str(footprint))
    assert run_pipeline(Workspace(settings), checks=False).status == "published"
    con = connect_release(get_release(Home(home)))
    deciles = _deciles_2025(official_files)
    for code in authorities:
        lsoas = [decile for authority, decile in deciles.values() if authority == code]
        assert _core20(con, code, 2025)[2:] == (sum(d <= 2 for d in lsoas), len(lsoas))
    assert con.execute("select count(*) from place").fetchall() == [(10,)]
