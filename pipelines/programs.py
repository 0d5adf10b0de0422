"""The services of a server, one program each: `python -m pipelines.programs webserver`.

The program takes the place of this process, so a service manager sees the one that it started.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from beacon.core.errors import BeaconError

# Loopback unless told otherwise: none of these asks who is there. In a container that shares a
# network with nothing but the others, the address is all interfaces of that network.
HOST = "BEACON_SERVICE_HOST"
CODE_HOST = "BEACON_CODE_HOST"
# On one server the code server is better behind a socket in a directory of the services' own: a
# port of the loopback address is open to every user of the machine.
CODE_SOCKET = "BEACON_CODE_SOCKET"
CODE_PORT = 4266
WEBSERVER_PORT = 3000
LOCATION = "pipelines.definitions"

PROGRAMS = ("code", "webserver", "daemon", "prepare")


def command(program: str, *, host: str, code_host: str, code_socket: str = "") -> list[str]:
    """What is started for a service: one of Dagster's own commands, with its arguments.

    Args:
        program: code, webserver or daemon.
        host: Address that code and webserver listen on.
        code_host: Where webserver and daemon find the code server.
        code_socket: Path of a socket for the code server, instead of host and port.
    """
    served = ["--grpc-host", code_host, "--grpc-port", str(CODE_PORT)]
    serving = ["-h", host, "-p", str(CODE_PORT)]
    if code_socket:
        served, serving = ["--grpc-socket", code_socket], ["-s", code_socket]
    commands = {
        "code": [
            "dagster", "api", "grpc", *serving, "-m", LOCATION,
            "--use-python-environment-entry-point", "--location-name", LOCATION,
        ],
        "webserver": ["dagster-webserver", "-h", host, "-p", str(WEBSERVER_PORT), *served],
        "daemon": ["dagster-daemon", "run", *served],
    }  # fmt: skip
    name, *arguments = commands[program]
    # Beside this Python, so that no other environment's Dagster is found.
    return [str(Path(sys.executable).with_name(name)), *arguments, "--log-format", "json"]


def environment() -> dict[str, str]:
    """The environment of a service; the home's settings and run history are in place afterwards.

    Raises:
        SettingsError: When the settings cannot be used.
        BeaconError: When the history's server cannot be reached.
    """
    from beacon.core.home import Home
    from beacon.core.settings import Settings
    from pipelines.instance import make_history

    directory = make_history(Home(Settings().home))
    return {**os.environ, "DAGSTER_HOME": str(directory), "DAGSTER_DISABLE_TELEMETRY": "1"}


def main(arguments: Sequence[str] | None = None) -> None:
    """Start the program that is named, or only prepare the home's settings and history."""
    parser = argparse.ArgumentParser(prog="pipelines.programs", description=__doc__)
    parser.add_argument("program", choices=PROGRAMS)
    program = parser.parse_args(arguments).program
    try:
        variables = environment()
    except BeaconError as error:
        sys.exit(f"beacon: {error}")
    if program == "prepare":
        return
    host = os.environ.get(HOST) or "127.0.0.1"
    code_host = os.environ.get(CODE_HOST) or "127.0.0.1"
    socket = os.environ.get(CODE_SOCKET, "")
    if program == "code" and socket:
        # What an earlier process left, if it was killed.
        Path(socket).unlink(missing_ok=True)
    chosen = command(program, host=host, code_host=code_host, code_socket=socket)
    os.execve(chosen[0], chosen, variables)  # noqa: S606 - fixed programs


if __name__ == "__main__":
    main()
