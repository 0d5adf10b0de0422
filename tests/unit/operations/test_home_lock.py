"""One run at a time has a home to itself; the next one waits, says so, and goes on."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from beacon.core.home import Home
from beacon.core.progress import reporting_to
from beacon.operations.home_lock import HomeBusyError, home_lock

_HOLD = (
    "import sys; from pathlib import Path\n"
    "from beacon.core.home import Home\n"
    "from beacon.operations.home_lock import home_lock\n"
    "with home_lock(Home(Path(sys.argv[1]))):\n"
    "    print('held', flush=True); input()\n"
)


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that has the home, until it is given a line or killed."""
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_busy_home_is_waited_for_and_told(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    said: list[str] = []
    told = threading.Event()

    def say(line: str) -> None:
        said.append(line)
        told.set()

    def let_go() -> None:
        told.wait(60)
        holder.communicate("\n")

    other = threading.Thread(target=let_go)
    other.start()
    with reporting_to(say), home_lock(Home(tmp_path)):
        other.join()
        assert holder.returncode == 0
    (line,) = said
    assert line.endswith(f"waiting for another run on {tmp_path}, 600 s at most")


def test_a_wait_that_is_too_long_is_an_error_in_words(
    tmp_path: Path, holder: subprocess.Popen[str]
) -> None:
    said: list[str] = []
    with (
        reporting_to(said.append),
        pytest.raises(HomeBusyError, match=r"Another run is writing to .*run again"),
        home_lock(Home(tmp_path), wait_seconds=0.3),
    ):
        pytest.fail("two have the home to themselves")
    assert len(said) == 1


def test_a_killed_holder_leaves_the_home_free(
    tmp_path: Path, holder: subprocess.Popen[str]
) -> None:
    holder.kill()
    holder.wait()
    said: list[str] = []
    with reporting_to(said.append), home_lock(Home(tmp_path), wait_seconds=5):
        assert said == []
