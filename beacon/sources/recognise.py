"""Which dataset a file is, decided by what is in it."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from beacon.core.errors import InputRefusedError, Problem
from beacon.registry.sources import Container, Dataset, DatasetSpec, SourceRegister
from beacon.sources.page_archive import read_index, read_page_table
from beacon.sources.recognition import Recognition
from beacon.sources.refusals import refusing_by_name
from beacon.sources.tabular.columns import header_matches, place_of, resolve_header
from beacon.sources.tabular.containers import container_of
from beacon.sources.tabular.csv_table import distinct_values, peek_csv
from beacon.sources.tabular.file_names import publishers_name
from beacon.sources.tabular.geometries import (
    fields_of_damaged_geojson,
    geojson_fields,
    geopackage_layers,
)
from beacon.sources.tabular.sheet_cells import text_of
from beacon.sources.tabular.spreadsheets import open_workbook
from beacon.sources.tabular.tables import HEADER_SEARCH_ROWS, clean_header, join_header

# A header that keeps this share of a dataset's columns is that dataset, altered: better refused
# by name than passed over as unknown.
_ALTERED_SHARE = 0.7
_MOST_SHEETS = 60
# Enough to see the values that tell datasets with one header apart.
_PEEKED_ROWS = 160
# A table with more columns than this beyond the expected ones is another table (IoD File 2 begins
# with all the columns of File 1).
_MOST_UNKNOWN_COLUMNS = 3
_MOST_UNKNOWN_SHARE = 0.25


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


def meant_by_name(
    path: Path, register: SourceRegister, problems: tuple[Problem, ...]
) -> Recognition:
    """What a file that cannot be opened was meant to be, as far as its name tells."""
    meant = _by_name(path, register)
    return Recognition(meant.key if meant else None, _part_by_name(path, meant), (), None, problems)


def _recognise(path: Path, register: SourceRegister) -> Recognition:
    try:
        container = container_of(path)
        if container == "pages":
            return _recognise_pages(path, register)
        tables = _candidate_headers(path, container)
    except InputRefusedError as error:
        return _damaged_outlines(path, register, error.problems)
    for spec in register.datasets.values():
        if container not in spec.dataset.containers:
            continue
        matching = next((table for table in tables if _matches(spec.dataset, table)), None)
        if matching is None:
            continue
        if not spec.dataset.is_read:
            return Recognition(spec.key, _slug(path.name), (), container)
        try:
            part, members = _part(path, container, spec.dataset, matching)
        except InputRefusedError as error:
            return Recognition(spec.key, _part_by_name(path, spec), (), container, error.problems)
        return Recognition(spec.key, part, members, container)
    return _altered(path, container, tables, register)


def _damaged_outlines(
    path: Path, register: SourceRegister, problems: tuple[Problem, ...]
) -> Recognition:
    """What a damaged GeoJSON was meant to be, by the properties at its beginning; else by name."""
    table = _Candidate([fields_of_damaged_geojson(path)], 0)
    for spec in register.datasets.values():
        if spec.dataset.staging == "boundary" and _matches(spec.dataset, table):
            return Recognition(spec.key, _part_by_name(path, spec), (), None, problems)
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
    drift = tuple(_drift(path, spec.dataset, table.header))
    if drift or spec.dataset.part_by is None:
        return Recognition(spec.key, "", (), "pages", drift)
    place = table.header.index(spec.dataset.part_by)
    members = tuple(sorted(set(table.frame[f"c{place}"].to_list())))
    return Recognition(spec.key, _joined(members), members, "pages")


@dataclass(frozen=True)
class _Candidate:
    """A row near the top of a table that could be its header."""

    rows: list[list[str]]
    index: int

    @property
    def header(self) -> list[str]:
        return self.rows[self.index]

    def header_of(self, dataset: Dataset) -> list[str]:
        return join_header(self.rows, self.index, dataset.header_rows)

    @property
    def above(self) -> list[str]:
        return [cell for row in self.rows[: self.index] for cell in row if cell]

    @property
    def below(self) -> list[list[str]]:
        return self.rows[self.index + 1 :]


def _candidate_headers(path: Path, container: Container) -> list[_Candidate]:
    """Every row near the top that could be a header, with the rows around it."""
    if container in ("csv", "csv.gz"):
        return _candidates(peek_csv(path, container, _PEEKED_ROWS))
    if container in ("xlsx", "xls", "ods"):
        return _workbook_headers(path)
    if container == "parquet":
        import polars as pl

        try:
            return [_Candidate([list(pl.read_parquet_schema(path))], 0)]
        except (pl.exceptions.PolarsError, OSError) as error:
            raise InputRefusedError(
                [Problem(path.name, f"the Parquet file is damaged or cut short ({error}).")]
            ) from error
    if container == "geojson":
        return [_Candidate([geojson_fields(path)], 0)]
    return [_Candidate([fields], 0) for fields in geopackage_layers(path).values()]


def _candidates(rows: list[list[str]]) -> list[_Candidate]:
    return [
        _Candidate(rows, index)
        for index, row in enumerate(rows[:HEADER_SEARCH_ROWS])
        # Titles and blank rows are no headers.
        if sum(1 for cell in row if cell) > 1
    ]


def _workbook_headers(path: Path) -> list[_Candidate]:
    found: list[_Candidate] = []
    faults: list[Problem] = []
    workbook = open_workbook(path)
    for sheet in workbook.sheets[:_MOST_SHEETS]:
        try:
            rows = workbook.rows(sheet, HEADER_SEARCH_ROWS)
        except InputRefusedError as error:
            faults.extend(error.problems)
            continue
        found.extend(_candidates([clean_header(list(map(text_of, row))) for row in rows]))
    if faults and not found:
        raise InputRefusedError(faults)
    return found


def _matches(dataset: Dataset, table: _Candidate) -> bool:
    header = table.header_of(dataset)
    positions = resolve_header(dataset, header)
    if positions is None:
        return False
    if dataset.staging != "boundary" and not dataset.other_columns:
        known = (*dataset.header, *dataset.header_optional)
        unknown = [
            name for name in header if name and not any(header_matches(k, name) for k in known)
        ]
        if len(unknown) > _most_unknown(dataset):
            return False
    if not dataset.is_read and dataset.rows.max is not None and len(table.below) > dataset.rows.max:
        return False
    return _holds_values(dataset, table)


def _most_unknown(dataset: Dataset) -> float:
    """How many columns beyond the expected ones somebody may have added."""
    return max(_MOST_UNKNOWN_COLUMNS, _MOST_UNKNOWN_SHARE * len(dataset.header))


def _holds_values(dataset: Dataset, table: _Candidate) -> bool:
    """Whether the first rows hold the values that tell this dataset from others."""
    header = table.header_of(dataset)
    for column, values in dataset.where.items():
        index = next((n for n, name in enumerate(header) if header_matches(column, name)), None)
        if index is None:
            return False
        seen = {row[index] for row in table.below if len(row) > index}
        if not any(header_matches(value, cell) for value in values for cell in seen):
            return False
    return True


def _part(
    path: Path, container: Container, dataset: Dataset, table: _Candidate
) -> tuple[str, tuple[str, ...]]:
    """Name of the part and the series in it, for datasets that come as several files."""
    if dataset.part_by is None:
        return "", ()
    if dataset.part_by == "file":
        name = publishers_name(path.name)
        found = re.search(dataset.part_pattern or r"([^.]+)", name)
        return _slug(found.group(1) if found else name.split(".")[0]), ()
    if dataset.part_by == "title":
        return _edition(path, dataset, table.above), ()
    members = tuple(sorted(_distinct(path, container, dataset, table)))
    extra = dataset.options.get("part_also_by")
    suffix = ""
    if extra:
        header = table.header
        suffix = "@" + _slug(next((name for name in header if header_matches(extra, name)), ""))
    return _joined(members) + suffix, members if dataset.part_is_series else ()


def _joined(members: tuple[str, ...]) -> str:
    name = "+".join(_slug(member) for member in members[:4])
    return name if len(members) <= 4 else f"{name}+{len(members) - 4}-more"


def _edition(path: Path, dataset: Dataset, titles: list[str]) -> str:
    """The edition that the title above the header names, such as "31 December 2022"."""
    for title in titles:
        found = re.search(dataset.part_pattern or "", title)
        if found:
            return _slug(found.group(1))
    raise InputRefusedError(
        [Problem(path.name, "the title above the table does not say which period it is for.", 1)]
    )


def _distinct(path: Path, container: Container, dataset: Dataset, table: _Candidate) -> set[str]:
    """The values that name the parts of a file."""
    names = [name for name in (dataset.part_by, dataset.part_by_also) if name is not None]
    places = [place_of(table.header, name) for name in names]
    columns = [place for place in places if place is not None]
    found = distinct_values(path, container, table.index + 1, len(table.header), columns)
    return {" ".join(values) for values in found} - {""}


def _altered(
    path: Path, container: Container, tables: list[_Candidate], register: SourceRegister
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
            rank = (share, _holds_values(spec.dataset, table))
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
    part = _part_by_name(path, meant)
    if container not in meant.dataset.containers:
        wanted = " or ".join(meant.dataset.containers)
        wrong = Problem(path.name, f"is {container}, where {wanted} is expected.")
        return Recognition(meant.key, part, (), container, (wrong,))
    header = max(
        (table.header_of(meant.dataset) for table in tables),
        key=lambda h: _share(meant.dataset, h),
        default=[],
    )
    drift = tuple(_drift(path, meant.dataset, header))
    if not drift:
        return Recognition(None, container=container)
    return Recognition(meant.key, part, (), container, drift)


_SAVED_AS_CSV = "Give the publisher's own file, or save this sheet as CSV UTF-8 (comma delimited)."


def _in_another_container(
    path: Path, container: Container, tables: list[_Candidate], register: SourceRegister
) -> Recognition:
    """A known table in a file of another kind, such as a CSV that was saved as a workbook."""
    for spec in register.datasets.values():
        dataset = spec.dataset
        if not dataset.is_read or container in dataset.containers or len(dataset.header) < 3:
            continue
        if "csv" in dataset.containers and any(_matches(dataset, table) for table in tables):
            wanted = " or ".join(dataset.containers)
            message = f"is {container}, where {wanted} is expected."
            wrong = Problem(path.name, message, remedy=_SAVED_AS_CSV)
            return Recognition(spec.key, _part_by_name(path, spec), (), container, (wrong,))
    return Recognition(None, container=container)


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
    many = not dataset.other_columns and unknown > _most_unknown(dataset) + missing
    if not missing or many:
        return 0.0
    return found / len(dataset.header)


def _drift(path: Path, dataset: Dataset, header: list[str]) -> Iterable[Problem]:
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


def _part_by_name(path: Path, meant: DatasetSpec | None) -> str:
    """What to call the part of a damaged file, whose content no longer says."""
    if meant is not None and meant.dataset.part_by is None:
        return ""
    return f"file:{_slug(publishers_name(path.name).split('.')[0])}"


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
