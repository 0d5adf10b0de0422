"""Publishing is all or nothing, whatever goes wrong and wherever."""

import json
import os
import shutil
import threading
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner

from beacon.cli.main import app
from beacon.core.errors import BeaconError, PublicationBlockedError, ReleaseNotFoundError
from beacon.core.home import Home
from beacon.core.progress import reporting_to
from beacon.operations.home_lock import HomeBusyError, home_lock
from beacon.release import build, layout
from beacon.release.catalogue import catalogue_label
from beacon.release.layout import get_release, latest_release, list_releases, next_label
from beacon.release.verify import verify_release
from beacon.workspace import Workspace
from tests.integration.release.conftest import MARTS, SmallRun


def intact(home: Home) -> bool:
    return all(verify_release(home, release).intact for release in list_releases(home))


def people(home: Home) -> int:
    with duckdb.connect(str(home.catalogue), read_only=True) as con:
        ((found,),) = con.execute("select min(people) from place").fetchall()
    return int(found)


def nothing_left_over(home: Home) -> bool:
    stray = [p.name for p in home.releases.iterdir() if "building" in p.name]
    stray += [p.name for p in home.releases.iterdir() if p.name == layout.JOURNAL]
    stray += [p.name for p in home.root.iterdir() if p.name.startswith(".beacon.")]
    return stray == []


def test_a_release_is_complete_and_read_only(small: SmallRun) -> None:
    done = small.publish()
    assert done.status == "published"
    assert done.previous is None
    assert latest_release(small.home) == done.release
    assert intact(small.home)
    assert {f"{mart}.parquet" for mart in MARTS} < {p.name for p in done.release.path.iterdir()}
    assert all(not p.stat().st_mode & 0o222 for p in done.release.path.rglob("*.parquet"))
    assert people(small.home) == 1001
    assert nothing_left_over(small.home)


def test_the_same_again_is_unchanged(small: SmallRun) -> None:
    first = small.publish()
    again = small.publish()
    assert again.status == "unchanged"
    assert again.release == first.release
    assert len(list_releases(small.home)) == 1


class Crash(BaseException):
    """Stands for the process dying: no handler that catches errors sees it."""


# Every step of publishing, in order, as (module attribute, whether it fails before or after).
STEPS = [
    "write_mart",
    "_write_companions",
    "build_manifest",
    "write_hashes",
    "seal",
    "fsync_directory",
    "make_current",
    "sha256_of",
    "write_catalogue",
]


def fail_at(
    monkeypatch: pytest.MonkeyPatch, step: str, *, after: bool, error: BaseException
) -> None:
    real = getattr(build, step)

    def failing(*args: object, **kwargs: object) -> object:
        if after:
            real(*args, **kwargs)
        raise error

    monkeypatch.setattr(build, step, failing)


@pytest.mark.parametrize(
    ("error", "after"),
    [
        pytest.param(Crash(), False, id="crash-before"),
        pytest.param(Crash(), True, id="crash-after"),
        pytest.param(OSError(28, "No space left on device"), False, id="disk-full"),
    ],
)
@pytest.mark.parametrize("step", STEPS)
def test_a_failure_leaves_a_whole_release_current(
    small: SmallRun, monkeypatch: pytest.MonkeyPatch, step: str, error: BaseException, after: bool
) -> None:
    first = small.publish().release
    small.fill(people=5000)
    with monkeypatch.context() as patch:
        fail_at(patch, step, after=after, error=error)
        with pytest.raises(type(error)):
            small.publish()
    current = latest_release(small.home)
    assert current is not None
    # Only once everything was on disk and the pointer had moved may the new one be current.
    pointer_moved = step == "write_catalogue" or (step == "make_current" and after)
    assert (current.label == first.label) != pointer_moved
    assert intact(small.home)
    assert people(small.home) in (1001, 5001)
    done = small.publish()
    assert done.status == ("unchanged" if pointer_moved else "published")
    assert people(small.home) == 5001
    assert catalogue_label(small.home) == done.release.label
    assert len(list_releases(small.home)) == 2
    assert intact(small.home)
    assert nothing_left_over(small.home)


