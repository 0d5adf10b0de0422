"""Files that are a known dataset changed, cut or saved as something else, by what is left of it."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable
from pathlib import Path

from beacon.core.errors import Problem
from beacon.registry.sources import Container, Dataset, DatasetSpec, SourceRegister
from beacon.sources.candidates import Candidate, holds_values, matches, most_unknown
from beacon.sources.recognition import Recognition
from beacon.sources.tabular.columns import header_matches, place_of
from beacon.sources.tabular.file_names import publishers_name

# A header that keeps this share of a dataset's columns is that dataset, altered: better refused
# by name than passed over as unknown.
_ALTERED_SHARE = 0.7


def meant_by_name(
    path: Path, register: SourceRegister, problems: tuple[Problem, ...]
) -> Recognition:
    """What a file that cannot be opened was meant to be, as far as its name tells."""
    meant = _by_name(path, register)
    return Recognition(meant.key if meant else None, part_by_name(path, meant), (), None, problems)


def altered(
    path: Path, container: Container, tables: list[Candidate], register: SourceRegister
) -> Recognition:
    """A file that is a known dataset with columns missing or renamed, or nothing known."""
    best: tuple[tuple[float, bool], DatasetSpec] | None = None
    has_key = False
    for spec in register.datasets.values():
        if container not in spec.dataset.containers or len(spec.dataset.header) < 3:
            continue
        if not spec.dataset.is_read:
            continue
        for table in tables:
            header = table.header_of(spec.dataset)
            share = _share(spec.dataset, header)
            # Of datasets that share a header, the one whose values are there.
            rank = (share, holds_values(spec.dataset, table))
            if share >= _ALTERED_SHARE and (best is None or rank > best[0]):
                best = (rank, spec)
                has_key = any(place_of(header, key) is not None for key in spec.dataset.key_columns)
    named = _by_name(path, register)
    if best is None and named is None:
        return _in_another_container(path, container, tables, register)
    if best is not None and named is None and not has_key:
        return _derived(path, container, best[1])
    meant = best[1] if best else named
    if meant is None:
        return Recognition(None, container=container)
    if container not in meant.dataset.containers:
        return _wrong_container(path, container, meant)
    header = max(
        (table.header_of(meant.dataset) for table in tables),
        key=lambda h: _share(meant.dataset, h),
        default=[],
    )
    drift = tuple(drift_of(path, meant.dataset, header))
    if not drift:
        return Recognition(None, container=container)
    return Recognition(meant.key, part_by_name(path, meant), (), container, drift)


_SAVED_AS_CSV = "Give the publisher's own file, or save this sheet as CSV UTF-8 (comma delimited)."


def _in_another_container(
    path: Path, container: Container, tables: list[Candidate], register: SourceRegister
) -> Recognition:
    """A known table in a file of another kind, such as a CSV that was saved as a workbook."""
    for spec in register.datasets.values():
        dataset = spec.dataset
        if not dataset.is_read or container in dataset.containers or len(dataset.header) < 3:
            continue
        if "csv" in dataset.containers and any(matches(dataset, table) for table in tables):
            return _wrong_container(path, container, spec, remedy=_SAVED_AS_CSV)
    return Recognition(None, container=container)


def _wrong_container(
    path: Path, container: Container, meant: DatasetSpec, remedy: str = Problem.remedy
) -> Recognition:
    wanted = " or ".join(meant.dataset.containers)
    wrong = Problem(path.name, f"is {container}, where {wanted} is expected.", remedy=remedy)
    return Recognition(meant.key, part_by_name(path, meant), (), container, (wrong,))


def _derived(path: Path, container: Container, like: DatasetSpec) -> Recognition:
    """A table that somebody has made from a dataset: without its codes it is not that one."""
    key = like.dataset.key_columns[0].removeprefix("~")
    message = (
        f"looks like {like.dataset.title} without the columns of its areas, such as {key!r}: a "
        "table made from it."
    )
    remedy = f"Give the publisher's own file ({like.source.landing_page})."
    problem = Problem(path.name, message, row=1, column=key, remedy=remedy)
    return Recognition(None, container=container, problems=(problem,))


def _share(dataset: Dataset, header: list[str]) -> float:
    """Share of a dataset's columns that a header has; 0 where most of the header is unknown."""
    found = sum(
        1 for expected in dataset.header if any(header_matches(expected, name) for name in header)
    )
    missing = len(dataset.header) - found
    unknown = sum(1 for name in header if name) - found - len(dataset.header_optional)
    many = not dataset.other_columns and unknown > most_unknown(dataset) + missing
    if not missing or many:
        return 0.0
    return found / len(dataset.header)


def drift_of(path: Path, dataset: Dataset, header: list[str]) -> Iterable[Problem]:
    """Columns of a dataset that a header lacks, each with what is like it."""
    import difflib

    for expected in dataset.header:
        if any(header_matches(expected, name) for name in header):
            continue
        wanted = expected.removeprefix("~")
        close = difflib.get_close_matches(wanted, header, n=1, cutoff=0.4)
        hint = f"; the closest is {close[0]!r}" if close else ""
        yield Problem(
            path.name,
            f"the column is missing from the header{hint}.",
            row=1,
            column=wanted,
            remedy="If the publisher has changed the layout, confirm it in "
            "reference_data/sources and run again; until then the last good version stays in use.",
        )


def _by_name(path: Path, register: SourceRegister) -> DatasetSpec | None:
    for spec in register.datasets.values():
        pattern = spec.dataset.file_name
        if pattern and fnmatch.fnmatch(publishers_name(path.name).lower(), pattern.lower()):
            return spec
    return None


def part_by_name(path: Path, meant: DatasetSpec | None) -> str:
    """What to call the part of a damaged file, whose content no longer says."""
    if meant is not None and meant.dataset.part_by is None:
        return ""
    return f"file:{slug(publishers_name(path.name).split('.')[0])}"


def slug(text: str) -> str:
    """A text in small letters and digits, with hyphens for what is neither."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
