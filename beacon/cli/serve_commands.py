"""`beacon serve` and `beacon mcp`: releases for programs and for assistants, to read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from beacon.cli.common import HomeOption, home_of
from beacon.core.errors import BeaconError

PortOption = Annotated[int, typer.Option("--port", min=1, max=65535, help="Port to listen on.")]
BindOption = Annotated[
    str, typer.Option("--bind", help="Address to listen on; another one needs --token-file.")
]
HostOption = Annotated[
    list[str] | None,
    typer.Option("--host-name", help="Name that it may be asked under; may be repeated."),
]
TokenOption = Annotated[
    Path | None,
    typer.Option(
        "--token-file",
        envvar="BEACON_TOKEN_FILE",
        help="File of tokens, one a line, that readers must send.",
    ),
]


def serve(
    port: PortOption = 8020,
    bind: BindOption = "127.0.0.1",
    host_name: HostOption = None,
    token_file: TokenOption = None,
    home: HomeOption = None,
) -> None:
    """Answer questions about releases over HTTP, read-only.

    /openapi.json describes what can be asked. It can be reached from this machine only, unless
    --bind says otherwise.
    """
    require_extra()
    from beacon.serve.http_app import make_app
    from beacon.serve.http_server import check_address, run_server
    from beacon.serve.token_guard import read_tokens

    tokens = read_tokens(token_file) if token_file else ()
    check_address(bind, tokens)
    place = home_of(home)
    app = make_app(place, tokens=tokens, hosts=(bind, *(host_name or ())))
    # It takes seconds, in which the first who asked for it would hold up everybody.
    app.openapi()
    run_server(app, bind, port, "Beacon's releases")


def mcp(
    port: Annotated[
        int | None,
        typer.Option("--port", min=1, max=65535, help="Answer over HTTP at this port, at /mcp."),
    ] = None,
    bind: BindOption = "127.0.0.1",
    host_name: HostOption = None,
    token_file: TokenOption = None,
    home: HomeOption = None,
) -> None:
    """Answer assistants (Model Context Protocol), read-only.

    Over standard input and output, as a program that an assistant starts; over HTTP with --port.
    """
    require_extra()
    from beacon.serve.http_server import check_address, run_server
    from beacon.serve.mcp_server import make_mcp_app, make_mcp_server
    from beacon.serve.token_guard import read_tokens

    place = home_of(home)
    if port is None:
        make_mcp_server(place).run("stdio")
        return
    tokens = read_tokens(token_file) if token_file else ()
    check_address(bind, tokens)
    hosts = (bind, *(host_name or ()))
    app = make_mcp_app(place, port=port, tokens=tokens, hosts=hosts)
    run_server(app, bind, port, "Beacon for assistants, at /mcp")


def require_extra() -> None:
    """Refuse where the extra `serve` is not installed.

    Raises:
        BeaconError: Saying how to install it.
    """
    from importlib.util import find_spec

    for package in ("fastapi", "mcp"):
        if find_spec(package) is None:
            raise BeaconError(
                f"The package {package} is not installed: `uv sync --extra serve`, or "
                "`pip install 'beacon[serve]'`."
            )
