"""Processes of our own: what they say arrives, what ends them is told, and none is left over."""

import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from beacon.processes import ChildFailed, ChildProcess


def _serving(answer: str, *, prepare: str = "lambda: None") -> tuple[str, ...]:
    """The command of a process that answers with an expression of `message`."""
    code = (
        "import os, time; from beacon.processes import serve\n"
        f"serve(lambda message: {answer}, prepare={prepare})"
    )
    return (sys.executable, "-P", "-c", code)


@contextmanager
def _child(*command: str) -> Iterator[ChildProcess]:
    with tempfile.TemporaryFile() as log:
        child = ChildProcess(command, log)
        try:
            yield child
        finally:
            child.end()


def _is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_messages_go_there_and_back_whatever_is_printed() -> None:
    answer = "[print('not a message'), {'twice': message['number'] * 2}][1]"
    with _child(*_serving(answer, prepare="lambda: {'ready': True}")) as child:
        assert child.exchange(None, 30) == {"ready": True}
        assert child.exchange({"number": 4}, 30) == {"twice": 8}
        assert child.exchange({"number": 5}, 30) == {"twice": 10}
        assert child.last_words() in ("", "not a message")


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("os._exit(3)", "it ended with status 3"),
        ("os.kill(os.getpid(), 11)", "it ended by signal SIGSEGV"),
        ("1 / 0", "it ended with status 1"),
        ("time.sleep(600)", "it gave no answer in 1 seconds"),
    ],
)
def test_how_a_process_ended_is_told(answer: str, told: str) -> None:
    with _child(*_serving(answer)) as child:
        time.sleep(0.5)
        with pytest.raises(ChildFailed, match=told):
            child.exchange({}, 1 if "sleep" in answer else 30)
        assert not _is_alive(child.popen.pid)
        if "1 / 0" in answer:
            assert "ZeroDivisionError" in child.last_words()


@pytest.mark.parametrize("at", ["waiting", "working", "getting ready"])
def test_a_process_ends_with_the_run_whatever_it_is_at(at: str) -> None:
    prepare = "lambda: time.sleep(600)" if at == "getting ready" else "lambda: None"
    code = textwrap.dedent(
        f"""
        import sys, time
        from beacon.processes import ChildProcess, send
        child = ChildProcess({_serving("time.sleep(600)", prepare=prepare)!r}, sys.stderr.buffer)
        if {at == "working"}:
            send(child.popen.stdin, {{}})
        print(child.popen.pid, flush=True)
        time.sleep(600)
        """
    )
    run = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert run.stdout is not None
    child = int(run.stdout.readline())
    time.sleep(1)
    assert _is_alive(child)
    run.kill()
    run.wait()
    run.stdout.close()
    deadline = time.monotonic() + 20
    while _is_alive(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _is_alive(child)
