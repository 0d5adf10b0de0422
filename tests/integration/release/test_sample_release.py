"""The inequality and change marts, tracing, and determinism, on the whole sample."""

import json
import shutil
from pathlib import Path

import duckdb
import polars as pl
import pytest
from typer.testing import CliRunner

from beacon.cli.main import app
from beacon.core.errors import BeaconError
from beacon.core.home import Home
from beacon.core.settings import Settings
from beacon.pipeline import publish, run_pipeline, transform
from beacon.release import layout
from beacon.release.approval import ApprovalNeededError
from beacon.release.layout import get_release
from beacon.release.publish import RunStart
from beacon.release.query import connect_release
from beacon.release.trace import trace
from beacon.statistics.inequality import inequality
from beacon.warehouse.connection import Warehouse, open_warehouse
from beacon.workspace import Workspace
from tests.fixtures.runs import make_everything


@pytest.fixture
def con(published: Path) -> duckdb.DuckDBPyConnection:
    return connect_release(get_release(Home(published)))


def test_the_planted_slope_of_life_expectancy_is_found(con: duckdb.DuckDBPyConnection) -> None:
    """The sample's Places are made with a slope of 8 years for men and 6 for women."""
    rows = con.execute(
        "select sex, sii, sii_lower_95, sii_upper_95, direction from inequality "
        "where indicator_slug = 'life_expectancy' and breakdown = 'places_by_core20_share' "
        "qualify row_number() over (partition by sex order by period_end desc) = 1 order by sex"
    ).fetchall()
    assert [(sex, round(slope, 3)) for sex, slope, *_ in rows] == [("Female", 6.0), ("Male", 8.0)]
    assert all(low < slope < high for _, slope, low, high, _ in rows)
    assert {row[-1] for row in rows} == {"worse_for_disadvantaged"}


def test_the_mart_agrees_with_the_library(con: duckdb.DuckDBPyConnection) -> None:
    """SQL in the mart against the Python of `beacon.statistics`, which has its own oracles."""
    key = "indicator_slug, measure, period, sex, age"
    members = con.sql(
        f"select {key}, row_number() over (partition by {key} "
        "order by p.core20_share_percent desc, p.place_code) as quantile, "
        "p.people::double as population, b.value, "
        "b.lower_95 as lower95, b.upper_95 as upper95 "
        "from beacon_indicator as b inner join place as p on b.area_code = p.place_code "
        "where category = 'All' and role = 'measure' "
        f"qualify count(b.value) over (partition by {key}) = 9"
    ).pl()
    by = key.split(", ")
    expected = inequality(members, by=by, value_type=0, quantiles=9)
    found = con.sql(
        f"select {key}, sii, sii_lower_95, sii_upper_95, rii, rii_lower_95, rii_upper_95 "
        "from inequality where breakdown = 'places_by_core20_share'"
    ).pl()
    both = found.join(expected, on=by, suffix="_expected")
    assert both.height > 50
    for name, other in (
        ("sii", "sii_expected"),
        ("rii", "rii_expected"),
        ("sii_lower_95", "sii_lower"),
        ("sii_upper_95", "sii_upper"),
        ("rii_lower_95", "rii_lower"),
        ("rii_upper_95", "rii_upper"),
    ):
        pair = both.select(pl.col(name).alias("a"), pl.col(other).alias("b")).drop_nulls()
        pair = pair.filter(pl.col("a").is_not_nan() & pl.col("b").is_not_nan())
        assert pair.height > 50, name
        assert ((pair["a"] - pair["b"]).abs() < 1e-6 * (1 + pair["b"].abs())).all(), name


def test_best_and_worst_follow_polarity(con: duckdb.DuckDBPyConnection) -> None:
    rows = con.execute(
        "select i.polarity, i.disadvantaged_value, i.comparison_value, "
        "min(b.value), max(b.value) from inequality as i inner join beacon_indicator as b "
        "using (indicator_slug, measure, period, sex, age) "
        "where i.breakdown = 'places_worst_to_best' and b.area_type = 'place' "
        "and b.category = 'All' group by all"
    ).fetchall()
    assert {row[0] for row in rows} >= {"high_is_good", "low_is_good"}
    for polarity, worst, best, least, most in rows:
        expected = (most, least) if polarity == "low_is_good" else (least, most)
        assert (worst, best) == expected


