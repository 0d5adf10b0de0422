"""Which dataset a file is, decided by what is in it."""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from beacon.core.errors import InputRefusedError, Problem
from beacon.registry.sources import Container, Dataset, DatasetSpec, SourceRegister
from beacon.sources.page_archive import read_index, read_page_table
from beacon.sources.recognition import Recognition
from beacon.sources.tabular.columns import header_matches, resolve_header
from beacon.sources.tabular.containers import container_of, open_text
from beacon.sources.tabular.tables import (
    HEADER_SEARCH_ROWS,
    clean_header,
    is_link_cache,
    join_header,
    open_workbook,
    peek_csv,
    sheet_rows,
    text_of,
)
from beacon.sources.tabular.xlsx_heads import UnusualWorkbookError, xlsx_heads

# A header that keeps this share of a dataset's columns is that dataset, altered: better refused
# by name than passed over as unknown.
_ALTERED_SHARE = 0.7
_MOST_SHEETS = 60
# A table with more columns than this beyond the expected ones is another table (IoD File 2 begins
# with all the columns of File 1).
_MOST_UNKNOWN_COLUMNS = 3


def recognise(path: Path, register: SourceRegister) -> Recognition:
    """Recognise one file.

    A damaged or altered file is attributed to the dataset it was meant to be, where its remaining
    headers or its name allow, with the problem that keeps it from being used.
    """
    try:
        container = container_of(path)
        if container == "pages":
            return _recognise_pages(path, register)
        tables = _candidate_headers(path, container)
    except InputRefusedError as error:
        meant = _by_name(path, register)
        key = meant.key if meant else None
        return Recognition(key, _part_by_name(path, meant), (), None, error.problems)
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
        return _candidates(peek_csv(path, container, HEADER_SEARCH_ROWS * 4))
    if container in ("xlsx", "xls", "ods"):
        return _workbook_headers(path, container)
    if container == "parquet":
        import polars as pl

        try:
            return [_Candidate([list(pl.read_parquet_schema(path))], 0)]
        except (pl.exceptions.PolarsError, OSError) as error:
            raise InputRefusedError(
                [Problem(path.name, f"the Parquet file is damaged or cut short ({error}).")]
            ) from error
    return [_Candidate([_geometry_fields(path, container)], 0)]


def _candidates(rows: list[list[str]]) -> list[_Candidate]:
    return [
        _Candidate(rows, index)
        for index, row in enumerate(rows[:HEADER_SEARCH_ROWS])
        # Titles and blank rows are no headers.
        if sum(1 for cell in row if cell) > 1
    ]


def _workbook_headers(path: Path, container: Container) -> list[_Candidate]:
    found: list[_Candidate] = []
    for sheet, rows in _workbook_heads(path, container):
        if not is_link_cache(sheet):
            found.extend(_candidates([clean_header(row) for row in rows]))
    return found


def _workbook_heads(path: Path, container: Container) -> Iterable[tuple[str, list[list[str]]]]:
    if container == "xlsx":
        try:
            return xlsx_heads(path, HEADER_SEARCH_ROWS)[:_MOST_SHEETS]
        except UnusualWorkbookError:
            pass  # The full reader says what is wrong with it, or reads it all the same.
    workbook = open_workbook(path)
    return (
        (
            sheet,
            [
                [text_of(cell) for cell in cells]
                for cells in sheet_rows(path, workbook, sheet, HEADER_SEARCH_ROWS)
            ],
        )
        for sheet in workbook.sheet_names[:_MOST_SHEETS]
    )


def _geometry_fields(path: Path, container: Container) -> list[str]:
    if container == "geojson":
        return _geojson_fields(path)
    import sqlite3

    try:
        with sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True) as connection:
            tables = connection.execute("select table_name from gpkg_contents").fetchall()
            columns = connection.execute(
                "select name from pragma_table_info(?)", (tables[0][0],)
            ).fetchall()
    except (sqlite3.DatabaseError, IndexError) as error:
        raise InputRefusedError(
            [Problem(path.name, f"the GeoPackage is damaged or cut short ({error}).")]
        ) from error
    return [name for (name,) in columns]


