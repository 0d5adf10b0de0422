"""Explore Education Statistics: a data set as CSV, or the rows of a query.

Filters of different kinds inside one `in` are joined by OR, so a query is a list of criteria under
`and`, by POST. A filter that the data set does not know is no error to the service: it answers 200
with a warning and too many or too few rows, so any warning fails. Source:
dfe-analytical-services/explore-education-statistics, public API.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from beacon.fetch.asking import Ask, Received, parse_json
from beacon.fetch.fetch_errors import FetchError
from beacon.fetch.tasks import (
    CSV_TYPES,
    JSON_TYPES,
    Arrived,
    Context,
    Outcome,
    Retrieved,
    Task,
    Unchanged,
    download,
    fetch_of,
    signal_of,
)
from beacon.registry.fetch import EesFetch
from beacon.registry.sources import DatasetSpec
from beacon.sources.page_archive import PageIndex, write_pages

_ROWS_A_PAGE = 10_000
_LISTED_A_PAGE = 20


def ees_tasks(context: Context, spec: DatasetSpec) -> list[Task]:
    """One task a data set.

    Raises:
        FetchError: When the publication, or a data set of such a title in it, is not there.
    """
    fetch = fetch_of(spec)
    assert isinstance(fetch, EesFetch)
    if fetch.data_set is not None:
        return [Task("", partial(_run, context, spec, fetch, fetch.data_set))]
    found = _find(context, fetch)
    single = spec.dataset.part_by is None
    return [
        Task("" if single else data_set, partial(_run, context, spec, fetch, data_set))
        for data_set in (found[:1] if single else found)
    ]


def _find(context: Context, fetch: EesFetch) -> list[str]:
    publications = _listed(context, fetch, "publications", {"search": fetch.publication or ""})
    ids = [str(p["id"]) for p in publications if p.get("title") == fetch.publication]
    if not ids:
        raise FetchError(
            context.hosts.url(fetch.base, "publications"),
            f"has no publication titled {fetch.publication!r}.",
        )
    data_sets = _listed(context, fetch, f"publications/{ids[0]}/data-sets", {})
    found = [
        str(data_set["id"])
        for data_set in data_sets
        if re.search(fetch.title or "", str(data_set.get("title", "")))
    ]
    if not found:
        raise FetchError(
            context.hosts.url(fetch.base, f"publications/{ids[0]}/data-sets"),
            f"has no data set whose title matches {fetch.title!r} among {len(data_sets)}.",
        )
    return found


def _listed(
    context: Context, fetch: EesFetch, path: str, params: dict[str, str]
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    number = 1
    while True:
        page = context.client.read_json(
            context.ask(
                fetch,
                path,
                params={**params, "page": str(number), "pageSize": str(_LISTED_A_PAGE)},
                media_types=JSON_TYPES,
            )
        )
        results = page.get("results") or []
        rows += results
        # The number of pages is only what the server says; without an end it would hold the night.
        if not results or number >= int((page.get("paging") or {}).get("totalPages", 1)):
            return rows
        number += 1


def _run(
    context: Context,
    spec: DatasetSpec,
    fetch: EesFetch,
    data_set: str,
    previous: Retrieved | None,
    directory: Path,
) -> Outcome:
    about_ask = context.ask(fetch, f"data-sets/{data_set}", media_types=JSON_TYPES)
    about = context.client.read_json(about_ask)
    status = about.get("status", "Published")
    if status == "Withdrawn":
        instead = about.get("supersedingDataSetId")
        raise FetchError(
            about_ask.shown,
            "has been withdrawn" + (f"; {instead} takes its place." if instead else "."),
        )
    version = str((about.get("latestVersion") or {}).get("version", ""))
    signal = signal_of(at=about_ask.shown, version=version, query=fetch.query) if version else ""
    if signal and previous is not None and previous.signal == signal:
        return Unchanged()
    # Naming the version keeps pages of one query from coming from two.
    params = {"dataSetVersion": version} if version else {}
    if fetch.query is None:
        ask = context.ask(fetch, f"data-sets/{data_set}/csv", params=params, media_types=CSV_TYPES)
        return download(context, ask, directory / f"{data_set}.csv", previous, signal)
    ask = context.ask(fetch, f"data-sets/{data_set}/query", params=params, media_types=JSON_TYPES)
    received, pages, rows = _query(context, fetch.query, ask)
    target = directory / f"{data_set}.pages.zip"
    write_pages(
        target,
        PageIndex(spec.key, "json", f"data-sets/{data_set}/query", dict(fetch.query), rows),
        pages,
    )
    return Arrived(target, received, signal)


def _query(context: Context, query: dict[str, Any], ask: Ask) -> tuple[Received, list[bytes], int]:
    pages: list[bytes] = []
    taken, number, total = 0, 1, 1
    while number <= total:
        body = {**query, "page": number, "pageSize": _ROWS_A_PAGE}
        received, content = context.client.read(replace(ask, body=body))
        page = parse_json(ask.shown, content)
        warnings = page.get("warnings") or []
        if warnings:
            said = "; ".join(
                f"{warning.get('code')} {_items(warning)}".strip() for warning in warnings
            )
            raise FetchError(ask.shown, f"answered 200 with a warning: {said}.")
        paging = page.get("paging") or {}
        total = int(paging.get("totalPages", 1))
        results = page.get("results") or []
        if not results:
            break
        taken += len(results)
        pages.append(content)
        number += 1
    expected = int(paging.get("totalResults", taken))
    if taken != expected or not taken:
        raise FetchError(
            ask.shown, f"gave {taken:,} rows of the {expected:,} that it says there are."
        )
    return received, pages, taken


def _items(warning: dict[str, Any]) -> str:
    items = (warning.get("detail") or {}).get("items") or []
    return ", ".join(map(str, items[:5]))
