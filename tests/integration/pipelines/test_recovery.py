"""Runs that end before their time, reruns, retries, and the jobs beside the night."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

from assets.keys import RELEASE, indicator_key, landing_key, sources_in_use, table_key
from assets.landing import RETRY_MINUTES, _land_patiently
from beacon.core.home import Home
from beacon.operations.alerts import load_book
from beacon.operations.health import read_heartbeat
from beacon.operations.runs import get_run, list_runs, this_process, write_run
from beacon.operations.status import gather
from beacon.release.layout import latest_release, list_releases
from beacon.warehouse.connection import open_warehouse
from beacon.workspace import Workspace
from pipelines.definitions import defs
from pipelines.instance import open_instance
from pipelines.jobs import NIGHTLY
from pipelines.nightly_run import run_config
from pipelines.retries import end_dead_runs_of
from pipelines.schedules import nightly_schedule, rebuild_schedule
from pipelines.sensors import tell_of_failed_runs, watch
from tests.fixtures.runs import revise, run_on_sample, settings_of
from tests.operations.status.conftest import run_record


def test_a_run_leaves_its_record_and_how_sources_stand(sample_home: Path) -> None:
    home = Home(sample_home)
    run_on_sample(sample_home, quiet=True)
    (record,) = list_runs(home)
    assert (record.job, record.state, record.outcome) == ("nightly", "ended", "unchanged")
    assert record.release == latest_release(home).label
    status = gather(home)
    assert status.sources is not None
    assert {source.source for source in status.sources.sources} <= set(sources_in_use())
    assert (home.root / "health.json").is_file()
    with open_instance(home) as instance:
        (run,) = instance.get_runs()
        assert run.tags["beacon/outcome"] == "unchanged"
        event = instance.get_latest_materialization_event(dg.AssetKey(["release", "release"]))
    metadata = event.asset_materialization.metadata
    assert "Nothing changed" in metadata["what changed"].md_str


def test_a_failed_run_is_told_with_its_step_and_error(
    sample_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("assets.release.confirm", full)
    home = Home(sample_home)
    outcome = run_on_sample(sample_home, quiet=True)
    assert outcome["success"] is False
    (record,) = list_runs(home)
    assert record.outcome == "failed"
    assert (record.inputs, record.folder, record.footprint) == ("sample", "", "sample")
    assert "No space left on device" in record.errors[0]
    (alert,) = load_book(home).open.values()
    assert alert["command"] == "beacon prune --keep 7"
    monkeypatch.undo()
    run_on_sample(sample_home, quiet=True)
    assert load_book(home).open == {}


def test_a_killed_run_is_ended_in_the_history_so_that_the_next_can_start(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    _, host, _ = this_process()
    with open_instance(home) as instance:
        run = instance.create_run_for_job(
            defs.resolve_job_def(NIGHTLY), status=dg.DagsterRunStatus.STARTED
        )
        assert end_dead_runs_of(instance, home) == []
        write_run(
            home,
            run_record(
                run_id=run.run_id, state="running", outcome="", process=(999_999_999, host, "1")
            ),
        )
        assert end_dead_runs_of(instance, home) == [run.run_id]
        assert instance.get_run_by_id(run.run_id).status is dg.DagsterRunStatus.FAILURE
    assert get_run(home, run.run_id).outcome == "cut_short"


def test_going_on_after_a_failure_keeps_what_was_made(
    sample_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("out of luck")

    home = Home(sample_home)
    before = latest_release(home)
    revise(sample_home)
    monkeypatch.setattr("assets.release.publish", broken)
    outcome = run_on_sample(sample_home)
    assert not outcome["success"]
    assert "out of luck" in outcome["errors"][0]
    assert latest_release(home) == before
    monkeypatch.undo()
    with open_instance(home) as instance:
        (failed,) = instance.get_runs()
        result = _go_on(instance, failed, sample_home)
        assert result.success
        steps = {event.step_key for event in result.all_events if event.is_step_start}
        assert instance.get_run_by_id(result.run_id).parent_run_id == failed.run_id
    assert steps == {"release"}
    assert list_runs(home)[0].outcome == "published"
    assert len(list_releases(home)) == 2


def test_going_on_is_refused_when_another_run_came_in_between(
    sample_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("out of luck")

    home = Home(sample_home)
    # One step is enough to fail in, and to go on with.
    monkeypatch.setattr("assets.release.confirm", broken)
    run_on_sample(sample_home, quiet=True)
    monkeypatch.undo()
    run_on_sample(sample_home, quiet=True)
    with open_instance(home) as instance:
        failed = next(run for run in instance.get_runs() if run.is_failure)
        result = _go_on(instance, failed, sample_home)
        assert not result.success
        said = [
            event.step_failure_data.error.cause or event.step_failure_data.error
            for event in result.all_events
            if event.is_step_failure
        ]
    assert "Start a whole run instead" in said[0].message


def nightly_job() -> dg.JobDefinition:
    return defs.resolve_job_def(NIGHTLY)


def _go_on(
    instance: dg.DagsterInstance, failed: dg.DagsterRun, home: Path
) -> dg.JobExecutionResult:
    """What "from failure" in the UI does, in this process."""
    return dg.execute_job(
        dg.reconstructable(nightly_job),
        instance,
        run_config=run_config(settings_of(home)),
        reexecution_options=dg.ReexecutionOptions.from_failure(failed.run_id, instance),
    )


@pytest.mark.parametrize("scheduled", [True, False])
def test_a_scheduled_night_asks_again_later_and_a_person_does_not_wait(
    scheduled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    monkeypatch.setattr(
        "assets.landing.land_inputs", lambda _, *, again: asked.append(again) or "report"
    )
    monkeypatch.setattr("assets.landing.unreached", lambda _: ["ons_els/topic/claimant-count"])
    run = SimpleNamespace(workspace=None, scheduled=scheduled)
    log = SimpleNamespace(warning=print)
    waits = []
    for number in range(len(RETRY_MINUTES) + 1):
        try:
            report = _land_patiently(SimpleNamespace(retry_number=number, log=log), run)
        except dg.RetryRequested as later:
            waits.append(later.seconds_to_wait / 60)
        else:
            break
    assert report == "report"
    assert waits == (list(RETRY_MINUTES) if scheduled else [])
    assert asked == ([False, True, True, True] if scheduled else [False])


def test_only_killed_runs_of_the_daemon_are_tried_again(tmp_path: Path) -> None:
    job = defs.resolve_job_def(NIGHTLY)
    assert job.tags["dagster/max_retries"] == "1"
    assert job.tags["dagster/retry_strategy"] == "ALL_STEPS"
    with open_instance(Home(tmp_path)) as instance:
        assert instance.run_retries_enabled
        assert not instance.run_retries_retry_on_asset_or_op_failure
        assert instance.run_retries_max_retries == 0


def test_what_is_run_in_part_is_a_selection_of_assets_and_no_job_of_its_own() -> None:
    assert {job.name for job in defs.resolve_all_job_defs() if not job.name.startswith("__")} == {
        "nightly", "people_month", "boards", "rebuild", "backfill",
    }  # fmt: skip
    selected = _with_all_that_follows(indicator_key("life_expectancy"))
    assert indicator_key("life_expectancy") in selected
    assert RELEASE in selected
    assert landing_key("fingertips") not in selected
    assert indicator_key("gld_reception") not in selected


def _with_all_that_follows(*keys: dg.AssetKey) -> set[dg.AssetKey]:
    chosen = dg.AssetSelection.assets(*keys).downstream()
    return set(chosen.resolve(defs.resolve_asset_graph()))


def run_some(home: Path, keys: Iterable[dg.AssetKey]) -> dg.ExecuteInProcessResult:
    """What selecting assets in the UI and materialising them does, in this process."""
    with open_instance(Home(home)) as instance:
        return defs.resolve_job_def(NIGHTLY).execute_in_process(
            instance=instance,
            run_config=run_config(settings_of(home)),
            asset_selection=list(keys),
        )


def test_one_indicator_by_hand_ends_in_a_release_or_in_the_same(sample_home: Path) -> None:
    home = Home(sample_home)
    assert run_some(sample_home, _with_all_that_follows(indicator_key("life_expectancy"))).success
    assert list_runs(home)[0].outcome == "unchanged"
    assert len(list_releases(home)) == 1


@pytest.mark.parametrize(
    "table",
    [
        "staging.observation", "geography.lsoa21", "cohorts.lsoa_population", "indicators.fact",
        # These say what was staged, and what the previous release said.
        "marts.source_status", "marts.change",
    ],
)  # fmt: skip
def test_one_table_is_made_again_alone_in_a_run_of_its_own(sample_home: Path, table: str) -> None:
    """The tables that it reads were left in the working database by another process."""
    home = Home(sample_home)
    before = latest_release(home)
    workspace = Workspace(settings_of(sample_home))
    with open_warehouse(workspace, prepare=False) as warehouse:
        expected = warehouse.con.sql(f"from {table} order by all").fetchall()
        warehouse.con.execute(f"drop table {table}")
    result = run_some(sample_home, [table_key(table)])
    assert result.success
    assert [event.asset_key for event in result.get_asset_materialization_events()
            if event.asset_key.path[0] != "publishers"] == [table_key(table)]  # fmt: skip
    with open_warehouse(workspace, prepare=False) as warehouse:
        assert warehouse.con.sql(f"from {table} order by all").fetchall() == expected
    record = list_runs(home)[0]
    assert (record.job, record.outcome) == ("assets", "done")
    assert latest_release(home) == before


@pytest.mark.parametrize(("job", "config"), [
    ("rebuild", {}),
    ("backfill", {"ops": {"release_as_of": {"config": {"as_of": f"{datetime.now(UTC):%Y-%m-%d}"}}}}),
])  # fmt: skip
def test_jobs_beside_the_night_change_nothing_that_is_current(
    sample_home: Path, job: str, config: dict
) -> None:
    home = Home(sample_home)
    before = latest_release(home)
    with open_instance(home) as instance:
        result = defs.resolve_job_def(job).execute_in_process(
            instance=instance, run_config={**run_config(settings_of(sample_home)), **config}
        )
        assert result.success
        assert instance.get_latest_materialization_event(indicator_key("life_expectancy")) is None
    assert latest_release(home) == before
    assert (list_runs(home)[0].job, list_runs(home)[0].outcome) == (job, "done")


def test_the_rebuild_is_on_the_first_of_the_month_and_never_beside_the_night() -> None:
    from dagster._utils.schedules import schedule_execution_time_iterator  # noqa: TID251

    london = ZoneInfo("Europe/London")
    assert nightly_schedule.default_status is dg.DefaultScheduleStatus.RUNNING
    assert rebuild_schedule.default_status is dg.DefaultScheduleStatus.RUNNING
    iterator = schedule_execution_time_iterator(
        datetime(2026, 3, 20, tzinfo=london).timestamp(),
        rebuild_schedule.cron_schedule,
        rebuild_schedule.execution_timezone,
    )
    assert next(iterator).astimezone(london).isoformat() == "2026-04-01T05:30:00+01:00"


def test_the_watch_gives_a_sign_of_life_and_tells(
    sample_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BEACON_HOME", str(sample_home))
    home = Home(sample_home)
    write_run(
        home, run_record(outcome="failed", errors=("stage: boom",), started=datetime.now(UTC))
    )
    with open_instance(home) as instance:
        result = watch(dg.build_sensor_context(instance))
    assert "looked" in result.skip_message
    heartbeat = read_heartbeat(home)
    assert heartbeat is not None
    assert datetime.now(UTC) - heartbeat.at < timedelta(minutes=1)
    assert "run" in load_book(home).open
    assert watch.default_status is dg.DefaultSensorStatus.RUNNING
    assert tell_of_failed_runs.default_status is dg.DefaultSensorStatus.RUNNING


def test_a_run_that_failed_before_its_first_step_is_told_too(
    sample_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BEACON_HOME", str(sample_home))
    home = Home(sample_home)
    with open_instance(home) as instance:
        job = defs.resolve_job_def(NIGHTLY)
        run = instance.create_run_for_job(job)
        instance.report_run_failed(run, "The code could not be loaded.")
        event = instance.all_logs(run.run_id)[-1].dagster_event
        context = dg.build_run_status_sensor_context(
            "tell_of_failed_runs", event, instance, instance.get_run_by_id(run.run_id)
        ).for_run_failure()
        tell_of_failed_runs(context)
    (record,) = list_runs(home)
    assert record.outcome == "failed"
    assert "could not be loaded" in record.errors[0]
    assert "run" in load_book(home).open
