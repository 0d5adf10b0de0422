"""The HTTP client: polite to publishers, and suspicious of what they send.

Nothing here logs an address with its query or a header: both may carry a key.
"""

from __future__ import annotations

import email.utils
import hashlib
import io
import logging
import os
import random
import re
import ssl
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urljoin, urlsplit

import httpx

from beacon.core.errors import SettingsError
from beacon.fetch.asking import Ask, Received, check_origin, parse_json
from beacon.fetch.decoding import Bounds, Decoder, TooLargeError
from beacon.fetch.fetch_errors import FetchError
from beacon.fetch.hosts import is_loopback
from beacon.fetch.pacing import Clock, Pacer, SystemClock

RETRIED_STATUSES = frozenset({408, 429, *range(500, 600)})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 5
_KEPT_HEADERS = (
    "content-type",
    "content-length",
    "content-encoding",
    "etag",
    "last-modified",
    "date",
    "content-disposition",
)
_HTML = ("text/html", "application/xhtml+xml")

Progress = Callable[[str, int, int | None], None]
"""Called with an address, the bytes received of it so far, and the bytes expected if known."""


@dataclass(frozen=True)
class Limits:
    """Time and patience.

    Attributes:
        connect_seconds: For a connection to be made.
        idle_seconds: Without a byte arriving.
        total_seconds: For one file, all attempts and waits included.
        attempts: Times that one request is sent.
        first_wait_seconds: Wait after the first failure; doubles with each further one.
        longest_wait_seconds: The most that is waited, and the most that a publisher's
            `Retry-After` is honoured for: past it the request is given up for this run.
        bounds: Bytes.
    """

    connect_seconds: float = 15.0
    idle_seconds: float = 60.0
    total_seconds: float = 1_800.0
    attempts: int = 5
    first_wait_seconds: float = 1.0
    longest_wait_seconds: float = 120.0
    bounds: Bounds = field(default_factory=Bounds)


class _TryAgain(Exception):  # noqa: N818 - not an error: control flow within this module
    def __init__(self, said: str, wait: float | None = None, *, down: bool = False) -> None:
        self.said = said
        self.wait = wait
        self.down = down
        super().__init__(said)


@dataclass
class _Sink:
    """Where content goes, and how far it has come."""

    stream: BinaryIO
    digest: Any = field(default_factory=hashlib.sha256)
    size: int = 0
    validator: str | None = None
    resumed: bool = False

    def restart(self) -> None:
        self.stream.seek(0)
        self.stream.truncate()
        self.digest = hashlib.sha256()
        self.size = 0

    def write(self, content: bytes) -> None:
        self.stream.write(content)
        self.digest.update(content)
        self.size += len(content)


