"""Spreadsheet tables with one column a year, turned into one row a year."""

from __future__ import annotations

import re

from beacon.registry.sources import Dataset
from beacon.sources.tabular.tables import TextTable


def with_named_columns(dataset: Dataset, table: TextTable) -> Dataset:
    """A dataset whose optional headers are the table's own, so that each can be read by name."""
    return dataset.model_copy(
        update={"header_optional": tuple(name for name in table.header if name)}
    )


def year_columns(table: TextTable, pattern: str) -> dict[int, str]:
    """Headers by the year that a pattern's first group finds in them, in the table's order."""
    return {
        int(found.group(1)): name
        for name in table.header
        if (found := re.fullmatch(pattern, name)) is not None
    }
