"""The reverse proxy in front of Dagster's web server: `RequestGuard`, then the request goes on.

Dagster's server can be given an address, a port and a path prefix, but no socket and no password.
It therefore gets a prefix that is made anew each time, which the proxy adds to each path and takes
out of the page again, and a port of `UNREACHABLE_PORTS`.
"""

import asyncio
import socket
from collections.abc import Iterable

import httpx
import websockets
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.types import Scope
from starlette.websockets import WebSocket, WebSocketDisconnect

from beacon.core.errors import BeaconError
from pipelines.request_guard import RequestGuard

LOOPBACK = "127.0.0.1"
# Browsers connect to none of these, whatever a page asks for: "bad ports" of the Fetch standard.
UNREACHABLE_PORTS = (6665, 6666, 6667, 6668, 6669, 6679, 6697, 6566, 4190, 10080)

_MOST_BYTES = 1_000_000
# Meant for one connection, not for what lies behind it (RFC 9110, 7.6.1), or set anew by it.
_NOT_PASSED_ON = frozenset(
    {"connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer",
     "transfer-encoding", "upgrade", "host", "content-length", "accept-encoding"}
)  # fmt: skip


def free_unreachable_port() -> int:
    """A port of the loopback address that is free and that browsers do not connect to.

    Raises:
        BeaconError: When all are taken.
    """
    for port in UNREACHABLE_PORTS:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            return port
    taken = ", ".join(map(str, UNREACHABLE_PORTS))
    raise BeaconError(f"Dagster's server needs one of the ports {taken}, and all are taken.")


def make_proxy(*, port: int, behind: int, prefix: str) -> Starlette:
    """The proxy as an ASGI application.

    Args:
        port: Port that browsers ask, for the names under which it may be asked.
        behind: Port of Dagster's server.
        prefix: Path prefix of Dagster's server, with a slash before it.
    """
    passing = _Passing(f"{LOOPBACK}:{behind}{prefix}", prefix.encode())
    return Starlette(
        routes=[
            WebSocketRoute("/{path:path}", passing.websocket),
            Route("/{path:path}", passing.request, methods=["GET", "POST"]),
        ],
        middleware=[Middleware(RequestGuard, hosts=(f"{LOOPBACK}:{port}", f"localhost:{port}"))],
    )


class _Passing:
    def __init__(self, place: str, prefix: bytes) -> None:
        self._place = place
        self._prefix = prefix
        # A person waits for a page; a run's plan may take the server a while.
        self._client = httpx.AsyncClient(timeout=httpx.Timeout(300, connect=10), trust_env=False)

    def _address(self, scheme: str, scope: Scope) -> str:
        query = str(scope["query_string"], "latin-1")
        path = str(scope["raw_path"], "latin-1").partition("?")[0]
        return f"{scheme}://{self._place}{path}" + (f"?{query}" if query else "")

    async def request(self, request: Request) -> Response:
        body = bytearray()
        async for part in request.stream():
            body += part
            if len(body) > _MOST_BYTES:
                return PlainTextResponse(f"More than {_MOST_BYTES:,} bytes were sent.\n", 413)
        sent = self._client.build_request(
            request.method,
            self._address("http", request.scope),
            headers=_passed_on(request.headers.raw),
            content=bytes(body),
        )
        try:
            answer = await self._client.send(sent, stream=True)
        except httpx.TransportError:
            return PlainTextResponse("Dagster's server does not answer.\n", 502)
        headers = _passed_on(answer.headers.raw)
        if answer.headers.get("content-type", "").startswith("text/html"):
            page = (await answer.aread()).replace(self._prefix, b"")
            response: Response = Response(page, answer.status_code)
            headers.append((b"content-length", str(len(page)).encode()))
        else:
            response = StreamingResponse(
                answer.aiter_raw(), answer.status_code, background=BackgroundTask(answer.aclose)
            )
        response.raw_headers = [(name, value.replace(self._prefix, b"")) for name, value in headers]
        return response

    async def websocket(self, near: WebSocket) -> None:
        protocols = [websockets.Subprotocol(name) for name in near.scope["subprotocols"]]
        try:
            async with websockets.connect(
                self._address("ws", near.scope), subprotocols=protocols or None, proxy=None,
                max_size=None,
            ) as far:  # fmt: skip
                await near.accept(far.subprotocol)
                pumps = {asyncio.create_task(pump(near, far)) for pump in (_to_far, _to_near)}
                _, going = await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
                for pump in going:
                    pump.cancel()
                await asyncio.gather(*pumps, return_exceptions=True)
        except (OSError, websockets.WebSocketException):
            await near.close(1011)


async def _to_far(near: WebSocket, far: websockets.ClientConnection) -> None:
    try:
        while True:
            await far.send(await near.receive_text())
    except (WebSocketDisconnect, websockets.ConnectionClosed):
        return


async def _to_near(near: WebSocket, far: websockets.ClientConnection) -> None:
    async for message in far:
        await near.send_text(message if isinstance(message, str) else message.decode())
    await near.close()


def _passed_on(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    return [(name, value) for name, value in headers if name.decode().lower() not in _NOT_PASSED_ON]
