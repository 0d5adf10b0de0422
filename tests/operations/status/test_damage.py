"""Every kind of file of a home damaged in turn: told by name, with a command that mends it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from beacon.backup.repository import Repository
from beacon.cli.main import _in_words, app
from beacon.core.clock import now
from beacon.core.errors import BeaconError
from beacon.core.files import canonical_json, sha256_of, write_json
from beacon.core.home import Home
from beacon.core.settings import Settings
from beacon.ingest.landing_store import LandingStore
from beacon.operations.damage import find_damage, mend, put_history_aside
from beacon.operations.health import beat
from beacon.operations.run_recorder import RunRecorder
from beacon.operations.source_history import see_sources
from beacon.operations.status import gather
from beacon.pipeline import land, up_to_date
from beacon.release.build import recover
from beacon.release.layout import latest_release
from beacon.workspace import Workspace
from pipelines.instance import open_instance

GARBAGE = b"\x00\xff garbage, not what was written"
HOW = ("empty", "garbage", "gone")

# What a run makes anew: a file that is gone is nothing to tell of.
REMEMBERED = [
    "state/recognised.json", "state/landing.json", "state/sources.json", "state/built.json",
    "state/writer.json", "state/checks-marts.place.json", "state/heartbeat.json", "state/alerts.json",
    "state/staging-observation.json", "state/staging-imd_lsoa.json", "state/runs/*.json",
    "staging/**/*.parquet", "warehouse.duckdb", "dagster/history/runs.db",
    "dagster/history/runs/index.db", "dagster/schedules/schedules.db",
]  # fmt: skip
LANDING_RECORDS = ["landing/current.json", "landing/history.jsonl", "landing/**/*.landing.json"]
LANDED = ["landing/dfe_eyfsp/**/*.csv", "landing/fingertips/**/*.csv"]
RELEASE = [
    "releases/v*/place.parquet", "releases/v*/scorecard.parquet", "releases/v*/manifest.json",
    "releases/v*/SHA256SUMS", "releases/v*/run.json", "releases/v*/views.sql",
    "releases/v*/csv/place.csv", "releases/v*/workbook.xlsx", "releases/v*/datapackage.json",
]  # fmt: skip
DECISIONS = [
    "releases/.pins.json", "releases/.approvals.json", "releases/.withdrawn.json",
    "releases/.signatures.json",
]  # fmt: skip
POINTERS = ["latest.json", "beacon.duckdb"]

# Files of a release that tell how the others are read: each by itself. Of all faults of a release
# three are named, so of the others three are damaged at once.
_READ_FIRST = [path for path in RELEASE if path.endswith(("manifest.json", "SUMS", "run.json"))]
_OTHERS = [path for path in RELEASE if path not in _READ_FIRST]
# How, and which files. Each file is damaged by itself in one way at least; in the other ways those
# of which the same is said are damaged at once.
CASES = [
    *(("garbage", path) for path in (*REMEMBERED, *LANDED, *_OTHERS, *DECISIONS)),
    *(
        (how, *group)
        for group in (REMEMBERED, LANDED, _OTHERS[:3], _OTHERS[3:], DECISIONS)
        for how in ("empty", "gone")
    ),
    *((how, path) for path in (*LANDING_RECORDS, *_READ_FIRST, *POINTERS) for how in HOW),
]


@pytest.fixture(scope="module")
def whole_home(published_sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published home with everything in it that runs, the daemon and operators leave."""
    root = tmp_path_factory.mktemp("damage") / "home"
    shutil.copytree(published_sample, root)
    home = Home(root)
    workspace = _workspace(root)
    landed = land(workspace)
    see_sources(home, workspace.register, landed, [])
    recorder = RunRecorder(home, run_id="one", job="nightly", inputs="sample")
    recorder.lock_taken()
    recorder.outcome = "published"
    recorder.end()
    beat(home, stopped=True)
    recover(home)
    for name in ("state/alerts.json", "state/built.json", *DECISIONS):
        if not (root / name).exists():
            write_json(root / name, {})
    if not (root / "state" / "checks-marts.place.json").exists():
        write_json(root / "state" / "checks-marts.place.json", [])
    with open_instance(home):
        pass
    (root / "dagster" / "schedules").mkdir(parents=True, exist_ok=True)
    assert find_damage(home) == []
    return root


