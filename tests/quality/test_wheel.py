"""The wheel, installed into an empty environment outside the checkout, works."""

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

import pytest

from tests.servers.postgres import free_port

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
UI_LIMIT_SECONDS = 300.0


def _succeeds(*command: str, cwd: Path) -> str:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV"))}
    done = subprocess.run(
        command, cwd=cwd, env=inherited, capture_output=True, text=True, timeout=900, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the sdist, as a registry would."""
    if shutil.which("uv") is None:
        pytest.skip("uv is not installed")
    out = tmp_path_factory.mktemp("built")
    _succeeds("uv", "build", "--quiet", "--out-dir", str(out), str(ROOT), cwd=ROOT)
    (built,) = out.glob("beacon-*.whl")
    return built


@pytest.fixture(scope="module")
def program(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `beacon` program of an environment that has the wheel and what it depends on."""
    folder = tmp_path_factory.mktemp("installed")
    _succeeds("uv", "venv", "--quiet", "--python", sys.executable, "venv", cwd=folder)
    python = str(folder / "venv" / "bin" / "python")
    _succeeds("uv", "pip", "install", "--quiet", "--python", python, str(wheel), cwd=folder)
    return folder / "venv" / "bin" / "beacon"


def test_the_wheel_has_types_and_what_ships_beside_the_code(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"beacon/py.typed", "assets/py.typed", "pipelines/py.typed"} <= names
    for folder in ("sql", "reference_data", "expectations"):
        shipped = {f"beacon/_resources/{p.relative_to(ROOT)}" for p in (ROOT / folder).rglob("*.*")}
        assert {name for name in shipped if name.endswith((".sql", ".yaml"))} <= names


def test_the_version_is_that_of_the_wheel(wheel: Path, program: Path, tmp_path: Path) -> None:
    said = _succeeds(str(program), "--version", cwd=tmp_path)
    assert said.strip() == f"beacon {wheel.name.split('-')[1]}"


def test_a_run_publishes_and_the_ui_answers(program: Path, tmp_path: Path) -> None:
    home = str(tmp_path / "home")
    _succeeds(str(program), "run", "--home", home, cwd=tmp_path)
    answer = _succeeds(
        str(program), "query", "select count(*) as n from place", "--format", "csv",
        "--home", home, cwd=tmp_path,
    )  # fmt: skip
    assert answer.split() == ["n", "9"]
    port = free_port()
    log = tmp_path / "ui.log"
    with log.open("wb") as stream:
        ui = subprocess.Popen(
            [str(program), "ui", "--home", home, "--port", str(port)],
            cwd=tmp_path,
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
    try:
        assert _answers(f"http://127.0.0.1:{port}/server_info", ui), log.read_text()[-3000:]
    finally:
        ui.send_signal(signal.SIGTERM)
        ui.wait(60)


def _answers(url: str, process: subprocess.Popen[bytes]) -> bool:
    deadline = time.monotonic() + UI_LIMIT_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
    return False