class HttpClient:
    """Sends requests to publishers. Safe to use from several threads; close when done."""

    def __init__(
        self,
        user_agent: str,
        *,
        intervals: Mapping[str, float] | None = None,
        limits: Limits | None = None,
        clock: Clock | None = None,
        ca_file: Path | None = None,
        progress: Progress | None = None,
        transport: httpx.BaseTransport | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """Make a client.

        Args:
            user_agent: Who asks and how to reach them.
            intervals: Least seconds between two requests, by host and port.
            limits: Time, patience and bytes.
            clock: For tests.
            ca_file: Certificates to trust instead of the public ones, as some networks need.
                Verification cannot be turned off.
            progress: Told of each long download as it goes on.
            transport: For tests.
            chance: Draws from [0, 1) that spread retries.
        """
        # It would log whole addresses, keys included.
        logging.getLogger("httpx").setLevel(logging.WARNING)
        logging.getLogger("httpcore").setLevel(logging.WARNING)
        self._limits = limits or Limits()
        self._clock = clock or SystemClock()
        self._pacer = Pacer(self._clock, intervals or {})
        self._progress = progress
        self._chance = chance
        # Made once: reading all public certificates takes longer than a request on this machine.
        tls = httpx.create_ssl_context() if ca_file is None else _trusting(ca_file)
        settings: dict[str, Any] = {
            "headers": {"User-Agent": user_agent, "Accept-Encoding": "gzip", "Accept": "*/*"},
            "timeout": httpx.Timeout(
                self._limits.idle_seconds, connect=self._limits.connect_seconds
            ),
            "follow_redirects": False,
            "verify": tls,
        }
        self._http = httpx.Client(**settings, transport=transport)
        # What runs on this machine is never reached through a proxy.
        self._local = httpx.Client(**settings, transport=transport, trust_env=False)

    def close(self) -> None:
        """Close all connections."""
        self._http.close()
        self._local.close()

    def __enter__(self) -> HttpClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def download(self, ask: Ask, target: Path) -> Received:
        """Write the content of an answer to a file.

        The file appears whole or not at all: content is written beside it, hashed as it arrives,
        flushed to disk and renamed. A cut download goes on where it stopped, if the publisher
        allows that.

        Raises:
            FetchError: When it cannot be had, and why.
        """
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f".{target.name}.partial")
        try:
            with partial.open("w+b") as stream:
                received = self._exchange(ask, _Sink(stream))
                stream.flush()
                os.fsync(stream.fileno())
            if not received.is_unchanged:
                partial.replace(target)
            return received
        finally:
            partial.unlink(missing_ok=True)

    def read(self, ask: Ask) -> tuple[Received, bytes]:
        """Give the content of a small answer.

        Raises:
            FetchError: When it cannot be had, and why.
        """
        stream = io.BytesIO()
        received = self._exchange(ask, _Sink(stream))
        return received, stream.getvalue()

    def read_json(self, ask: Ask) -> Any:
        """Give a small answer that is JSON.

        Raises:
            FetchError: When it cannot be had, or is not JSON.
        """
        received, content = self.read(ask)
        return parse_json(received.url, content)

    def pause(self, attempt: int) -> None:
        """Wait as after a failed attempt: for services that hide a failure in a good answer."""
        self._clock.sleep(self._doubled(attempt))

    # One request, several attempts

    def _exchange(self, ask: Ask, sink: _Sink) -> Received:
        limits = self._limits
        started = self._clock.now()
        for attempt in range(1, limits.attempts + 1):
            try:
                return self._attempt(ask, sink, started)
            except _TryAgain as failed:
                last = failed
            wait = self._wait_after(attempt, last, ask)
            if attempt < limits.attempts:
                if self._clock.now() + wait - started > limits.total_seconds:
                    break
                self._clock.sleep(wait)
        raise FetchError(
            ask.shown,
            f"{last.said} (asked {attempt} times).",
            host_is_down=last.down,
            gave_up=True,
        )

    def _wait_after(self, attempt: int, failed: _TryAgain, ask: Ask) -> float:
        limits = self._limits
        if failed.wait is not None:
            if failed.wait > limits.longest_wait_seconds:
                raise FetchError(
                    ask.shown,
                    f"{failed.said}, and asks to be left alone for {failed.wait:,.0f} seconds.",
                    host_is_down=True,
                )
            return failed.wait
        return self._doubled(attempt)

    def _doubled(self, attempt: int) -> float:
        # Jitter: clients that failed together do not come back together.
        doubled = self._limits.first_wait_seconds * float(2 ** (attempt - 1))
        return min(doubled, self._limits.longest_wait_seconds) * (0.5 + self._chance() / 2)

    def _attempt(self, ask: Ask, sink: _Sink, started: float) -> Received:
        url = ask.sent
        check_origin(ask, url)
        try:
            for _ in range(_MOST_REDIRECTS + 1):
                self._pacer.wait(urlsplit(url).netloc)
                with self._open(ask, url, sink) as response:
                    if response.status_code not in _REDIRECTS:
                        return self._take(ask, response, sink, started)
                    url = self._redirected(ask, url, response)
        except httpx.TimeoutException as error:
            down = isinstance(error, httpx.ConnectTimeout)
            raise _TryAgain("did not answer in time", down=down) from error
        except httpx.TransportError as error:
            raise self._transport_failure(ask, error, sink) from error
        raise FetchError(ask.shown, f"redirects more than {_MOST_REDIRECTS} times.")

    @contextmanager
    def _open(self, ask: Ask, url: str, sink: _Sink) -> Iterator[httpx.Response]:
        headers = dict(ask.headers)
        if sink.size and sink.validator:
            headers |= {"Range": f"bytes={sink.size}-", "If-Range": sink.validator}
            headers["Accept-Encoding"] = "identity"
        elif ask.etag or ask.last_modified:
            if ask.etag:
                headers["If-None-Match"] = ask.etag
            if ask.last_modified:
                headers["If-Modified-Since"] = ask.last_modified
        client = self._local if is_loopback(url) else self._http
        method = "GET" if ask.body is None else "POST"
        with client.stream(method, url, headers=headers, json=ask.body) as response:
            yield response

    def _redirected(self, ask: Ask, url: str, response: httpx.Response) -> str:
        target = urljoin(url, str(response.headers.get("location", "")))
        if urlsplit(url).scheme == "https" and urlsplit(target).scheme != "https":
            raise FetchError(ask.shown, "redirects from https to an unprotected address; refused.")
        check_origin(ask, target)
        return target

    def _transport_failure(self, ask: Ask, error: httpx.TransportError, sink: _Sink) -> Exception:
        text = str(error)
        if isinstance(error, httpx.ConnectError):
            if "CERTIFICATE_VERIFY_FAILED" in text.upper() or "certificate" in text.lower():
                return FetchError(
                    ask.shown,
                    "the server's certificate could not be verified, so nothing was asked of it. "
                    "Where the network inspects traffic, name its certificates in "
                    "BEACON_LIVE_CA_FILE.",
                    host_is_down=True,
                )
            return _TryAgain("could not be reached", down=True)
        if isinstance(error, httpx.RemoteProtocolError) and sink.size:
            return _TryAgain(f"cut the connection after {sink.size:,} bytes")
        if isinstance(error, httpx.UnsupportedProtocol | httpx.ProxyError):
            return FetchError(ask.shown, f"cannot be asked: {text}.", host_is_down=True)
        return _TryAgain("broke the connection off")

    # One answer

    def _take(self, ask: Ask, response: httpx.Response, sink: _Sink, started: float) -> Received:
        status = response.status_code
        if status == 304:
            return self._received(ask, response, sink)
        if status in RETRIED_STATUSES:
            raise _TryAgain(
                f"answered {status} {response.reason_phrase}".rstrip() + self._title(response),
                _retry_after(response.headers.get("retry-after")),
                down=False,
            )
        if status == 416 and sink.size:
            sink.restart()
            raise _TryAgain("could not go on where it stopped")
        if status not in (200, 206):
            raise FetchError(
                ask.shown,
                f"answered {status} {response.reason_phrase}".rstrip()
                + self._title(response)
                + ".",
            )
        self._check_media_type(ask, response)
        self._begin(response, sink)
        self._stream(ask, response, sink, started)
        return self._received(ask, response, sink)

    def _check_media_type(self, ask: Ask, response: httpx.Response) -> None:
        given = response.headers.get("content-type", "").split(";")[0].strip().lower()
        if given in _HTML and given not in ask.media_types:
            raise FetchError(
                ask.shown, f"answered with a web page instead of data{self._title(response)}."
            )
        if given and ask.media_types and given not in ask.media_types:
            raise FetchError(
                ask.shown,
                f"answered with {given}, where {' or '.join(ask.media_types)} was expected.",
            )

    @staticmethod
    def _begin(response: httpx.Response, sink: _Sink) -> None:
        found = re.match(r"bytes (\d+)-", response.headers.get("content-range", ""))
        goes_on = response.status_code == 206 and found is not None
        if goes_on and found is not None and int(found.group(1)) == sink.size:
            sink.resumed = True
            return
        if response.status_code == 206:
            sink.restart()
            sink.validator = None
            raise _TryAgain("sent another part than was asked for")
        sink.restart()
        plain = response.headers.get("content-encoding", "identity") == "identity"
        etag = response.headers.get("etag", "")
        # Only a strong validator says that two pieces belong to the same bytes (RFC 9110, 13.1.5).
        validator = etag if etag and not etag.startswith("W/") else None
        ranges = response.headers.get("accept-ranges") == "bytes"
        sink.validator = validator if plain and ranges else None

    def _stream(self, ask: Ask, response: httpx.Response, sink: _Sink, started: float) -> None:
        encoding = response.headers.get("content-encoding", "identity").lower()
        if encoding not in ("identity", "gzip"):
            raise FetchError(ask.shown, f"sent {encoding!r} encoding, which was not asked for.")
        bounds = self._limits.bounds
        if ask.most_bytes is not None and ask.most_bytes < bounds.decoded_bytes:
            bounds = replace(bounds, decoded_bytes=ask.most_bytes)
        announced = int(response.headers.get("content-length") or 0)
        if announced > bounds.wire_bytes:
            raise FetchError(
                ask.shown,
                f"announces {announced:,} bytes; at most {bounds.wire_bytes:,} are taken.",
            )
        decoder = Decoder(encoding, bounds)
        try:
            for sent in response.iter_raw():
                for content in decoder.feed(sent):
                    sink.write(content)
                if self._clock.now() - started > self._limits.total_seconds:
                    raise FetchError(
                        ask.shown,
                        f"sent {sink.size:,} bytes in {self._limits.total_seconds:,.0f} seconds "
                        "and was not done; given up.",
                    )
                if self._progress is not None:
                    self._progress(ask.shown, decoder.wire, announced or None)
        except TooLargeError as error:
            raise FetchError(ask.shown, f"{error}; refused.") from error
        except zlib.error as error:
            raise _TryAgain(f"sent damaged gzip ({error})") from error
        if not decoder.is_complete:
            raise _TryAgain(f"cut the answer short after {decoder.wire:,} bytes")

    @staticmethod
    def _received(ask: Ask, response: httpx.Response, sink: _Sink) -> Received:
        headers = {
            name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers
        }
        final = str(response.url).split("?")[0]
        return Received(
            url=ask.shown,
            final_url=ask.shown if final == ask.url else final,
            status=304 if response.status_code == 304 else 200,
            headers=headers,
            sha256=sink.digest.hexdigest(),
            size_bytes=sink.size,
            retrieved_at=datetime.now(UTC).isoformat(timespec="seconds"),
            resumed=sink.resumed,
        )

    @staticmethod
    def _title(response: httpx.Response) -> str:
        """What an error page calls itself, or what an error in JSON says."""
        start = b""
        try:
            for sent in response.iter_raw():
                start += sent
                if len(start) > 4096:
                    break
            if response.headers.get("content-encoding") == "gzip":
                start = zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(start, 4096)
        except (httpx.HTTPError, httpx.StreamError, zlib.error):
            return ""
        text = start[:4096].decode("utf-8", errors="replace")
        found = re.search(r"<title>\s*([^<]{1,120}?)\s*</title>", text, re.IGNORECASE)
        if found is None:
            found = re.search(r'"(?:title|message|error)"\s*:\s*"([^"]{1,160})"', text)
        return f' ("{found.group(1)}")' if found else ""


def _trusting(ca_file: Path) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=str(ca_file))
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(
            f"BEACON_LIVE_CA_FILE: {ca_file} holds no certificates that can be read ({error})."
        ) from error


def _retry_after(value: str | None) -> float | None:
    """Seconds that a publisher asks to wait: a number, or a date (RFC 9110, 10.2.3)."""
    if not value:
        return None
    if value.strip().isdigit():
        return float(value)
    try:
        when = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return max((when - datetime.now(UTC)).total_seconds(), 0.0)
