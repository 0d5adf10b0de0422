"""Into and out of the most deprived fifth between IMD 2019 and IMD 2025."""

import itertools
from fractions import Fraction
from math import floor

import duckdb
import pandas as pd
import pytest

from tests.unit.cohorts.conftest import PLACES

MOVEMENTS = ("entered", "left", "stayed_in", "stayed_out")


def moved(before: bool, after: bool) -> str:
    return {(0, 1): "entered", (1, 0): "left", (1, 1): "stayed_in", (0, 0): "stayed_out"}[
        int(before), int(after)
    ]


def shares(total: int, parts: list[int]) -> list[int]:
    """Whole people by cumulative rounding, half up, in exact arithmetic."""
    whole = sum(parts)
    running, edges = 0, [0]
    for part in parts:
        running += part
        edges.append(floor(Fraction(total * running, whole) + Fraction(1, 2)))
    return [after - before for before, after in itertools.pairwise(edges)]


@pytest.fixture(scope="module")
def expected(
    imd2019: pd.DataFrame,
    imd2025: pd.DataFrame,
    lookup: pd.DataFrame,
    census: pd.DataFrame,
    mid_2020: pd.DataFrame,
) -> pd.DataFrame:
    """Every LSOA 2021 of England from the raw files, one at a time."""
    before = dict(zip(imd2019.lsoa11, imd2019.decile <= 2, strict=True))
    after = dict(zip(imd2025.lsoa21, imd2025.decile <= 2, strict=True))
    people21 = dict(zip(census.lsoa21, census.people, strict=True))
    people11 = dict(zip(mid_2020.lsoa11, mid_2020.people, strict=True))
    successors: dict[str, list[str]] = {}
    predecessors: dict[str, list[str]] = {}
    for old, new in lookup[["lsoa11", "lsoa21"]].sort_values(["lsoa11", "lsoa21"]).to_numpy():
        successors.setdefault(old, []).append(new)
        predecessors.setdefault(new, []).append(old)
    carried = {
        (old, new): people
        for old, those in successors.items()
        for new, people in zip(
            those, shares(people11[old], [people21[new] for new in those]), strict=True
        )
    }
    rows = []
    for new, lad in imd2025[["lsoa21", "lad24"]].to_numpy():
        those = sorted(predecessors[new])
        parts = [carried[old, new] for old in those]
        row = dict.fromkeys(MOVEMENTS, 0)
        for old, people in zip(those, shares(people21[new], parts), strict=True):
            row[moved(before[old], after[new])] += people
        main = max(zip(parts, [-i for i in range(len(those))], those, strict=True))[2]
        mixed = len({bool(before[old]) for old in those}) > 1
        rows.append({"lsoa21": new, "lad24": lad, "people": people21[new], **row,
                     "movement": moved(before[main], after[new]), "mixed": mixed})  # fmt: skip
    return pd.DataFrame(rows).set_index("lsoa21").sort_index()


@pytest.mark.given
def test_every_lsoa_of_england_moves_as_the_raw_files_say(
    official: duckdb.DuckDBPyConnection, expected: pd.DataFrame
) -> None:
    ours = official.sql(
        "select lsoa21_code as lsoa21, people, people_entered as entered, people_left as \"left\", "
        "people_stayed_in as stayed_in, people_stayed_out as stayed_out, movement, "
        "is_mixed_origin as mixed from cohorts.lsoa_movement order by 1"
    ).df().set_index("lsoa21")  # fmt: skip
    assert len(ours) == 33_755
    for column in ours.columns:
        wrong = ours[column].to_numpy() != expected[column].to_numpy()
        assert not wrong.any(), (column, ours[wrong].head(), expected[wrong].head())
    assert 0 < ours.mixed.sum() < 50


@pytest.mark.given
def test_people_are_conserved_at_every_level(
    official: duckdb.DuckDBPyConnection,
    expected: pd.DataFrame,
    census: pd.DataFrame,
    wards: pd.DataFrame,
    boards: pd.DataFrame,
) -> None:
    """Nobody is lost between groups, and the roll-up is the sum of the LSOAs."""
    rolled = official.sql(
        "select area_code, movement, people, lsoas from marts.core20_movement_area"
    ).df()
    people = rolled.pivot(index="area_code", columns="movement", values="people")
    lsoas = rolled.pivot(index="area_code", columns="movement", values="lsoas")
    board = expected.join(boards.set_index("lsoa21"))
    areas = {
        "E92000001": expected,
        "E54000008": board[board.icb == "E54000008"],
        **{place: expected[expected.lad24 == place] for place in PLACES},
    }
    assert set(people.index) == set(areas)
    residents = census.set_index("lsoa21").people
    for code, those in areas.items():
        assert people.loc[code].sum() == residents[those.index].sum()
        assert lsoas.loc[code].sum() == len(those)
        for movement in MOVEMENTS:
            assert people.loc[code, movement] == those[movement].sum(), (code, movement)
            assert lsoas.loc[code, movement] == (those.movement == movement).sum()
    # By ward, from the mart of LSOAs.
    ours = official.sql(
        "select ward24_code, sum(people_entered + people_left + people_stayed_in "
        "+ people_stayed_out)::bigint as people from marts.core20_movement group by 1 order by 1"
    ).df()
    raw = board[board.icb == "E54000008"].join(wards.set_index("lsoa21"))
    by_ward = residents[raw.index].groupby(raw.ward).sum().sort_index()
    assert dict(zip(ours.ward24_code, ours.people, strict=True)) == by_ward.to_dict()


@pytest.mark.given
def test_who_is_in_core20_in_2025_entered_or_stayed_in(official: duckdb.DuckDBPyConnection) -> None:
    rows = official.sql(
        "select any_value(c.people), sum(m.people) from marts.core20_movement_area as m "
        "inner join marts.core20_cohort as c using (area_code) "
        "where m.movement in ('entered', 'stayed_in') and c.imd_vintage = 2025 and c.core20 "
        "and c.sex = 'Persons' and c.age_band = 'All ages' group by area_code"
    ).fetchall()
    assert len(rows) == 11
    assert all(cohort == movement for cohort, movement in rows)


def test_the_sample_has_all_movements_and_every_kind_of_boundary_change(
    fictional: duckdb.DuckDBPyConnection,
) -> None:
    rows = fictional.sql(
        "select movement, change_indicator, count(*), sum(people), sum(people_entered + people_left "
        "+ people_stayed_in + people_stayed_out) from cohorts.lsoa_movement group by all"
    ).fetchall()
    assert {row[0] for row in rows} == set(MOVEMENTS)
    assert {row[1] for row in rows} == {"U", "S", "M", "X"}
    assert all(row[3] == row[4] for row in rows)
    assert sum(row[2] for row in rows) == 1_800
