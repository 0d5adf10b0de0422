"""The services that a server runs: started as a service manager would, and asked."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest

from pipelines.programs import CODE_PORT, WEBSERVER_PORT, command
from tests.servers.postgres import free_port

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("program", ["code", "webserver", "daemon"])
def test_a_service_listens_on_the_loopback_address_unless_told_otherwise(program: str) -> None:
    started = command(program, host="127.0.0.1", code_host="127.0.0.1")
    addresses = [
        started[index + 1] for index, word in enumerate(started) if word in ("-h", "--grpc-host")
    ]
    assert addresses
    assert set(addresses) == {"127.0.0.1"}


def test_unusable_settings_are_said_in_words(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pipelines.programs", "daemon"],
        cwd=ROOT,
        env={
            **os.environ,
            "BEACON_HOME": str(tmp_path),
            "BEACON_HISTORY_URL": "postgresql://beacon:hunter2@db/beacon",
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    assert "holds a password" in done.stderr
    assert "Traceback" not in done.stderr
    assert "hunter2" not in done.stderr


def test_programs_that_start_at_once_in_an_empty_home_find_one_sound_history(
    history: str, tmp_path: Path
) -> None:
    """Dagster's own programs would each make the tables, and break each other."""
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "pipelines.programs", "prepare"],
            cwd=ROOT,
            env={**os.environ, "BEACON_HOME": str(tmp_path / "home")},
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    said = [process.communicate(timeout=300)[1] for process in started]
    assert [process.returncode for process in started] == [0] * 4, said
    with dg.DagsterInstance.from_config(str(tmp_path / "home" / "dagster")) as instance:
        assert instance.get_runs_count() == 0


def test_a_code_server_behind_a_socket_listens_on_no_port() -> None:
    for program in ("code", "webserver", "daemon"):
        started = command(program, host="127.0.0.1", code_host="x", code_socket="/run/b/c.sock")
        assert "/run/b/c.sock" in started
        assert not {"--grpc-port", str(CODE_PORT)} & set(started)


@pytest.fixture
def services(history: str, tmp_path: Path) -> Iterator[str]:
    """All three services on ports of their own; gives the web server's address."""
    code, web = free_port(), free_port()
    # As the two ways of deploying have it: a socket on one server, a port between containers.
    socket = "" if history == "postgres" else str(tmp_path / "code.sock")
    environment = {
        **os.environ,
        "BEACON_CODE_SOCKET": socket,
        "BEACON_HOME": str(tmp_path / "home"),
        "BEACON_INPUTS": "sample",
    }
    # The real ports may be taken on a machine where tests run beside services.
    starter = (
        "import sys; from pipelines import programs as p; "
        f"p.CODE_PORT, p.WEBSERVER_PORT = {code}, {web}; p.main(sys.argv[1:])"
    )
    running: list[subprocess.Popen[bytes]] = []
    with (tmp_path / "log").open("wb") as log:
        try:
            for program in ("code", "webserver", "daemon"):
                running.append(
                    subprocess.Popen(
                        [sys.executable, "-c", starter, program],
                        cwd=ROOT,
                        env=environment,
                        stdout=log,
                        stderr=log,
                    )
                )
                if program == "code":
                    _until(lambda: Path(socket).exists() if socket else _listens(code), running)
            _until(lambda: _answers(f"http://127.0.0.1:{web}/server_info"), running)
            yield f"http://127.0.0.1:{web}"
        finally:
            for process in reversed(running):
                process.send_signal(signal.SIGTERM)
            for process in running:
                try:
                    process.wait(30)
                except subprocess.TimeoutExpired:
                    process.kill()


def _until(ready: Callable[[], bool], running: list[subprocess.Popen[bytes]]) -> None:
    deadline = time.monotonic() + 180
    while not ready():
        assert all(process.poll() is None for process in running), "a service ended"
        assert time.monotonic() < deadline, "a service did not get ready"
        time.sleep(0.5)


def _listens(port: int) -> bool:
    import socket

    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


def _ask(address: str, query: str) -> dict:
    request = urllib.request.Request(
        f"{address}/graphql",
        json.dumps({"query": query}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)["data"]


@pytest.mark.slow
def test_the_services_find_each_other_and_the_daemon_ticks(services: str) -> None:
    found: dict = {}

    def ready() -> bool:
        found.update(
            _ask(
                services,
                "{ repositoriesOrError { ... on RepositoryConnection { nodes { "
                "location { name } jobs { name } schedules { name scheduleState { status } } } } } "
                "instance { daemonHealth { allDaemonStatuses "
                "{ daemonType required healthy } } } }",
            )
        )
        statuses = found["instance"]["daemonHealth"]["allDaemonStatuses"]
        return all(status["healthy"] for status in statuses if status["required"])

    _until(ready, [])
    (repository,) = found["repositoriesOrError"]["nodes"]
    assert "nightly" in {job["name"] for job in repository["jobs"]}
    states = {
        schedule["name"]: schedule["scheduleState"]["status"]
        for schedule in repository["schedules"]
    }
    assert states["nightly_at_half_past_two"] == "RUNNING"


def test_the_ports_are_those_that_the_deployment_names() -> None:
    assert (CODE_PORT, WEBSERVER_PORT) == (4266, 3000)