def test_no_gap_is_made_up(con: duckdb.DuckDBPyConnection) -> None:
    """Where a Place has no value there is no slope; ecological rows say what they are."""
    assert con.execute(
        "select count(*) from inequality where sii is not null and groups_with_value < groups"
    ).fetchall() == [(0,)]
    assert con.execute(
        "select distinct breakdown from inequality where ecological order by all"
    ).fetchall() == [
        ("deprivation_decile",), ("places_by_core20_share",), ("places_worst_to_best",)
    ]  # fmt: skip
    # The sample's deciles are of whole authorities, as their label says.
    assert con.execute(
        "select count(*) from inequality where breakdown = 'deprivation_decile' and not ecological "
        "and breakdown_note like '%County%'"
    ).fetchall() == [(0,)]


# The change mart


def changed(warehouse: Warehouse) -> dict[tuple[str, str], int]:
    rows = warehouse.con.execute(
        "select change, reason, count(*) from marts.change group by all"
    ).fetchall()
    return {(change, reason): count for change, reason, count in rows}


MEASURE = "indicator_slug = 'life_expectancy'"


@pytest.mark.parametrize(
    ("alteration", "expected"),
    [
        # Other bytes, another number.
        (
            "update marts.beacon_indicator set value = value + 0.1, "
            "source_sha256 = repeat('a', 64) "
            f"where {MEASURE} and period = '2023-25' and area_type = 'place'",
            ("changed", "revision_by_publisher"),
        ),
        # The same bytes, another number.
        (
            "update marts.beacon_indicator set value = value + 0.1 "
            f"where {MEASURE} and period = '2023-25'",
            ("changed", "method_or_code"),
        ),
        # Limits by another method.
        (
            "update marts.beacon_indicator set lower_95 = 0, limits_method = 'wilson', "
            f"source_sha256 = repeat('a', 64) where {MEASURE} and lower_95 is not null",
            ("changed", "method_or_code"),
        ),
        (
            "insert into marts.beacon_indicator by name select * replace ('2024-26' as period) "
            f"from marts.beacon_indicator where {MEASURE} and period = '2023-25'",
            ("added", "new_period"),
        ),
        (
            f"delete from marts.beacon_indicator where {MEASURE}",
            ("removed", "no_longer_supplied"),
        ),
        (
            "insert into marts.beacon_indicator by name select * replace ('second' as measure) "
            f"from marts.beacon_indicator where {MEASURE}",
            ("added", "newly_supplied"),
        ),
        (
            "update marts.beacon_indicator set area_code = 'Z06000099' "
            "where area_code = 'Z06000001'",
            ("added", "boundary_or_imd_vintage"),
        ),
        (
            "update marts.core20_cohort set people = people + 1, lsoas = lsoas + 1 where core20",
            ("changed", "boundary_or_imd_vintage"),
        ),
        (
            "update marts.lsoa set imd2025_decile = 1 where imd2025_decile = 2",
            ("changed", "method_or_code"),
        ),
        (
            "update marts.core20_cohort set people = people + 1, population_base = 'mid_2020' "
            "where population_base = 'census_2021'",
            ("changed", "new_period"),
        ),
    ],
    ids=[
        "revision", "code", "method", "new-period", "withdrawn", "new-series", "boundary",
        "membership", "decile", "population-base",
    ],
)  # fmt: skip
def test_each_change_has_its_reason(
    sample_home: Path, alteration: str, expected: tuple[str, str]
) -> None:
    workspace = Workspace(Settings(home=sample_home))
    with open_warehouse(workspace) as warehouse:
        assert transform(warehouse, "marts.change") == 0
        warehouse.con.execute(alteration)
        transform(warehouse, "marts.change")
        found = changed(warehouse)
        assert found.pop(expected) > 0
        # What else is said follows from it: the other side of a renamed area.
        assert set(found) <= {("removed", "boundary_or_imd_vintage")}


