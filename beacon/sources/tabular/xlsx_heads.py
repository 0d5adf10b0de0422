"""The first rows of an Excel workbook's sheets, without reading the rest.

The parts of a workbook and its cells are as in ECMA-376 (Office Open XML), part 1, section 18.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


_SHARED_STRING = re.compile(rb"<si(?:\s[^>]*)?(?:/>|>.*?</si>)", re.DOTALL)


class UnusualWorkbookError(Exception):
    """The workbook is not built as Excel builds it; read it with a full reader."""


def xlsx_heads(path: Path, rows: int) -> list[tuple[str, list[list[str]]]]:
    """The first rows of every sheet as the text a person reads.

    Args:
        path: The workbook.
        rows: How many rows from the top of each sheet.

    Returns:
        (sheet name, rows) in the workbook's order; empty cells are empty strings, and rows that
        are not stored are empty lists. Dates are numbers here, as Excel stores them.

    Raises:
        UnusualWorkbookError: When a part is missing, damaged or of an unknown kind.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            sheets = list(_sheets(archive))
            raw = [(name, _head(archive, member, rows)) for name, member in sheets]
            cells = {cell for _, table in raw for row in table for cell in row}
            strings = _shared_strings(archive, {cell for cell in cells if isinstance(cell, int)})
    except (
        KeyError, ValueError, IndexError, OSError, EOFError,
        zipfile.BadZipFile, zlib.error, ElementTree.ParseError,
    ) as error:  # fmt: skip
        raise UnusualWorkbookError(str(error)) from error
    return [
        (name, [[_filled(cell, strings) for cell in row] for row in table]) for name, table in raw
    ]


def _filled(cell: str | int, strings: dict[int, str]) -> str:
    return strings[cell] if isinstance(cell, int) else cell


def _parse(content: bytes) -> ElementTree.Element:
    # Expat loads no external entities and stops entities that blow up; sizes were bounded before.
    return ElementTree.fromstring(content)  # noqa: S314


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _sheets(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    relations = {
        element.attrib["Id"]: element.attrib["Target"]
        for element in _parse(archive.read("xl/_rels/workbook.xml.rels"))
    }
    for element in _parse(archive.read("xl/workbook.xml")).iter():
        if _local(element.tag) == "sheet":
            target = relations[element.attrib[_RELATION]]
            if "worksheets/" in target:
                member = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
                yield element.attrib["name"], posixpath.normpath(member)


def _head(archive: zipfile.ZipFile, member: str, limit: int) -> list[list[str | int]]:
    """Rows of text, with the index of a shared string where the text is kept elsewhere."""
    table: list[list[str | int]] = []
    with archive.open(member) as stream:
        for _, element in ElementTree.iterparse(stream, events=("end",)):  # noqa: S314
            kind = _local(element.tag)
            if kind == "row":
                place = int(element.attrib.get("r", len(table) + 1)) - 1
                if place >= limit:
                    break
                if place < len(table):
                    raise ValueError("rows are out of order")
                table.extend([] for _ in range(place - len(table)))
                table.append(_cells(element))
                if place + 1 == limit:
                    break
                element.clear()
            elif kind == "sheetData":
                break
    return table


def _cells(row: ElementTree.Element) -> list[str | int]:
    cells: list[str | int] = []
    for cell in row:
        if _local(cell.tag) != "c":
            continue
        place = _column(cell.attrib["r"]) if "r" in cell.attrib else len(cells)
        cells.extend("" for _ in range(place - len(cells)))
        cells.append(_text(cell))
    return cells


def _column(reference: str) -> int:
    number = 0
    for letter in reference:
        if not letter.isalpha():
            break
        number = number * 26 + ord(letter.upper()) - ord("A") + 1
    if not 1 <= number <= 16_384:
        raise ValueError(f"no such column: {reference}")
    return number - 1


def _text(cell: ElementTree.Element) -> str | int:
    kind = cell.attrib.get("t", "n")
    if kind == "inlineStr":
        return "".join(part.text or "" for part in cell.iter() if _local(part.tag) == "t").strip()
    value = next((part.text for part in cell if _local(part.tag) == "v"), None)
    if value is None:
        return ""
    if kind == "s":
        return int(value)
    if kind == "b":
        return str(value == "1")
    if kind == "n":
        number = float(value)
        return str(int(number)) if number.is_integer() else str(number)
    if kind in ("str", "e"):
        return value.strip()
    raise ValueError(f"cells of kind {kind!r}")


def _shared_strings(archive: zipfile.ZipFile, wanted: set[int]) -> dict[int, str]:
    """The shared strings of these places. Only they are parsed: a table of LSOAs has 70,000."""
    if not wanted:
        return {}
    content = archive.read("xl/sharedStrings.xml")
    found = {
        place: _plain(_parse(item.group())).strip()
        for place, item in enumerate(_SHARED_STRING.finditer(content))
        if place in wanted
    }
    if found.keys() != wanted:
        raise ValueError("shared strings are missing")
    return found


def _plain(item: ElementTree.Element) -> str:
    """A string and its runs, without the reading aids (`rPh`) that East Asian text carries."""
    parts: list[str] = []
    for child in item:
        kind = _local(child.tag)
        if kind == "t":
            parts.append(child.text or "")
        elif kind == "r":
            parts.extend(run.text or "" for run in child if _local(run.tag) == "t")
    return "".join(parts)
