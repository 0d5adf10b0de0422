"""What a connector is given and what it gives back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from beacon.fetch.asking import Ask, Received
from beacon.fetch.client import HttpClient
from beacon.fetch.hosts import Hosts
from beacon.registry.fetch import Fetch
from beacon.registry.sources import DatasetSpec

CSV_TYPES = (
    "text/csv",
    "text/plain",
    "application/csv",
    "application/octet-stream",
    "binary/octet-stream",
    "application/gzip",
    "application/x-gzip",
)
JSON_TYPES = ("application/json", "application/geo+json", "text/plain")
SHEET_TYPES = (
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.oasis.opendocument.spreadsheet",
    "application/vnd.ms-excel",
    "application/zip",
    "application/octet-stream",
    "binary/octet-stream",
)
FILE_TYPES = tuple(dict.fromkeys((*CSV_TYPES, *SHEET_TYPES, "application/vnd.apache.parquet")))


@dataclass(frozen=True)
class Retrieved:
    """One thing that was fetched, as it stands in the download directory.

    Attributes:
        name: `source/dataset`, with `/item` where a dataset is fetched in several.
        key: `source/dataset`.
        file: Name of the file in the item's own directory.
        url: What was asked for it, without secrets.
        final_url: Where it came from.
        status: HTTP status of the answer that brought it.
        headers: Those worth keeping.
        sha256: Hash of the file.
        size_bytes: Its size.
        retrieved_at: When its bytes arrived, UTC, ISO 8601.
        checked_at: When the publisher was last asked whether they are current.
        signal: What the publisher itself says of the content's version, where it says anything.
        part: Part of the dataset that the file turned out to be.
        members: Publisher's series in it.
    """

    name: str
    key: str
    file: str
    url: str
    final_url: str
    status: int
    headers: dict[str, str]
    sha256: str
    size_bytes: int
    retrieved_at: str
    checked_at: str
    signal: str = ""
    part: str = ""
    members: tuple[str, ...] = ()


@dataclass(frozen=True)
class Nothing:
    """The publisher has, and says that it has, nothing of what was asked for. No fault."""

    said: str


@dataclass(frozen=True)
class Unchanged:
    """What is held already is current."""


@dataclass(frozen=True)
class Arrived:
    """A new file, to be looked at before it counts.

    Attributes:
        path: Where it is for now.
        received: The answer that brought it, or the last of several.
        signal: As in `Retrieved`.
    """

    path: Path
    received: Received
    signal: str = ""


Outcome = Arrived | Unchanged | Nothing
Run = Callable[[Retrieved | None, Path], Outcome]


@dataclass(frozen=True)
class Task:
    """One thing to fetch.

    Attributes:
        item: Its name within the dataset; empty where the dataset is one thing.
        run: Fetches it, given what is held already and an empty directory to write to.
    """

    item: str
    run: Run


@dataclass(frozen=True)
class Context:
    """What connectors work with.

    Attributes:
        client: The HTTP client.
        hosts: Publishers' addresses.
        wanted: The publisher's series that indicators use; None where all are wanted.
        names: The name that the registry expects of a series.
        secrets: Keys from the environment, by name; never shown.
        held: Addresses of what is held of the dataset, as they were asked for.
    """

    client: HttpClient
    hosts: Hosts
    wanted: frozenset[str] | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    held: tuple[str, ...] = ()

    def ask(self, fetch: Fetch, path: str, **more: Any) -> Ask:
        """A request to a dataset's publisher."""
        return self.ask_at(fetch, self.hosts.url(fetch.base, path), **more)

    def ask_at(self, fetch: Fetch, url: str, **more: Any) -> Ask:
        """A request for an address that the publisher gave."""
        return Ask(
            url=url,
            origins=self.hosts.origins(fetch.base),
            most_bytes=fetch.max_megabytes * 1_000_000,
            **more,
        )


def download(
    context: Context, ask: Ask, target: Path, previous: Retrieved | None, signal: str = ""
) -> Outcome:
    """Fetch one file, asking only for what is newer than what is held."""
    if previous is not None and previous.url == ask.shown:
        ask = replace(
            ask,
            etag=previous.headers.get("etag"),
            last_modified=previous.headers.get("last-modified"),
        )
    received = context.client.download(ask, target)
    return Unchanged() if received.is_unchanged else Arrived(target, received, signal)


def signal_of(**parts: Any) -> str:
    """What decides whether something must be fetched again, in one line.

    The query is part of it: another question has another answer.
    """
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def fetch_of(spec: DatasetSpec) -> Fetch:
    """The fetch section of a dataset that has one.

    Raises:
        ValueError: When it has none.
    """
    if spec.dataset.fetch is None:
        raise ValueError(f"{spec.key} cannot be fetched")
    return spec.dataset.fetch
