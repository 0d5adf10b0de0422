"""The run history is the same on SQLite and on a real PostgreSQL server."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from assets.keys import RELEASE
from beacon.core.errors import BeaconError, SettingsError
from beacon.core.home import Home
from beacon.operations.runs import list_runs
from beacon.release import layout
from beacon.release.layout import latest_release, list_releases
from beacon.release.verify import verify_release
from pipelines import instance as instances
from pipelines.instance import HISTORY_PASSWORD_FILE, HISTORY_URL, open_instance
from pipelines.nightly_run import run_config
from tests.fixtures.runs import revise, run_on_sample, settings_of
from tests.servers.postgres import Cluster

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def home(history: str, tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def made(history: str, sample_home: Path) -> Home:
    """A home with a release, without a history yet."""
    return Home(sample_home)


def test_the_history_is_where_it_was_asked_for(home: Home, history: str) -> None:
    with open_instance(home) as instance:
        kinds = {
            type(storage).__module__
            for storage in (instance.run_storage, instance.event_log_storage)
        }
    package = {"sqlite": "dagster.", "postgres": "dagster_postgres."}[history]
    assert all(kind.startswith(package) for kind in kinds), "Dagster's own storage, as it comes"
    assert (home.dagster / "history").exists() == (history == "sqlite")


def test_a_first_night_and_a_quiet_one_are_in_the_history(home: Home) -> None:
    assert run_on_sample(home.root) == {"success": True, "status": "published", "errors": []}
    assert run_on_sample(home.root)["status"] == "unchanged"
    assert len(list_releases(home)) == 1
    with open_instance(home) as instance:
        assert [run.is_success for run in instance.get_runs()] == [True, True]
        event = instance.get_latest_materialization_event(RELEASE)
        assert event is not None
        assert event.asset_materialization is not None
        release = latest_release(home)
        assert release is not None
        assert event.asset_materialization.metadata["release"].value == release.label
        checks = instance.event_log_storage.get_asset_check_execution_history(
            dg.AssetCheckKey(dg.AssetKey(["marts", "place"]), "contract"), limit=5
        )
        assert len(checks) == 1


def test_two_runs_at_once_take_turns(made: Home) -> None:
    text = (
        "from pathlib import Path; from tests.fixtures.runs import run_on_sample; "
        f"assert run_on_sample(Path({str(made.root)!r}), quiet=True)['success']"
    )
    running = [
        subprocess.Popen(
            [sys.executable, "-c", text], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(2)
    ]
    said = [process.communicate(timeout=300) for process in running]
    assert [process.returncode for process in running] == [0, 0], said
    with open_instance(made) as instance:
        assert [run.is_success for run in instance.get_runs()] == [True, True]
    assert len(list_releases(made)) == 1


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


def test_a_failed_run_is_run_again_from_where_it_failed(
    made: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BEACON_HOME", str(made.root))
    monkeypatch.setenv("DAGSTER_HOME", str(instances.instance_directory(made)))
    job = dg.reconstructable(_nightly)
    config = run_config(settings_of(made.root))
    # A file where a directory belongs: publishing fails after everything else was made.
    hidden = made.root / "releases-aside"
    made.releases.rename(hidden)
    made.latest.rename(made.root / "latest-aside")
    made.releases.write_text("in the way")
    with open_instance(made) as instance:
        with dg.execute_job(job, instance=instance, run_config=config) as failed:
            assert not failed.success
            assert {event.step_key for event in failed.filter_events(_failed)} == {"release"}
        made.releases.unlink()
        hidden.rename(made.releases)
        (made.root / "latest-aside").rename(made.latest)
        again = dg.ReexecutionOptions.from_failure(failed.run_id, instance)
        with dg.execute_job(
            job, instance=instance, run_config=config, reexecution_options=again
        ) as mended:
            assert mended.success
            started = {e.step_key for e in mended.all_events if e.event_type_value == "STEP_START"}
        assert started == {"release"}
        assert instance.get_run_by_id(mended.run_id).parent_run_id == failed.run_id


def _failed(event: dg.DagsterEvent) -> bool:
    return event.event_type_value == "STEP_FAILURE"


def _nightly() -> dg.JobDefinition:
    from pipelines.definitions import defs

    return defs.resolve_job_def("nightly")


class TestPostgres:
    """What only a server can do: go away, come back, and ask for a password."""

    @pytest.fixture
    def home(self, postgres_history: Cluster, tmp_path: Path) -> Home:
        return Home(tmp_path / "home")

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

    @pytest.mark.parametrize(
        ("mode", "back"), [("fast", "at once"), ("immediate", "after the run")]
    )
    def test_a_restart_during_a_night_leaves_nothing_half_done(
        self, sample_home: Path, postgres_history: Cluster, mode: str, back: str
    ) -> None:
        """The run may fail, and says so; what was current stays so, and the next run succeeds."""
        home = Home(sample_home)
        before = latest_release(home)
        revise(sample_home)
        away = []

        def say(line: str) -> None:
            if "making" in line and not away:
                away.append(line)
                postgres_history.stop(mode)
                if back == "at once":
                    postgres_history.start()

        try:
            outcome = run_on_sample(sample_home, say=say)
        finally:
            if away and back == "after the run":
                postgres_history.start()
        assert away
        assert not layout.unfinished_builds(home)
        if back == "after the run":
            assert not outcome["success"]
        if outcome["success"]:
            assert (outcome["status"], outcome["errors"]) == ("published", [])
        else:
            assert outcome["status"] == "failed"
            assert any("history" in error for error in outcome["errors"]), outcome
            assert latest_release(home) == before
            assert list_runs(home)[0].outcome == "failed"
            assert run_on_sample(sample_home)["status"] == "published"
        assert len(list_releases(home)) == 2
        for release in list_releases(home):
            assert verify_release(home, release).intact
        with open_instance(home) as instance:
            assert instance.get_runs()[0].is_success

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
