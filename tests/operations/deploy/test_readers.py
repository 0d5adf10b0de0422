"""Analysts read what was published, and nothing else; they change nothing.

The home is made as `deploy/systemd` makes it: a umask of 077, and a group that may enter.
"""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from beacon.backup import restore, take_backup
from beacon.core.home import Home
from beacon.release.layout import latest_release

ROOT = Path(__file__).resolve().parents[3]
_PUBLISH = (
    "import os, sys; os.umask(0o077); from pathlib import Path\n"
    "from beacon.pipeline import run_pipeline; from beacon.core.settings import Settings\n"
    "from beacon.workspace import Workspace\n"
    "from beacon.core.logs import open_log\n"
    "settings = Settings(home=Path(sys.argv[1]), inputs='sample')\n"
    "workspace = Workspace(settings)\n"
    "with open_log(workspace.home):\n"
    "    assert run_pipeline(workspace, checks=False).status == 'published'\n"
)


@pytest.fixture(scope="module")
def home() -> Iterator[Home]:
    # Not under pytest's own temporary folder, which other users may not enter.
    folder = Path(tempfile.mkdtemp(prefix="beacon-readers-"))
    try:
        folder.chmod(0o755)
        made = Home(folder / "home")
        subprocess.run(
            [sys.executable, "-c", _PUBLISH, str(made.root)], cwd=ROOT, check=True, timeout=300
        )
        made.root.chmod(0o755)
        yield made
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_published_files_are_readable_and_not_writable(home: Home) -> None:
    release = latest_release(home)
    assert release is not None
    for path in (home.releases, release.path, *release.path.rglob("*")):
        assert _mode(path) == (0o755 if path.is_dir() else 0o444), path
    for path in (home.catalogue, home.latest):
        assert _mode(path) == 0o644


def test_everything_else_is_private(home: Home) -> None:
    published = {"releases", "beacon.duckdb", "latest.json"}
    others = [path for path in home.root.iterdir() if path.name not in published]
    assert {"landing", "staging", "state", "warehouse.duckdb"} <= {path.name for path in others}
    open_to_others = [path.name for path in others if _mode(path) & 0o007]
    assert open_to_others == []


def test_a_restored_home_is_as_readable(home: Home, tmp_path: Path) -> None:
    take_backup(home, tmp_path / "back-ups")
    before = os.umask(0o077)
    try:
        new = Home(tmp_path / "new")
        restore(new, tmp_path / "back-ups")
    finally:
        os.umask(before)
    release = latest_release(new)
    assert release is not None
    for path in (new.releases, release.path, *release.path.rglob("*")):
        assert _mode(path) == (0o755 if path.is_dir() else 0o444), path
    assert _mode(new.catalogue) == _mode(new.latest) == 0o644
    assert _mode(new.landing) == 0o700


@pytest.fixture
def as_reader() -> tuple[int, int]:
    """Another, unprivileged user and their group, or skip."""
    if os.getuid() != 0:
        pytest.skip("only root can become another user")
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        pytest.skip("there is no user nobody")
    return entry.pw_uid, entry.pw_gid


def _as(reader: tuple[int, int], program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    # The interpreter of a developer may lie where other users cannot go; the library is loaded
    # first and the process then gives its rights up itself, for good.
    become = (
        "import os, sys; import duckdb\n"
        f"os.setgroups([]); os.setgid({reader[1]}); os.setuid({reader[0]})\n"
        "os.environ['HOME'] = '/nonexistent'\n"
    )
    return subprocess.run(
        [sys.executable, "-c", become + program, *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_another_user_queries_the_analysts_database_read_only(
    home: Home, as_reader: tuple[int, int]
) -> None:
    done = _as(
        as_reader,
        "con = duckdb.connect(sys.argv[1], read_only=True)\n"
        "print(con.sql('select count(*) from place').fetchall(), os.getuid())",
        str(home.catalogue),
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split(" ")[0] == "[(9,)]"
    assert done.stdout.split()[-1] != "0"


@pytest.mark.parametrize(
    "attempt",
    [
        "duckdb.connect(sys.argv[1] + '/beacon.duckdb').execute('create table x as select 1')",
        "open(sys.argv[1] + '/beacon.duckdb', 'r+b')",
        "open(sys.argv[1] + '/latest.json', 'w')",
        "open(sys.argv[1] + '/new', 'w')",
        "os.remove(sys.argv[1] + '/latest.json')",
        "open(sys.argv[1] + '/releases/new', 'w')",
        "open(next(Path(sys.argv[1]).glob('releases/v*/place.parquet')), 'r+b')",
        "os.remove(next(Path(sys.argv[1]).glob('releases/v*/place.parquet')))",
        "os.listdir(sys.argv[1] + '/landing')",
        "os.listdir(sys.argv[1] + '/state')",
        "os.listdir(sys.argv[1] + '/logs')",
        "open(sys.argv[1] + '/warehouse.duckdb', 'rb')",
    ],
)
def test_another_user_changes_nothing_and_sees_nothing_private(
    home: Home, as_reader: tuple[int, int], attempt: str
) -> None:
    done = _as(as_reader, f"from pathlib import Path\n{attempt}", str(home.root))
    assert done.returncode != 0
    assert "Permission denied" in done.stderr or "IOException" in done.stderr, done.stderr
