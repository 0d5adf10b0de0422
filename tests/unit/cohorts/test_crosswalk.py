"""The crosswalk between LSOA 2011 and LSOA 2021 conserves people, to the person, at every level."""

import duckdb
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beacon.statistics.macros import install_macros
from tests.unit.cohorts.conftest import PLACES


@pytest.fixture(scope="module")
def con() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    install_macros(con)
    return con


@given(
    total=st.integers(0, 3_000_000), parts=st.lists(st.integers(0, 5_000), min_size=1, max_size=6)
)
def test_whole_people_are_shared_out_without_loss(
    con: duckdb.DuckDBPyConnection, total: int, parts: list[int]
) -> None:
    whole = sum(parts)
    rows = con.execute(
        "with p as (select unnest($1::bigint[]) as part, generate_subscripts($1::bigint[], 1) as i) "
        "select part, share_whole($2, part, sum(part) over (order by i), sum(part) over ()) from p",
        [parts, total],
    ).fetchall()
    if whole == 0:
        assert [share for _, share in rows] == [None] * len(parts)
        return
    assert sum(share for _, share in rows) == total
    for part, share in rows:
        assert abs(share - total * part / whole) < 1
        assert share >= 0


@pytest.fixture(scope="module")
def crosswalk(official: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    return official.sql(
        "select lsoa11_code as lsoa11, lsoa21_code as lsoa21, change_indicator as change, "
        "people_lsoa11_to_lsoa21 as forward, people_lsoa21_from_lsoa11 as backward "
        "from geography.lsoa_crosswalk"
    ).df()


@pytest.mark.given
def test_every_published_pair_is_there(crosswalk: pd.DataFrame, lookup: pd.DataFrame) -> None:
    both = crosswalk.merge(lookup, on=["lsoa11", "lsoa21", "change"])
    assert len(both) == len(crosswalk) == len(lookup)


@pytest.mark.given
def test_people_on_lsoa_2021_are_conserved_at_every_level(
    crosswalk: pd.DataFrame,
    census: pd.DataFrame,
    imd2025: pd.DataFrame,
    wards: pd.DataFrame,
    boards: pd.DataFrame,
) -> None:
    """Census residents, shared among the areas of 2011, add up to the census everywhere."""
    area = imd2025[["lsoa21", "lad24"]].merge(wards, on="lsoa21").merge(boards, on="lsoa21")
    area["place"] = area.lad24.where(area.lad24.isin(PLACES))
    area["nation"] = "England"
    raw = area.merge(census[["lsoa21", "people"]], on="lsoa21", validate="1:1")
    shared = area.merge(crosswalk, on="lsoa21", validate="1:m")
    assert len(raw) == 33_755
    for level, areas in {
        "lsoa21": 33_755, "ward": None, "lad24": 296, "place": 9, "icb": 42, "nation": 1
    }.items():  # fmt: skip
        expected = raw.groupby(level).people.sum()
        found = shared.groupby(level).backward.sum()
        assert areas in (None, len(expected))
        pd.testing.assert_series_equal(found, expected, check_names=False)
    assert raw.people.sum() == shared.backward.sum() > 56_000_000


@pytest.mark.given
def test_people_on_lsoa_2011_are_conserved_at_every_level(
    crosswalk: pd.DataFrame,
    mid_2020: pd.DataFrame,
    imd2025: pd.DataFrame,
    boards: pd.DataFrame,
    official_files,
) -> None:
    """Mid-2020 residents, carried to the areas of 2021, are those of the areas of 2011.

    The two sides are told apart by different lookups: LSOA 2011 to authority 2022, and LSOA 2021
    to authority 2024.
    """
    old = pd.read_csv(official_files / "lookups/LSOA11_SICBL22_ICB22_LAD22_EN_LU.csv")
    raw = old.merge(mid_2020, left_on="LSOA11CD", right_on="lsoa11", validate="1:1")
    carried = crosswalk.merge(imd2025[["lsoa21", "lad24"]], on="lsoa21").merge(boards, on="lsoa21")
    pd.testing.assert_series_equal(
        carried.groupby("lsoa11").forward.sum(),
        raw.groupby("lsoa11").people.sum(),
        check_names=False,
    )
    assert carried.forward.sum() == raw.people.sum() == 56_550_138
    before, after = raw.groupby("ICB22CD").people.sum(), carried.groupby("icb").forward.sum()
    same = before.index.intersection(after.index)
    assert len(same) == 40
    assert (before[same] == after[same]).all()
    before, after = raw.groupby("LAD22CD").people.sum(), carried.groupby("lad24").forward.sum()
    same = before.index.intersection(after.index)
    assert len(same) == 292
    assert set(same) > PLACES
    differs = (after - before)[same].loc[lambda gap: gap != 0]
    # Three pairs of neighbours exchanged ground in 2021; between them nobody is lost.
    assert differs.to_dict() == {
        "E06000057": 642, "E08000037": -642,
        "E07000240": 782, "E07000241": -782,
        "E07000242": -895, "E07000243": 895,
    }  # fmt: skip


@pytest.mark.given
def test_a_merged_lsoa_has_the_index_of_the_predecessor_that_gave_it_most_people(
    official: duckdb.DuckDBPyConnection, lookup: pd.DataFrame, mid_2020: pd.DataFrame
) -> None:
    merged = lookup[lookup.change == "M"].merge(mid_2020, on="lsoa11")
    merged = merged.sort_values(["people", "lsoa11"], ascending=[False, True])
    expected = merged.drop_duplicates("lsoa21").set_index("lsoa21").lsoa11.sort_index()
    ours = official.sql(
        "select lsoa21_code, main_lsoa11_code from geography.lsoa21_history "
        "where change_indicator = 'M' order by 1"
    ).df()
    assert len(ours) > 90
    assert dict(zip(ours.lsoa21_code, ours.main_lsoa11_code, strict=True)) == expected.to_dict()


@pytest.mark.given
def test_an_lsoa_2011_is_in_the_ward_that_holds_most_of_its_people(
    official: duckdb.DuckDBPyConnection,
    lookup: pd.DataFrame,
    census: pd.DataFrame,
    wards: pd.DataFrame,
) -> None:
    """Not in that of its largest part: the parts may lie two to one."""
    parts = lookup.merge(census[["lsoa21", "people"]], on="lsoa21").merge(wards, on="lsoa21")
    people = parts.groupby(["lsoa11", "ward"]).people.sum()
    most = people.groupby("lsoa11").max()
    found = official.sql(
        "select lsoa11_code as lsoa11, ward24_code as ward, ward24_name as name from geography.lsoa11 "
        "where ward24_code is not null"
    ).df()
    held = people.loc[pd.MultiIndex.from_frame(found[["lsoa11", "ward"]])].droplevel("ward")
    pd.testing.assert_series_equal(held.sort_index(), most.loc[held.index].sort_index())
    assert len(held) > 30_000
    # Kirkdale West holds the largest of three parts, Vauxhall the two others.
    assert set(found[found.lsoa11 == "E01033764"].name) == {"Vauxhall"}
