"""Many boards in one run, on the fictional sample: each as if it were alone, and all together."""

import json
import shutil
from collections import defaultdict
from pathlib import Path

import duckdb
import pytest

from beacon.backup import restore, take_backup
from beacon.core.files import write_json
from beacon.core.home import Home
from beacon.core.settings import Settings
from beacon.operations.status import gather
from beacon.pipeline import run_pipeline
from beacon.release import build as build_module
from beacon.release import layout
from beacon.release.layout import Release, get_release, latest_release
from beacon.release.manage import prunable
from beacon.release.named_boards import named_boards
from beacon.release.query import connect_release
from beacon.release.verify import verify_release
from beacon.warehouse import transform as transform_module
from beacon.workspace import Workspace
from tests.fixtures.board_homes import BOARDS, FIRST, SECOND, THIRD, labels, make_boards
from tests.fixtures.commands import beacon
from tests.fixtures.runs import revise


class WithoutReturns(Workspace):
    """A board alone, to which nobody returned anything: a home of many boards takes no returns."""

    @property
    def takes_returns(self) -> bool:
        return False


def hashes(home: Path) -> dict[str, str]:
    release = latest_release(Home(home))
    assert release is not None
    return {mart["name"]: mart["content_sha256"] for mart in release.manifest["marts"]}


@pytest.mark.parametrize("board", BOARDS)
def test_each_board_says_what_it_says_alone(three_boards: Path, tmp_path: Path, board: str) -> None:
    footprint = three_boards / "footprints" / f"{board}.yaml"
    alone = WithoutReturns(Settings(home=tmp_path, inputs="sample", footprint=str(footprint)))
    assert run_pipeline(alone, checks=False).status == "published"
    assert hashes(three_boards / "boards" / board) == hashes(tmp_path)


def test_rows_of_the_nation_are_the_same_in_every_board(three_boards: Path) -> None:
    with duckdb.connect(str(three_boards / "beacon.duckdb"), read_only=True) as con:
        for mart in ("core20_cohort", "observation", "area_deprivation"):
            rows = con.execute(
                f"select m.board_code, to_json(m) from (select * exclude (board_name) from {mart} "
                "where area_code = 'Z92000001') as m"
            ).fetchall()
            told: dict[str, set[str]] = defaultdict(set)
            for board, row in rows:
                told[board].add(json.dumps({**json.loads(row), "board_code": None}, sort_keys=True))
            assert len(told) == 3, mart
            assert len({frozenset(each) for each in told.values()}) == 1, mart
            assert all(told.values()), mart


def test_views_of_all_boards_have_every_row_of_each(three_boards: Path) -> None:
    with duckdb.connect(str(three_boards / "beacon.duckdb"), read_only=True) as con:
        names = {name for (name,) in con.execute("show tables").fetchall()}
        for board in BOARDS:
            release = latest_release(Home(three_boards / "boards" / board))
            assert release is not None
            code = release.manifest["footprint"]["icb"]
            for mart in release.manifest["marts"]:
                assert mart["name"] in names
                found = con.execute(
                    f"select count(*) from {mart['name']} where board_code = ?", [code]
                ).fetchone()
                assert found == (mart["rows"],), mart["name"]
        columns = [row[0] for row in con.execute("describe place").fetchall()]
        assert columns[:2] == ["board_code", "board_name"]
        # Right to the person: the boards' people are the nation's, and nobody is counted twice.
        boards = con.execute(
            "select sum(people), sum(people_core20), sum(lsoas) from board"
        ).fetchone()
        nation = con.execute(
            "select distinct people_in_area, people, lsoas_in_area from core20_cohort where area_type "
            "= 'nation' and core20 and sex = 'Persons' and age_band = 'All ages' and imd_vintage = 2025"
        ).fetchall()
        assert [boards] == nation


def test_nothing_new_makes_no_board_again(boards_home: Path) -> None:
    before = labels(boards_home)
    warehouse = (boards_home / "warehouse.duckdb").stat().st_mtime_ns
    done = make_boards(boards_home)
    assert [one.status for one in done.outcomes] == ["unchanged"] * 3
    assert done.collection is not None
    assert done.collection.status == "unchanged"
    assert labels(boards_home) == before
    assert (boards_home / "warehouse.duckdb").stat().st_mtime_ns == warehouse


