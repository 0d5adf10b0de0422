"""Many boards from the command line: what is said, with which exit status, and what is refused."""

import shutil
from pathlib import Path

import pytest

from beacon.core.home import Home
from beacon.release.layout import list_releases
from tests.fixtures.board_homes import BOARDS, FIRST, SECOND, labels
from tests.fixtures.commands import beacon
from tests.fixtures.runs import revise


def everything(home: Path) -> dict[str, str]:
    return {"BEACON_HOME": str(home), "BEACON_INPUTS": "sample", "BEACON_FOOTPRINT": "all"}


def test_a_home_without_footprints_is_told_the_command_that_writes_them(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    ended = beacon("run", "--inputs", "folder", "--folder", str(tmp_path / "files"), "--footprint",
                   "all", "--home", str(tmp_path / "home"), environment={})  # fmt: skip
    assert ended.returncode == 1
    assert f"`beacon footprints {tmp_path / 'files'} --home {tmp_path / 'home'}`" in ended.stderr


def test_a_run_without_news_says_so_of_every_board(boards_home: Path) -> None:
    ended = beacon("run", environment=everything(boards_home))
    assert ended.returncode == 0, ended.stderr
    assert "3: 3 unchanged" in ended.stdout
    assert "v2026" in ended.stdout or "(unchanged)" in ended.stdout
    status = beacon("status", environment={"BEACON_HOME": str(boards_home)})
    assert status.returncode == 0
    assert "last run" in status.stdout


def test_a_board_that_fails_is_named_with_its_reason(
    boards_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    revise(boards_home)
    before = labels(boards_home)
    # Of two boards the current release is to hand; the second cannot even be begun.
    from beacon import boards as boards_module
    from beacon.core.errors import BeaconError

    real = boards_module.release_from_staged

    def fails(warehouse, finish, *, checks=True):  # type: ignore[no-untyped-def]
        if warehouse.workspace.footprint.id == SECOND:
            raise BeaconError("this board is refused")
        return real(warehouse, finish, checks=False)

    monkeypatch.setattr(boards_module, "release_from_staged", fails)
    ended = beacon("run", environment=everything(boards_home))
    assert ended.returncode == 3
    assert f"FAILED   {SECOND} (failed): this board is refused" in ended.stdout
    assert "3: 1 failed, 2 published" in ended.stdout
    assert labels(boards_home)[SECOND] == before[SECOND]
    status = beacon("status", environment={"BEACON_HOME": str(boards_home)})
    assert status.returncode == 2
    assert "1 board has no new release" in status.stdout
    # Old releases go with those of all that name them, and only then.
    dry = beacon("prune", "--keep", "0", "--dry-run", environment={"BEACON_HOME": str(boards_home)})
    assert dry.stdout.split() == ["would", "remove", list_releases(Home(boards_home))[0].label]
    assert (
        beacon("prune", "--keep", "0", environment={"BEACON_HOME": str(boards_home)}).returncode
        == 0
    )
    assert set(labels(boards_home)) == set(BOARDS)
    assert len(list_releases(Home(boards_home / "boards" / FIRST))) == 1
    assert beacon("verify", environment={"BEACON_HOME": str(boards_home)}).returncode == 0


def test_a_home_is_for_one_board_or_for_many(three_boards: Path, sample_home: Path) -> None:
    one = beacon("run", "--home", str(three_boards), environment={"BEACON_INPUTS": "sample"})
    assert one.returncode == 1
    assert "holds many boards" in one.stderr
    many = beacon("run", environment=everything(sample_home))
    assert many.returncode == 1
    assert "holds releases of one board" in many.stderr


def test_a_board_of_many_takes_no_returns(boards_home: Path) -> None:
    (filled, *_) = sorted((boards_home / "sample_returns").glob("FICTIONAL_*.csv"))
    ended = beacon("returns", "add", str(filled), "--home", str(boards_home / "boards" / FIRST),
                   "--footprint", FIRST, environment={"BEACON_INPUTS": "sample"})  # fmt: skip
    assert ended.returncode == 1
    assert "takes no returns" in ended.stderr
    assert not (boards_home / "landing" / "local_return").exists()


def test_a_query_reads_all_boards(three_boards: Path) -> None:
    ended = beacon("query", "select board_code, count(*) as n from place group by all order by 1",
                   "--format", "csv", "--home", str(three_boards), environment={})  # fmt: skip
    assert ended.stdout.splitlines() == [
        "board_code,n",
        "Z54000001,9",
        "Z54000002,7",
        "Z54000003,6",
    ]


def test_footprints_of_the_sample_are_those_of_its_lookups(
    three_boards: Path, tmp_path: Path
) -> None:
    shutil.copytree(three_boards / "sample" / "lookups", tmp_path / "lookups")
    ended = beacon("footprints", str(tmp_path / "lookups"), "--year", "2024", "--out",
                   str(tmp_path / "out"), environment={})  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    for board in BOARDS:
        written = (tmp_path / "out" / f"{board}.yaml").read_text()
        assert written == (three_boards / "footprints" / f"{board}.yaml").read_text()
        assert "fictional: true" in written
