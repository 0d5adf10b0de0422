"""Cohorts by ward and sex, their concentration, small pockets, and the domains behind them."""

import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from pydantic import ValidationError

from beacon.checks import run_sql_checks
from beacon.core.settings import Settings
from beacon.registry import PocketRules, load_pocket_rules
from beacon.warehouse.connection import Warehouse, open_warehouse
from beacon.warehouse.transform import derive_table
from beacon.workspace import Workspace
from tests.unit.cohorts.conftest import BANDS, PLACES

UNDER_FIVES = """
select area_name, people, share_percent from core20_cohort
where area_type = 'place' and core20 and age_band = '0-4' and imd_vintage = 2025 and sex = 'Persons'
"""


@pytest.mark.given
def test_the_share_of_each_places_under_fives_is_one_query(
    official_home: Path, imd2025: pd.DataFrame, census: pd.DataFrame
) -> None:
    import beacon

    rows = beacon.connect(home=official_home).sql(UNDER_FIVES).fetchall()
    joined = imd2025[imd2025.lad24.isin(PLACES)].merge(census, on="lsoa21")
    core = joined[joined.decile <= 2].groupby("lad24_name")["0-4"].sum()
    share = 100 * core / joined.groupby("lad24_name")["0-4"].sum()
    assert {name: people for name, people, _ in rows} == core.to_dict()
    assert {name: value for name, _, value in rows} == pytest.approx(share.to_dict())


@pytest.mark.given
def test_wards_hold_everybody_by_band(
    official: duckdb.DuckDBPyConnection,
    imd2025: pd.DataFrame,
    census: pd.DataFrame,
    wards: pd.DataFrame,
) -> None:
    ours = official.sql(
        "select ward24_code, age_band, core20, people, people_in_ward, lsoas, lsoas_in_ward "
        "from marts.core20_ward where imd_vintage = 2025 and sex = 'Persons'"
    ).df()
    raw = imd2025[imd2025.lad24.isin(PLACES)].merge(census, on="lsoa21").merge(wards, on="lsoa21")
    raw["core20"] = raw.decile <= 2
    for band in (*BANDS, "All ages"):
        column = "people" if band == "All ages" else band
        mine = ours[ours.age_band == band].set_index(["ward24_code", "core20"]).people
        theirs = raw.groupby(["ward", "core20"])[column].sum()
        assert mine[mine > 0].to_dict() == theirs[theirs > 0].to_dict(), band
    inside = ours[(ours.age_band == "All ages") & ours.core20].set_index("ward24_code")
    assert inside.lsoas.to_dict() == raw.groupby("ward").core20.sum().to_dict()
    assert inside.lsoas_in_ward.to_dict() == raw.groupby("ward").size().to_dict()


@pytest.mark.given
def test_wards_of_a_place_add_up_to_the_place_on_both_indices(
    official: duckdb.DuckDBPyConnection,
) -> None:
    differing = official.sql(
        "with ward as (select place_code, imd_vintage, sex, age_band, core20, sum(people) as people "
        "from marts.core20_ward group by all) "
        "select * from marts.core20_cohort as cohort inner join ward "
        "on cohort.area_code = ward.place_code and cohort.imd_vintage = ward.imd_vintage "
        "and cohort.sex = ward.sex and cohort.age_band = ward.age_band "
        "and cohort.core20 = ward.core20 where cohort.people <> ward.people"
    ).fetchall()
    assert differing == []


@pytest.mark.given
def test_concentration_follows_from_the_people(
    official: duckdb.DuckDBPyConnection, imd2025: pd.DataFrame, census: pd.DataFrame
) -> None:
    ours = {
        code: (board, nation)
        for code, board, nation in official.sql(
            "select area_code, share_of_board_percent, share_of_nation_percent "
            "from marts.core20_cohort where imd_vintage = 2025 and core20 and sex = 'Persons' "
            "and age_band = 'All ages'"
        ).fetchall()
    }
    joined = imd2025.merge(census, on="lsoa21")
    core = joined[joined.decile <= 2].groupby("lad24").people.sum()
    board = sum(core[place] for place in PLACES)
    for place in PLACES:
        assert ours[place] == pytest.approx(
            (100 * core[place] / board, 100 * core[place] / core.sum())
        )
    assert ours["E54000008"] == pytest.approx((100, 100 * board / core.sum()))
    assert ours["E92000001"] == (None, 100)


