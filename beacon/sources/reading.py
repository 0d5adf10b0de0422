"""Opening a recognised file as a text table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from beacon.core.errors import Problem
from beacon.registry.sources import Container, Dataset, DatasetSpec
from beacon.sources.page_archive import read_page_table
from beacon.sources.remarks import remark
from beacon.sources.tabular.columns import header_matches, place_of
from beacon.sources.tabular.csv_table import read_csv
from beacon.sources.tabular.spreadsheets import read_workbook
from beacon.sources.tabular.tables import ROW, HeaderTest, TextTable
from beacon.sources.tabular.tidy_text import fold, tidy_column


def read_table(path: Path, container: Container, dataset: Dataset) -> TextTable:
    """The table of a file whose header is a dataset's.

    The header is found by most of its columns rather than all, so that a missing or renamed
    column is reported by name instead of as a header that was not found.
    """
    if container == "pages":
        return read_page_table(path, dataset)
    is_header = most_of(dataset)
    if container in ("csv", "csv.gz"):
        return read_csv(path, container, is_header, is_optional(dataset))
    return read_workbook(path, is_header, dataset.header_rows)


def read_used_series(path: Path, container: Container, spec: DatasetSpec) -> tuple[TextTable, int]:
    """The rows of the series that indicators use, and how many rows the file has.

    All rows are given where the register does not say what is used, and of a file in which nothing
    is, so that it can be looked at.
    """
    table = read_table(path, container, spec.dataset)
    rows = table.frame.height
    place = place_of(table.header, spec.dataset.part_by or "")
    if spec.series_in_use is None or place is None:
        return table, rows
    series = tidy_column(table.frame[f"c{place}"])
    wanted = set(map(fold, spec.series_in_use))
    used = series.is_in([name for name in series.unique().to_list() if fold(name) in wanted])
    others = series.filter(~used).unique(maintain_order=True).to_list()
    if not others or not used.any():
        return table, rows
    shown = ", ".join(map(repr, others[:5])) + (" …" if len(others) > 5 else "")
    message = f"rows of {shown} were left out: no indicator uses them."
    column = spec.dataset.part_by
    remark(Problem(path.name, message, int(table.frame[ROW].filter(~used)[0]), column, remedy=""))
    return replace(table, frame=table.frame.filter(used)), rows


def most_of(dataset: Dataset) -> HeaderTest:
    """A test for rows that hold more than half of a dataset's headers."""

    def is_header(cells: list[str]) -> bool:
        found = sum(
            any(header_matches(expected, cell) for cell in cells) for expected in dataset.header
        )
        return found * 2 > len(dataset.header)

    return is_header


def is_optional(dataset: Dataset) -> Callable[[str], bool]:
    """A test for headers whose column may hold nothing at all."""

    def optional(name: str) -> bool:
        return any(header_matches(known, name) for known in dataset.header_optional)

    return optional


def begins_with(dataset: Dataset, cells: list[str], count: int = 2) -> bool:
    """Whether a row begins with a dataset's first headers, in their places.

    Tables of one workbook often share all but these.
    """
    expected = dataset.header[:count]
    return len(cells) >= count and all(map(header_matches, expected, cells))