def test_large_revisions_and_withdrawals_are_beyond_tolerance(sample_home: Path) -> None:
    with open_warehouse(Workspace(Settings(home=sample_home))) as warehouse:
        con = warehouse.con
        where = f"{MEASURE} and area_code = 'Z06000001' and period = '2023-25'"
        con.execute(f"update marts.beacon_indicator set value = value * 1.09 where {where}")
        transform(warehouse, "marts.change")
        assert con.execute("select bool_or(beyond_tolerance) from marts.change").fetchall() == [
            (False,)
        ]
        con.execute(f"update marts.beacon_indicator set value = value * 1.09 where {where}")
        transform(warehouse, "marts.change")
        assert con.execute("select bool_and(beyond_tolerance) from marts.change").fetchall() == [
            (True,)
        ]
        con.execute(f"delete from marts.beacon_indicator where {where}")
        transform(warehouse, "marts.change")
        assert con.execute("select bool_and(beyond_tolerance) from marts.change").fetchall() == [
            (True,)
        ]


def test_another_sample_is_held_until_approved(sample_home: Path) -> None:
    other = Workspace(Settings(home=sample_home, sample_seed=4711))
    with pytest.raises(ApprovalNeededError, match="published values"):
        run_pipeline(other, checks=False)
    arguments = ["approve", "--home", str(sample_home)]
    assert CliRunner().invoke(app, arguments).exit_code == 1
    assert CliRunner().invoke(app, [*arguments, "--yes", "--by", "Test"]).exit_code == 0
    with open_warehouse(other) as warehouse:
        done = publish(warehouse, RunStart())
    assert done.status == "published"
    with connect_release(done.release) as con:
        ((rows, reasons),) = con.execute(
            "select count(*), list(distinct reason) from change where beyond_tolerance"
        ).fetchall()
    assert rows > 0
    assert set(reasons) <= {"revision_by_publisher", "no_longer_supplied"}


# Tracing


def test_a_number_is_traced_to_its_line(published: Path) -> None:
    home = Home(published)
    (chain,) = trace(
        home, get_release(home), "life_expectancy", "Dunmarrow", "latest", sex="Female"
    )
    assert chain.intact is True
    assert chain.line is not None
    assert "Dunmarrow" in chain.line
    assert str(chain.row["value"]) in chain.line
    assert chain.staged is not None
    assert chain.staged["value"] == chain.row["value"]
    assert chain.input is not None
    assert chain.landed is not None
    assert chain.landed["sha256"] == chain.input["sha256"] == chain.row["source_sha256"]
    assert chain.landed["retrieved_at"]
    assert chain.input["licence"]


def test_every_published_number_has_its_file_in_the_manifest(published: Path) -> None:
    release = get_release(Home(published))
    known = {entry["sha256"] for entry in release.manifest["inputs"]}
    with connect_release(release) as con:
        used = con.execute(
            "select distinct source_sha256 from beacon_indicator where value_method <> 'sum_of_places' "
            "union select distinct source_sha256 from core20plus5_indicator "
            "where value_method <> 'sum_of_places'"
        ).fetchall()
    assert used
    assert {sha for (sha,) in used} <= known


def test_changed_bytes_are_seen(sample_home: Path) -> None:
    home = Home(sample_home)
    arguments = (home, get_release(home), "1", "Z06000003", "latest")
    chain = trace(*arguments, sex="Male")[0]
    assert chain.input is not None
    path = home.landing / chain.input["file"]
    path.chmod(0o644)
    path.write_bytes(b"tampered")
    assert trace(*arguments, sex="Male")[0].intact is False
    path.unlink()
    assert trace(*arguments, sex="Male")[0].intact is None


def test_the_command_prints_the_chain(published: Path) -> None:
    command = ["trace", "life_expectancy", "Dunmarrow", "--home", str(published)]
    said = CliRunner().invoke(app, command).output
    for word in ("value", "95 % limits", "sha256", "retrieved", "OGL-UK-3.0", "bytes intact"):
        assert word in said
    records = json.loads(CliRunner().invoke(app, [*command, "--format", "json"]).output)
    assert {record["row"]["sex"] for record in records} == {"Female", "Male"}


