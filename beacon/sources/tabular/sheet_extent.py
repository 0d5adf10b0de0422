"""How far the filled cells of an Excel worksheet reach, found without expanding it.

Calamine makes a sheet a rectangle that holds all its filled cells: one cell in the last column of
the last row would make 17 thousand million. Cells are as in ECMA-376 (Office Open XML), part 1,
18.3.1.4.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

# The widest official sheet here has 7 million: LSOAs by single year of age and sex.
MOST_CELLS = 15_000_000
_CHUNK = 1 << 20
_LONGEST_TAG = 4096
_BOOK = "xl/workbook.xml"

# A place beyond column Z or row 99,999. A sheet without one is not too large; looking for this
# takes a quarter of the time that looking at every place does.
_FAR = re.compile(rb"r=[\"'](?:[A-Za-z]{2,3}\d|[A-Za-z]\d{6})")

# The place of every cell; and of those that hold something: a cell that only has a format closes
# itself, and is none for Calamine.
_PLACE = re.compile(rb"\sr=[\"']([A-Za-z]{1,3})(\d{1,7})[\"']")
_FILLED = re.compile(
    rb"<(?:\w+:)?c\s(?:[^<>]*?\s)?r=[\"']([A-Za-z]{1,3})(\d{1,7})[\"'][^<>]*(?<!/)>"
)


@dataclass(frozen=True)
class Extent:
    """The last row and column that hold something, from 1."""

    rows: int
    columns: int

    @property
    def cells(self) -> int:
        """Cells of the rectangle from the first cell."""
        return self.rows * self.columns


def sheet_members(path: Path) -> dict[str, str]:
    """The part of an Excel workbook that holds each worksheet, by the worksheet's name.

    Nothing for OpenDocument and the older .xls, which Calamine reads whole.

    Raises:
        zipfile.BadZipFile, KeyError, ElementTree.ParseError: For a damaged workbook.
    """
    if not zipfile.is_zipfile(path):
        return {}
    with zipfile.ZipFile(path) as archive:
        return dict(_members(archive)) if _BOOK in archive.namelist() else {}


def _members(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    # Expat loads no external entities and stops entities that blow up; sizes were bounded before.
    relations = {
        element.attrib["Id"]: element.attrib["Target"]
        for element in ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314
    }
    for element in ElementTree.fromstring(archive.read(_BOOK)).iter():  # noqa: S314
        if element.tag.rpartition("}")[2] == "sheet":
            id_ = next(value for key, value in element.attrib.items() if key.endswith("}id"))
            target = relations[id_]
            member = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            member = posixpath.normpath(member)
            if member in archive.namelist() and "worksheets/" in member:
                yield element.attrib["name"], member


def sheet_extent(path: Path, member: str) -> Extent:
    """How far at most a worksheet's filled cells reach.

    Of a sheet that ends before column AA and row 100,000 nothing closer is said. Empty cells with a
    format count too, unless the sheet would be too large with them: telling them apart takes
    three times as long.

    Args:
        path: The Excel workbook.
        member: The part that holds the worksheet.

    Raises:
        zipfile.BadZipFile, KeyError, zlib.error: For a damaged workbook.
    """
    with zipfile.ZipFile(path) as archive:
        if not any(_FAR.search(chunk) for chunk in _chunks(archive, member)):
            return Extent(99_999, 26)
    extent = _reach(path, member, _PLACE)
    return extent if extent.cells <= MOST_CELLS else _reach(path, member, _FILLED)


def _reach(path: Path, member: str, cell: re.Pattern[bytes]) -> Extent:
    rows: set[bytes] = set()
    columns: set[bytes] = set()
    with zipfile.ZipFile(path) as archive:
        for chunk in _chunks(archive, member):
            for column, row in cell.findall(chunk):
                columns.add(column)
                rows.add(row)
    return Extent(max(map(int, rows), default=0), max(map(_column, columns), default=0))


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - ord("A") + 1
    return number


def _chunks(archive: zipfile.ZipFile, member: str) -> Iterator[bytes]:
    """A member in pieces that cut no tag in two."""
    rest = b""
    with archive.open(member) as stream:
        while data := stream.read(_CHUNK):
            data = rest + data
            cut = data.rfind(b"<")
            # A piece without the beginning of a tag is text, however long.
            if cut < 0 or len(data) - cut > _LONGEST_TAG:
                cut = len(data)
            rest = data[cut:]
            yield data[:cut]
    yield rest
