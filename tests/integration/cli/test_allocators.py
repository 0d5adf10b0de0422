"""Freed memory is given back; looked at in processes of their own, since it is asked for once."""

import subprocess
import sys
from pathlib import Path

import pytest

from beacon.allocators import ARENAS, JEMALLOC

DEPLOY = Path(__file__).resolve().parents[3] / "deploy"
_ASK = "from beacon.allocators import give_freed_memory_back; give_freed_memory_back()"
_LOOK = """
import ctypes, os, sys, threading
{ask}
assert "polars" not in sys.modules, "too late for its allocator"
together = threading.Barrier(4)

def work():
    kept = [bytes(60_000) for _ in range(50)]
    together.wait()

threads = [threading.Thread(target=work) for _ in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(os.environ.get("_RJEM_MALLOC_CONF", ""))
# Writes a paragraph for each arena to the error stream.
ctypes.CDLL(None).malloc_stats()
"""

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="the allocator asked for is that of the GNU C library"
)


def _arenas(ask: str, **environment: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-c", _LOOK.format(ask=ask)],
        env=environment, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return done.stderr.count("Arena "), done.stdout.strip()


def test_threads_share_one_arena_once_it_is_asked_for() -> None:
    arenas, settings = _arenas(_ASK)
    assert arenas == 1
    assert "muzzy_decay_ms:0" in settings
    unasked, _ = _arenas("pass")
    assert unasked > 1, "without asking each thread has its own"


def test_what_the_environment_sets_is_left() -> None:
    arenas, settings = _arenas(_ASK, MALLOC_ARENA_MAX="3", _RJEM_MALLOC_CONF="muzzy_decay_ms:9")
    assert arenas == 3
    assert settings == "muzzy_decay_ms:9"


@pytest.mark.parametrize(
    "file",
    ["systemd/beacon-code.service", "systemd/beacon-daemon.service", "compose/Dockerfile"],
)
def test_services_ask_the_same_of_their_runs(file: str) -> None:
    text = (DEPLOY / file).read_text("utf-8")
    assert f"MALLOC_ARENA_MAX={ARENAS}" in text
    assert "=".join(JEMALLOC) in text
