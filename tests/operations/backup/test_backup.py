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
from beacon.people.crossing import CROSSING
from beacon.pipeline import run_pipeline
from beacon.release.catalogue import catalogue_label
from beacon.release.layout import latest_release, list_releases
from beacon.release.verify import verify_release
from beacon.workspace import Workspace
from tests.fixtures.once import made_once
from tests.fixtures.runs import lands_nothing_new, make_everything

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def home(sample_home: Path) -> Home:
    return Home(sample_home)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "back-ups"


@pytest.fixture(scope="module")
def backed_up(published_sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory that holds one back-up of the published sample."""
    store = tmp_path_factory.mktemp("backed-up") / "back-ups"
    take_backup(Home(published_sample), store)
    return store


@pytest.fixture
def one_backup(backed_up: Path, store: Path) -> Path:
    """The same, a test's own."""
    shutil.copytree(backed_up, store)
    return store


@pytest.fixture(scope="session")
def two_releases(
    published_sample: Path, tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> Home:
    """The published sample with another release, made from other sample data. Tests only read it."""

    def publish(home: Path) -> None:
        shutil.copytree(published_sample, home)
        settings = Settings(home=home, inputs="sample", sample_seed=20260102)
        with pytest.MonkeyPatch.context() as patches:
            patches.setattr(
                "beacon.release.build.refuse_unless_approved", lambda *_: {"by": "the test"}
            )
            assert run_pipeline(Workspace(settings), checks=False).status == "published"
        assert not (home / "releases" / ".approvals.json").exists()

    return Home(made_once(tmp_path_factory, worker_id, "two-releases", publish))


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
    published_sample: Path, one_backup: Path, tmp_path: Path
) -> None:
    new = tmp_path / "new"
    restore(Home(new), one_backup)

    def modes(root: Path) -> dict[str, int]:
        kept = ("landing", "releases", "latest.json")
        return {
            path.relative_to(root).as_posix(): path.stat().st_mode & 0o777
            for path in root.rglob("*")
            if path.is_file() and path.relative_to(root).parts[0] in kept
        }

    assert modes(new) == modes(published_sample)


def test_the_second_back_up_copies_only_what_is_new(
    published_sample: Path, two_releases: Home, store: Path
) -> None:
    home = Home(published_sample)
    first = take_backup(home, store)
    assert first.copied_files > 100
    assert take_backup(home, store).copied_files == 0
    third = take_backup(two_releases, store)
    assert third.snapshot.release == list_releases(two_releases)[-1].label
    assert third.snapshot.release != first.snapshot.release
    assert 0 < third.copied_bytes < third.snapshot.size_bytes
    assert len(Repository(store).names()) == 3


def test_an_older_back_up_can_be_asked_for(
    two_releases: Home, one_backup: Path, tmp_path: Path
) -> None:
    first = Repository(one_backup).snapshot()
    take_backup(two_releases, one_backup)
    new = Home(tmp_path / "new")
    restore(new, one_backup, first.name)
    assert [release.label for release in list_releases(new)] == [first.release]


def test_pins_and_approvals_come_along(home: Home, store: Path, tmp_path: Path) -> None:
    write_json(home.releases / ".pins.json", {"v2026.01.01-1": {"note": "quoted"}})
    take_backup(home, store)
    new = Home(tmp_path / "new")
    restore(new, store)
    assert json.loads((new.releases / ".pins.json").read_text()) == {
        "v2026.01.01-1": {"note": "quoted"}
    }


def test_what_no_run_makes_comes_along(people_home: Path, store: Path, tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    shutil.copytree(people_home, home.root)
    for name in ("supplied/plus/areas.csv", "footprints/ours.yaml", "state/custom_areas.json"):
        (home.root / name).parent.mkdir(parents=True, exist_ok=True)
        (home.root / name).write_text(f"{name} of the system", encoding="utf-8")
    crossed = home.root / "people" / "care_gap"
    # As a kill leaves it before the last table is in place.
    (crossed / "2025-03-31.parquet").rename(crossed / "2025-03-31.part")
    (home.root / "people" / "2025-03-31.crossing").write_text("care_gap", encoding="utf-8")
    taken = take_backup(home, store)
    assert taken.snapshot.faults == ()

    new = Home(tmp_path / "new")
    restore(new, store)

    def given(root: Path) -> dict[str, bytes]:
        folders = ("people", "supplied", "footprints")
        files = [path for folder in folders for path in (root / folder).rglob("*.*")]
        files = [path for path in files if path.is_file()]
        files.append(root / "state" / "custom_areas.json")
        return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}

    assert given(new.root) == given(home.root)
    assert len(given(new.root)) >= 3 + len(CROSSING)
    # What crossed is in the release, so that without it the next run would publish another.
    workspace = Workspace(Settings(home=new.root, inputs="sample"))
    assert lands_nothing_new(workspace)
    assert (new.root / "people" / "care_gap" / "2025-03-31.parquet").is_file()
    shutil.rmtree(new.root / "people")
    assert not lands_nothing_new(workspace)


@pytest.mark.parametrize("after", [0, 1, 100])
def test_an_interrupted_back_up_is_none_until_it_is_ended(
    published_sample: Path,
    store: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    after: int,
) -> None:
    home = Home(published_sample)
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


def test_a_killed_back_up_leaves_nothing_that_looks_complete(
    published_sample: Path, store: Path
) -> None:
    home = Home(published_sample)
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


def test_a_home_that_is_not_empty_is_left_alone(
    home: Home, one_backup: Path, tmp_path: Path
) -> None:
    new = tmp_path / "new"
    new.mkdir()
    (new / "notes.txt").write_text("mine")
    with pytest.raises(BeaconError, match="not empty"):
        restore(Home(new), one_backup)
    assert [path.name for path in new.iterdir()] == ["notes.txt"]
    with pytest.raises(BeaconError, match="not empty"):
        restore(home, one_backup)


def test_an_interrupted_restore_has_no_release_and_can_be_ended(
    published_sample: Path, one_backup: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from beacon.backup.restore import copy_hashed as really

    store = one_backup
    older = Repository(store).names()[0]
    take_backup(Home(published_sample), store)
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
    one_backup: Path, tmp_path: Path
) -> None:
    store = one_backup
    snapshot = Repository(store).snapshot()
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
    two_releases: Home, store: Path, tmp_path: Path
) -> None:
    home = Home(tmp_path / "home")
    shutil.copytree(two_releases.root, home.root)
    old = list_releases(home)[0]
    (old.path / "views.sql").unlink()
    done = CliRunner().invoke(app, ["backup", str(store), "--home", str(home.root)])
    assert done.exit_code == 3, done.output
    assert f"LEFT OUT {old.label}" in done.output
    snapshot = Repository(store).snapshot()
    assert old.label not in snapshot.releases
    assert not [file for file in snapshot.files if file.path.startswith(f"releases/{old.label}/")]


@pytest.mark.parametrize("path", ["../outside", "/etc/passwd", "releases/../../x", ""])
def test_a_back_up_that_was_tampered_with_cannot_write_outside_the_home(
    one_backup: Path, tmp_path: Path, path: str
) -> None:
    (name,) = Repository(one_backup).names()
    file = one_backup / "snapshots" / f"{name}.json"
    record = json.loads(file.read_text())
    record["files"][0]["path"] = path
    file.write_text(json.dumps(record))
    with pytest.raises(BeaconError, match="leads out of the home"):
        restore(Home(tmp_path / "new"), one_backup)
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
    published_sample: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(source: Path, target: Path) -> str:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))

    monkeypatch.setattr(repository, "copy_hashed", full)
    with pytest.raises(BeaconError, match="No space left on device"):
        take_backup(Home(published_sample), store)


def test_the_directory_of_back_ups_is_private(backed_up: Path) -> None:
    assert backed_up.stat().st_mode & 0o077 == 0
