"""Extracts that must be deleted, and those that an earlier gate admitted."""

import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from beacon.core.errors import SettingsError
from beacon.people import extract_store, gate, people_run, retention
from beacon.people.extract_store import extract_dates, read_extract
from beacon.people.load_cohorts import load_cohorts
from beacon.people.people_run import PeopleReport, run_people
from beacon.people.retention import delete_extract, overdue
from tests.unit.people.fixtures import NOW, TODAY, PeopleRun, people_run_of

FIRST, SECOND = "2024-12-31", "2025-03-31"
COHORTS = ("hypertension_register",)
OVER = date(2100, 1, 1)


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> PeopleRun:
    return people_run_of(tmp_path_factory.mktemp("kept"), persons=1_500, cohorts=COHORTS)


@pytest.fixture
def run(counted: PeopleRun, tmp_path: Path) -> PeopleRun:
    """A copy of both homes, to change."""
    shutil.copytree(counted.secure.root, tmp_path / "secure", copy_function=shutil.copy2)
    shutil.copytree(counted.ordinary, tmp_path / "home")
    secure = type(counted.secure)(tmp_path / "secure")
    return PeopleRun(secure, tmp_path / "home", counted.around, counted.truths, counted.report)


def again(run: PeopleRun, **changes: Any) -> PeopleReport:
    said = {"today": TODAY, "now": NOW, "fictional": True} | changes
    cohorts = {name: load_cohorts()[name] for name in COHORTS}
    return run_people(run.around, run.secure, run.ordinary, cohorts=cohorts, **said)


def everything_in(run: PeopleRun) -> set[str]:
    root = run.secure.root
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


def test_an_extract_whose_retention_ended_is_told_and_not_counted_again(run: PeopleRun) -> None:
    assert again(run).overdue == {}
    shutil.rmtree(run.ordinary / "people")
    report = again(run, today=OVER)
    assert report.overdue == dict.fromkeys((FIRST, SECOND), "2099-12-31")
    assert report.computed == []
    assert "retention ended on 2099-12-31" in report.left[SECOND]


def test_deleting_leaves_no_row_of_those_who_are_in_no_other_extract(run: PeopleRun) -> None:
    before = run.table("care_gap", FIRST)
    delete_extract(run.secure, FIRST, newest=False, now=NOW)
    assert extract_dates(run.secure) == [SECOND]
    left = everything_in(run)
    assert {name for name in left if FIRST in name} == {f"as_at/{FIRST}/done.json"}
    extract = read_extract(run.secure, SECOND)
    stored = {name.removeprefix("store/") for name in left if name.startswith("store/")}
    assert stored == {str(p.relative_to(run.secure.store)) for t in extract.files
                      for p in extract.paths(t)}  # fmt: skip
    persons = {
        row[0] for row in pl.read_parquet(extract.paths("person")).select("person_id").rows()
    }
    assert set(pl.read_parquet(run.secure.key)["person_id"]) == persons
    assert run.table("care_gap", FIRST).equals(before)
    logged = [json.loads(line) for line in run.secure.log.read_text().splitlines()][-2:]
    assert [(line["what"], line["as_at"]) for line in logged] == [
        ("deleting", FIRST), ("deleted", FIRST),
    ]  # fmt: skip


def test_the_next_date_is_not_counted_without_what_protects_it(
    run: PeopleRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    delete_extract(run.secure, FIRST, newest=False, now=NOW)
    report = again(run)
    assert (report.computed, report.left) == ([], {})
    monkeypatch.setattr(people_run, "METHOD_VERSION", "later")
    report = again(run)
    assert report.computed == []
    assert FIRST in report.left[SECOND]


def test_a_deleted_extract_can_be_delivered_again(run: PeopleRun, counted: PeopleRun) -> None:
    shown = run.table("care_gap", SECOND)
    delete_extract(run.secure, FIRST, newest=False, now=NOW)
    shutil.copytree(counted.secure.inbox / FIRST, run.secure.inbox / FIRST)
    report = again(run)
    assert (report.admitted, report.computed) == ([FIRST], [FIRST])
    assert run.table("care_gap", SECOND).equals(shown)


def test_the_newest_is_deleted_only_where_that_is_said(run: PeopleRun) -> None:
    with pytest.raises(SettingsError, match="is the newest"):
        delete_extract(run.secure, SECOND, newest=False, now=NOW)
    with pytest.raises(SettingsError, match="There is no extract of 2024-01-01"):
        delete_extract(run.secure, "2024-01-01", newest=True, now=NOW)
    delete_extract(run.secure, SECOND, newest=True, now=NOW)
    assert extract_dates(run.secure) == [FIRST]
    assert not any(SECOND in name for name in everything_in(run))


def test_what_an_earlier_gate_admitted_is_judged_again_or_asked_for(
    run: PeopleRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (extract_store, gate, people_run, retention):
        monkeypatch.setattr(module, "GATE_VERSION", "later")
    shutil.rmtree(run.secure.inbox / FIRST)
    was = read_extract(run.secure, SECOND)
    report = again(run)
    assert (report.admitted, report.computed) == ([SECOND], [SECOND])
    assert list(report.left) == [FIRST]
    assert "deliver it again" in report.left[FIRST]
    now_stored = read_extract(run.secure, SECOND)
    assert not {p for t in was.files for p in was.paths(t)} & {
        p for t in now_stored.files for p in now_stored.paths(t)
    }  # the same bytes, read by another gate, are stored anew
    assert overdue(run.secure, TODAY) == {}
