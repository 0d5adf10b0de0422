"""The run history is the same on SQLite and on a real PostgreSQL server.

Two runs at once on each, and a server that goes away during a night: tests/operations/faults.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from beacon.core.errors import BeaconError, SettingsError
from beacon.core.home import Home
from beacon.release.layout import list_releases
from pipelines import instance as instances
from pipelines.instance import HISTORY_PASSWORD_FILE, HISTORY_URL, open_instance
from pipelines.nightly_run import run_config
from tests.fixtures.runs import assert_in_history, run_on_sample, settings_of
from tests.servers.postgres import Cluster


@pytest.fixture
def home(history: str, tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def test_the_history_is_where_it_was_asked_for(home: Home, history: str) -> None:
    with open_instance(home) as instance:
        kinds = {
            type(storage).__module__
            for storage in (instance.run_storage, instance.event_log_storage)
        }
    package = {"sqlite": "dagster.", "postgres": "dagster_postgres."}[history]
    assert all(kind.startswith(package) for kind in kinds), "Dagster's own storage, as it comes"
    assert (home.dagster / "history").exists() == (history == "sqlite")


def test_the_pool_lets_one_run_write_at_a_time(home: Home) -> None:
    with open_instance(home) as instance:
        log = instance.event_log_storage
        assert log.supports_global_concurrency_limits
        log.initialize_concurrency_limit_to_default("duckdb_writer")
        first = log.claim_concurrency_slot("duckdb_writer", "run-1", "step")
        second = log.claim_concurrency_slot("duckdb_writer", "run-2", "step")
        assert (first.is_claimed, second.is_claimed) == (True, False)
        log.free_concurrency_slots_for_run("run-1")
        assert log.claim_concurrency_slot("duckdb_writer", "run-2", "step").is_claimed


def _nightly() -> dg.JobDefinition:
    from pipelines.definitions import defs

    return defs.resolve_job_def("nightly")


class TestPostgres:
    """What only a server can do: go away, come back, and ask for a password."""

    @pytest.fixture
    def home(self, postgres_history: Cluster, tmp_path: Path) -> Home:
        return Home(tmp_path / "home")

    def test_a_first_night_that_fails_is_gone_on_with_and_a_quiet_one_follows(
        self, home: Home, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The same on SQLite: test_nightly.py and test_recovery.py."""
        monkeypatch.setenv("BEACON_HOME", str(home.root))
        monkeypatch.setenv("DAGSTER_HOME", str(instances.instance_directory(home)))
        # A file where a directory belongs: publishing fails after everything else was made.
        home.releases.write_text("in the way")
        job, config = dg.reconstructable(_nightly), run_config(settings_of(home.root))
        with open_instance(home) as instance:
            with dg.execute_job(job, instance=instance, run_config=config) as failed:
                assert not failed.success
                steps = failed.filter_events(lambda event: event.is_step_failure)
                assert {event.step_key for event in steps} == {"release"}
            home.releases.unlink()
            again = dg.ReexecutionOptions.from_failure(failed.run_id, instance)
            with dg.execute_job(
                job, instance=instance, run_config=config, reexecution_options=again
            ) as mended:
                assert mended.success
                started = mended.filter_events(lambda event: event.is_step_start)
                assert {event.step_key for event in started} == {"release"}
            assert instance.get_run_by_id(mended.run_id).parent_run_id == failed.run_id
        assert run_on_sample(home.root)["status"] == "unchanged"
        (release,) = list_releases(home)
        with open_instance(home) as instance:
            assert [run.is_success for run in instance.get_runs()] == [True, True, False]
            assert_in_history(instance, release)

    def test_a_restart_between_two_nights_is_not_noticed(
        self, sample_home: Path, postgres_history: Cluster
    ) -> None:
        assert run_on_sample(sample_home, quiet=True)["success"]
        postgres_history.restart("fast")
        assert run_on_sample(sample_home, quiet=True)["success"]
        with open_instance(Home(sample_home)) as instance:
            assert len(instance.get_runs()) == 2

    def test_an_instance_that_stays_open_finds_the_server_again(
        self, home: Home, postgres_history: Cluster
    ) -> None:
        with open_instance(home) as instance:
            assert instance.get_runs() == []
            postgres_history.restart("immediate")
            assert instance.get_runs() == []

    def test_a_server_that_is_down_is_said_in_words_and_nothing_is_run(
        self, home: Home, postgres_history: Cluster
    ) -> None:
        postgres_history.stop()
        try:
            with pytest.raises(BeaconError, match=r"cannot be reached .*Nothing was run"):
                open_instance(home)
        finally:
            postgres_history.start()
        assert not home.releases.exists()

    def test_a_wrong_password_is_refused_and_not_repeated(
        self, home: Home, postgres_history: Cluster, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PGPASSWORD", "not-the-one")
        with pytest.raises(BeaconError, match="password authentication failed") as refused:
            open_instance(home)
        assert "not-the-one" not in str(refused.value)

    def test_a_password_file_of_a_service_manager_is_read(
        self,
        home: Home,
        postgres_history: Cluster,
        monkeypatch: pytest.MonkeyPatch,
        tmp_path: Path,
    ) -> None:
        (tmp_path / "credential").write_text(os.environ["PGPASSWORD"] + "\n")
        monkeypatch.delenv("PGPASSWORD")
        monkeypatch.setenv(HISTORY_PASSWORD_FILE, str(tmp_path / "credential"))
        with open_instance(home) as instance:
            assert instance.get_runs() == []
        # Set by us, so not undone by itself.
        monkeypatch.setenv("PGPASSWORD", "")

    def test_the_password_is_in_no_file_of_the_home(
        self, sample_home: Path, postgres_history: Cluster
    ) -> None:
        assert run_on_sample(sample_home, quiet=True)["success"]
        secret = postgres_history.password.encode()
        holding = [
            path
            for path in sample_home.rglob("*")
            if path.is_file() and secret in path.read_bytes()
        ]
        assert holding == []

    def test_a_process_that_was_not_told_of_the_server_does_not_start_another_history(
        self, home: Home, postgres_history: Cluster, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        open_instance(home).dispose()
        monkeypatch.delenv(HISTORY_URL)
        with pytest.raises(SettingsError, match="is on PostgreSQL"):
            open_instance(home)
        monkeypatch.setenv(HISTORY_URL, "sqlite")
        with open_instance(home) as instance:
            assert type(instance.run_storage).__module__.startswith("dagster.")


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("postgresql://beacon:hunter2@db/beacon", "holds a password"),
        ("postgresql://beacon@db/beacon?password=hunter2", "holds a password"),
        ("mysql://beacon@db/beacon", "not of the form"),
        ("postgresql://db/beacon", "not of the form"),
        ("postgresql://beacon@db", "not of the form"),
        ("postgresql://[beacon@db/beacon", "not of the form"),
    ],
)
def test_an_unusable_address_is_refused_and_not_repeated(
    url: str, message: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(HISTORY_URL, url)
    with pytest.raises(SettingsError, match=message) as refused:
        open_instance(Home(tmp_path / "home"))
    assert "hunter2" not in str(refused.value)


@pytest.fixture
def postgres_history(
    _postgres_cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Cluster]:
    """A cluster that a test may stop and start, with an empty database as the history."""
    monkeypatch.setenv(HISTORY_URL, _postgres_cluster.new_database())
    monkeypatch.setenv("PGPASSWORD", _postgres_cluster.password)
    return _postgres_cluster
