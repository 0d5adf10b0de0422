"""Many boards in the orchestrator: each is a partition, and one can be made anew by itself."""

import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from assets.board_assets import ALL_BOARDS, BOARD, BOARD_PARTITIONS, board
from assets.run import BeaconRun
from beacon.boards import JOB
from beacon.core.home import Home
from beacon.operations.runs import list_runs
from pipelines.definitions import defs
from pipelines.instance import open_instance
from pipelines.jobs import NIGHTLY
from tests.fixtures.board_homes import BOARDS, SECOND, THIRD, labels
from tests.fixtures.runs import revise


def resource(home: Path) -> BeaconRun:
    return BeaconRun(home=str(home), inputs="sample", footprint="all")


def test_every_board_is_a_partition_and_one_is_made_anew(
    boards_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BEACON_HOME", str(boards_home))
    monkeypatch.setenv("BEACON_INPUTS", "sample")
    monkeypatch.setenv("BEACON_FOOTPRINT", "all")
    before = labels(boards_home)
    with open_instance(Home(boards_home)) as instance:
        assert defs.resolve_job_def(JOB).execute_in_process(instance=instance).success
        assert set(instance.get_dynamic_partitions(str(BOARD_PARTITIONS.name))) == set(BOARDS)
        assert set(instance.get_materialized_partitions(BOARD)) == set(BOARDS)
        assert list_runs(Home(boards_home))[0].job == JOB
        assert list_runs(Home(boards_home))[0].outcome == "unchanged"
        revise(boards_home)
        made = dg.materialize(
            [board],
            partition_key=THIRD,
            instance=instance,
            resources={"run": resource(boards_home)},
        )
        assert made.success
        after = labels(boards_home)
        assert {name for name in BOARDS if after[name] != before[name]} == {THIRD}
        event = instance.get_latest_materialization_event(BOARD)
        assert event is not None
        assert event.asset_materialization is not None
        assert event.asset_materialization.partition == THIRD
        assert event.asset_materialization.metadata["outcome"].value == "published"


def test_a_board_that_fails_fails_its_partition_and_the_check_of_all(
    boards_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from beacon import boards as boards_module
    from beacon.core.errors import BeaconError

    def fails(*_: object, **__: object) -> None:
        raise BeaconError("this board is refused")

    monkeypatch.setattr(boards_module, "release_from_staged", fails)
    revise(boards_home)
    for name, value in resource(boards_home).settings().model_dump(mode="json").items():
        if name in ("home", "inputs", "footprint"):
            monkeypatch.setenv(f"BEACON_{name.upper()}", value)
    with open_instance(Home(boards_home)) as instance:
        every = defs.resolve_job_def(JOB).execute_in_process(instance=instance)
        assert every.success
        (check,) = every.get_asset_check_evaluations()
        assert not check.passed
        assert str(check.description).count("this board is refused") == 3
        one = dg.materialize(
            [board], partition_key=SECOND, instance=instance, raise_on_error=False,
            resources={"run": resource(boards_home)},
        )  # fmt: skip
        assert not one.success
        assert instance.get_latest_materialization_event(ALL_BOARDS) is not None


def test_a_night_of_one_board_makes_none_of_many() -> None:
    selected = defs.resolve_job_def(NIGHTLY).asset_layer.executable_asset_keys
    assert not selected & {BOARD, ALL_BOARDS}


@pytest.mark.parametrize(("footprint", "runs"), [("all", "boards"), ("sample", "nightly")])
def test_the_night_that_runs_by_itself_is_that_of_the_footprint(footprint: str, runs: str) -> None:
    code = (
        "from pipelines.definitions import defs\n"
        "for s in defs.schedules: print(s.name, s.default_status.value)"
    )
    environment = {**os.environ, "BEACON_FOOTPRINT": footprint}
    told = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    ).stdout.split()
    found = dict(zip(told[::2], told[1::2], strict=True))
    assert found[f"{runs}_at_half_past_two"] == "RUNNING"
    assert [
        name for name, status in found.items() if "half_past" in name and status == "RUNNING"
    ] == [f"{runs}_at_half_past_two"]
