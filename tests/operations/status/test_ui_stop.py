"""`beacon ui` that is stopped says so in its home, however it was started."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from beacon.core.home import Home
from beacon.operations.health import read_heartbeat
from tests.servers.postgres import free_port

pytestmark = pytest.mark.slow

# What a shell does before it starts a program in the background of a script.
_IGNORING_CTRL_C = (
    "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN); "
    "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
)


@pytest.mark.parametrize("start", [[], ["-c", _IGNORING_CTRL_C]], ids=["terminal", "script"])
def test_ctrl_c_is_kept_as_a_stop_on_purpose(start: list[str], tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    command = [
        sys.executable, *start, "-m", "beacon.cli.main", "ui", "--inputs", "sample",
        "--home", str(home.root), "--port", str(free_port()),
    ]  # fmt: skip
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) as ui:
        try:
            assert ui.stderr is not None
            while b"Ctrl-C stops it" not in (line := ui.stderr.readline()):
                assert line, "it ended"
            ui.send_signal(signal.SIGINT)
            ui.communicate(timeout=120)
        finally:
            ui.kill()
    assert ui.returncode == 0
    heartbeat = read_heartbeat(home)
    assert heartbeat is not None
    assert heartbeat.stopped
