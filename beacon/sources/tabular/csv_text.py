"""The text of a CSV as UTF-8 with plain line ends, however it was saved."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from beacon.core.errors import InputRefusedError, Problem
from beacon.registry.sources import Container
from beacon.sources.remarks import remark
from beacon.sources.tabular.containers import read_text_bytes, read_text_prefix
from beacon.sources.tabular.tidy_text import tidy

# A note in a cell may be long; a quote that is never closed makes a cell of the rest of the file.
MOST_CHARACTERS_IN_A_CELL = 4_000_000
csv.field_size_limit(MOST_CHARACTERS_IN_A_CELL)

PREFIX_BYTES = 1 << 16
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DELIMITERS = (",", "\t", ";", "|")
# Excel writes this line, and hides it, where a delimiter is not that of the reader's country.
_SEP_LINE = re.compile(r'"?sep=(.)"?')
_SAVE_AS = "Save it as CSV UTF-8 (comma delimited), or download it again from its publisher."


@dataclass(frozen=True)
class CsvText:
    """A CSV's text.

    Attributes:
        data: UTF-8 without a byte-order mark, every line ending in a line feed.
        delimiter: What stands between fields.
    """

    data: bytes
    delimiter: str

    def records(self) -> Iterator[list[str]]:
        """Its records from the top, a blank line being an empty one.

        Raises:
            csv.Error: For what is no CSV.
        """
        lines = io.TextIOWrapper(io.BytesIO(self.data), "utf-8", errors="replace", newline="\n")
        return csv.reader(lines, delimiter=self.delimiter)


def open_csv(path: Path, container: Container) -> CsvText:
    """The whole text of a CSV.

    A file that is not in UTF-8 and can be Windows-1252 is read as that, with a remark.

    Raises:
        InputRefusedError: Naming row and column of what is no text, or that the file is damaged.
    """
    # The last byte of old programs' text files.
    data = read_text_bytes(path, container).removesuffix(b"\x1a")
    text = _plain_lines(_as_utf8(path, data))
    delimiter = _delimiter(text[:PREFIX_BYTES])
    if b"\0" in text:
        row, column = _place(CsvText(text, delimiter), text.index(b"\0"))
        raise InputRefusedError(
            [Problem(path.name, "holds a NUL byte; it is damaged.", row, column)]
        )
    return CsvText(text, delimiter)


def open_csv_prefix(path: Path, container: Container) -> CsvText:
    """The beginning of a CSV, for recognising it; what is no text is replaced.

    Raises:
        InputRefusedError: When the compressed stream is damaged within it.
    """
    if container == "csv":
        with path.open("rb") as stream:
            data = stream.read(PREFIX_BYTES)
    else:
        data = read_text_prefix(path, PREFIX_BYTES)
    mark, encoding = encoding_of(data)
    text = data[len(mark) :].decode(encoding, errors="replace").encode("utf-8", errors="replace")
    plain = _plain_lines(text)
    return CsvText(plain, _delimiter(plain))


def encoding_of(data: bytes) -> tuple[bytes, str]:
    """The byte-order mark that data begin with, and the encoding that it stands for."""
    return next(((mark, name) for mark, name in _MARKS if data.startswith(mark)), (b"", "utf-8"))


def _as_utf8(path: Path, data: bytes) -> bytes:
    mark, encoding = encoding_of(data)
    data = data[len(mark) :]
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding != "utf-8":
            raise InputRefusedError(
                [
                    Problem(
                        path.name,
                        f"is damaged: its text is no {encoding.upper()} ({error.reason}).",
                    )
                ]
            ) from error
        return _as_windows_1252(path, data, error.start, marked=bool(mark))
    return data if encoding == "utf-8" else text.encode("utf-8", errors="replace")


def _as_windows_1252(path: Path, data: bytes, place: int, *, marked: bool) -> bytes:
    """Text of Excel's "CSV (Comma delimited)": one byte a character, also those beyond ASCII."""
    ascii_only = data[:place].isascii()
    before = CsvText(_plain_lines(data[:place]), _delimiter(data[:PREFIX_BYTES]))
    row, column = _place(before, len(before.data))
    try:
        text = data.decode("windows-1252")
        if marked or not ascii_only or _has_utf8_sequence(data):
            raise UnicodeError
    except UnicodeError as error:
        message = f"the byte 0x{data[place]:02X} is no UTF-8 text; the file is damaged here."
        raise InputRefusedError([Problem(path.name, message, row, column, _SAVE_AS)]) from error
    remark(
        Problem(
            path.name,
            f"the byte 0x{data[place]:02X} is no UTF-8 text; the file was read as Windows-1252. "
            "Look at the names in it.",
            row,
            column,
            _SAVE_AS,
        )
    )
    return text.encode("utf-8")


def _has_utf8_sequence(data: bytes) -> bool:
    """Whether there is a whole character of several bytes, so that the text was UTF-8 once."""
    return (
        re.search(rb"[\xc3-\xdf][\x80-\xbf](?![\x80-\xbf])|[\xe1-\xef][\x80-\xbf]{2}", data)
        is not None
    )


def _plain_lines(data: bytes) -> bytes:
    return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in data else data


def _delimiter(data: bytes) -> str:
    """What stands between fields: what Excel's own first line says, else what gives a table."""
    head = data.decode("utf-8", errors="replace")
    if found := _SEP_LINE.fullmatch(head.partition("\n")[0].strip()):
        return found[1]
    return max(_DELIMITERS, key=lambda delimiter: _usual_width(head, delimiter))


def _usual_width(head: str, delimiter: str) -> int:
    """Fields that most of the first rows have, of those that have more than one."""
    widths: Counter[int] = Counter()
    try:
        for record in csv.reader(io.StringIO(head, newline="\n"), delimiter=delimiter):
            widths[len(record)] += 1
            if widths.total() > 50:
                break
    except csv.Error:
        pass  # What is wrong with it is found when it is read.
    widths = Counter({width: count for width, count in widths.items() if width > 1})
    return max(widths, key=lambda width: (widths[width], width), default=0)


def _place(text: CsvText, offset: int) -> tuple[int | None, str | None]:
    """Row of a byte, and its column as the fields before it and the header tell."""
    records = []
    try:
        for record in CsvText(text.data[:offset], text.delimiter).records():
            records.append(record)
    except csv.Error:
        return None, None
    if not records:
        return 1, None
    field = len(records[-1])
    header = next((record for record in records if len(record) >= field and len(record) > 1), [])
    named = len(records) > 1 and field <= len(header) and header is not records[-1]
    return len(records), tidy(header[field - 1]) if named else None


def unclosed_quote(text: CsvText) -> int | None:
    """Row in which a quote is opened that is closed nowhere; None where there is no such row."""
    lines = io.TextIOWrapper(io.BytesIO(text.data), "utf-8", errors="replace", newline="\n")
    reader = csv.reader(lines, delimiter=text.delimiter, strict=True)
    row = 0
    try:
        for _ in reader:
            row += 1
    except csv.Error as error:
        at_end = "unexpected end of data" in str(error)
        return row + 1 if at_end or "field larger" in str(error) else None
    return None