@pytest.mark.given
def test_pockets_follow_from_the_rule(
    official: duckdb.DuckDBPyConnection,
    imd2025: pd.DataFrame,
    census: pd.DataFrame,
    wards: pd.DataFrame,
) -> None:
    ours = official.sql(
        "select lsoa_code, surroundings, people_around, core20_share_around_percent as core, "
        "less_deprived_share_around_percent as less, is_pocket from marts.core20_pocket "
        "where imd_vintage = 2025"
    ).df()
    mine = {(r.lsoa_code, r.surroundings): r for r in ours.itertuples()}
    raw = imd2025[imd2025.lad24.isin(PLACES)].merge(census, on="lsoa21").merge(wards, on="lsoa21")
    rules = {rule.surroundings: rule for rule in load_pocket_rules().rules}
    assert len(mine) == 2 * (raw.decile <= 2).sum() == 2 * 494
    pockets = 0
    for kind, column in (("ward", "ward"), ("place", "lad24")):
        groups = dict(list(raw.groupby(column)))
        for row in raw[raw.decile <= 2].itertuples():
            others = groups[getattr(row, column)]
            others = others[others.lsoa21 != row.lsoa21]
            found = mine[row.lsoa21, kind]
            assert found.people_around == others.people.sum()
            core = 100 * others[others.decile <= 2].people.sum() / others.people.sum()
            less = 100 * others[others.decile > 5].people.sum() / others.people.sum()
            assert (found.core, found.less) == pytest.approx((core, less))
            rule = rules[kind]
            assert found.is_pocket == (
                core <= rule.core20_around_at_most_percent
                and less >= rule.less_deprived_around_at_least_percent
            )
            pockets += found.is_pocket
    assert 0 < pockets < len(mine)


def test_a_rule_that_cannot_be_meant_is_refused() -> None:
    rule = {
        "surroundings": "ward",
        "core20_around_at_most_percent": 0,
        "less_deprived_around_at_least_percent": 50,
        "why": "because",
    }
    with pytest.raises(ValidationError, match="more than once: ward"):
        PocketRules.model_validate({"rules": [rule, rule]})
    with pytest.raises(ValidationError, match="less than or equal to 100"):
        PocketRules.model_validate({"rules": [{**rule, "core20_around_at_most_percent": 101}]})


@pytest.mark.given
@pytest.mark.parametrize(
    ("vintage", "file", "domains"),
    [
        (2019, "imd2019/File_2*.csv.gz", {
            "Income": "income", "Employment": "employment",
            "Education, Skills and Training": "education",
            "Health Deprivation and Disability": "health", "Crime": "crime",
            "Barriers to Housing and Services": "barriers",
            "Living Environment": "living_environment",
        }),
        (2019, "imd2019/File_3*.csv", {"(IDACI)": "idaci", "(IDAOPI)": "idaopi"}),
        (2025, "imd2025/File_3*.xlsx", {"(IDACI)": "idaci", "(IDAOPI)": "idaopi"}),
    ],
)  # fmt: skip
def test_domains_are_the_published_ones(
    official: duckdb.DuckDBPyConnection,
    official_files: Path,
    vintage: int,
    file: str,
    domains: dict[str, str],
) -> None:
    (path,) = official_files.glob(file)
    raw = (
        pd.read_excel(path, sheet_name=1, engine="calamine")
        if path.suffix == ".xlsx"
        else pd.read_csv(path, thousands=",", encoding="utf-8-sig")
    )
    raw = raw.set_index(raw.columns[0])
    for name, domain in domains.items():
        (rank,) = [c for c in raw.columns if re.search(rf"{re.escape(name)} Rank", c)]
        (decile,) = [c for c in raw.columns if re.search(rf"{re.escape(name)} Decile", c)]
        ours = official.execute(
            "select lsoa_code, rank, decile from marts.deprivation_domain "
            "where imd_vintage = ? and domain = ?",
            [vintage, domain],
        ).fetchall()
        assert len(ours) == (1_601 if vintage == 2025 else 1_562)
        wanted = raw[[rank, decile]].astype(int)
        assert all(tuple(wanted.loc[code]) == (r, d) for code, r, d in ours), domain


@pytest.mark.given
def test_a_domain_that_no_file_holds_has_no_rows_and_its_file_is_missing(
    official: duckdb.DuckDBPyConnection,
) -> None:
    ((rows,),) = official.sql(
        "select count(*) from marts.deprivation_domain where imd_vintage = 2025 and kind = 'domain'"
    ).fetchall()
    missing = official.sql(
        "select status from marts.source_status where source = 'mhclg_iod2025' "
        "and dataset = 'file_7'"
    ).fetchall()
    assert rows == 0
    assert [status for (status,) in missing] == ["not_supplied"]


def test_the_sample_has_every_domain_of_both_editions(
    fictional: duckdb.DuckDBPyConnection,
) -> None:
    rows = fictional.sql(
        "select imd_vintage, count(distinct domain), count(*), "
        "corr(rank, imd_rank) from marts.deprivation_domain inner join "
        "(select imd_vintage, lsoa_code, imd_rank from cohorts.lsoa_deprivation) "
        "using (imd_vintage, lsoa_code) group by imd_vintage order by 1"
    ).fetchall()
    assert [row[:3] for row in rows] == [(2019, 10, 10 * 525), (2025, 16, 16 * 540)]
    assert all(0.5 < row[3] < 1 for row in rows)