def _geojson_fields(path: Path) -> list[str]:
    with path.open("rb") as stream:
        head = stream.read(1 << 16).decode("utf-8-sig", errors="replace")
    found = re.search(
        r'"properties"\s*:\s*(\{\s*"(?:LSOA|LAD|FID|OBJECTID|CTY|ICB|RGN|SIC)[^{}]*\})', head
    )
    if not found:
        raise InputRefusedError([Problem(path.name, "the GeoJSON has no feature properties.")])
    try:
        return list(json.loads(found.group(1)))
    except json.JSONDecodeError as error:
        raise InputRefusedError(
            [Problem(path.name, f"the first feature cannot be read ({error}).")]
        ) from error


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
        if len(unknown) > _MOST_UNKNOWN_COLUMNS:
            return False
    if not dataset.is_read and dataset.rows.max is not None and len(table.below) > dataset.rows.max:
        return False
    return _holds_values(dataset, table)


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
        found = re.search(dataset.part_pattern or r"([^.]+)", path.name)
        return _slug(found.group(1) if found else path.name.split(".")[0]), ()
    if dataset.part_by == "title":
        return _edition(path, dataset, table.above), ()
    members = tuple(sorted(_distinct(path, container, dataset)))
    extra = dataset.options.get("part_also_by")
    suffix = ""
    if extra:
        header = peek_csv(path, container, 1)[0]
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


def _distinct(path: Path, container: Container, dataset: Dataset) -> set[str]:
    """The values that name the parts of a file, which is never held whole."""
    import csv

    with open_text(path, container) as text:
        reader = csv.reader(text)
        header = clean_header(next(reader))
        index = header.index(dataset.part_by or "")
        if dataset.part_by_also is None:
            # Few values are distinct, so each is cleaned once.
            seen = {row[index] for row in reader if len(row) > index}
            return {value.strip() for value in seen} - {""}
        also = header.index(dataset.part_by_also)
        pairs = {(row[index], row[also]) for row in reader if len(row) > max(index, also)}
    return {" ".join(part.strip() for part in pair) for pair in pairs}


def _altered(
    path: Path, container: Container, tables: list[_Candidate], register: SourceRegister
) -> Recognition:
    """A file that is a known dataset with columns missing or renamed, or nothing known."""
    best: tuple[tuple[float, bool], DatasetSpec] | None = None
    for spec in register.datasets.values():
        if container not in spec.dataset.containers or len(spec.dataset.header) < 3:
            continue
        if not spec.dataset.is_read:
            continue
        for table in tables:
            share = _share(spec.dataset, table.header_of(spec.dataset))
            # Of datasets that share a header, the one whose values are there.
            rank = (share, _holds_values(spec.dataset, table))
            if share >= _ALTERED_SHARE and (best is None or rank > best[0]):
                best = (rank, spec)
    meant = best[1] if best else _by_name(path, register)
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


def _share(dataset: Dataset, header: list[str]) -> float:
    """Share of a dataset's columns that a header has; 0 where most of the header is unknown."""
    found = sum(
        1 for expected in dataset.header if any(header_matches(expected, name) for name in header)
    )
    missing = len(dataset.header) - found
    unknown = sum(1 for name in header if name) - found - len(dataset.header_optional)
    many = not dataset.other_columns and unknown > _MOST_UNKNOWN_COLUMNS + missing
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
        if pattern and fnmatch.fnmatch(path.name.lower(), pattern.lower()):
            return spec
    return None


def _part_by_name(path: Path, meant: DatasetSpec | None) -> str:
    """What to call the part of a damaged file, whose content no longer says."""
    if meant is not None and meant.dataset.part_by is None:
        return ""
    return f"file:{_slug(path.name.split('.')[0])}"


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
