"""Whether a file that somebody sent is safe to read, before any cell of it is read.

A return comes from outside and by hand, so its bounds are much tighter than those of official files
(`beacon.sources.tabular.containers`).
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree

from beacon.core.errors import BeaconError
from beacon.returns.faults import FaultList
from beacon.returns.template import DATA_SHEET, MAX_ROWS, SHEETS

MAX_FILE_BYTES = 10_000_000
MAX_UNPACKED_BYTES = 100_000_000
MAX_ENTRIES = 500
MAX_RATIO = 200
_RATIO_FROM_BYTES = 5_000_000
MAX_COLUMNS = 200
MAX_SHOWN_FORMULAS = 20

COPY_VALUES = "Copy the values into a fresh template (paste special, values) and send that."
FRESH = "Fill in a fresh template from `beacon returns template` and send that."

FileKind = Literal["xlsx", "csv"]

_DANGEROUS = (
    (r"(?i)vbaproject|/macrosheets/|vbadata", "holds a macro"),
    (r"(?i)/externallinks/", "links to another workbook"),
    (r"(?i)/connections\.xml|/querytables/", "draws data from an outside connection"),
    (r"(?i)/embeddings/|/activex/|/ctrlprops/", "holds an embedded object"),
)
_MACRO_TYPE = b"macroEnabled"
_REL = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


@dataclass
class SheetInfo:
    """A sheet as the workbook lists it."""

    name: str
    part: str
    hidden: bool
    filled: int = 0
    hidden_rows: list[int] = field(default_factory=list)


def kind_of_file(path: Path, faults: FaultList) -> FileKind | None:
    """Whether a file is a workbook or text; None, with the fault noted, where it is neither."""
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            head = stream.read(4096)
    except OSError as error:
        raise BeaconError(f"{path} cannot be opened ({error.strerror}).") from error
    if size > MAX_FILE_BYTES:
        faults.add(f"the file has {size:,} bytes; a return has at most {MAX_FILE_BYTES:,}.", FRESH)
    elif not head.strip():
        faults.add("the file is empty.", FRESH)
    elif head.startswith(b"PK\x03\x04"):
        return _named_as("xlsx", path, faults)
    elif head.startswith(b"\xd0\xcf\x11\xe0"):
        faults.add(
            "the file is a workbook of the old format, or is protected by a password.",
            "Save it as an Excel workbook (.xlsx) without a password.",
        )
    elif head.startswith(b"%PDF") or head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        faults.add("the file is neither an Excel workbook nor CSV.", FRESH)
    else:
        return _named_as("csv", path, faults)
    return None


def _named_as(kind: FileKind, path: Path, faults: FaultList) -> FileKind | None:
    """The kind, if the name says so too: what opens a file for a person goes by its name."""
    if path.suffix.lower() == f".{kind}":
        return kind
    what = "an Excel workbook" if kind == "xlsx" else "text"
    macros = " Workbooks that may hold macros are not taken." if path.suffix == ".xlsm" else ""
    faults.add(
        f"the file is {what}, and its name does not end in .{kind}.{macros}",
        f"Save it as .{kind}.",
    )
    return None


def decode_text(path: Path, faults: FaultList) -> str | None:
    """The text of a CSV; None, with the fault noted, where it is not UTF-8."""
    data = path.read_bytes()
    save_as = "Save it as “CSV UTF-8 (comma delimited)”."
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in data[:4096]:
        faults.add("the text is in UTF-16, not UTF-8.", save_as)
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        faults.add(
            f"the text is not UTF-8: byte {error.start + 1:,} is {data[error.start]:#04x}, as "
            "Windows writes accented letters and dashes.",
            save_as,
            row=row,
        )
        return None


def examine_workbook(path: Path, faults: FaultList) -> bool:
    """Look at every part of a workbook; note what keeps it from being read.

    Returns:
        Whether its cells may be read. Faults that do not endanger the reader (a formula, a hidden
        sheet) are noted and leave it readable, so that all faults come at once.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return _examine(archive, faults)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        faults.add(f"the workbook is damaged or protected ({error}).", FRESH)
    except ElementTree.ParseError as error:
        faults.add(f"a part of the workbook is not valid XML ({error}).", FRESH)
    return False


def _examine(archive: zipfile.ZipFile, faults: FaultList) -> bool:
    members = archive.infolist()
    if not _within_bounds(members, faults):
        return False
    names = {member.filename for member in members}
    if len(names) != len(members):
        faults.add("the workbook holds two parts of the same name.", FRESH)
        return False
    before = len(faults.found)
    for name in sorted(names):
        for pattern, what in _DANGEROUS:
            if re.search(pattern, f"/{name}"):
                faults.add(f"the workbook {what} ({name}).", COPY_VALUES)
                break
    if "[Content_Types].xml" in names and _MACRO_TYPE in archive.read("[Content_Types].xml"):
        faults.add("the workbook is of a kind that may hold macros (.xlsm).", COPY_VALUES)
    if "xl/workbook.xml" not in names:
        faults.add("the archive is no Excel workbook (.xlsx).", FRESH)
        return False
    for name in sorted(names):
        # Reading every part to its end proves its size and its checksum.
        data = archive.read(name)
        if name.endswith((".xml", ".rels", ".vml")) and b"<!DOCTYPE" in data.replace(b"\x00", b""):
            faults.add(f"{name} declares a document type, which no workbook does.", FRESH)
        if name.endswith(".rels"):
            _examine_links(name, data, faults)
    if len(faults.found) > before:
        return False
    return _examine_sheets(archive, names, faults)


