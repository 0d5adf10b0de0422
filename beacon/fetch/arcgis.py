"""ONS Open Geography: all records of an ArcGIS feature layer.

A layer cuts an answer at a number of records of its own choosing, and answers 200 to a request that
it refuses. So: ask how many records there are, go on while it says that there are more, never judge
by the size of a page, and compare at the end. Source: Esri, "Query (Feature Service/Layer)".
"""

from __future__ import annotations

import difflib
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from beacon.fetch.asking import Ask, Received, parse_json
from beacon.fetch.fetch_errors import FetchError
from beacon.fetch.tasks import (
    JSON_TYPES,
    Arrived,
    Context,
    Outcome,
    Retrieved,
    Task,
    Unchanged,
    fetch_of,
    signal_of,
)
from beacon.registry.fetch import ArcGisFetch
from beacon.registry.sources import DatasetSpec
from beacon.sources.page_archive import PageIndex, Shape, write_pages

_MOST_PAGES = 5_000
# A layer that is overloaded says so inside an answer of status 200.
_SERVER_ERRORS_FROM = 500
_ATTEMPTS = 4


def arcgis_tasks(context: Context, spec: DatasetSpec) -> list[Task]:
    """One task: the whole layer."""
    fetch = fetch_of(spec)
    assert isinstance(fetch, ArcGisFetch)
    return [Task("", partial(_run, context, spec, fetch))]


def _run(
    context: Context,
    spec: DatasetSpec,
    fetch: ArcGisFetch,
    previous: Retrieved | None,
    directory: Path,
) -> Outcome:
    path = f"{fetch.service}/FeatureServer/{fetch.layer}"
    layer = _read(context, context.ask(fetch, path, params={"f": "json"}, media_types=JSON_TYPES))[
        1
    ]
    _check_fields(context.hosts.url(fetch.base, path), fetch, layer)
    edited = (layer.get("editingInfo") or {}).get("dataLastEditDate") or (
        layer.get("editingInfo") or {}
    ).get("lastEditDate")
    query = _query(fetch, str(layer["objectIdField"]))
    ask = context.ask(fetch, f"{path}/query", params=query, media_types=JSON_TYPES)
    signal = signal_of(edited=edited, asked=ask.shown) if edited else ""
    if signal and previous is not None and previous.signal == signal:
        return Unchanged()
    count = _count(context, ask)
    received, pages = _pages(context, fetch, ask, layer, count)
    shape: Shape = "geojson" if fetch.geometry else "arcgis"
    target = directory / f"{fetch.service}.pages.zip"
    write_pages(target, PageIndex(spec.key, shape, f"{path}/query", query, count), pages)
    return Arrived(target, received, signal)


def _query(fetch: ArcGisFetch, object_id: str) -> dict[str, str]:
    query = {
        "where": "1=1",
        "outFields": ",".join(fetch.fields),
        "returnGeometry": "true" if fetch.geometry else "false",
        "orderByFields": f"{object_id} ASC",
        "f": "geojson" if fetch.geometry else "json",
    }
    if fetch.geometry:
        query["outSR"] = "4326"
    return query


def _read(context: Context, ask: Ask) -> tuple[Received, Any, bytes]:
    """An answer that is no refusal in disguise. One that may pass is asked for again."""
    for attempt in range(1, _ATTEMPTS + 1):
        received, content = context.client.read(ask)
        document = parse_json(ask.shown, content)
        if not isinstance(document, dict):
            raise FetchError(ask.shown, "answered with JSON that is no object.")
        error = document.get("error")
        if not error:
            break
        code = error.get("code") or 0
        if code >= _SERVER_ERRORS_FROM and attempt < _ATTEMPTS:
            context.client.pause(attempt)
            continue
        details = "; ".join(str(item) for item in error.get("details") or [])
        said = f"{error.get('message', 'no reason')} {details}".strip()
        raise FetchError(ask.shown, f"answered 200 with an error {code}: {said}")
    return received, document, content


def _check_fields(url: str, fetch: ArcGisFetch, layer: dict[str, Any]) -> None:
    names = [str(field["name"]) for field in layer.get("fields") or []]
    if not names or "objectIdField" not in layer:
        raise FetchError(url, "does not describe its fields; is it still a feature layer?")
    missing = [name for name in fetch.fields if name not in names]
    if missing:
        hints = []
        for name in missing:
            close = difflib.get_close_matches(name, names, n=1, cutoff=0.4)
            hints.append(f"{name!r}" + (f" (the closest is {close[0]!r})" if close else ""))
        raise FetchError(url, f"the column {', '.join(hints)} is missing from the layer.")


def _count(context: Context, ask: Ask) -> int:
    count = _read(
        context,
        replace(ask, params={"where": "1=1", "returnCountOnly": "true", "f": "json"}),
    )[1].get("count")
    if not isinstance(count, int) or count < 1:
        raise FetchError(ask.shown, f"says that it has {count!r} records.")
    return count


def _pages(
    context: Context, fetch: ArcGisFetch, ask: Ask, layer: dict[str, Any], count: int
) -> tuple[Received, list[bytes]]:
    size = int(layer.get("maxRecordCount") or 1_000)
    pages: list[bytes] = []
    keys: set[tuple[Any, ...]] = set()
    taken = 0
    while True:
        page_ask = replace(
            ask,
            params={**ask.params, "resultOffset": str(taken), "resultRecordCount": str(size)},
        )
        received, page, content = _read(context, page_ask)
        features = page.get("features")
        if not isinstance(features, list):
            raise FetchError(page_ask.shown, "answered without features.")
        _check_keys(page_ask, fetch, features, keys)
        pages.append(content)
        taken += len(features)
        more = page.get("exceededTransferLimit") or (page.get("properties") or {}).get(
            "exceededTransferLimit"
        )
        if not more or not features or len(pages) >= _MOST_PAGES:
            break
    if taken != count:
        raise FetchError(
            ask.shown, f"gave {taken:,} records of the {count:,} that it says it has; cut short."
        )
    return replace(received, url=ask.shown, final_url=ask.shown), pages


def _check_keys(
    ask: Ask, fetch: ArcGisFetch, features: list[dict[str, Any]], keys: set[tuple[Any, ...]]
) -> None:
    inner = "properties" if fetch.geometry else "attributes"
    for feature in features:
        values = feature.get(inner) or {}
        missing = [name for name in fetch.key if name not in values]
        if missing:
            raise FetchError(ask.shown, f"the column {missing[0]!r} is missing from a record.")
        key = tuple(values[name] for name in fetch.key)
        if key in keys:
            raise FetchError(
                ask.shown, f"{', '.join(map(str, key))} occurs more than once in its records."
            )
        keys.add(key)
