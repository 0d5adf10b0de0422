"""The run history over kept connections is Dagster's own history, written faster."""

import fcntl
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dagster as dg
import pytest

from beacon.core.settings import Home
from pipelines.instance import open_instance
from pipelines.storage import PooledSqliteEventLogStorage, PooledSqliteRunStorage


@dg.asset
def number() -> dg.MaterializeResult:
    return dg.MaterializeResult(metadata={"dagster/row_count": 3})


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def test_the_instance_uses_the_kept_connections(home: Home) -> None:
    with open_instance(home) as instance:
        assert isinstance(instance.event_log_storage, PooledSqliteEventLogStorage)
        assert isinstance(instance.run_storage, PooledSqliteRunStorage)
        assert not instance.telemetry_enabled


def test_an_unmodified_dagster_reads_the_history(home: Home) -> None:
    with open_instance(home) as instance:
        result = dg.materialize([number], instance=instance)
        assert result.success
    settings = home.dagster / "dagster.yaml"
    plain = settings.read_text()
    plain = plain.replace("pipelines.storage", "dagster._core.storage.runs", 1)
    plain = plain.replace("pipelines.storage", "dagster._core.storage.event_log", 1)
    settings.write_text(plain.replace("PooledSqlite", "Sqlite"))
    with dg.DagsterInstance.from_config(str(home.dagster)) as instance:
        assert type(instance.event_log_storage).__name__ == "SqliteEventLogStorage"
        (run,) = instance.get_runs()
        assert run.is_success
        event = instance.get_latest_materialization_event(dg.AssetKey("number"))
        assert event is not None
        assert event.asset_materialization is not None
        assert event.asset_materialization.metadata["dagster/row_count"].value == 3


def test_settings_that_somebody_changed_are_written_anew(home: Home) -> None:
    open_instance(home).dispose()
    settings = home.dagster / "dagster.yaml"
    expected = settings.read_text()
    settings.write_text("telemetry:\n  enabled: true\n")
    with open_instance(home) as instance:
        assert not instance.telemetry_enabled
    assert settings.read_text() == expected


def test_a_history_is_opened_by_one_process_at_a_time(home: Home) -> None:
    """Two first runs at once would both create its tables, and one of them would fail."""
    home.dagster.mkdir(parents=True)
    with (home.dagster / ".opening").open("w") as other, ThreadPoolExecutor(1) as pool:
        fcntl.flock(other, fcntl.LOCK_EX)
        opening = pool.submit(open_instance, home)
        with pytest.raises(TimeoutError):
            opening.result(timeout=0.5)
        assert not (home.dagster / "history" / "runs.db").exists()
        fcntl.flock(other, fcntl.LOCK_UN)
        with opening.result(timeout=60) as instance:
            assert instance.get_runs() == []


def test_what_the_history_has_is_looked_for_only_until_it_is_there(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dagster._core.storage.event_log import SqliteEventLogStorage  # noqa: TID251

    asked: list[str] = []
    look = SqliteEventLogStorage.has_table

    def counted(self: SqliteEventLogStorage, table_name: str) -> bool:
        asked.append(table_name)
        return look(self, table_name)

    with open_instance(home) as instance:
        monkeypatch.setattr(SqliteEventLogStorage, "has_table", counted)
        storage = instance.event_log_storage
        assert isinstance(storage, PooledSqliteEventLogStorage)
        assert all(storage.has_table("asset_event_tags") for _ in range(3))
        assert not any(storage.has_table("of_a_later_version") for _ in range(3))
        assert storage.has_asset_key_col("last_materialization_timestamp")
        assert not storage.has_asset_key_col("of_a_later_version")
        for _ in range(3):
            assert storage.has_secondary_index("asset_key_table")
            assert not storage.has_secondary_index("of_a_later_version")
    assert asked.count("asset_event_tags") == 1
    assert asked.count("of_a_later_version") == 3


def _planned(instance: dg.DagsterInstance) -> list[str]:
    """Assets that the latest run planned to make, as the index and the run's own log have it."""
    (run,) = instance.get_runs(limit=1)
    of_type = dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED
    logged = [e for e in instance.all_logs(run.run_id) if e.dagster_event_type == of_type]
    return sorted(
        entry.get_dagster_event().asset_key.to_user_string()
        for entry in logged
        if entry.get_dagster_event().asset_key is not None
    )


@dg.asset
def other() -> None: ...


def test_what_a_run_plans_is_stored_together(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    stored: list[int] = []
    together = PooledSqliteEventLogStorage.store_event_batch

    def counted(self: PooledSqliteEventLogStorage, events: Sequence[dg.EventLogEntry]) -> None:
        stored.append(len(events))
        together(self, events)

    monkeypatch.setattr(PooledSqliteEventLogStorage, "store_event_batch", counted)
    with open_instance(home) as instance:
        assert dg.materialize([number, other], instance=instance).success
        assert _planned(instance) == ["number", "other"]
        assert instance.get_latest_materialization_event(dg.AssetKey("other")) is not None
    assert stored == [2]


def test_events_of_a_batch_that_fails_are_stored_once_each(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    store, calls = PooledSqliteEventLogStorage.store_event, 0

    def fails_once(self: PooledSqliteEventLogStorage, event: dg.EventLogEntry) -> None:
        nonlocal calls
        calls += 1
        store(self, event)
        if calls == 2:
            raise OSError("the disk is full")

    with open_instance(home) as instance:
        monkeypatch.setattr(PooledSqliteEventLogStorage, "store_event", fails_once)
        assert dg.materialize([number, other], instance=instance).success
        assert _planned(instance) == ["number", "other"]
    assert "the disk is full" in capsys.readouterr().err