def test_a_board_of_which_nobody_can_tell_what_is_current_stops_no_other(boards_home: Path) -> None:
    before = {one.id: one for one in named_boards(latest_release(Home(boards_home)))}
    (boards_home / "boards" / SECOND / "latest.json").write_text("{")
    done = make_boards(boards_home, pages=True)
    assert [one.status for one in done.outcomes] == ["unchanged", "failed", "unchanged"]
    assert "beacon rollback" in done.outcomes[1].message
    assert done.collection is not None
    after = {one.id: one for one in named_boards(done.collection.release)}
    assert after[SECOND].release == before[SECOND].release
    assert "latest.json is damaged" in after[SECOND].behind


def test_a_board_that_fails_keeps_its_release_and_stops_no_other(
    boards_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = labels(boards_home)
    revise(boards_home)
    real = transform_module.derive_table

    def fails(warehouse: object, table: str) -> int:
        if table == "marts.place" and warehouse.workspace.footprint.id == SECOND:  # type: ignore[attr-defined]
            raise duckdb.OutOfMemoryException("no memory for this board")
        return real(warehouse, table)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr("beacon.pipeline.derive_table", fails)
        done = make_boards(boards_home, pages=True)
    assert [one.status for one in done.outcomes] == ["published", "failed", "published"]
    after = labels(boards_home)
    assert after[SECOND] == before[SECOND]
    assert after[FIRST] != before[FIRST]
    assert done.collection is not None
    named = {one.id: one for one in named_boards(done.collection.release)}
    assert {one: named[one].release for one in BOARDS} == after
    assert "no memory for this board" in named[SECOND].behind
    page = (done.collection.release.path / "site" / "index.html").read_text()
    assert "Not renewed by the last run" in page
    assert "no memory for this board" in page
    (condition,) = (c for c in gather(Home(boards_home)).conditions if c.key == "boards")
    assert condition.title == "1 board has no new release"
    assert gather(Home(boards_home / "boards" / SECOND)).runs[0].outcome == "failed"
    # The next run makes just that one.
    again = make_boards(boards_home)
    assert [one.status for one in again.outcomes] == ["unchanged", "published", "unchanged"]
    assert again.collection is not None
    assert not any(one.behind for one in named_boards(again.collection.release))


def test_a_page_of_all_boards_that_cannot_be_made_holds_no_board_back(
    boards_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    revise(boards_home)

    def fails(*_: object, **__: object) -> None:
        raise ValueError("no room for the table")

    with monkeypatch.context() as patched:
        patched.setattr("beacon.boards.build_boards_page", fails)
        done = make_boards(boards_home, pages=True)
    assert [one.status for one in done.outcomes] == ["published"] * 3
    assert done.collection is not None
    release = done.collection.release
    assert {one.id: one.release for one in named_boards(release)} == labels(boards_home)
    assert release.run_record["extras"] == {"pages": "not made: ValueError: no room for the table"}
    assert not (release.path / "site").exists()


def test_a_board_that_was_not_made_yet_is_listed_without_figures(tmp_path: Path) -> None:
    done = make_boards(tmp_path, only=[SECOND], pages=True)
    assert done.collection is not None
    with duckdb.connect(str(tmp_path / "beacon.duckdb"), read_only=True) as con:
        rows = con.execute(
            "select board_id, places, behind from board order by board_code"
        ).fetchall()
    assert rows == [(FIRST, None, "Not made yet."), (SECOND, 7, ""), (THIRD, None, "Not made yet.")]
    page = (done.collection.release.path / "site" / "index.html").read_text()
    assert page.count("None yet") == 2


def test_one_board_is_made_anew_and_the_others_stay(boards_home: Path) -> None:
    before = labels(boards_home)
    revise(boards_home)
    done = make_boards(boards_home, only=[THIRD])
    assert [(one.board, one.status) for one in done.outcomes] == [(THIRD, "published")]
    after = labels(boards_home)
    assert {name for name in BOARDS if after[name] != before[name]} == {THIRD}
    # What was landed for one is not lost to the others: they follow with the next run of all.
    again = make_boards(boards_home)
    assert [one.status for one in again.outcomes] == ["published", "published", "unchanged"]


def test_a_kill_before_the_pointer_moves_leaves_the_collection_as_it_was(
    boards_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(boards_home)
    before = latest_release(home)
    assert before is not None
    revise(boards_home)

    point_to_it = build_module.make_current

    def killed(at: Home, release: Release) -> None:
        if at.root == home.root:
            raise KeyboardInterrupt
        point_to_it(at, release)

    with monkeypatch.context() as patched:
        patched.setattr(build_module, "make_current", killed)
        with pytest.raises(KeyboardInterrupt):
            make_boards(boards_home)
    # Every board has moved, and whoever reads the collection still has all of them as they were.
    assert latest_release(home) == before
    assert set(labels(boards_home).values()) != {one.release for one in named_boards(before)}
    with duckdb.connect(str(home.catalogue), read_only=True) as con:
        assert con.execute("select release from release").fetchone() == (before.label,)
        read = con.execute("select board_code, count(*) from observation group by all").fetchall()
        assert len(read) == 3
    done = make_boards(boards_home)
    assert [one.status for one in done.outcomes] == ["unchanged"] * 3
    assert done.collection is not None
    assert done.collection.status == "published"
    assert {one.release for one in named_boards(done.collection.release)} == set(
        labels(boards_home).values()
    )
    assert layout.unfinished_builds(home) == []


def test_prune_keeps_what_a_collection_names_and_verify_names_what_is_gone(
    boards_home: Path,
) -> None:
    home, board = Home(boards_home), Home(boards_home / "boards" / FIRST)
    old = latest_release(board)
    revise(boards_home)
    make_boards(boards_home)
    assert old is not None
    assert layout.list_releases(board)[0] == old
    assert prunable(board, keep=0) == []
    collections = layout.list_releases(home)
    assert len(collections) == 2
    shutil.rmtree(collections[0].path)
    assert [release.label for release in prunable(board, keep=0)] == [old.label]
    current = get_release(home, of_many=True)
    assert verify_release(home, current).intact
    gone = latest_release(board)
    assert gone is not None
    shutil.rmtree(gone.path)
    assert verify_release(home, current).faults == (
        f"{gone.label} of board {FIRST}, which it names, is gone",
    )


def test_every_command_works_on_the_home_of_one_board(boards_home: Path) -> None:
    board = str(boards_home / "boards" / SECOND)
    environment = {"BEACON_INPUTS": "sample", "BEACON_HOME": board, "BEACON_FOOTPRINT": SECOND}
    for command in (["status"], ["releases"], ["verify"], ["sources"], ["query", "from place"],
                    ["trace", "life_expectancy", "Corvacombe", "2021-23"]):  # fmt: skip
        ended = beacon(*command, environment=environment)
        assert ended.returncode == 0, (command, ended.stdout, ended.stderr)
    backup = str(boards_home.parent / "backup")
    above = {"BEACON_HOME": str(boards_home)}
    for refused in (
        ["backup", backup],
        ["site", "build"],
        ["areas", "search", "Corva"],
        ["trace", "neet", "Corvacombe"],
    ):
        ended = beacon(*refused, environment=above)
        assert ended.returncode == 1, refused
        assert "of many boards" in ended.stderr, refused
    assert beacon("backup", backup, environment=environment).returncode == 0
    restored = boards_home.parent / "restored"
    assert beacon("restore", backup, "--home", str(restored), environment={}).returncode == 0
    assert hashes(restored) == hashes(boards_home / "boards" / SECOND)


def test_custom_areas_of_all_boards_are_in_one_ledger(boards_home: Path) -> None:
    ledgers = {Home(boards_home / "boards" / one).custom_areas for one in BOARDS}
    assert ledgers == {Home(boards_home).custom_areas}


def test_a_home_of_many_is_put_together_from_the_back_ups_of_its_boards(
    boards_home: Path, tmp_path: Path
) -> None:
    """As docs/operations.md says."""
    above, new = Home(boards_home), tmp_path / "new"
    write_json(above.custom_areas, {"areas": []})
    shared = ("landing", "footprints", "supplied", "state/custom_areas.json")
    for number, one in enumerate(BOARDS):
        take_backup(Home(boards_home / "boards" / one), tmp_path / "backups" / one)
        board = Home(new / "boards" / one)
        restore(board, tmp_path / "backups" / one)
        assert board.custom_areas.read_bytes() == above.custom_areas.read_bytes()
        for name in shared:
            place = board.root / name
            if number == 0 and place.exists():
                (new / name).parent.mkdir(exist_ok=True)
                place.rename(new / name)
            elif place.is_dir():
                shutil.rmtree(place)
            else:
                place.unlink(missing_ok=True)
    assert [one.status for one in make_boards(new).outcomes] == ["unchanged"] * 3
    assert labels(new) == labels(boards_home)
    assert {Home(new / "boards" / one).custom_areas for one in BOARDS} == {
        new / "state" / "custom_areas.json"
    }


def test_the_collection_is_read_like_a_release(three_boards: Path) -> None:
    con = connect_release(get_release(Home(three_boards), of_many=True))
    assert con.execute("select count(*) from place").fetchone() == (22,)
