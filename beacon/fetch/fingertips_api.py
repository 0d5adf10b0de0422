"""OHID Fingertips: the data export, one indicator at a time.

Of more than a hundred ids in one request all but the first hundred are dropped without a word, so
one is asked for at a time, and an answer may hold no other. The only sign of a change is
`data_changes`. Source: ukhsa-collaboration/fingertips-open, DataController.
"""

from __future__ import annotations

import csv
import io
from functools import partial
from pathlib import Path
from typing import Any

from beacon.fetch.asking import Ask
from beacon.fetch.fetch_errors import FetchError
from beacon.fetch.tasks import (
    CSV_TYPES,
    Arrived,
    Context,
    Nothing,
    Outcome,
    Retrieved,
    Task,
    Unchanged,
    download,
    fetch_of,
    signal_of,
)
from beacon.registry.fetch import FingertipsFetch
from beacon.registry.sources import DatasetSpec

# The public host serves CSV as JSON.
_TYPES = (*CSV_TYPES, "application/json")
_FIRST = b"Indicator ID,"


def fingertips_tasks(context: Context, spec: DatasetSpec) -> list[Task]:
    """One task an indicator that the registry uses, or that the register names."""
    fetch = fetch_of(spec)
    assert isinstance(fetch, FingertipsFetch)
    if fetch.indicators and spec.dataset.part_by is None:
        (indicator,) = fetch.indicators
        return [Task("", partial(_run, context, fetch, indicator))]
    asked = fetch.indicators or context.wanted or ()
    wanted = sorted((id_ for id_ in asked if id_.isdigit()), key=int)
    return [Task(indicator, partial(_run, context, fetch, indicator)) for indicator in wanted]


def _run(
    context: Context,
    fetch: FingertipsFetch,
    indicator: str,
    previous: Retrieved | None,
    directory: Path,
) -> Outcome:
    area_type = fetch.area_types.get(indicator, fetch.area_type)
    ask = context.ask(
        fetch,
        "all_data/csv/by_indicator_id",
        params={
            "indicator_ids": indicator,
            "child_area_type_id": str(area_type),
            "parent_area_type_id": str(fetch.parent_area_type),
        },
        media_types=_TYPES,
    )
    changes = _json(context, fetch, "data_changes", {"indicator_id": indicator})
    signal = signal_of(changes=changes, asked=ask.shown) if changes else ""
    if signal and previous is not None and previous.signal == signal:
        return Unchanged()
    if not _is_available(context, fetch, indicator, area_type):
        return Nothing(f"Fingertips has no data of indicator {indicator} by area type {area_type}.")
    target = directory / f"indicator_{indicator}_at{area_type}.csv"
    outcome = download(context, ask, target, previous, signal)
    if isinstance(outcome, Arrived):
        _check(ask, target, indicator, context.names.get(indicator))
    return outcome


def _json(context: Context, fetch: FingertipsFetch, path: str, params: dict[str, str]) -> Any:
    return context.client.read_json(context.ask(fetch, path, params=params))


def _is_available(context: Context, fetch: FingertipsFetch, indicator: str, area_type: int) -> bool:
    pairs = _json(context, fetch, "available_data", {"indicator_id": indicator}) or []
    return any(pair.get("AreaTypeId") == area_type for pair in pairs)


def _check(ask: Ask, path: Path, indicator: str, expected_name: str | None) -> None:
    """Refuse what is no data of this indicator, whatever its status was."""
    with path.open("rb") as stream:
        start = stream.read(1 << 16)
    if not start.strip():
        raise FetchError(ask.shown, "answered 200 with an empty body.")
    if not start.startswith(_FIRST):
        if start.lstrip().startswith(b"<"):
            raise FetchError(ask.shown, "answered 200 with a web page instead of data.")
        raise FetchError(ask.shown, f"answered with what is no export: {start[:40]!r}.")
    rows = csv.reader(io.StringIO(start.decode("utf-8", errors="replace"), newline=""))
    next(rows)
    first = next(rows, None)
    if not first or len(first) < 2:
        raise FetchError(
            ask.shown,
            "answered with a header and no rows, though its list of available data has them.",
        )
    if first[0] != indicator:
        raise FetchError(ask.shown, f"answered with indicator {first[0]} instead.")
    if expected_name is not None and first[1].strip() != expected_name:
        raise FetchError(
            ask.shown,
            f"indicator {indicator} is now named {first[1].strip()!r} where the registry expects "
            f"{expected_name!r}; check its definition and correct reference_data/indicators.",
        )
