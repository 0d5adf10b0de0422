"""Every planted truth is found again to the person, and every planted fault by name."""

import shutil
from collections import defaultdict
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pytest

from beacon.disclosure import Rule
from beacon.people.breakdowns import BoardAreas
from beacon.people.evaluate import evaluate
from beacon.people.extract_store import read_extract
from beacon.people.flow import flow_sql
from beacon.people.gate import connect
from beacon.people.load_cohorts import load_cohorts
from beacon.people.people_run import run_people
from beacon.people.person_at import AreaTables
from beacon.people.protected_tables import Period
from beacon.people.secure_home import SecureHome
from beacon.people.segment_definitions import load_segmentations
from beacon.sample import DEFAULT_SEED, SMALL
from beacon.sample.people_extract import write_extracts
from beacon.sample.people_population import EARLIER
from tests.unit.people.fixtures import COHORTS, NOW, PERSONS, TODAY, PeopleRun, people_run_of


def test_every_count_by_place_and_quintile(people_run: PeopleRun, tmp_path: Path) -> None:
    """Of all cohorts and segments, counted in ranges of persons."""
    day = people_run.truths["as_at"]
    extract = read_extract(people_run.secure, day)
    apart = SecureHome.open(tmp_path / "secure", ordinary=tmp_path / "home")
    with connect(apart) as con:
        con.register("lsoa_frame", people_run.around.lsoa)
        con.execute("create temp table lsoa_area as from lsoa_frame")
        areas = AreaTables("lsoa_area", 2025)
        segments = {name: each.as_cohort() for name, each in load_segmentations().items()}
        every = load_cohorts() | segments
        done = evaluate(con, apart, extract, areas, every, persons_at_once=5_000)
    assert not done.not_computed
    folder = apart.as_at(day)
    found = {
        tuple(row[:4]): (int(row[4]), int(row[5]))
        for row in duckdb.sql(
            "select cohort, measure, place_code, imd_quintile, sum(eligible), sum(done) "
            f"from '{folder / 'cell.parquet'}' where measure <> '' group by all"
        ).fetchall()
    }
    planted = {
        (row["cohort"], row["measure"], row["place_code"], row["quintile"]): (
            row["eligible"],
            row["done"],
        )
        for row in people_run.truths["care"]
    }
    assert len({key[:2] for key in planted}) == 69
    wrong = {
        key: (found.get(key), planted.get(key))
        for key in found.keys() | planted.keys()
        if found.get(key, (0, 0)) != planted.get(key, (0, 0))
    }
    assert not wrong


def test_shown_figures_are_the_planted_ones(people_run: PeopleRun) -> None:
    board: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for row in people_run.truths["care"]:
        board[(row["cohort"], row["measure"])][0] += row["eligible"]
        board[(row["cohort"], row["measure"])][1] += row["done"]
    shown = people_run.table("care_gap").filter(
        (pl.col("area_type") == "icb")
        & (pl.col("breakdown") == "all")
        & pl.col("value").is_not_null()
    )
    assert shown.height >= 10
    for cohort, measure, eligible, done in shown.select(
        "cohort", "measure", "eligible", "done"
    ).iter_rows():
        assert [eligible, done] == board[(cohort, measure)]


def test_slope_of_hypertension_treated(tmp_path: Path) -> None:
    """Low and Low's slope by weighted least squares, from the planted counts, none of them hidden."""
    name, measure = "hypertension_register", "treated_to_target"
    run = people_run_of(tmp_path, PERSONS, cohorts=(name,), rule=Rule(smallest_shown=1))
    counts = np.zeros((5, 2))
    for row in run.truths["care"]:
        if (row["cohort"], row["measure"]) == (name, measure) and row["quintile"] is not None:
            counts[row["quintile"] - 1] += row["eligible"], row["done"]
    share = counts[:, 0] / counts[:, 0].sum()
    x = np.cumsum(share) - share / 2
    y = 100 * counts[:, 1] / counts[:, 0]
    slope = np.polyfit(x, y, 1, w=np.sqrt(share))[0]
    found = run.table("care_gap").filter(
        (pl.col("measure") == measure)
        & (pl.col("area_type") == "icb") & (pl.col("breakdown") == "all")
    )  # fmt: skip
    assert found["slope_index"][0] == pytest.approx(slope, rel=1e-9)
    # Planted to be better towards the least deprived end.
    assert slope > 0