@pytest.fixture
def by_sex(sample_home: Path) -> Iterator[Warehouse]:
    """The sample as it would be if its populations came by sex."""
    with open_warehouse(Workspace(Settings(home=sample_home, inputs="sample"))) as warehouse:
        con = warehouse.con
        con.execute("create temp table persons as from staging.population_lsoa")
        con.execute("drop view staging.population_lsoa")
        con.execute(
            "create table staging.population_lsoa as from persons union all by name "
            "select * replace ('Female' as sex, people // 2 + 1 as people) from persons where people > 0 "
            "union all by name "
            "select * replace ('Male' as sex, people - people // 2 - 1 as people) from persons "
            "where people > 0"
        )
        yield warehouse


def test_a_population_by_sex_gives_cohorts_by_sex(by_sex: Warehouse) -> None:
    warehouse = by_sex
    before = warehouse.con.sql("from marts.core20_cohort order by all").fetchall()
    crosswalk = warehouse.con.sql("from geography.lsoa_crosswalk order by all").fetchall()
    for name in (
        "geography.lsoa_crosswalk", "cohorts.lsoa_population", "cohorts.core20_area",
        "cohorts.lsoa_movement", "marts.core20_cohort", "marts.core20_lsoa", "marts.core20_ward",
        "marts.core20_movement", "marts.core20_movement_area", "marts.core20_pocket",
        "marts.place", "marts.lsoa",
    ):  # fmt: skip
        derive_table(warehouse, name)
        checks = run_sql_checks(warehouse.con, name, warehouse.workspace.contracts[name])
        assert [check.message for check in checks if not check.passed] == [], name
    con = warehouse.con
    # Persons are as before, and nobody is counted twice where areas are weighted.
    persons = con.sql("from marts.core20_cohort where sex = 'Persons' order by all").fetchall()
    assert persons == before
    assert con.sql("from geography.lsoa_crosswalk order by all").fetchall() == crosswalk
    for mart in ("core20_cohort", "core20_lsoa", "core20_ward"):
        columns = {"core20_cohort": "area_code, core20", "core20_lsoa": "lsoa_code"}
        keys = columns.get(mart, "ward24_code, core20")
        wrong = con.sql(
            f"select {keys} from marts.{mart} group by {keys}, imd_vintage, age_band "
            "having sum(people) filter (sex in ('Female', 'Male')) "
            "<> sum(people) filter (sex = 'Persons') or count(distinct sex) <> 3"
        ).fetchall()
        empty = con.sql(
            f"select count(*) from marts.{mart} where sex = 'Persons' and people = 0"
        ).fetchall()[0][0]
        assert len(wrong) <= empty, mart
    rows = con.sql(
        "select sex, share_percent, share_of_nation_percent from marts.core20_cohort "
        "where area_type = 'icb' and core20 and age_band = '0-4' and imd_vintage = 2025"
    ).fetchall()
    assert {row[0] for row in rows} == {"Persons", "Female", "Male"}
    assert all(0 < row[1] < 100 and 0 < row[2] < 100 for row in rows)


def test_a_population_whose_sexes_do_not_make_its_persons_is_refused(by_sex: Warehouse) -> None:
    warehouse = by_sex
    warehouse.con.execute("delete from staging.population_lsoa where sex = 'Male'")
    derive_table(warehouse, "cohorts.lsoa_population")
    name = "cohorts.lsoa_population"
    checks = run_sql_checks(warehouse.con, name, warehouse.workspace.contracts[name])
    assert [check.name for check in checks if not check.passed] == [
        "sql__women_and_men_make_persons"
    ]


def test_ranges_make_the_same_rows(by_sex: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    warehouse = by_sex
    name = "cohorts.lsoa_population"
    derive_table(warehouse, name)
    at_once = warehouse.con.sql(f"from {name} order by all").fetchall()
    lsoas = warehouse.row_count("cohorts.lsoa_deprivation")
    monkeypatch.setattr("beacon.warehouse.connection._KEYS_AT_ONCE", lsoas // 7)
    assert derive_table(warehouse, name) == len(at_once)
    assert warehouse.con.sql(f"from {name} order by all").fetchall() == at_once
    # The lowest and the highest code of each index are in it.
    missed = warehouse.con.sql(
        f"from cohorts.lsoa_deprivation as d anti join {name} as p using (imd_vintage, lsoa_code)"
    ).fetchall()
    assert missed == []
    monkeypatch.setattr("beacon.warehouse.connection._KEYS_AT_ONCE", 1_000_000)
    derive_table(warehouse, name)
    assert warehouse.con.sql(f"from {name} order by all").fetchall() == at_once


def test_a_range_that_fails_leaves_the_table_as_it_was(
    by_sex: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    import duckdb

    warehouse = by_sex
    name = "cohorts.lsoa_population"
    before = warehouse.con.sql(f"from {name} order by all").fetchall()
    warehouse.con.execute(
        "create or replace table staging.population_lsoa as "
        "select * replace (if(lsoa_code = (select max(lsoa_code) from staging.population_lsoa), "
        "'many', people::varchar) as people) from staging.population_lsoa"
    )
    monkeypatch.setattr("beacon.warehouse.connection._KEYS_AT_ONCE", 50)
    with pytest.raises(duckdb.Error):
        derive_table(warehouse, name)
    assert warehouse.con.sql(f"from {name} order by all").fetchall() == before
