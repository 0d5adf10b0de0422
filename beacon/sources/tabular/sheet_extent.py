"""How far the filled cells of a workbook's sheets reach, found without expanding any.

Calamine makes a sheet a rectangle that holds all its filled cells: one cell in the last column of
the last row would make 17 thousand million. Cells are as in ECMA-376 (Office Open XML), part 1,
18.3.1.4, and repeated cells as in OpenDocument 1.3, part 3, 19.675.
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

_XLSX_CELL = re.compile(rb"<(?:\w+:)?c\s(?:[^<>]*?\s)?r=[\"']([A-Za-z]{1,3})(\d{1,7})[\"'][^<>]*>")
_ODS_TAG = re.compile(
    rb"<(/?)table:(table|table-row|table-cell|covered-table-cell)((?:\s[^<>]*?)?)(/?)>"
)
_ODS_REPEATED = re.compile(rb"number-(?:rows|columns)-repeated=[\"'](\d{1,9})[\"']")
_ODS_NAME = re.compile(rb"table:name=[\"']([^\"']*)[\"']")


@dataclass(frozen=True)
class Extent:
    """The last row and column that hold something, from 1."""

    rows: int
    columns: int

    @property
    def cells(self) -> int:
        """Cells of the rectangle from the first cell."""
        return self.rows * self.columns


def xlsx_extents(path: Path) -> dict[str, Extent]:
    """The extent of every worksheet of an Excel workbook, by its name.

    Raises:
        zipfile.BadZipFile, KeyError, ElementTree.ParseError: For a damaged workbook.
    """
    with zipfile.ZipFile(path) as archive:
        return {name: _xlsx_extent(archive, member) for name, member in _sheets(archive)}


def _sheets(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    # Expat loads no external entities and stops entities that blow up; sizes were bounded before.
    relations = {
        element.attrib["Id"]: element.attrib["Target"]
        for element in ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314
    }
    for element in ElementTree.fromstring(archive.read("xl/workbook.xml")).iter():  # noqa: S314
        if element.tag.rpartition("}")[2] == "sheet":
            id_ = next(value for key, value in element.attrib.items() if key.endswith("}id"))
            target = relations[id_]
            member = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            member = posixpath.normpath(member)
            if member in archive.namelist() and "worksheets/" in member:
                yield element.attrib["name"], member


def _xlsx_extent(archive: zipfile.ZipFile, member: str) -> Extent:
    rows, columns = 0, 0
    letters: set[bytes] = set()
    for chunk in _chunks(archive, member):
        for found in _XLSX_CELL.finditer(chunk):
            # A cell that only has a format closes itself, and is none for Calamine.
            if not found[0].endswith(b"/>"):
                rows = max(rows, int(found[2]))
                letters.add(found[1])
    for name in letters:
        columns = max(columns, _column(name.decode().upper()))
    return Extent(rows, columns)


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def ods_extents(path: Path) -> dict[str, Extent]:
    """The extent of every sheet of an OpenDocument spreadsheet, by its name.

    Raises:
        zipfile.BadZipFile, KeyError: For a damaged spreadsheet.
    """
    extents: dict[str, Extent] = {}
    name, rows, last_row, columns, place, repeated, filled = "", 0, 0, 0, 0, 1, 0
    with zipfile.ZipFile(path) as archive:
        for chunk in _chunks(archive, "content.xml"):
            for found in _ODS_TAG.finditer(chunk):
                closing, kind, attributes, empty = found.groups()
                times = int(count[1]) if (count := _ODS_REPEATED.search(attributes)) else 1
                if kind == b"table" and not closing:
                    named = _ODS_NAME.search(attributes)
                    name = named[1].decode("utf-8", errors="replace") if named else ""
                    rows, last_row, columns = 0, 0, 0
                elif kind == b"table":
                    extents[name] = Extent(last_row, columns)
                elif kind == b"table-row" and not closing:
                    place, repeated, filled = 0, times, 0
                    rows += times if empty else 0
                elif kind == b"table-row":
                    rows += repeated
                    if filled:
                        last_row, columns = rows, max(columns, filled)
                elif not closing:
                    place += times
                    filled = filled if empty and b"office:value" not in attributes else place
    return extents


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