def test_flow_of_each_register(people_run: PeopleRun) -> None:
    period = Period(people_run.truths["as_at"], people_run.truths["earlier"])
    areas = BoardAreas(people_run.around.board, people_run.around.places, {}, {})
    for planted in people_run.truths["flow"]:
        cohort = load_cohorts()[planted["cohort"]]
        rows = duckdb.sql(flow_sql(people_run.secure, period, areas, cohort)).fetchall()
        board = rows[0]
        # area_type, area_code, start, diagnosed, moved in, aged in, resolved, moved out, died …
        assert board[0] == "icb"
        assert (board[2], board[-1]) == (planted["at_start"], planted["at_end"])
        assert (board[3] + board[5], board[4], board[8]) == (
            planted["diagnosed"], planted["moved_in"], planted["died"],
        )  # fmt: skip
        for row in rows:
            assert row[2] + sum(row[3:6]) == sum(row[6:10]) + row[10]


def test_planted_faults_are_found_and_named(people_run: PeopleRun) -> None:
    truths = people_run.truths
    warned = people_run.report.warnings[truths["as_at"]]
    by_check = {(w["check"], w["where"]): w for w in warned}
    assert (
        by_check[("implausible_value", "BP_COD")]["people"]
        == truths["readings_with_a_slipped_point"]
    )
    overlaps = by_check[("registration_overlap", "registration")]
    assert overlaps["people"] in (truths["overlapping_registrations"], None)
    assert ("without_ethnicity_16", truths["practice_without_ethnicity"]) in by_check
    quality = people_run.table("person_quality")
    silent = quality.filter("practice_silent").select("practice_code", "month").unique().rows()
    assert truths["silent_practice"] in {practice for practice, _ in silent}


def test_a_night_without_news_does_nothing(people_run: PeopleRun) -> None:
    cohorts = {name: load_cohorts()[name] for name in COHORTS}
    report = run_people(
        people_run.around, people_run.secure, people_run.ordinary, today=TODAY, now=NOW,
        fictional=True, cohorts=cohorts,
    )  # fmt: skip
    assert (report.admitted, report.computed, report.crossed) == ([], [], [])


def test_a_date_follows_when_an_earlier_one_is_delivered_again(tmp_path: Path) -> None:
    """What an earlier date shows limits what a later one may show."""
    cohorts = ("hypertension_register",)
    first = people_run_of(tmp_path, persons=1_500, cohorts=cohorts)
    days = first.report.computed
    assert days == ["2024-12-31", "2025-03-31"]
    write_extracts(
        tmp_path / "other", seed=DEFAULT_SEED, size=SMALL, persons=1_400, dates=(EARLIER,)
    )
    shutil.rmtree(first.secure.inbox / days[0])
    shutil.move(tmp_path / "other" / days[0], first.secure.inbox / days[0])
    report = run_people(
        first.around, first.secure, first.ordinary, today=TODAY, now=NOW, fictional=True,
        cohorts={name: load_cohorts()[name] for name in cohorts},
    )  # fmt: skip
    assert (report.admitted, report.computed) == (days[:1], days)


def test_generation_does_not_depend_on_the_range(tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    from beacon.sample import DEFAULT_SEED, SMALL, people_extract

    whole = people_extract.write_extracts(
        tmp_path / "a", seed=DEFAULT_SEED, size=SMALL, persons=3000
    )
    monkeypatch.setattr(people_extract, "PERSONS_AT_ONCE", 700)
    parts = people_extract.write_extracts(
        tmp_path / "b", seed=DEFAULT_SEED, size=SMALL, persons=3000
    )
    assert whole == parts