@pytest.mark.parametrize("instant", ["before-rename", "after-rename", "after-pointer"])
def test_a_dead_process_is_cleaned_up_after(small: SmallRun, instant: str) -> None:
    """What a kill leaves on disk, where not even `finally` ran."""
    first = small.publish().release
    small.fill(people=5000)
    second = small.publish().release
    hidden = small.home.releases / f".{second.label}.{'0' * 32}.building"
    if instant == "before-rename":
        layout.point_to(small.home, first, build.sha256_of(first.path / layout.MANIFEST))
        shutil.copytree(second.path, hidden)
        shutil.rmtree(second.path)
    else:
        (small.home.releases / layout.JOURNAL).write_text(json.dumps({"release": second.label}))
        if instant == "after-rename":
            layout.point_to(small.home, first, build.sha256_of(first.path / layout.MANIFEST))
    (small.home.root / f".beacon.{'0' * 32}.duckdb").write_bytes(b"half")
    expected = second if instant == "after-pointer" else first
    assert latest_release(small.home) == expected
    # A release that never became current is not shown to anybody.
    assert [r.label for r in list_releases(small.home)] == (
        [first.label, second.label] if instant == "after-pointer" else [first.label]
    )
    assert intact(small.home)
    done = small.publish()
    assert done.status == ("unchanged" if instant == "after-pointer" else "published")
    assert len(list_releases(small.home)) == 2
    assert people(small.home) == 5001
    assert intact(small.home)
    assert nothing_left_over(small.home)


def test_a_stale_catalogue_is_written_again(small: SmallRun) -> None:
    small.publish()
    for damage in (b"not a database", None):
        if damage is None:
            small.home.catalogue.unlink()
        else:
            small.home.catalogue.write_bytes(damage)
        assert build.recover(small.home) == [f"wrote beacon.duckdb again for {next_of(small)}"]
        assert people(small.home) == 1001
    assert build.recover(small.home) == []


def next_of(run: SmallRun) -> str:
    release = latest_release(run.home)
    assert release is not None
    return release.label


def test_a_failed_critical_check_blocks_and_a_warning_does_not(small: SmallRun) -> None:
    check = {"table": "marts.place", "name": "n", "passed": False, "message": "wrong"}
    with pytest.raises(PublicationBlockedError, match=r"marts\.place: wrong"):
        small.publish(checks=[{**check, "severity": "critical"}])
    assert list_releases(small.home) == []
    small.publish(checks=[{**check, "severity": "warning"}])
    assert len(list_releases(small.home)) == 1


