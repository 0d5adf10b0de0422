"""The program ends with the command's status, and all that it said has been written by then."""

import subprocess
import sys
from pathlib import Path

import pytest


def _run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


_PROGRAM = "from beacon.program import main; main()"


@pytest.mark.parametrize(
    ("arguments", "status"), [(["--help"], 0), (["nonsense"], 2), (["verify", "--home", "{}"], 1)]
)
def test_the_status_is_the_commands(arguments: list[str], status: int, tmp_path: Path) -> None:
    done = _run(_PROGRAM, *(word.format(tmp_path / "none") for word in arguments))
    assert done.returncode == status
    assert done.stdout or done.stderr


def test_what_was_registered_for_the_end_is_done_before_it() -> None:
    done = _run(
        "from beacon import program\n"
        "import atexit\n"
        "atexit.register(print, 'first registered, last done')\n"
        "atexit.register(print, 'done')\n"
        "program.main()\n",
        "--help",
    )
    assert done.stdout.endswith("done\nfirst registered, last done\n")
    assert done.returncode == 0


def test_a_thread_at_work_is_waited_for() -> None:
    done = _run(
        "from beacon.program import main\n"
        "import threading\n"
        "main_thread = threading.main_thread()\n"
        "threading.Thread(target=lambda: (main_thread.join(), print('finished'))).start()\n"
        "main()\n",
        "--help",
    )
    assert done.stdout.endswith("finished\n")


def test_an_error_that_nobody_foresaw_is_told_as_ever() -> None:
    done = _run(
        "import beacon.cli.main\n"
        "def fail(): raise RuntimeError('unforeseen')\n"
        "beacon.cli.main.main = fail\n" + _PROGRAM
    )
    assert (done.returncode, done.stderr.splitlines()[-1]) == (1, "RuntimeError: unforeseen")
