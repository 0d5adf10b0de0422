"""One request to a publisher, and its answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from beacon.fetch.fetch_errors import FetchError
from beacon.fetch.hosts import origin_of


@dataclass(frozen=True)
class Ask:
    """One request.

    Attributes:
        url: Address without query.
        origins: Servers that it may reach, redirects included (`beacon.fetch.hosts.origin_of`).
        params: The query.
        secret_params: Query that is sent but never shown, logged or kept.
        body: Sent as JSON by POST where given.
        headers: Further headers, such as a key; never shown, logged or kept.
        media_types: Kinds of content that are accepted; empty for any but a web page.
        most_bytes: Content larger than this is refused, where tighter than the client's bounds.
        etag: Validator of the content that is held already.
        last_modified: The same, where the publisher gave a date.
    """

    url: str
    origins: frozenset[str]
    params: Mapping[str, str] = field(default_factory=dict)
    secret_params: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    media_types: tuple[str, ...] = ()
    most_bytes: int | None = None
    etag: str | None = None
    last_modified: str | None = None

    @property
    def shown(self) -> str:
        """The address with its query, without secrets: for people and for the record."""
        return f"{self.url}?{urlencode(self.params, safe=',:*')}" if self.params else self.url

    @property
    def sent(self) -> str:
        """The address as it is sent."""
        params = {**self.params, **self.secret_params}
        return f"{self.url}?{urlencode(params, safe=',:*')}" if params else self.url


@dataclass(frozen=True)
class Received:
    """An answer.

    Attributes:
        url: What was asked, without secrets.
        final_url: Where it came from after redirects, without secrets.
        status: 200, or 304 where what is held already is current.
        headers: Those worth keeping.
        sha256: Of the content, unpacked.
        size_bytes: Of the content, unpacked.
        retrieved_at: When it had arrived, UTC, ISO 8601.
        resumed: True when it arrived in more than one piece.
    """

    url: str
    final_url: str
    status: int
    headers: dict[str, str]
    sha256: str
    size_bytes: int
    retrieved_at: str
    resumed: bool = False

    @property
    def is_unchanged(self) -> bool:
        """Whether the publisher said that what is held already is current."""
        return self.status == 304


def check_origin(ask: Ask, url: str) -> None:
    """Refuse to be led elsewhere.

    Raises:
        FetchError: When the address is on a server that the request may not reach.
    """
    if origin_of(url) not in ask.origins:
        raise FetchError(
            ask.shown,
            f"leads to {origin_of(url)}, which is not among the publisher's own addresses; "
            "refused.",
        )


def parse_json(url: str, content: bytes) -> Any:
    """JSON content of an answer.

    Raises:
        FetchError: When it is none.
    """
    try:
        return json.loads(content)
    except (ValueError, UnicodeDecodeError) as error:
        start = content[:60].decode("utf-8", errors="replace").strip()
        raise FetchError(url, f"answered with what is not JSON: {start!r}.") from error