def test_a_missing_value_says_why(published: Path) -> None:
    home = Home(published)
    said = (
        CliRunner()
        .invoke(
            app, ["trace", "local_employees_fte", "Jorbeck", "2024/25", "--home", str(home.root)]
        )
        .output
    )
    assert "not_supplied" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nonsense", "Dunmarrow", "latest"), "no indicator 'nonsense'"),
        (("life_expectancy", "Atlantis", "latest"), "Areas: "),
        (("life_expectancy", "Dunmarrow", "1066"), "Periods: "),
    ],
)
def test_what_cannot_be_traced_says_what_can(
    published: Path, arguments: tuple[str, str, str], said: str
) -> None:
    home = Home(published)
    with pytest.raises(BeaconError, match=said):
        trace(home, get_release(home), *arguments)


@pytest.mark.parametrize(
    ("only", "said"),
    [
        ({"sex": "X"}, "no sex 'X' for Dunmarrow. Known: Female, Male"),
        ({"measure": "X"}, "no measure 'X' for Dunmarrow. Known: main"),
    ],
)
def test_a_sex_or_measure_without_rows_is_named(
    published: Path, only: dict[str, str], said: str
) -> None:
    home = Home(published)
    with pytest.raises(BeaconError, match=said):
        trace(home, get_release(home), "life_expectancy", "Dunmarrow", "latest", **only)


def test_a_sex_and_a_measure_may_be_in_lower_case(published: Path) -> None:
    home = Home(published)
    arguments = (home, get_release(home), "life_expectancy", "Dunmarrow", "latest")
    (chain,) = trace(*arguments, sex="female", measure="MAIN")
    assert (chain.row["sex"], chain.row["measure"]) == ("Female", "main")


def test_the_latest_number_is_that_of_the_scorecard(published: Path) -> None:
    """Also where a Place or a sex has no value at the measure's latest period, or no date at all."""
    home = Home(published)
    release = get_release(home)
    with connect_release(release) as con:
        cards = con.execute(
            "select indicator_slug, measure, place_code, sex, period, value_status from scorecard "
            "where value is null order by all"
        ).fetchall()
    assert {"none", "2024/25"} <= {card[4] for card in cards}
    for indicator, measure, place, sex, period, status in cards:
        chains = trace(home, release, indicator, place, "latest", measure=measure, sex=sex)
        shown = {
            (chain.row["period"], chain.row["value_status"])
            for chain in chains
            if chain.row["category"] == "All"
        }
        assert shown == {(period, status)}, (indicator, place, sex)


# Determinism


def marts_of(home: Path) -> dict[str, str]:
    release = get_release(Home(home))
    return {mart["name"]: mart["sha256"] for mart in release.manifest["marts"]} | {
        "manifest": (release.path / layout.MANIFEST).read_text()
    }


def rebuild(home: Path, threads: int, shuffle: bool) -> dict[str, str]:
    """Everything again from the staged files, with staged rows shuffled and other threads."""
    shutil.rmtree(home / "releases")
    (home / "latest.json").unlink()
    if shuffle:
        for file in (home / "staging").rglob("*.parquet"):
            frame = pl.read_parquet(file)
            frame.sample(fraction=1, shuffle=True, seed=7).write_parquet(file)
    workspace = Workspace(Settings(home=home))
    with open_warehouse(workspace) as warehouse:
        warehouse.con.execute("drop schema marts cascade")
    make_everything(workspace, lambda warehouse: warehouse.con.execute(f"set threads = {threads}"))
    return marts_of(home)


@pytest.mark.parametrize(("threads", "shuffle"), [(1, False), (2, True)])
def test_threads_and_order_of_rows_leave_no_trace(
    sample_home: Path, published: Path, threads: int, shuffle: bool
) -> None:
    assert rebuild(sample_home, threads, shuffle) == marts_of(published)
