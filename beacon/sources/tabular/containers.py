"""What kind of file a file is, by its bytes, and whether it is safe to open."""

from __future__ import annotations

import codecs
import gzip
import io
import json
import re
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path

from beacon.core.errors import InputRefusedError, Problem
from beacon.registry.sources import Container
from beacon.sources.tabular.file_kinds import (
    kind_of_archive,
    kind_of_binary,
    kind_of_markup,
    kind_of_old_office,
)

# Bounds on what an untrusted file may unpack to. England's largest official file used here, the
# homelessness ODS, unpacks to 30 MB; single-year population estimates to about 400 MB.
MAX_UNPACKED_BYTES = 1_500_000_000
MAX_ARCHIVE_ENTRIES = 20_000
MAX_COMPRESSION_RATIO = 400
# Tiny members of honest spreadsheets compress extremely well; only large ones can be bombs.
_RATIO_APPLIES_FROM_BYTES = 100_000_000

_HEAD_BYTES = 4096
_OLD_OFFICE_BYTES = 1 << 20
_WIDE_MARKS = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def container_of(path: Path) -> Container:
    """The container of a file, decided by its content.

    Raises:
        InputRefusedError: When the file is empty, is an HTML or error page, is damaged, or is of a
            kind that no reader takes.
    """
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    if not head.strip():
        raise _refuse(path, "the file is empty.")
    if head.startswith(b"PK\x03\x04"):
        return _zip_container(path)
    if head.startswith(b"\x1f\x8b"):
        return "csv.gz"
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        return _old_office_container(path)
    if head.startswith(b"SQLite format 3\x00"):
        return "gpkg"
    if head.startswith(b"PAR1"):
        return "parquet"
    if kind := kind_of_binary(head):
        raise _refuse(path, f"this is {kind}.", remedy="")
    return _text_container(path, head)


def _text_container(path: Path, head: bytes) -> Container:
    mark = next((mark for mark in _WIDE_MARKS if head.startswith(mark)), None)
    if mark is not None:
        encoding = "utf-32" if len(mark) == 4 else "utf-16"
        head = head[: len(head) // 4 * 4].decode(encoding, errors="replace").encode()
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if re.match(rb"<[a-zA-Z!?]", text):
        raise _refuse(path, f"this is {kind_of_markup(text)}.", row=1, remedy="")
    if text.startswith((b"{", b"[{")):
        return _json_container(path, text)
    # A few in a text are damage, which its reader names by row.
    if head.count(0) > len(head) // 100:
        wide = head[1::2].count(0) * 2 > len(head) * 0.8 or head[::2].count(0) * 2 > len(head) * 0.8
        what = (
            "UTF-16 text without a byte-order mark; save it as CSV UTF-8"
            if wide
            else "a binary file of no kind that Beacon reads"
        )
        raise _refuse(path, f"this is {what}.", remedy="")
    return "csv"


def _json_container(path: Path, head: bytes) -> Container:
    """GeoJSON, by its members: their order means nothing."""
    if b'"featurecollection"' in head.lower():
        return "geojson"
    try:
        document = json.loads(path.read_bytes().decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        row = getattr(error, "lineno", None)
        raise _refuse(path, f"the JSON is damaged or cut short ({error}).", row) from error
    members = document if isinstance(document, dict) else {}
    if members.get("type") == "FeatureCollection":
        return "geojson"
    if "error" in members or "errors" in members:
        raise _refuse(path, "this is an error message from a web service, not data.", row=1)
    kind = "JSON that is not a GeoJSON feature collection"
    if members.get("type") == "Topology":
        kind = "TopoJSON; GeoPackage or GeoJSON is needed"
    elif "geometryType" in members or "spatialReference" in members:
        kind = "Esri JSON; ask the service for GeoJSON (f=geojson)"
    raise _refuse(path, f"this is {kind}.", row=1, remedy="")


def _old_office_container(path: Path) -> Container:
    with path.open("rb") as stream:
        kind = kind_of_old_office(stream.read(_OLD_OFFICE_BYTES))
    if kind is not None:
        raise _refuse(path, f"this file is {kind}.", remedy="")
    return "xls"


def _zip_container(path: Path) -> Container:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            _check_archive_bounds(path, members)
            names = {member.filename for member in members}
            if "xl/workbook.xml" in names:
                return "xlsx"
            if any(member.flag_bits & 1 for member in members):
                raise _refuse(path, "this archive is protected by a password.", remedy="")
            if "index.json" in names and b'"beacon-pages-' in archive.read("index.json"):
                return "pages"
            if "mimetype" in names and b"opendocument.spreadsheet" in archive.read("mimetype"):
                return "ods"
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error) as error:
        message = f"the archive (a spreadsheet is one) is damaged or cut short ({error})."
        raise _refuse(path, message) from error
    raise _refuse(path, f"this is {kind_of_archive(names)}.", remedy="")


def check_archive(path: Path) -> None:
    """Refuse an archive that would unpack to more than is safe.

    Raises:
        InputRefusedError: Saying which bound it passes.
        zipfile.BadZipFile: When it is no ZIP archive.
    """
    with zipfile.ZipFile(path) as archive:
        _check_archive_bounds(path, archive.infolist())


def _check_archive_bounds(path: Path, members: list[zipfile.ZipInfo]) -> None:
    unpacked = sum(member.file_size for member in members)
    if len(members) > MAX_ARCHIVE_ENTRIES:
        raise _refuse(path, f"the archive has {len(members):,} entries; at most 20,000 are read.")
    if unpacked > MAX_UNPACKED_BYTES:
        raise _refuse(
            path, f"the archive unpacks to {unpacked:,} bytes, more than is safe to read."
        )
    for member in members:
        ratio = member.file_size / max(member.compress_size, 1)
        if member.file_size > _RATIO_APPLIES_FROM_BYTES and ratio > MAX_COMPRESSION_RATIO:
            raise _refuse(path, f"{member.filename!r} unpacks to {ratio:,.0f} times its size.")


def read_text_bytes(path: Path, container: Container) -> bytes:
    """The whole content of a CSV, unpacked if need be.

    Raises:
        InputRefusedError: When the compressed stream is damaged or unpacks to more than is safe.
    """
    if container == "csv":
        return path.read_bytes()
    buffer = io.BytesIO()
    try:
        with gzip.open(path) as stream:
            while chunk := stream.read(1 << 20):
                buffer.write(chunk)
                if buffer.tell() > MAX_UNPACKED_BYTES:
                    raise _refuse(path, "the file unpacks to more than is safe to read.")
    except (OSError, EOFError, zlib.error) as error:
        raise _refuse(path, f"the compressed file is damaged or cut short ({error}).") from error
    return buffer.getvalue()


def read_text_prefix(path: Path, size: int) -> bytes:
    """The first bytes of a compressed CSV, as far as the stream goes.

    Raises:
        InputRefusedError: When the compressed stream is damaged and nothing comes before that.
    """
    found = bytearray()
    try:
        with gzip.open(path) as stream:
            while len(found) < size and (part := stream.read1(size - len(found))):
                found += part
    except (OSError, EOFError, zlib.error) as error:
        # What it was meant to be is told by what is left; reading it says that it is damaged.
        if not found:
            raise _refuse(
                path, f"the compressed file is damaged or cut short ({error})."
            ) from error
    return bytes(found)


def _refuse(
    path: Path, message: str, row: int | None = None, remedy: str | None = None
) -> InputRefusedError:
    problem = Problem(file=path.name, message=message, row=row)
    return InputRefusedError([problem if remedy is None else replace(problem, remedy=remedy)])
