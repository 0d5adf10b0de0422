"""Running an application for readers: on the loopback address, with limits on connections."""

from __future__ import annotations

import ipaddress
import sys

import uvicorn
from starlette.types import ASGIApp

from beacon.core.errors import SettingsError

LOOPBACK = "127.0.0.1"
_CONNECTIONS = 100
_MOST_HEADER_BYTES = 32_768


def check_address(address: str, tokens: tuple[bytes, ...]) -> None:
    """Refuse to listen to other machines without tokens.

    Raises:
        SettingsError: When the address is not one, or is open and no token file is given.
    """
    try:
        loopback = ipaddress.ip_address(address).is_loopback
    except ValueError as error:
        raise SettingsError(
            f"{address!r} is no IP address. Give 127.0.0.1, or the address that the proxy asks."
        ) from error
    if not loopback and not tokens:
        raise SettingsError(
            f"{address} can be reached from other machines: give --token-file FILE as well, or "
            "keep 127.0.0.1 and put a proxy with a login in front (docs/serving.md)."
        )


def run_server(app: ASGIApp, address: str, port: int, what: str) -> None:
    """Answer until stopped.

    Args:
        app: The application.
        address: Address to listen on.
        port: Port to listen on.
        what: What it is called when its address is said.
    """
    host = f"[{address}]" if ":" in address else address
    sys.stderr.write(f"{what}: http://{host}:{port}  (Ctrl-C stops it)\n")
    uvicorn.run(
        app,
        host=address,
        port=port,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        # Above it new requests get 503 at once.
        limit_concurrency=_CONNECTIONS,
        h11_max_incomplete_event_size=_MOST_HEADER_BYTES,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=5,
    )