def _workspace(root: Path) -> Workspace:
    return Workspace(Settings(home=root, inputs="sample"))


@pytest.fixture
def home(whole_home: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy, by links: a damaged file is a new one."""
    root = tmp_path / "home"
    shutil.copytree(whole_home, root, copy_function=_link)
    yield root
    shutil.rmtree(root, ignore_errors=True)


def _link(source: str, target: str) -> None:
    # Files that a command may change in place are copied.
    if source.endswith((".db", ".duckdb", ".jsonl", ".lock")) or "/state/" in source:
        shutil.copy2(source, target)
    else:
        Path(target).hardlink_to(source)


def _damage(root: Path, pattern: str, how: str) -> str:
    found = sorted(path for path in root.glob(pattern) if path.is_file())
    assert found, f"there is no {pattern}"
    found[0].unlink()
    if how != "gone":
        found[0].write_bytes(b"" if how == "empty" else GARBAGE)
    return found[0].relative_to(root).as_posix()


def _invoke(root: Path, *arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, [*arguments, "--home", str(root)])
    error = done.exception
    assert error is None or isinstance(error, BeaconError | SystemExit), (arguments, error)
    text = f"{done.output}{error if isinstance(error, BeaconError) else ''}"
    return done.exit_code, text


@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_damage_is_told_by_name_and_mended(home: Path, case: tuple[str, ...]) -> None:
    how, *patterns = case
    pattern = patterns[0]  # the others are of its kind
    files = [_damage(home, each, how) for each in patterns]
    unnoticed = how == "gone" and pattern in (*REMEMBERED, *DECISIONS)
    code, said = _invoke(home, "status")
    flat = "".join(said.split())
    if unnoticed:
        assert code == 0, said
    else:
        assert code != 0, said
        assert [part for file in files for part in _named(file) if part not in flat] == []
        assert "beacon" in said.split("is damaged")[-1]
    for command in (["releases"], ["verify"], ["query", "from place"], ["status"], ["alerts"]):
        code, said = _invoke(home, *command)
        assert "Traceback" not in said
        if command == ["verify"] and pattern in (*LANDING_RECORDS, *LANDED, *RELEASE):
            assert code != 0
    _mended(home, pattern, how)


def _named(file: str) -> list[str]:
    """How a damaged file is named: one of a release after the release's directory."""
    if file.endswith("run.json"):
        return ["run.json"]
    parts = file.split("/")
    in_release = parts[0] == "releases" and len(parts) > 2
    return ["/".join(parts[:2]), "/".join(parts[2:])] if in_release else [file]


def _mended(root: Path, pattern: str, how: str) -> None:
    """What a run does before and while it lands, and what is then left to a person."""
    place, workspace = Home(root), _workspace(root)
    before = latest_release_or_none(place)
    mend(place)
    put_history_aside(place)
    landed = land(workspace)
    if pattern in RELEASE:
        assert before is not None
        assert not up_to_date(workspace, landed)  # so that the run publishes anew
    elif pattern == "latest.json":
        with pytest.raises(BeaconError, match=r"beacon rollback v"):
            up_to_date(workspace, landed)
    elif pattern in DECISIONS:
        assert (how == "gone") == (find_damage(place) == [])
    else:
        recover(place)
        assert find_damage(place) == []


def latest_release_or_none(home: Home) -> object:
    try:
        return latest_release(home)
    except BeaconError:
        return None


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("both", [False, True])
def test_what_is_current_comes_back(home: Path, how: str, both: bool) -> None:
    """`current.json` is written anew from the history, or, without one, from what came last."""
    store = LandingStore(home / "landing")
    before = store.current(fictional=True)
    _damage(home, "landing/current.json", how)
    if both:
        _damage(home, "landing/history.jsonl", how)
    assert len(mend(Home(home))) == 1 + both
    assert store.current(fictional=True) == before
    if not both:
        assert {line["sha256"] for line in store.history(fictional=True)} >= {
            landed.sha256 for landed in before.values()
        }


def test_landed_bytes_that_changed_are_told_by_verify(home: Path) -> None:
    (path, *_) = sorted(home.glob("landing/dfe_eyfsp/**/*.csv"))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.unlink()
    path.write_bytes(data)
    code, said = _invoke(home, "verify")
    assert code == 1
    assert path.name in "".join(said.split())
    assert "no longer those that came" in said


def _older_release(home: Home) -> str:
    """A second release, made of the first under an older label."""
    current = latest_release(home)
    assert current is not None
    older = home.releases / "v2020.01.01-1"
    shutil.copytree(current.path, older)
    manifest = {**current.manifest, "release": older.name}
    for name, text in (("manifest.json", canonical_json(manifest)),):
        (older / name).unlink()
        (older / name).write_text(text, encoding="utf-8")
    sums = older / "SHA256SUMS"
    lines = [line.partition("  ")[2] for line in sums.read_text().splitlines()]
    sums.unlink()
    sums.write_text("".join(f"{sha256_of(older / name)}  {name}\n" for name in lines))
    return older.name


def test_the_way_back_from_a_damaged_release_is_one_that_is_intact(home: Path) -> None:
    older = _older_release(Home(home))
    assert _invoke(home, "verify", older)[0] == 0
    _damage(home, "releases/v2026*/place.parquet", "garbage")
    assert f"beacon rollback {older}" in _invoke(home, "status")[1]
    code, said = _invoke(home, "query", "from place")
    assert code == 1
    assert "place.parquet is damaged" in said
    assert _invoke(home, "rollback", older)[0] == 0
    assert _invoke(home, "query", "from place")[0] == 0


@pytest.mark.parametrize("command", [["run", "--inputs", "sample"], ["prune"], ["doctor"]])
def test_a_state_that_cannot_be_written_is_said_in_words(
    home: Path,
    command: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A file where the directory should be: as root, no mode keeps from writing."""
    import sys

    from beacon.cli import main

    shutil.rmtree(home / "state")
    (home / "state").write_text("not a directory")
    monkeypatch.setattr(sys, "argv", ["beacon", *command, "--home", str(home)])
    with pytest.raises(SystemExit) as ended:
        main.main()
    said = capsys.readouterr().err
    assert "Traceback" not in said
    if command[0] == "run":
        assert ended.value.code == 1
        assert str(home / "state") in said


@pytest.mark.parametrize(
    ("number", "text"),
    [(13, "Run as the user that owns the home"), (30, "Run as the user"), (28, "disk is full")],
)
def test_what_the_system_would_not_do_is_said_in_words(number: int, text: str) -> None:
    said = _in_words(OSError(number, "No", "/srv/beacon/.lock"))
    assert said.startswith("/srv/beacon/.lock: ")
    assert text in said


def test_a_clock_set_back_is_noticed(home: Path) -> None:
    place = Home(home)
    assert "clock" not in {each.key for each in gather(place).conditions}
    found = gather(place, now() - timedelta(days=1))
    (clock,) = [each for each in found.conditions if each.key == "clock"]
    assert clock.level == "warning"
    assert "set back" in clock.title


def test_a_damaged_back_up_is_not_its_own_remedy(home: Path, tmp_path: Path) -> None:
    target = tmp_path / "backups"
    assert CliRunner().invoke(app, ["backup", str(target), "--home", str(home)]).exit_code == 0
    (snapshot,) = Repository(target).names()
    (path,) = target.glob(f"**/{snapshot}.json")
    path.chmod(0o644)
    path.write_bytes(GARBAGE)
    done = CliRunner().invoke(app, ["restore", str(target), "--home", str(tmp_path / "restored")])
    assert isinstance(done.exception, BeaconError)
    assert "is damaged" in str(done.exception)
    assert "no other back-up" in str(done.exception)
    assert "--snapshot" not in str(done.exception)


def test_how_many_damages_were_tried() -> None:
    assert {path for _, *paths in CASES for path in paths} >= {*REMEMBERED, *RELEASE}
    assert len({(how, path) for how, *paths in CASES for path in paths}) >= 90


def test_the_check_results_of_an_older_home_are_no_damage(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    write_json(home.state / "checks.json", [])
    assert find_damage(home) == []
