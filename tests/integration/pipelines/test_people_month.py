"""Counts of people in the Dagster UI: a month is a partition, and no value of a person is kept."""

from __future__ import annotations

import shutil
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from beacon.core.home import Home
from beacon.operations.runs import get_run
from beacon.people import people_run
from beacon.people.crossing import people_folder
from beacon.people.load_cohorts import load_cohorts
from beacon.people.secure_home import SecureHome
from beacon.sample import DEFAULT_SEED, SMALL
from beacon.sample.people_extract import TRUTHS_NAME, write_extracts
from pipelines.definitions import defs
from pipelines.instance import open_instance
from pipelines.jobs import NIGHTLY, PEOPLE_MONTH
from pipelines.sensors import new_extracts

MONTHS = ("2024-12-01", "2025-03-01")
DAYS = ("2024-12-31", "2025-03-31")


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two fictional extracts. Tests only read them."""
    folder = tmp_path_factory.mktemp("delivered") / "inbox"
    write_extracts(folder, seed=DEFAULT_SEED, size=SMALL, persons=2_000)
    (folder / TRUTHS_NAME).unlink()
    return folder


@pytest.fixture
def secure(
    sample_home: Path, delivered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> SecureHome:
    """A secure home beside a published sample, with both extracts in its inbox."""
    few = {name: load_cohorts()[name] for name in ("hypertension_register",)}
    monkeypatch.setattr(people_run, "load_cohorts", lambda: few)
    monkeypatch.setattr(people_run, "load_segmentations", dict)
    monkeypatch.setenv("BEACON_HOME", str(sample_home))
    monkeypatch.setenv("BEACON_SECURE_HOME", str(tmp_path / "secure"))
    made = SecureHome.open(tmp_path / "secure", ordinary=sample_home)
    shutil.copytree(delivered, made.inbox)
    return made


def _run(home: Path, month: str) -> dg.ExecuteInProcessResult:
    with open_instance(Home(home)) as instance:
        return defs.resolve_job_def(PEOPLE_MONTH).execute_in_process(
            instance=instance, partition_key=month, raise_on_error=False
        )


def _crossed(home: Path) -> list[str]:
    return sorted(file.stem for file in (people_folder(home) / "care_gap").glob("*.parquet"))


def _requests(home: Path) -> list[str | None]:
    with open_instance(Home(home)) as instance:
        context = dg.build_sensor_context(instance=instance, definitions=defs)
        found = new_extracts(context)
        return [each.partition_key for each in found if isinstance(each, dg.RunRequest)]


def test_a_month_is_counted_alone(sample_home: Path, secure: SecureHome) -> None:
    assert _requests(sample_home) == list(MONTHS)
    first = _run(sample_home, MONTHS[0])
    assert first.success
    assert _crossed(sample_home) == [DAYS[0]]
    assert _requests(sample_home) == [MONTHS[1]]
    (event,) = first.get_asset_materialization_events()
    assert event.partition == MONTHS[0]
    assert event.materialization.metadata["extracts admitted"].value == DAYS[0]
    record = get_run(Home(sample_home), first.run_id)
    assert record is not None
    assert record.job == PEOPLE_MONTH
    assert _run(sample_home, MONTHS[1]).success
    assert _crossed(sample_home) == list(DAYS)
    assert _requests(sample_home) == []

    pseudonyms = duckdb.sql(f"select pseudonym from '{secure.key}'").fetchall()
    assert len(pseudonyms) > 1_000
    _is_nowhere(sample_home, {str(row[0]) for row in pseudonyms})


def test_an_unforeseen_fault_is_told_without_its_values(
    sample_home: Path, secure: SecureHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*given: object) -> None:
        raise duckdb.ConversionException("Could not convert string 'FICT-CANARY' to DATE")

    monkeypatch.setattr(people_run, "evaluate", fails)
    result = _run(sample_home, MONTHS[0])
    assert not result.success
    assert _crossed(sample_home) == []
    record = get_run(Home(sample_home), result.run_id)
    assert record is not None
    assert "ConversionException" in " ".join(record.errors)
    assert "FICT-CANARY" in secure.faults.read_text()
    assert secure.faults.stat().st_mode & 0o777 == 0o600
    _is_nowhere(sample_home, {"FICT-CANARY"})


def _is_nowhere(home: Path, values: set[str]) -> None:
    wanted = [value.encode() for value in values]
    files = [path for path in home.rglob("*") if path.is_file()]
    assert any(path.suffix == ".db" for path in files)
    for path in files:
        if path.is_relative_to(home / "dagster") or path.suffix in (".jsonl", ".json"):
            content = path.read_bytes()
            assert not [value for value in wanted if value in content], path


def test_without_a_secure_home_nothing_is_looked_for(
    sample_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BEACON_HOME", str(sample_home))
    monkeypatch.delenv("BEACON_SECURE_HOME", raising=False)
    assert _requests(sample_home) == []


def test_an_extract_of_no_month_is_left_to_a_person(sample_home: Path, secure: SecureHome) -> None:
    (secure.inbox / DAYS[0] / "extract.json").write_text('{"as_at": "last winter"}')
    assert _requests(sample_home) == [MONTHS[1]]


def test_a_night_counts_nobody() -> None:
    nodes = defs.resolve_job_def(NIGHTLY).asset_layer.executable_asset_keys
    assert dg.AssetKey(["people", "care_gap"]) in nodes
    assert dg.AssetKey(["people", "crossed_counts"]) not in nodes
