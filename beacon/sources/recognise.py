"""Which dataset a file is, decided by what is in it."""

from __future__ import annotations

import re
from pathlib import Path

from beacon.core.errors import InputRefusedError, Problem
from beacon.registry.sources import Container, Dataset, SourceRegister
from beacon.sources.altered import altered, drift_of, meant_by_name, part_by_name, slug
from beacon.sources.candidates import Candidate, candidate_headers, matches
from beacon.sources.page_archive import read_index, read_page_table
from beacon.sources.recognition import Recognition
from beacon.sources.refusals import refusing_by_name
from beacon.sources.tabular.columns import header_matches, place_of
from beacon.sources.tabular.containers import container_of
from beacon.sources.tabular.csv_table import distinct_values
from beacon.sources.tabular.file_names import publishers_name
from beacon.sources.tabular.geometries import fields_of_damaged_geojson


def recognise(path: Path, register: SourceRegister) -> Recognition:
    """Recognise one file. Nothing is raised, whatever is in it.

    A damaged or altered file is attributed to the dataset it was meant to be, where its remaining
    headers or its name allow, with the problem that keeps it from being used.
    """
    try:
        with refusing_by_name(path):
            return _recognise(path, register)
    except InputRefusedError as error:
        return meant_by_name(path, register, error.problems)


def _recognise(path: Path, register: SourceRegister) -> Recognition:
    try:
        container = container_of(path)
        if container == "pages":
            return _recognise_pages(path, register)
        tables = candidate_headers(path, container)
    except InputRefusedError as error:
        return _damaged_outlines(path, register, error.problems)
    for spec in register.datasets.values():
        if container not in spec.dataset.containers:
            continue
        matching = next((table for table in tables if matches(spec.dataset, table)), None)
        if matching is None:
            continue
        if not spec.dataset.is_read:
            return Recognition(spec.key, slug(path.name), (), container)
        try:
            part, members = _part(path, container, spec.dataset, matching)
        except InputRefusedError as error:
            return Recognition(spec.key, part_by_name(path, spec), (), container, error.problems)
        return Recognition(spec.key, part, members, container)
    return altered(path, container, tables, register)


def _damaged_outlines(
    path: Path, register: SourceRegister, problems: tuple[Problem, ...]
) -> Recognition:
    """What a damaged GeoJSON was meant to be, by the properties at its beginning; else by name."""
    table = Candidate([fields_of_damaged_geojson(path)], 0)
    for spec in register.datasets.values():
        if spec.dataset.staging == "boundary" and matches(spec.dataset, table):
            return Recognition(spec.key, part_by_name(path, spec), (), None, problems)
    return meant_by_name(path, register, problems)


def _recognise_pages(path: Path, register: SourceRegister) -> Recognition:
    """Pages of a web service say which dataset was asked for; their fields must be its own."""
    spec = register.datasets.get(read_index(path).dataset)
    if spec is None or "pages" not in spec.dataset.containers or not spec.dataset.is_read:
        return Recognition(None, container="pages")
    try:
        table = read_page_table(path, spec.dataset)
    except InputRefusedError as error:
        return Recognition(spec.key, "", (), "pages", error.problems)
    drift = tuple(drift_of(path, spec.dataset, table.header))
    if drift or spec.dataset.part_by is None:
        return Recognition(spec.key, "", (), "pages", drift)
    place = table.header.index(spec.dataset.part_by)
    members = tuple(sorted(set(table.frame[f"c{place}"].to_list())))
    return Recognition(spec.key, _joined(members), members, "pages")


def _part(
    path: Path, container: Container, dataset: Dataset, table: Candidate
) -> tuple[str, tuple[str, ...]]:
    """Name of the part and the series in it, for datasets that come as several files."""
    if dataset.part_by is None:
        return "", ()
    if dataset.part_by == "file":
        name = publishers_name(path.name)
        found = re.search(dataset.part_pattern or r"([^.]+)", name)
        return slug(found.group(1) if found else name.split(".")[0]), ()
    if dataset.part_by == "title":
        return _edition(path, dataset, table.above), ()
    members = tuple(sorted(_distinct(path, container, dataset, table)))
    extra = dataset.options.get("part_also_by")
    suffix = ""
    if extra:
        header = table.header
        suffix = "@" + slug(next((name for name in header if header_matches(extra, name)), ""))
    return _joined(members) + suffix, members if dataset.part_is_series else ()


def _joined(members: tuple[str, ...]) -> str:
    name = "+".join(slug(member) for member in members[:4])
    return name if len(members) <= 4 else f"{name}+{len(members) - 4}-more"


def _edition(path: Path, dataset: Dataset, titles: list[str]) -> str:
    """The edition that the title above the header names, such as "31 December 2022"."""
    for title in titles:
        found = re.search(dataset.part_pattern or "", title)
        if found:
            return slug(found.group(1))
    raise InputRefusedError(
        [Problem(path.name, "the title above the table does not say which period it is for.", 1)]
    )


def _distinct(path: Path, container: Container, dataset: Dataset, table: Candidate) -> set[str]:
    """The values that name the parts of a file."""
    names = [name for name in (dataset.part_by, dataset.part_by_also) if name is not None]
    places = [place_of(table.header, name) for name in names]
    columns = [place for place in places if place is not None]
    found = distinct_values(path, container, table.index + 1, len(table.header), columns)
    return {" ".join(values) for values in found} - {""}
