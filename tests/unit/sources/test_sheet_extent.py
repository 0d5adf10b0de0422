"""How far the filled cells of a worksheet reach, from where its furthest cell is."""

from pathlib import Path

import pytest
import xlsxwriter

from beacon.sources.tabular.sheet_extent import (
    MOST_CELLS,
    Extent,
    sheet_extent,
    sheet_members,
)


def extent_with(path: Path, *places: str) -> Extent:
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("Data")
        for place in places:
            sheet.write(place, 1)
    return sheet_extent(path, sheet_members(path)["Data"])


@pytest.mark.parametrize(
    ("place", "extent"),
    [
        ("AA3", Extent(3, 27)),
        ("B100000", Extent(100_000, 2)),
        ("XFD1", Extent(1, 16_384)),
        ("A1048576", Extent(1_048_576, 1)),
    ],
)
def test_sheet_that_reaches_far_is_measured(tmp_path: Path, place: str, extent: Extent) -> None:
    assert extent_with(tmp_path / "book.xlsx", "A1", place) == extent


@pytest.mark.parametrize("place", ["A1", "Z1", "A99999", "Z99999"])
def test_sheet_that_reaches_no_further_is_not_too_large(tmp_path: Path, place: str) -> None:
    extent = extent_with(tmp_path / "book.xlsx", place)
    assert extent.cells <= MOST_CELLS
    assert (extent.rows, extent.columns) == (99_999, 26)


def test_far_cell_behind_megabytes_of_near_ones_is_found(tmp_path: Path) -> None:
    near = [f"A{row}" for row in range(1, 40_000)]
    assert extent_with(tmp_path / "book.xlsx", *near, "XFD1048576") == Extent(1_048_576, 16_384)
