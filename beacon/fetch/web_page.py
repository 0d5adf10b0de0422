"""Files linked from a publisher's web page, where no list of them is offered in another form.

NHS England puts a part that nobody can guess into each address and changes it when a file is issued
again, so an address that is held already stands for the same bytes and is not asked for again.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urljoin, urlsplit

from beacon.core.errors import InputRefusedError
from beacon.fetch.asking import Received
from beacon.fetch.fetch_errors import FetchError
from beacon.fetch.tasks import (
    FILE_TYPES,
    Arrived,
    Context,
    Outcome,
    Retrieved,
    Task,
    Unchanged,
    download,
    fetch_of,
)
from beacon.registry.fetch import WebPageFetch
from beacon.registry.sources import DatasetSpec
from beacon.sources.tabular.containers import check_archive

_HTML_TYPES = ("text/html", "application/xhtml+xml")
_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip


class _Links(HTMLParser):
    """The addresses that a page's links lead to, in their order."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember where a link leads."""
        if tag == "a":
            self.found += [value.strip() for name, value in attrs if name == "href" and value]


def web_page_tasks(context: Context, spec: DatasetSpec) -> list[Task]:
    """One task for each file, or each member of an archive, that the newest editions offer.

    Raises:
        FetchError: When a page cannot be read or no longer offers such a link.
    """
    fetch = fetch_of(spec)
    assert isinstance(fetch, WebPageFetch)
    pages = [context.hosts.url(fetch.base, fetch.page)]
    if fetch.follow is not None:
        editions = sorted(
            _links(context, fetch, pages[0], fetch.follow), key=edition_of, reverse=True
        )
        pages = editions[: fetch.newest]
    links = dict.fromkeys(
        link for page in pages for link in _links(context, fetch, page, fetch.link)
    )
    if fetch.member is not None:
        return [task for link in links for task in _member_tasks(context, fetch, link)]
    return [
        Task(
            "" if spec.dataset.part_by is None else _name(link),
            partial(_file, context, fetch, link),
        )
        for link in links
    ]


def _links(context: Context, fetch: WebPageFetch, page: str, pattern: str) -> list[str]:
    """Links of a page whose address matches; the publisher's own order, each once."""
    ask = context.ask_at(fetch, page, media_types=_HTML_TYPES)
    _, content = context.client.read(ask)
    parser = _Links()
    parser.feed(content.decode("utf-8", errors="replace"))
    every = [urljoin(page, link).split("#")[0] for link in parser.found]
    found = list(dict.fromkeys(link for link in every if re.search(pattern, unquote(link))))
    if not found:
        raise FetchError(page, f"has no link that matches {pattern!r} among its {len(every)}.")
    return found


def edition_of(address: str) -> tuple[int, int]:
    """Year and month that an address names, for the newest to come first; zeros where none."""
    text = unquote(address).lower()
    years = re.findall(r"(?<!\d)(20\d\d)(?!\d)", text)
    month = next((n for n, name in enumerate(_MONTHS, start=1) if name in text), 0)
    return (int(years[-1]) if years else 0, month)


def _name(link: str) -> str:
    name = unquote(PurePosixPath(urlsplit(link).path).name)
    return re.sub(r"[^\w.() -]", "_", name).lstrip(".") or "file"


def _file(
    context: Context, fetch: WebPageFetch, link: str, previous: Retrieved | None, directory: Path
) -> Outcome:
    ask = context.ask_at(fetch, link, media_types=FILE_TYPES)
    return download(context, ask, directory / _name(link), previous)


@dataclass
class _Archive:
    """A ZIP archive, fetched when one of its members is first needed."""

    context: Context
    fetch: WebPageFetch
    link: str
    _directory: tempfile.TemporaryDirectory[str] | None = field(default=None, repr=False)
    _received: Received | None = None

    def open(self) -> tuple[zipfile.ZipFile, Received]:
        """The archive and the answer that brought it.

        Raises:
            FetchError: When it is none, or unpacks to more than is safe.
        """
        if self._directory is None:
            self._directory = tempfile.TemporaryDirectory(prefix="beacon-")
        path = Path(self._directory.name) / "archive.zip"
        if self._received is None:
            ask = self.context.ask_at(self.fetch, self.link, media_types=FILE_TYPES)
            self._received = self.context.client.download(ask, path)
        try:
            check_archive(path)
            return zipfile.ZipFile(path), self._received
        except (zipfile.BadZipFile, InputRefusedError) as error:
            raise FetchError(self.link, f"is no archive that can be read ({error}).") from error

    def members(self) -> Iterator[str]:
        """Names of the members that are wanted."""
        with self.open()[0] as archive:
            for name in sorted(archive.namelist()):
                if re.search(self.fetch.member or "", PurePosixPath(name).name):
                    yield name


def _member_tasks(context: Context, fetch: WebPageFetch, link: str) -> list[Task]:
    archive = _Archive(context, fetch, link)
    names = [url.partition("#")[2] for url in context.held if url.partition("#")[0] == link]
    names = [name for name in names if re.search(fetch.member or "", PurePosixPath(name).name)]
    names = names or list(archive.members())
    if not names:
        raise FetchError(link, f"is an archive without a member that matches {fetch.member!r}.")
    return [
        Task(PurePosixPath(name).name, partial(_member, archive, name)) for name in sorted(names)
    ]


def _member(archive: _Archive, name: str, previous: Retrieved | None, directory: Path) -> Outcome:
    address = f"{archive.link}#{name}"
    if previous is not None and previous.url == address:
        return Unchanged()
    opened, received = archive.open()
    target = directory / PurePosixPath(name).name
    with opened, opened.open(name) as source, target.open("wb") as out:
        shutil.copyfileobj(source, out)
    return Arrived(target, replace(received, url=address))
