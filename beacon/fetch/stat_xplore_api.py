"""DWP Stat-Xplore: one table, with a personal key.

The key comes from the environment only (`BEACON_STAT_XPLORE_KEY`) and goes nowhere but into the
request. Without it the source is not configured, which is no fault. Source: DWP, "Stat-Xplore Open
Data API".
"""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path

from beacon.fetch.asking import parse_json
from beacon.fetch.fetch_errors import FetchError, NotConfiguredError
from beacon.fetch.tasks import JSON_TYPES, Arrived, Context, Outcome, Retrieved, Task, fetch_of
from beacon.registry.fetch import StatXploreFetch
from beacon.registry.sources import DatasetSpec
from beacon.sources.page_archive import PageIndex, write_pages

KEY = "stat_xplore_key"


def stat_xplore_tasks(context: Context, spec: DatasetSpec) -> list[Task]:
    """One task: the table.

    Raises:
        NotConfiguredError: When there is no key.
    """
    fetch = fetch_of(spec)
    assert isinstance(fetch, StatXploreFetch)
    if not context.secrets.get(KEY):
        raise NotConfiguredError(
            f"{spec.key} is not configured: Stat-Xplore needs a personal key. "
            "Put one into BEACON_STAT_XPLORE_KEY."
        )
    return [Task("", partial(_run, context, spec, fetch))]


def _run(
    context: Context,
    spec: DatasetSpec,
    fetch: StatXploreFetch,
    previous: Retrieved | None,
    directory: Path,
) -> Outcome:
    del previous  # Every answer is made anew; equal content is recognised by its hash.
    body = {
        "database": fetch.database,
        "measures": list(fetch.measures),
        "recodes": {
            **fetch.recodes,
            **{
                wanted.field: {
                    "map": [[f"{wanted.value}:{code}"] for code in wanted.expanded()],
                    "total": False,
                }
                for wanted in fetch.values
            },
        },
        "dimensions": [list(fields) for fields in fetch.dimensions],
    }
    ask = context.ask(
        fetch,
        "table",
        body=body,
        headers={"APIKey": context.secrets[KEY]},
        media_types=JSON_TYPES,
    )
    received, content = context.client.read(ask)
    document = parse_json(ask.shown, content)
    cubes = document.get("cubes") if isinstance(document, dict) else None
    if not cubes:
        raise FetchError(ask.shown, "answered without a table.")
    missing = [name for name in fetch.measures if name not in cubes]
    if missing:
        raise FetchError(ask.shown, f"answered without the measure {missing[0]!r}.")
    cells = math.prod(len(field.get("items") or []) for field in document.get("fields") or [])
    if not cells:
        raise FetchError(ask.shown, "answered with a table that has no rows.")
    target = directory / "table.pages.zip"
    records = cells * len(fetch.measures)
    write_pages(target, PageIndex(spec.key, "stat_xplore", "table", body, records), [content])
    return Arrived(target, received)