def test_the_sample_never_replaces_an_official_release(
    small: SmallRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert small.workspace.footprint.fictional
    monkeypatch.setattr(Workspace, "is_fictional", property(lambda _: False))
    official = small.publish().release
    assert official.manifest["fictional"] is False
    monkeypatch.undo()
    small.fill(people=7000)
    with pytest.raises(PublicationBlockedError, match="official"):
        small.publish()
    assert latest_release(small.home) == official


def test_labels_count_within_a_day_and_are_not_used_twice(tmp_path: Path) -> None:
    home = Home(tmp_path)
    day = date(2026, 3, 1)
    assert next_label(home, day) == "v2026.03.01-1"
    for number in (1, 2, 9, 10):
        (home.releases / f"v2026.03.01-{number}").mkdir(parents=True)
    (home.releases / "v2026.03.02-77").mkdir()
    (home.releases / "notes").mkdir()
    assert next_label(home, day) == "v2026.03.01-11"
    assert [r.label for r in list_releases(home)][-2:] == ["v2026.03.01-10", "v2026.03.02-77"]
    (home.releases / layout.PRUNED).write_text('["v2026.03.01-11"]')
    assert next_label(home, day) == "v2026.03.01-12"


@pytest.mark.parametrize("text", ["{", "[]", '{"release": "v2026.01.01-1"}', "null-ish"])
def test_a_damaged_pointer_says_what_to_do(small: SmallRun, text: str) -> None:
    small.publish()
    small.home.latest.write_text(text)
    with pytest.raises(BeaconError, match="beacon rollback"):
        latest_release(small.home)


def test_an_unknown_release_names_those_there_are(small: SmallRun) -> None:
    with pytest.raises(ReleaseNotFoundError, match="beacon run"):
        get_release(small.home)
    label = small.publish().release.label
    for wrong in ("v2020.01.01-1", "../../etc", ".pins.json"):
        with pytest.raises(ReleaseNotFoundError, match=label):
            get_release(small.home, wrong)


def test_two_at_once_take_turns(tmp_path: Path) -> None:
    """A second run waits for the first, and says so when it gives up."""
    home = Home(tmp_path)
    with (
        home_lock(home),
        pytest.raises(HomeBusyError, match="Another run"),
        home_lock(home, wait_seconds=0.1),
    ):
        pytest.fail("two have the home to themselves")
    with home_lock(home, wait_seconds=0.1):
        pass


def test_readers_see_one_release_throughout(small: SmallRun) -> None:
    """A reader that has the database open, and readers that come and go, while releases follow."""
    small.publish()
    held = duckdb.connect(str(small.home.catalogue), read_only=True)
    seen: list[tuple[int, int]] = []
    problems: list[str] = []
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            try:
                # A fresh name each time: one process opens one path only once at a time.
                copy = small.home.root / f"reader-{time.monotonic_ns()}.duckdb"
                os.link(small.home.catalogue, copy)
                with duckdb.connect(str(copy), read_only=True) as con:
                    (row,) = con.execute(
                        "select (select min(people) from place), "
                        "(select min(people) from core20_lsoa)"
                    ).fetchall()
                seen.append(row)
                copy.unlink()
            except (duckdb.Error, OSError) as error:
                problems.append(str(error))

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(2, 7):
        small.fill(people=number * 1000)
        small.publish()
        assert held.execute("select min(people) from place").fetchall() == [(1001,)]
    stop.set()
    reader.join()
    assert problems == []
    # place holds people + 1, core20_lsoa people + 0: both of one release, never of two.
    assert seen
    assert all(place - 1 == lsoa for place, lsoa in seen)
    assert held.execute("select min(people) from core20_lsoa").fetchall() == [(1000,)]
    held.close()
    assert people(small.home) == 6001


@pytest.mark.parametrize("name", ["home", "o'clock"])
def test_a_home_that_was_copied_says_that_its_database_reads_the_first(
    small: SmallRun, tmp_path: Path, name: str
) -> None:
    small.publish()
    first, copy = tmp_path / name, Home(tmp_path / "copy")
    small.home.root.rename(first)
    build.recover(Home(first))
    shutil.copytree(first, copy.root)
    (tmp_path / "link").symlink_to(first)
    told = f"beacon.duckdb was written when the home was {first} and still reads the files there"

    def said(command: str, home: Path) -> str:
        done = CliRunner().invoke(app, [command, "--home", str(home)])
        return " ".join(done.output.split())

    for command in ("status", "verify"):
        assert told in said(command, copy.root)
        assert f"set variable beacon_home = '{copy.root}'" in said(command, copy.root)
        assert "still reads" not in said(command, first)
        assert "still reads" not in said(command, tmp_path / "link")
    build.recover(copy)
    assert "still reads" not in said("status", copy.root) + said("verify", copy.root)


def test_a_home_that_moved_can_be_read(small: SmallRun, tmp_path: Path) -> None:
    small.publish()
    moved = tmp_path / "elsewhere"
    small.home.root.rename(moved)
    with duckdb.connect(str(moved / "beacon.duckdb"), read_only=True) as con:
        with pytest.raises(duckdb.IOException):
            con.execute("select count(*) from place").fetchall()
        con.execute(f"set variable beacon_home = '{moved}'")
        assert con.execute("select count(*) from place").fetchall() == [(3,)]
    # The next run in the new place writes the database again, so that no variable is needed.
    home = Home(moved)
    assert len(build.recover(home)) == 1
    with duckdb.connect(str(home.catalogue), read_only=True) as con:
        assert con.execute("select count(*) from place").fetchall() == [(3,)]


def test_older_releases_are_read_with_as_of(small: SmallRun) -> None:
    first = small.publish().release.label
    small.fill(people=5000)
    second = small.publish().release.label
    with duckdb.connect(str(small.home.catalogue), read_only=True) as con:
        for label, least in ((first, 1001), (second, 5001)):
            for call in (f"place_as_of('{label}')", f"as_of('{label}', 'place')"):
                assert con.execute(f"select min(people) from {call}").fetchall() == [(least,)]
        assert con.execute("select release from release").fetchall() == [(second,)]
        assert con.execute("select fictional from release").fetchall() == [(True,)]


def test_pages_with_a_mart_s_file_name_are_hashed_too(small: SmallRun) -> None:
    def make_pages(_: Path, site: Path, **__: Any) -> None:
        site.mkdir()
        (site / "place.parquet").write_bytes(b"copy")

    release = small.publish(make_pages=make_pages).release
    assert "  site/place.parquet\n" in (release.path / "SHA256SUMS").read_text()
    # Pages tell when inputs were retrieved, so they are outside the reproducible manifest.
    assert "site/place.parquet" not in release.manifest["files"]
    assert verify_release(small.home, release).intact


def test_a_release_goes_out_without_pages_that_cannot_be_made(small: SmallRun) -> None:
    def make_pages(_: Path, site: Path, **__: Any) -> None:
        site.mkdir()
        (site / "index.html").write_text("half")
        raise ValueError("no room for the table")

    said: list[str] = []
    with reporting_to(said.append):
        release = small.publish(make_pages=make_pages).release
    assert release.run_record["extras"] == {"pages": "not made: ValueError: no room for the table"}
    assert not (release.path / "site").exists()
    assert any("no room for the table" in line for line in said)
    assert verify_release(small.home, release).intact


def hashes(run: SmallRun) -> dict[str, str]:
    release = run.publish().release
    lines = (release.path / layout.CHECKSUMS).read_text().splitlines()
    found = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    del found[layout.RUN_RECORD]
    return found


def test_threads_and_row_order_leave_no_trace(new_run: Callable[..., SmallRun]) -> None:
    one, two = new_run("one", threads=1), new_run("two", threads=2)
    two.fill(people=1000, shuffled=True)
    assert hashes(one) == hashes(two)
