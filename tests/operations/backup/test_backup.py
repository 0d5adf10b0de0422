"""A back-up is whole or none; what is restored verifies and needs no new release."""

import errno
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from beacon.backup import Repository, repository, restore, take_backup
from beacon.cli.main import app
from beacon.core.errors import BeaconError
from beacon.core.files import write_json
from beacon.core.home import Home
from beacon.core.settings import Settings
from beacon.pipeline import run_pipeline
from beacon.release.catalogue import catalogue_label
from beacon.release.layout import latest_release, list_releases
from beacon.release.verify import verify_release
from beacon.workspace import Workspace
from tests.fixtures.runs import lands_nothing_new, make_everything

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def home(sample_home: Path) -> Home:
    return Home(sample_home)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "back-ups"


def _second_release(home: Home, monkeypatch: pytest.MonkeyPatch) -> str:
    """Publish another release, made from other sample data."""
    settings = Settings(home=home.root, inputs="sample", sample_seed=20260102)
    approvals = home.releases / ".approvals.json"
    monkeypatch.setattr(
        "beacon.release.build.refuse_unless_approved", lambda *_: {"by": "the test"}
    )
    assert run_pipeline(Workspace(settings), checks=False).status == "published"
    assert not approvals.exists()
    current = latest_release(home)
    assert current is not None
    return current.label


def test_a_restored_home_verifies_and_a_run_says_unchanged(
    home: Home, store: Path, tmp_path: Path
) -> None:
    taken = take_backup(home, store)
    before = latest_release(home)
    assert before is not None
    assert taken.snapshot.release == before.label
    shutil.rmtree(home.root)

    new = Home(tmp_path / "new")
    restore(new, store)
    now = latest_release(new)
    assert now is not None
    assert now.label == before.label
    assert verify_release(new, now).faults == ()
    assert catalogue_label(new) == now.label
    workspace = Workspace(Settings(home=new.root, inputs="sample"))
    assert lands_nothing_new(workspace)
    # The whole way too, from the restored objects: staging and the database are made again.
    assert make_everything(workspace).status == "unchanged"
    assert len(list_releases(new)) == 1


def test_restored_files_are_as_writable_as_they_were(
    home: Home, store: Path, tmp_path: Path
) -> None:
    take_backup(home, store)
    new = tmp_path / "new"
    restore(Home(new), store)

    def modes(root: Path) -> dict[str, int]:
        kept = ("landing", "releases", "latest.json")
        return {
            path.relative_to(root).as_posix(): path.stat().st_mode & 0o777
            for path in root.rglob("*")
            if path.is_file() and path.relative_to(root).parts[0] in kept
        }

    assert modes(new) == modes(home.root)


