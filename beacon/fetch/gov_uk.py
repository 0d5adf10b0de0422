"""GOV.UK: attachments of a publication, found through the content API.

A file that is corrected gets a new address and the old one goes on answering, so an address is
never remembered: the page is asked every time. Source: GOV.UK content API, `details.attachments`.
"""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import Any

from beacon.fetch.fetch_errors import FetchError
from beacon.fetch.tasks import (
    FILE_TYPES,
    JSON_TYPES,
    Context,
    Outcome,
    Retrieved,
    Task,
    download,
    fetch_of,
)
from beacon.registry.fetch import GovUkFetch
from beacon.registry.sources import DatasetSpec

_CONTENT = "api/content"


def gov_uk_tasks(context: Context, spec: DatasetSpec) -> list[Task]:
    """One task for each edition that the page offers.

    Raises:
        FetchError: When the page cannot be read or no longer offers such a file.
    """
    fetch = fetch_of(spec)
    assert isinstance(fetch, GovUkFetch)
    attachments = [
        attachment
        for page in _pages(context, fetch)
        for attachment in _attachments(context, fetch, page)
    ]
    matching = [a for a in attachments if re.search(fetch.attachment, _name(a), re.IGNORECASE)]
    where = fetch.page or fetch.collection or ""
    if not matching:
        raise FetchError(
            context.hosts.url(fetch.base, where),
            f"offers no file that matches {fetch.attachment!r} among its {len(attachments)} "
            "attachments.",
        )
    if fetch.edition is None:
        return [Task("", partial(_run, context, fetch, _best(fetch, matching)))]
    editions: dict[str, list[dict[str, Any]]] = {}
    for attachment in matching:
        found = re.search(fetch.edition, _name(attachment), re.IGNORECASE)
        if found is not None:
            editions.setdefault(found.group(1), []).append(attachment)
    newest = sorted(editions, reverse=True)[: fetch.newest]
    return [
        Task(edition, partial(_run, context, fetch, _best(fetch, editions[edition])))
        for edition in sorted(newest)
    ]


def _run(
    context: Context,
    fetch: GovUkFetch,
    attachment: dict[str, Any],
    previous: Retrieved | None,
    directory: Path,
) -> Outcome:
    ask = context.ask_at(fetch, str(attachment["url"]), media_types=FILE_TYPES)
    return download(context, ask, directory / _name(attachment), previous)


def _pages(context: Context, fetch: GovUkFetch) -> list[dict[str, Any]]:
    if fetch.page is not None:
        return [_content(context, fetch, fetch.page)]
    collection = _content(context, fetch, fetch.collection or "")
    documents = [
        str(document.get("base_path", ""))
        for document in (collection.get("links") or {}).get("documents", [])
    ]
    wanted = [path for path in documents if re.search(fetch.document or "", path)]
    if not wanted:
        raise FetchError(
            context.hosts.url(fetch.base, fetch.collection or ""),
            f"lists no page that matches {fetch.document!r} among its {len(documents)}.",
        )
    return [_content(context, fetch, path) for path in wanted]


def _content(context: Context, fetch: GovUkFetch, path: str) -> dict[str, Any]:
    ask = context.ask(fetch, f"{_CONTENT}/{path.lstrip('/')}", media_types=JSON_TYPES)
    page = context.client.read_json(ask)
    if not isinstance(page, dict):
        raise FetchError(ask.shown, "answered with JSON that is no page.")
    notice = page.get("withdrawn_notice") or {}
    if notice.get("explanation"):
        raise FetchError(ask.shown, "has been withdrawn by its publisher.")
    return page


def _attachments(context: Context, fetch: GovUkFetch, page: dict[str, Any]) -> list[dict[str, Any]]:
    details = page.get("details")
    if not isinstance(details, dict):
        raise FetchError(
            context.hosts.url(fetch.base, str(page.get("base_path", ""))),
            "has no details; the content API may have changed.",
        )
    return [
        attachment
        for attachment in details.get("attachments") or []
        if attachment.get("url") and attachment.get("attachment_type", "file") == "file"
    ]


def _name(attachment: dict[str, Any]) -> str:
    name = attachment.get("filename") or str(attachment["url"]).rsplit("/", 1)[-1]
    # A publisher's file name is never a path.
    return re.sub(r"[^\w.() -]", "_", str(name)).lstrip(".") or "attachment"


def _best(fetch: GovUkFetch, attachments: list[dict[str, Any]]) -> dict[str, Any]:
    def rank(attachment: dict[str, Any]) -> tuple[int, str]:
        name = _name(attachment)
        for place, pattern in enumerate(fetch.prefer):
            if re.search(pattern, name, re.IGNORECASE):
                return place, name
        return len(fetch.prefer), name

    return min(attachments, key=rank)
