"""Rows near the top of a file that could be its header, and whether they are a dataset's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from beacon.core.errors import InputRefusedError, Problem
from beacon.registry.sources import Container, Dataset
from beacon.sources.tabular.columns import header_matches, resolve_header
from beacon.sources.tabular.csv_table import peek_csv
from beacon.sources.tabular.geometries import geojson_fields, geopackage_layers
from beacon.sources.tabular.sheet_cells import text_of
from beacon.sources.tabular.spreadsheets import open_workbook
from beacon.sources.tabular.tables import HEADER_SEARCH_ROWS, clean_header, join_header

_MOST_SHEETS = 60
# Enough to see the values that tell datasets with one header apart.
_PEEKED_ROWS = 160
# A table with more columns than this beyond the expected ones is another table (IoD File 2 begins
# with all the columns of File 1).
_MOST_UNKNOWN_COLUMNS = 3
_MOST_UNKNOWN_SHARE = 0.25


@dataclass(frozen=True)
class Candidate:
    """A row near the top of a table that could be its header."""

    rows: list[list[str]]
    index: int

    @property
    def header(self) -> list[str]:
        """The row itself."""
        return self.rows[self.index]

    def header_of(self, dataset: Dataset) -> list[str]:
        """The header that ends here, of a dataset whose header takes several rows."""
        return join_header(self.rows, self.index, dataset.header_rows)

    @property
    def above(self) -> list[str]:
        """Filled cells above the row."""
        return [cell for row in self.rows[: self.index] for cell in row if cell]

    @property
    def below(self) -> list[list[str]]:
        """The rows below it, as far as they were looked at."""
        return self.rows[self.index + 1 :]


def candidate_headers(path: Path, container: Container) -> list[Candidate]:
    """Every row near the top that could be a header, with the rows around it."""
    if container in ("csv", "csv.gz"):
        return _candidates(peek_csv(path, container, _PEEKED_ROWS))
    if container in ("xlsx", "xls", "ods"):
        return _workbook_headers(path)
    if container == "parquet":
        import polars as pl

        try:
            return [Candidate([list(pl.read_parquet_schema(path))], 0)]
        except (pl.exceptions.PolarsError, OSError) as error:
            raise InputRefusedError(
                [Problem(path.name, f"the Parquet file is damaged or cut short ({error}).")]
            ) from error
    if container == "geojson":
        return [Candidate([geojson_fields(path)], 0)]
    return [Candidate([fields], 0) for fields in geopackage_layers(path).values()]


def _candidates(rows: list[list[str]]) -> list[Candidate]:
    return [
        Candidate(rows, index)
        for index, row in enumerate(rows[:HEADER_SEARCH_ROWS])
        # Titles and blank rows are no headers.
        if sum(1 for cell in row if cell) > 1
    ]


def _workbook_headers(path: Path) -> list[Candidate]:
    found: list[Candidate] = []
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


def matches(dataset: Dataset, table: Candidate) -> bool:
    """Whether a row is a dataset's header, and what stands below it is its own."""
    header = table.header_of(dataset)
    positions = resolve_header(dataset, header)
    if positions is None:
        return False
    if dataset.staging != "boundary" and not dataset.other_columns:
        known = (*dataset.header, *dataset.header_optional)
        unknown = [
            name for name in header if name and not any(header_matches(k, name) for k in known)
        ]
        if len(unknown) > most_unknown(dataset):
            return False
    if not dataset.is_read and dataset.rows.max is not None and len(table.below) > dataset.rows.max:
        return False
    return holds_values(dataset, table)


def most_unknown(dataset: Dataset) -> float:
    """How many columns beyond the expected ones somebody may have added."""
    return max(_MOST_UNKNOWN_COLUMNS, _MOST_UNKNOWN_SHARE * len(dataset.header))


def holds_values(dataset: Dataset, table: Candidate) -> bool:
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
