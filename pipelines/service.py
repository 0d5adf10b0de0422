"""`beacon ui`: Dagster's web server behind the proxy, and the daemon, on the loopback address."""

import asyncio
import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from beacon.core.errors import BeaconError
from beacon.core.home import Home
from beacon.core.settings import Settings
from beacon.operations.health import beat
from pipelines.instance import make_history
from pipelines.programs import LOCATION
from pipelines.ui_proxy import LOOPBACK, free_unreachable_port, make_proxy

# Loading the definitions takes seconds; on a slow machine with a cold disk, minutes.
STARTUP_SECONDS = 600.0


def serve(settings: Settings, port: int) -> int:
    """Run the UI and the daemon until one of them ends or Ctrl-C is pressed.

    Raises:
        BeaconError: When the port is taken, or Dagster's server ends or does not answer in time.
    """
    home = Home(settings.home)
    behind, prefix = free_unreachable_port(), f"/{secrets.token_urlsafe(24)}"
    location = ["-m", LOCATION]
    beside = Path(sys.executable).with_name
    server = [str(beside("dagster-webserver")), "-h", LOOPBACK, "-p", str(behind)]
    programs = [
        [*server, "--path-prefix", prefix, *location],
        [str(beside("dagster-daemon")), "run", *location],
    ]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with _listening(port) as listener:
        try:
            with _running(programs, _environment(settings, home)) as processes:
                _wait_until_it_answers(f"http://{LOOPBACK}:{behind}{prefix}", processes)
                proxy = make_proxy(port=port, behind=behind, prefix=prefix)
                return asyncio.run(_serve_while(proxy, listener, processes))
        except (KeyboardInterrupt, SystemExit):
            # Nobody is to be told of the silence of what was stopped on purpose.
            with contextlib.suppress(OSError):
                beat(home, stopped=True)
            return 0


def _environment(settings: Settings, home: Home) -> dict[str, str]:
    root = Path(__file__).resolve().parent.parent
    environment = {
        **os.environ,
        "DAGSTER_HOME": str(make_history(home)),
        "DAGSTER_DISABLE_TELEMETRY": "1",
        "BEACON_HOME": str(home.root),
        "BEACON_INPUTS": settings.inputs,
        "BEACON_FOOTPRINT": settings.footprint,
        "PYTHONPATH": os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")]).rstrip(
            os.pathsep
        ),
    }
    if settings.folder is not None:
        environment["BEACON_FOLDER"] = str(settings.folder.expanduser().absolute())
    return environment


@contextlib.contextmanager
def _listening(port: int) -> Iterator[socket.socket]:
    try:
        listener = socket.create_server((LOOPBACK, port))
    except OSError as error:
        raise BeaconError(
            f"Port {port} of {LOOPBACK} cannot be used: {error.strerror}. Give another with --port."
        ) from error
    with listener:
        yield listener


@contextlib.contextmanager
def _running(
    programs: list[list[str]], environment: dict[str, str]
) -> Iterator[list[subprocess.Popen[bytes]]]:
    processes: list[subprocess.Popen[bytes]] = []
    try:
        for program in programs:
            processes.append(subprocess.Popen(program, env=environment))  # noqa: S603 - fixed
        yield processes
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait_until_it_answers(address: str, processes: list[subprocess.Popen[bytes]]) -> None:
    sys.stderr.write("Beacon's UI is starting; its address is shown when it answers.\n")
    deadline = time.monotonic() + STARTUP_SECONDS
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while True:
        with contextlib.suppress(urllib.error.URLError, OSError):
            direct.open(f"{address}/server_info", timeout=10).close()
            return
        if any(process.poll() is not None for process in processes):
            raise BeaconError("Dagster ended while it was starting; what it said is above.")
        if time.monotonic() > deadline:
            raise BeaconError(f"Dagster's server gave no answer in {STARTUP_SECONDS:.0f} seconds.")
        time.sleep(0.2)


async def _serve_while(
    proxy: ASGIApp, listener: socket.socket, processes: list[subprocess.Popen[bytes]]
) -> int:
    """Serve until a process ends; gives its exit status.

    Raises:
        KeyboardInterrupt: When a signal stopped it.
    """
    server = uvicorn.Server(
        uvicorn.Config(proxy, log_level="warning", lifespan="off", timeout_graceful_shutdown=2)
    )
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    told = False
    while not serving.done() and all(process.poll() is None for process in processes):
        if server.started and not told:
            port = listener.getsockname()[1]
            sys.stderr.write(f"Beacon's UI: http://{LOOPBACK}:{port}  (Ctrl-C stops it)\n")
            told = True
        await asyncio.sleep(0.2)
    # uvicorn says so at a signal, even one that a script which started this had it ignore.
    stopped = server.should_exit
    server.should_exit = True
    await serving
    if stopped:
        raise KeyboardInterrupt
    return next((process.returncode for process in processes if process.poll()), 1)
