"""Files at addresses that do not change, such as ONS's Explore Local Statistics."""

from __future__ import annotations

from functools import partial
from pathlib import Path, PurePosixPath

from beacon.fetch.tasks import (
    FILE_TYPES,
    Context,
    Outcome,
    Retrieved,
    Task,
    download,
    fetch_of,
)
from beacon.registry.fetch import FileFetch
from beacon.registry.sources import DatasetSpec


def file_tasks(context: Context, spec: DatasetSpec) -> list[Task]:
    """One task a file whose series some indicator uses."""
    fetch = fetch_of(spec)
    assert isinstance(fetch, FileFetch)
    if fetch.path is not None:
        return [Task("", partial(_run, context, fetch, fetch.path))]
    return [
        Task(name, partial(_run, context, fetch, path))
        for name, path in fetch.files.items()
        if _is_wanted(context, fetch, name)
    ]


def _is_wanted(context: Context, fetch: FileFetch, name: str) -> bool:
    series = fetch.series.get(name)
    return context.wanted is None or series is None or bool(context.wanted & set(series))


def _run(
    context: Context, fetch: FileFetch, path: str, previous: Retrieved | None, directory: Path
) -> Outcome:
    ask = context.ask(fetch, path, media_types=FILE_TYPES)
    return download(context, ask, directory / PurePosixPath(path).name, previous)