def test_the_second_back_up_copies_only_what_is_new(
    home: Home, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = take_backup(home, store)
    assert first.copied_files > 100
    assert take_backup(home, store).copied_files == 0
    label = _second_release(home, monkeypatch)
    third = take_backup(home, store)
    assert third.snapshot.release == label
    assert 0 < third.copied_bytes < third.snapshot.size_bytes
    assert len(Repository(store).names()) == 3


def test_an_older_back_up_can_be_asked_for(
    home: Home, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = take_backup(home, store).snapshot
    _second_release(home, monkeypatch)
    take_backup(home, store)
    new = Home(tmp_path / "new")
    restore(new, store, first.name)
    assert [release.label for release in list_releases(new)] == [first.release]


def test_pins_and_approvals_come_along(home: Home, store: Path, tmp_path: Path) -> None:
    write_json(home.releases / ".pins.json", {"v2026.01.01-1": {"note": "quoted"}})
    take_backup(home, store)
    new = Home(tmp_path / "new")
    restore(new, store)
    assert json.loads((new.releases / ".pins.json").read_text()) == {
        "v2026.01.01-1": {"note": "quoted"}
    }


@pytest.mark.parametrize("after", [0, 1, 100])
def test_an_interrupted_back_up_is_none_until_it_is_ended(
    home: Home, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    copied = 0
    really = repository.copy_hashed

    def cut(source: Path, target: Path) -> str:
        nonlocal copied
        copied += 1
        if copied > after:
            target.write_bytes(source.read_bytes()[:10])
            raise KeyboardInterrupt
        return really(source, target)

    monkeypatch.setattr(repository, "copy_hashed", cut)
    with pytest.raises(KeyboardInterrupt):
        take_backup(home, store)
    monkeypatch.setattr(repository, "copy_hashed", really)
    with pytest.raises(BeaconError, match="no complete back-up"):
        restore(Home(tmp_path / "new"), store)
    assert not (tmp_path / "new").exists()
    taken = take_backup(home, store)
    fresh = take_backup(home, tmp_path / "fresh")
    assert taken.snapshot.files == fresh.snapshot.files
    assert taken.copied_files <= fresh.copied_files - min(after, 1)
    assert Repository(store).faults([taken.snapshot]) == []


def test_a_killed_back_up_leaves_nothing_that_looks_complete(home: Home, store: Path) -> None:
    program = (
        "import os, signal, sys; from pathlib import Path\n"
        "from beacon.backup import repository, take_backup; from beacon.core.home import Home\n"
        "real, count = repository.copy_hashed, [0]\n"
        "def cut(source, target):\n"
        "    count[0] += 1\n"
        "    digest = real(source, target)\n"
        "    if count[0] == 30: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return digest\n"
        "repository.copy_hashed = cut\n"
        "take_backup(Home(Path(sys.argv[1])), Path(sys.argv[2]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(home.root), str(store)],
        cwd=ROOT,
        timeout=120,
        check=False,
    )
    assert done.returncode == -9
    assert list(store.rglob(".partial-*")) != []
    assert Repository(store).names() == []
    taken = take_backup(home, store)
    assert list(store.rglob(".partial-*")) == []
    assert Repository(store).faults([taken.snapshot]) == []


def test_a_back_up_while_a_run_publishes_is_one_or_the_other(
    home: Home, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Back-ups are taken one after the other while another process publishes."""
    first = latest_release(home)
    assert first is not None
    program = (
        "import sys; from pathlib import Path\n"
        "import beacon.release.build as build\n"
        "from beacon.pipeline import run_pipeline; from beacon.core.settings import Settings\n"
        "from beacon.workspace import Workspace\n"
        "build.refuse_unless_approved = lambda *_: {'by': 'the test'}\n"
        "settings = Settings(home=Path(sys.argv[1]), inputs='sample', sample_seed=20260102)\n"
        "assert run_pipeline(Workspace(settings), checks=False).status == 'published'\n"
    )
    running = subprocess.Popen([sys.executable, "-c", program, str(home.root)], cwd=ROOT)
    taken = []
    while running.poll() is None:
        taken.append(take_backup(home, store).snapshot)
    assert running.returncode == 0
    taken.append(take_backup(home, store).snapshot)
    second = latest_release(home)
    assert second is not None
    assert {snapshot.release for snapshot in taken} == {first.label, second.label}
    for snapshot in taken:
        assert snapshot.release in snapshot.releases
        assert snapshot.faults == ()
    # Each distinct state can be restored; the last of the old state and the first of the new.
    turn = next(index for index, snapshot in enumerate(taken) if snapshot.release == second.label)
    for snapshot in (taken[turn - 1], taken[turn]):
        new = Home(tmp_path / snapshot.name)
        restore(new, store, snapshot.name)
        current = latest_release(new)
        assert current is not None
        assert current.label == snapshot.release
        assert [verify_release(new, release).faults for release in list_releases(new)] == [
            () for _ in snapshot.releases
        ]


def test_a_home_that_is_not_empty_is_left_alone(home: Home, store: Path, tmp_path: Path) -> None:
    take_backup(home, store)
    new = tmp_path / "new"
    new.mkdir()
    (new / "notes.txt").write_text("mine")
    with pytest.raises(BeaconError, match="not empty"):
        restore(Home(new), store)
    assert [path.name for path in new.iterdir()] == ["notes.txt"]
    with pytest.raises(BeaconError, match="not empty"):
        restore(home, store)


def test_an_interrupted_restore_has_no_release_and_can_be_ended(
    home: Home, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from beacon.backup.restore import copy_hashed as really

    take_backup(home, store)
    older = Repository(store).names()[0]
    take_backup(home, store)
    new = Home(tmp_path / "new")
    count = 0

    def cut(source: Path, target: Path) -> str:
        nonlocal count
        count += 1
        if count > 60:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))
        return really(source, target)

    module = sys.modules["beacon.backup.restore"]
    monkeypatch.setattr(module, "copy_hashed", cut)
    with pytest.raises(BeaconError, match="No space left"):
        restore(new, store)
    assert latest_release(new) is None
    monkeypatch.setattr(module, "copy_hashed", really)
    with pytest.raises(BeaconError, match="not complete"):
        restore(new, store, older)
    done = restore(new, store)
    assert done.already_there >= 50
    current = latest_release(new)
    assert current is not None
    assert verify_release(new, current).intact
    assert not (new.root / ".restoring.json").exists()


def test_a_damaged_back_up_is_found_and_named_and_makes_nothing_current(
    home: Home, store: Path, tmp_path: Path
) -> None:
    snapshot = take_backup(home, store).snapshot
    (damaged,) = [file for file in snapshot.files if file.path.endswith("/place.parquet")]
    (lost,) = [file for file in snapshot.files if file.path.endswith("/views.sql")]
    target = Repository(store).path_of(damaged.sha256)
    target.chmod(0o644)
    content = target.read_bytes()
    target.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    Repository(store).path_of(lost.sha256).unlink()
    with pytest.raises(BeaconError) as refused:
        restore(Home(tmp_path / "new"), store)
    assert "place.parquet is damaged" in str(refused.value)
    assert "views.sql is missing" in str(refused.value)
    assert not Home(tmp_path / "new").latest.exists()
    checked = CliRunner().invoke(app, ["backup", str(store), "--check"])
    assert checked.exit_code == 1
    assert "place.parquet is damaged" in checked.stdout


def test_damage_in_use_makes_no_back_up(home: Home, store: Path) -> None:
    current = latest_release(home)
    assert current is not None
    file = current.path / "place.parquet"
    file.chmod(0o644)
    file.write_bytes(file.read_bytes() + b"x")
    with pytest.raises(BeaconError, match=r"is current but cannot be kept: .*place\.parquet"):
        take_backup(home, store)
    assert Repository(store).names() == []


def test_a_damaged_object_in_use_makes_no_back_up(home: Home, store: Path) -> None:
    data = next(path for path in home.landing.rglob("*.csv") if path.is_file())
    data.chmod(0o644)
    data.write_bytes(data.read_bytes()[:-1])
    with pytest.raises(BeaconError, match=f"landing/.*{data.name} is in use but cannot be kept"):
        take_backup(home, store)
    assert Repository(store).names() == []


def test_damage_not_in_use_is_left_out_and_said(
    home: Home, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = latest_release(home)
    assert old is not None
    _second_release(home, monkeypatch)
    (old.path / "views.sql").unlink()
    done = CliRunner().invoke(app, ["backup", str(store), "--home", str(home.root)])
    assert done.exit_code == 3, done.output
    assert f"LEFT OUT {old.label}" in done.output
    snapshot = Repository(store).snapshot()
    assert old.label not in snapshot.releases
    assert not [file for file in snapshot.files if file.path.startswith(f"releases/{old.label}/")]


@pytest.mark.parametrize("path", ["../outside", "/etc/passwd", "releases/../../x", ""])
def test_a_back_up_that_was_tampered_with_cannot_write_outside_the_home(
    home: Home, store: Path, tmp_path: Path, path: str
) -> None:
    name = take_backup(home, store).snapshot.name
    file = store / "snapshots" / f"{name}.json"
    record = json.loads(file.read_text())
    record["files"][0]["path"] = path
    file.write_text(json.dumps(record))
    with pytest.raises(BeaconError, match="leads out of the home"):
        restore(Home(tmp_path / "new"), store)
    assert not (tmp_path / "new").exists()


def test_directories_that_are_something_else_are_refused(home: Home, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "one.jpg").write_bytes(b"")
    with pytest.raises(BeaconError, match="no directory of back-ups"):
        take_backup(home, tmp_path / "photos")
    with pytest.raises(BeaconError, match="inside the home"):
        take_backup(home, home.root / "back-ups")
    with pytest.raises(BeaconError, match="neither landed files nor releases"):
        take_backup(Home(tmp_path / "nothing"), tmp_path / "back-ups")
    with pytest.raises(BeaconError, match="holds no back-ups"):
        restore(Home(tmp_path / "new"), tmp_path / "photos")


def test_a_full_disk_is_said_in_words(
    home: Home, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(source: Path, target: Path) -> str:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))

    monkeypatch.setattr(repository, "copy_hashed", full)
    with pytest.raises(BeaconError, match="No space left on device"):
        take_backup(home, store)


def test_the_directory_of_back_ups_is_private(home: Home, store: Path) -> None:
    take_backup(home, store)
    assert store.stat().st_mode & 0o077 == 0
