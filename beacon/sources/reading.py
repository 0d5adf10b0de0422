"""Opening a recognised file as a text table."""

from __future__ import annotations

from pathlib import Path

from beacon.registry.sources import Container, Dataset
from beacon.sources.page_archive import read_page_table
from beacon.sources.tabular.columns import header_matches
from beacon.sources.tabular.tables import HeaderTest, TextTable, read_csv, read_workbook


def read_table(path: Path, container: Container, dataset: Dataset) -> TextTable:
    """The table of a file whose header is a dataset's.

    The header is found by most of its columns rather than all, so that a missing or renamed
    column is reported by name instead of as a header that was not found.
    """
    if container == "pages":
        return read_page_table(path, dataset)
    is_header = most_of(dataset)
    if container in ("csv", "csv.gz"):
        return read_csv(path, container, is_header)
    return read_workbook(path, is_header, dataset.header_rows)


def most_of(dataset: Dataset) -> HeaderTest:
    """A test for rows that hold more than half of a dataset's headers."""

    def is_header(cells: list[str]) -> bool:
        found = sum(
            any(header_matches(expected, cell) for cell in cells) for expected in dataset.header
        )
        return found * 2 > len(dataset.header)

    return is_header


def begins_with(dataset: Dataset, cells: list[str], count: int = 2) -> bool:
    """Whether a row begins with a dataset's first headers, in their places.

    Tables of one workbook often share all but these.
    """
    expected = dataset.header[:count]
    return len(cells) >= count and all(map(header_matches, expected, cells))