def _within_bounds(members: list[zipfile.ZipInfo], faults: FaultList) -> bool:
    unpacked = sum(member.file_size for member in members)
    if len(members) > MAX_ENTRIES:
        faults.add(f"the workbook has {len(members):,} parts; at most {MAX_ENTRIES}.", FRESH)
        return False
    if unpacked > MAX_UNPACKED_BYTES:
        faults.add(f"the workbook unpacks to {unpacked:,} bytes, more than is safe to read.", FRESH)
        return False
    for member in members:
        ratio = member.file_size / max(member.compress_size, 1)
        if member.file_size > _RATIO_FROM_BYTES and ratio > MAX_RATIO:
            faults.add(
                f"{member.filename} unpacks to {ratio:,.0f} times its size, as a bomb does.", FRESH
            )
            return False
    return True


def _examine_links(name: str, data: bytes, faults: FaultList) -> None:
    for element in ElementTree.fromstring(data):  # noqa: S314 - no document type, checked above
        kind = element.get("Type", "").rsplit("/", 1)[-1]
        # A web or mail address in a cell becomes a hyperlink by itself, and nothing follows it.
        if element.get("TargetMode") == "External" and kind != "hyperlink":
            faults.add(
                f"the workbook links to {element.get('Target', 'elsewhere')!r} ({name}).",
                COPY_VALUES,
            )


def _examine_sheets(archive: zipfile.ZipFile, names: set[str], faults: FaultList) -> bool:
    sheets = _sheets(archive)
    readable = True
    for sheet in sheets:
        noted = FaultList(faults.file, sheet.name)
        if sheet.part not in names:
            noted.add("the sheet is listed and not there.", FRESH)
            readable = False
        else:
            readable &= _examine_cells(archive.read(sheet.part), sheet, noted)
        known = sheet.name in SHEETS
        if not known:
            noted.add(
                f"the sheet is not part of the template, whose sheets are {', '.join(SHEETS)}.",
                "Remove it.",
            )
        if sheet.hidden and (sheet.filled or sheet.name == DATA_SHEET):
            noted.add(
                f"the sheet is hidden and holds {sheet.filled:,} filled cells.",
                "Show it, or remove it.",
            )
        if sheet.name == DATA_SHEET:
            for row in sheet.hidden_rows:
                noted.add("the row is hidden and holds data.", "Show it, or delete it.", row=row)
        faults.found.extend(noted.found)
    if DATA_SHEET not in {sheet.name for sheet in sheets}:
        found = ", ".join(repr(sheet.name) for sheet in sheets)
        faults.add(f"there is no sheet {DATA_SHEET!r}; there are {found or 'none'}.", FRESH)
        readable = False
    return readable


def _sheets(archive: zipfile.ZipFile) -> list[SheetInfo]:
    targets: dict[str, str] = {}
    if "xl/_rels/workbook.xml.rels" in archive.namelist():
        for element in ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels")):  # noqa: S314
            target = element.get("Target", "")
            path = target.lstrip("/") if target.startswith("/") else posixpath.join("xl", target)
            targets[element.get("Id", "")] = posixpath.normpath(path)
    found = []
    for element in ElementTree.fromstring(archive.read("xl/workbook.xml")).iter():  # noqa: S314
        if _local(element.tag) == "sheet":
            found.append(
                SheetInfo(
                    element.get("name", ""),
                    targets.get(element.get(_REL, ""), ""),
                    element.get("state", "visible") != "visible",
                )
            )
    return found


def _examine_cells(data: bytes, sheet: SheetInfo, faults: FaultList) -> bool:
    """Look for formulas, and for cells so far out that reading them would need all memory."""
    reference, row, row_hidden, has_value = "", 0, False, False
    formulas = 0
    for event, element in ElementTree.iterparse(io.BytesIO(data), events=("start", "end")):  # noqa: S314
        tag = _local(element.tag)
        if event == "start" and tag == "row":
            number = element.get("r") or str(row + 1)
            if not re.fullmatch(r"[0-9]{1,9}", number):
                faults.add(
                    f"a row has the number {number[:20]!r}, which is none.", FRESH, row=row + 1
                )
                return False
            row = int(number)
            row_hidden = element.get("hidden") in ("1", "true")
        elif event == "start" and tag == "c":
            reference, has_value = element.get("r", ""), False
            if _too_far(reference, row):
                faults.add(
                    f"a cell stands outside the {MAX_ROWS:,} rows and {MAX_COLUMNS} columns that a "
                    "return may have.",
                    FRESH,
                    row=row,
                    letter=re.sub(r"\d", "", reference) or None,
                )
                return False
        elif event == "end" and tag == "f":
            formulas += 1
            if formulas <= MAX_SHOWN_FORMULAS:
                faults.add(
                    f"the cell holds a formula (={(element.text or '')[:60]}).",
                    COPY_VALUES,
                    row=row,
                    letter=re.sub(r"\d", "", reference) or None,
                )
        elif event == "end" and tag in ("v", "t") and (element.text or "").strip():
            has_value = True
        elif event == "end" and tag == "c":
            sheet.filled += has_value
            if has_value and row_hidden and row not in sheet.hidden_rows[-1:]:
                sheet.hidden_rows.append(row)
        if event == "end" and tag == "row":
            element.clear()
    if formulas > MAX_SHOWN_FORMULAS:
        faults.add(f"the sheet holds {formulas:,} formulas in all.", COPY_VALUES)
    return True


def _too_far(reference: str, row: int) -> bool:
    found = re.fullmatch(r"([A-Z]{1,3})(\d{1,7})", reference)
    if reference and found is None:
        return True
    column = 0
    for letter in found.group(1) if found else "":
        column = column * 26 + ord(letter) - ord("A") + 1
    # The header stands above the data.
    return column > MAX_COLUMNS or max(row, int(found.group(2)) if found else 0) > MAX_ROWS + 1


def _local(tag: str) -> str:
    return tag.rsplit("}", 1)[-1]
