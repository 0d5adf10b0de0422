"""A threaded HTTP server on loopback whose answers can be made to go wrong."""

from __future__ import annotations

import gzip
import hashlib
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

WEB_PAGE = (
    b'<!DOCTYPE html>\n<html lang="en"><head><title>Unexpected Error</title></head>\n'
    b"<body><h1>Sorry, an unexpected error has occured...</h1></body></html>\n"
)


@dataclass(frozen=True)
class Request:
    """What was asked."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass
class Answer:
    """What is answered."""

    body: bytes = b""
    status: int = 200
    content_type: str = "text/csv"
    headers: dict[str, str] = field(default_factory=dict)
    # Bytes after which the connection is cut, though more were announced.
    cut_after: int | None = None
    # Seconds between the pieces that a slow server sends.
    seconds_between_pieces: float = 0.0


Fault = Callable[[Request, Answer], Answer]


def web_page(status: int = 500) -> Answer:
    """An error page."""
    return Answer(WEB_PAGE, status, "text/html; charset=utf-8")


def as_json(document: Any, status: int = 200) -> Answer:
    """A JSON answer."""
    return Answer(json.dumps(document).encode(), status, "application/json; charset=utf-8")


class Replica:
    """A server for one publisher. Use as a context manager.

    `faults` are asked in order; each may change any answer. They are called with the request and
    the answer that it would have had.
    """

    # Whether content may be asked for in parts and by validator, as the publisher allows.
    validators = True

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.faults: list[Fault] = []
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.scheme = "http"

    @property
    def origin(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self._server.server_address[1]}"

    @property
    def url(self) -> str:
        """The base address, as it stands in hosts.yaml."""
        return self.origin

    def use_tls(self, certificate: Path) -> None:
        """Serve HTTPS with a certificate that nobody has signed."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.scheme = "https"

    def answer(self, request: Request) -> Answer:
        """The publisher's answer."""
        raise NotImplementedError

    def __enter__(self) -> Replica:
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()

    @contextmanager
    def failing(self, *faults: Fault) -> Iterator[None]:
        """Have faults for a while."""
        self.faults, earlier = list(faults), self.faults
        try:
            yield
        finally:
            self.faults = earlier

    def _handler(replica) -> type[BaseHTTPRequestHandler]:  # noqa: N805
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                replica._serve(self)

            do_POST = do_GET  # noqa: N815 - the name that http.server asks for

            def log_message(self, *_: Any) -> None:
                pass

        return Handler

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        length = int(handler.headers.get("content-length") or 0)
        request = Request(
            handler.command,
            parts.path,
            {name: values[-1] for name, values in parse_qs(parts.query).items()},
            {name.lower(): value for name, value in handler.headers.items()},
            handler.rfile.read(length),
        )
        with self._lock:
            self.requests.append(request)
        answer = self.answer(request)
        if self.validators and answer.status == 200 and request.method == "GET":
            answer = _conditional(request, answer)
        for fault in self.faults:
            answer = fault(request, answer)
        try:
            self._send(handler, answer)
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            handler.close_connection = True

    def _send(self, handler: BaseHTTPRequestHandler, answer: Answer) -> None:
        handler.send_response(answer.status)
        handler.send_header("Content-Type", answer.content_type)
        for name, value in answer.headers.items():
            handler.send_header(name, value)
        if answer.status != 304:
            handler.send_header("Content-Length", str(len(answer.body)))
        handler.end_headers()
        if answer.status == 304:
            return
        if answer.seconds_between_pieces:
            for byte in range(len(answer.body)):
                handler.wfile.write(answer.body[byte : byte + 1])
                handler.wfile.flush()
                if self._stopping.wait(answer.seconds_between_pieces):
                    return
        elif answer.cut_after is not None:
            handler.wfile.write(answer.body[: answer.cut_after])
            handler.wfile.flush()
            handler.close_connection = True
            handler.connection.close()
        else:
            handler.wfile.write(answer.body)


def _conditional(request: Request, answer: Answer) -> Answer:
    etag = f'"{hashlib.sha256(answer.body).hexdigest()[:20]}"'
    answer.headers = {"ETag": etag, "Accept-Ranges": "bytes", **answer.headers}
    if request.headers.get("if-none-match") == etag:
        return Answer(b"", 304, answer.content_type, answer.headers)
    asked = request.headers.get("range", "")
    if asked.startswith("bytes=") and request.headers.get("if-range") == etag:
        start, size = int(asked[6:].rstrip("-")), len(answer.body)
        answer.headers["Content-Range"] = f"bytes {start}-{size - 1}/{size}"
        answer.status, answer.body = 206, answer.body[start:]
    return answer


# Faults that any server may have


def always(answer: Callable[[], Answer]) -> Fault:
    """The same answer to everything."""
    return lambda _request, _answer: answer()


def not_found(_request: Request, _answer: Answer) -> Answer:
    return Answer(
        WEB_PAGE.replace(b"Unexpected Error", b"Page not found"), 404, "text/html; charset=utf-8"
    )


def times(count: int, fault: Fault) -> Fault:
    """A fault that goes away."""
    left = [count]

    def limited(request: Request, answer: Answer) -> Answer:
        if left[0] <= 0:
            return answer
        left[0] -= 1
        return fault(request, answer)

    return limited


def where(fits: Callable[[Request], bool], fault: Fault) -> Fault:
    """A fault of some requests only."""
    return lambda request, answer: fault(request, answer) if fits(request) else answer


def too_many_requests(_request: Request, _answer: Answer) -> Answer:
    return Answer(b"slow down", 429, "text/plain", {"Retry-After": "7"})


def unavailable(_request: Request, _answer: Answer) -> Answer:
    return Answer(b"", 503, "text/plain")


def cut_at_half(_request: Request, answer: Answer) -> Answer:
    answer.cut_after = len(answer.body) // 2
    return answer


def slow(_request: Request, answer: Answer) -> Answer:
    answer.seconds_between_pieces = 0.05
    return answer


def wrong_type(_request: Request, answer: Answer) -> Answer:
    answer.content_type = "image/png"
    return answer


def gzip_bomb(_request: Request, answer: Answer) -> Answer:
    return Answer(
        gzip.compress(b"0" * 8_000_000), 200, answer.content_type, {"Content-Encoding": "gzip"}
    )


def elsewhere(_request: Request, _answer: Answer) -> Answer:
    return Answer(b"", 302, "text/plain", {"Location": "http://localhost:9/stolen.csv"})


def edited(edit: Callable[[bytes], bytes]) -> Fault:
    """A changed body."""

    def fault(_request: Request, answer: Answer) -> Answer:
        if answer.status == 200:
            answer.body = edit(answer.body)
        return answer

    return fault
