"""Names for files of kinds that no reader takes, with what to do about each."""

from __future__ import annotations

import re

# How a file begins -> what it is and what to do.
_BEGINNINGS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "a PDF document; download the table that it was made from"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive; unpack it"),
    (b"Rar!", "a RAR archive; unpack it"),
    (b"\x28\xb5\x2f\xfd", "compressed with Zstandard; unpack it"),
    (b"BZh", "compressed with bzip2; unpack it"),
    (b"\xfd7zXZ", "compressed with xz; unpack it"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"{\\rtf", "a text document (RTF); download the table that it was made from"),
    (b"\x00\x00\x27\x0a", "a shapefile; GeoPackage or GeoJSON is needed: ask the portal for one"),
    (b"ARROW1", "an Arrow (Feather) file; save it as Parquet or CSV"),
    (b"$FL2", "an SPSS file; save it as CSV"),
    (b"<stata_dta>", "a Stata file; save it as CSV"),
    (b"RDX", "an R workspace; save its table as CSV"),
    (b"version https://git-lfs", "a pointer of Git LFS, not the file itself; fetch the file"),
    (b"[InternetShortcut]", "a link to a web page; download the file that it leads to"),
)
# What the first kilobytes of XML hold -> what it is and what to do.
_XML: tuple[tuple[bytes, str], ...] = (
    (rb"<kml\b", "KML; GeoPackage or GeoJSON is needed: ask the portal for one"),
    (rb"<(?:gml|wfs):|opengis.net/gml", "GML; GeoPackage or GeoJSON is needed: ask the portal"),
    (rb"excel.sheet|office:spreadsheet\"", "an Excel 2003 XML spreadsheet; save it as .xlsx"),
    (rb"office:document", "a flat OpenDocument file; save it as .ods"),
    (rb"sdmx", "SDMX; ask the service for CSV"),
    (
        rb"<error|<exception|serviceexception|<fault",
        "an error message from a web service, not data",
    ),
    (rb"<gpx\b", "GPX; GeoPackage or GeoJSON is needed"),
    (rb"<rss\b|<feed\b", "a news feed, not data"),
)
_PAGE = re.compile(rb"<(?:!doctype html|html|head|body|title|script|meta)\b")
# Names of streams in the old Office container, in UTF-16.
_OLE: tuple[tuple[str, str], ...] = (
    ("EncryptedPackage", "protected by a password; save it without one"),
    ("WordDocument", "a Word document; download the table that it was made from"),
    ("PowerPoint Document", "a presentation; download the table that it was made from"),
)


def kind_of_binary(head: bytes) -> str | None:
    """What a file is by its first bytes; None where they say nothing."""
    return next((kind for start, kind in _BEGINNINGS if head.startswith(start)), None)


def kind_of_markup(head: bytes) -> str:
    """What a file that begins with a tag is."""
    low = head.lower()
    found = next((kind for pattern, kind in _XML if re.search(pattern, low)), None)
    if found is None and not low.startswith(b"<?xml"):
        return "a web page, not the data file that its name promises"
    if found is None and _PAGE.search(low):
        return "a web page, not the data file that its name promises"
    return found or "an XML file of a kind that Beacon does not read; download it as CSV"


def kind_of_old_office(data: bytes) -> str | None:
    """What a file in the old Office container is, where it is no workbook that can be read."""
    return next((kind for name, kind in _OLE if name.encode("utf-16-le") in data), None)


def kind_of_archive(names: set[str]) -> str:
    """What a ZIP archive that is no spreadsheet is, and what to do."""
    low = {name.lower() for name in names}
    if "xl/workbook.bin" in low:
        return "an Excel binary workbook (.xlsb); save it as .xlsx"
    if any(name.endswith(".shp") for name in low):
        return "a zipped shapefile; GeoPackage or GeoJSON is needed: ask the portal for one"
    if any(name.endswith(".kml") for name in low):
        return "zipped KML (.kmz); GeoPackage or GeoJSON is needed: ask the portal for one"
    if any(".gdb/" in name for name in low):
        return "a zipped file geodatabase; GeoPackage or GeoJSON is needed: ask the portal for one"
    if "word/document.xml" in low:
        return "a Word document; download the table that it was made from"
    if "ppt/presentation.xml" in low:
        return "a presentation; download the table that it was made from"
    if "index/document.iwa" in low:
        return "an Apple Numbers spreadsheet; save it as .xlsx"
    files = sorted(name for name in names if not name.endswith("/") and "__MACOSX" not in name)
    if not files:
        return "an archive with nothing in it"
    shown = ", ".join(files[:3]) + (f" and {len(files) - 3} more" if len(files) > 3 else "")
    return f"a ZIP archive that holds {shown}; unpack it and give what is inside"
