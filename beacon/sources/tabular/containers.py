"""What kind of file a file is, by its bytes, and whether it is safe to open."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO, cast

from beacon.core.errors import InputRefusedError, Problem
from beacon.registry.sources import Container

# Bounds on what an untrusted file may unpack to. England's largest official file used here, the
# homelessness ODS, unpacks to 30 MB; single-year population estimates to about 400 MB.
MAX_UNPACKED_BYTES = 1_500_000_000
MAX_ARCHIVE_ENTRIES = 20_000
MAX_COMPRESSION_RATIO = 400
# Tiny members of honest spreadsheets compress extremely well; only large ones can be bombs.
_RATIO_APPLIES_FROM_BYTES = 100_000_000

_HEAD_BYTES = 4096


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
        return "xls"
    if head.startswith(b"SQLite format 3\x00"):
        return "gpkg"
    if head.startswith(b"PAR1"):
        return "parquet"
    return _text_container(path, head)


def _text_container(path: Path, head: bytes) -> Container:
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype", b"<html", b"<?xml", b"<head", b"<body")):
        raise _refuse(path, "this is a web page, not the data file that its name promises.", row=1)
    if text.startswith(b"{"):
        if b'"featurecollection"' in text:
            return "geojson"
        if b'"error"' in text:
            raise _refuse(path, "this is an error message from a web service, not data.", row=1)
        raise _refuse(path, "this JSON file is not a GeoJSON feature collection.", row=1)
    if b"\x00" in head:
        raise _refuse(path, "this binary file is of no kind that Beacon reads.")
    return "csv"


def _zip_container(path: Path) -> Container:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            _check_archive_bounds(path, members)
            names = {member.filename for member in members}
            if "xl/workbook.xml" in names:
                return "xlsx"
            if "index.json" in names and b'"beacon-pages-' in archive.read("index.json"):
                return "pages"
            if "mimetype" in names and b"opendocument.spreadsheet" in archive.read("mimetype"):
                return "ods"
    except zipfile.BadZipFile as error:
        raise _refuse(path, f"the spreadsheet is damaged or cut short ({error}).") from error
    raise _refuse(path, "this archive is neither an Excel nor an OpenDocument spreadsheet.")


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
    """The first bytes of a compressed CSV.

    Raises:
        InputRefusedError: When the compressed stream is damaged within them.
    """
    try:
        with gzip.open(path) as stream:
            return stream.read(size)
    except (OSError, EOFError, zlib.error) as error:
        raise _refuse(path, f"the compressed file is damaged or cut short ({error}).") from error


@contextmanager
def open_text(path: Path, container: Container) -> Iterator[TextIO]:
    """A CSV as text that is read piece by piece; what is not UTF-8 is replaced.

    Raises:
        InputRefusedError: While it is read, when the compressed stream is damaged or unpacks to
            more than is safe.
    """
    if container == "csv":
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as text:
            yield text
        return
    try:
        with gzip.open(path) as stream:
            bounded = cast("BinaryIO", _Bounded(path, stream))
            yield io.TextIOWrapper(bounded, encoding="utf-8-sig", errors="replace", newline="")
    except (OSError, EOFError, zlib.error) as error:
        raise _refuse(path, f"the compressed file is damaged or cut short ({error}).") from error


class _Bounded(io.BufferedIOBase):
    """An unpacked stream that refuses to go on past what is safe."""

    def __init__(self, path: Path, stream: gzip.GzipFile) -> None:
        self._path, self._stream, self._read = path, stream, 0

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size >= 0:
            return self.read1(size)
        return b"".join(iter(lambda: self.read1(1 << 20), b""))

    def read1(self, size: int = -1, /) -> bytes:
        chunk = self._stream.read1(size)
        self._read += len(chunk)
        if self._read > MAX_UNPACKED_BYTES:
            raise _refuse(self._path, "the file unpacks to more than is safe to read.")
        return chunk


def _refuse(path: Path, message: str, row: int | None = None) -> InputRefusedError:
    return InputRefusedError([Problem(file=path.name, message=message, row=row)])
