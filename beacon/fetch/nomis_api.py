"""Nomis: rows of a dataset, in pages.

Without an account Nomis gives 25,000 rows at a time and cuts the rest off in silence; each row
says how many there are. A request that it does not understand gets an empty answer. Source: Nomis,
"API user guide".
"""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from functools import partial
from pathlib import Path

from beacon.fetch.asking import Ask, Received
from beacon.fetch.fetch_errors import FetchError
from beacon.fetch.tasks import (
    CSV_TYPES,
    Arrived,
    Context,
    Outcome,
    Retrieved,
    Task,
    fetch_of,
)
from beacon.registry.fetch import NomisFetch
from beacon.registry.sources import DatasetSpec
from beacon.sources.page_archive import PageIndex, write_pages

ROWS_A_CALL = 25_000
ROWS_A_CALL_WITH_ACCOUNT = 1_000_000
ACCOUNT = "nomis_uid"
_COUNT = "RECORD_COUNT"


def nomis_tasks(context: Context, spec: DatasetSpec) -> list[Task]:
    """One task: all rows of the query."""
    fetch = fetch_of(spec)
    assert isinstance(fetch, NomisFetch)
    return [Task("", partial(_run, context, spec, fetch))]


def _run(
    context: Context,
    spec: DatasetSpec,
    fetch: NomisFetch,
    previous: Retrieved | None,
    directory: Path,
) -> Outcome:
    del previous  # Nomis says nothing of changes; equal content is recognised by its hash.
    path = f"dataset/{fetch.dataset}.data.csv"
    query = {**fetch.query, "select": ",".join((*fetch.fields, _COUNT)).lower()}
    uid = context.secrets.get(ACCOUNT)
    ask = context.ask(
        fetch,
        path,
        params=query,
        secret_params={"uid": uid} if uid else {},
        media_types=CSV_TYPES,
    )
    size = ROWS_A_CALL_WITH_ACCOUNT if uid else ROWS_A_CALL
    received, pages, rows = _pages(context, fetch, ask, size)
    target = directory / f"{fetch.dataset}.pages.zip"
    write_pages(target, PageIndex(spec.key, "csv", path, query, rows), pages)
    return Arrived(target, received)


def _pages(
    context: Context, fetch: NomisFetch, ask: Ask, size: int
) -> tuple[Received, list[bytes], int]:
    pages: list[bytes] = []
    taken, total = 0, 1
    while taken < total:
        page_ask = replace(
            ask,
            params={**ask.params, "RecordOffset": str(taken), "RecordLimit": str(size)},
        )
        received, content = context.client.read(page_ask)
        rows, said = _look_at(page_ask, fetch, content)
        total = total if said is None else said
        if not rows:
            break
        pages.append(content)
        taken += rows
    if taken != total:
        raise FetchError(
            ask.shown, f"gave {taken:,} rows of the {total:,} that it says there are; cut short."
        )
    return replace(received, url=ask.shown, final_url=ask.shown), pages, taken


def _look_at(ask: Ask, fetch: NomisFetch, content: bytes) -> tuple[int, int | None]:
    """Rows in a page, and rows that the publisher says there are in all; None past the end."""
    if not content.strip():
        raise FetchError(ask.shown, "answered 200 with an empty body: it does not know the query.")
    if not content.endswith(b"\n"):
        raise FetchError(ask.shown, "ended in the middle of a row.")
    try:
        rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
        header = [name.upper() for name in next(rows)]
        missing = [name for name in (*fetch.fields, _COUNT) if name.upper() not in header]
        if missing:
            start = content[:60].decode("utf-8", errors="replace").strip()
            raise FetchError(
                ask.shown, f"the column {missing[0]!r} is missing; it begins {start!r}."
            )
        place, number, total = header.index(_COUNT), 0, None
        for number, row in enumerate(rows, start=1):
            if len(row) != len(header):
                raise FetchError(ask.shown, f"row {number} has {len(row)} of {len(header)} fields.")
            total = total or row[place]
    except UnicodeDecodeError as error:
        raise FetchError(ask.shown, "answered with what is not text.") from error
    if total is None:
        if ask.params["RecordOffset"] != "0":
            return 0, None
        raise FetchError(ask.shown, "answered with a header and no rows.")
    if not total.isdigit():
        raise FetchError(ask.shown, f"says that it has {total!r} rows.")
    return number, int(total)
