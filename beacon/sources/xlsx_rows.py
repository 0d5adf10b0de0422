"""Rows of an Excel sheet as columns of text, block by block.

What belongs here: sheets of numbers and shared strings, built as Excel builds them, read straight
from the bytes of their XML. What does not: dates, formulas, booleans, errors and whatever else a
sheet may hold; with one such cell the sheet is left to Calamine (`beacon.sources.tables`), which
reads everything, at three times the processor and with the whole sheet in memory.

Nothing is skipped: every tag between `<sheetData>` and its end must be one that is known here and
stand where it may, or the sheet is unusual. ECMA-376, part 1, sections 18.3.1 (sheets), 18.4
(shared strings) and 18.8 (styles).
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import unescape

import numpy as np
import numpy.typing as npt
import polars as pl

from beacon.sources.sheet_cells import text_column
from beacon.sources.xlsx_heads import UnusualWorkbookError, plain_string

BLOCK_BYTES = 1 << 21
ROW = "__row"

Bytes = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_MOST_DIGITS = 9
_SPACED = b'<t xml:space="preserve">'
_DECIMAL = re.compile(rb"[0-9eE+\-.,]*")


def shared_strings(archive: zipfile.ZipFile) -> pl.Series:
    """The workbook's shared strings, stripped of outer white space, in their order."""
    if "xl/sharedStrings.xml" not in archive.namelist():
        return pl.Series([], dtype=pl.String)
    content = archive.read("xl/sharedStrings.xml").decode("utf-8")
    # Escapes stand for characters that XML cannot hold; who writes them is left to Calamine.
    if "<si/>" in content or re.search("_x[0-9A-Fa-f]{4}_", content):
        raise UnusualWorkbookError("unusual strings")
    _, begin, rest = content.partition("<si>")
    *items, after = f"{begin}{rest}".split("</si>")
    if "<si" in after or content.count("<si>") != len(items):
        raise UnusualWorkbookError("unusual strings")
    texts = pl.Series(items, dtype=pl.String)
    found = texts.str.extract(r"^<si><t>([^<&\r]*)</t>$")
    # Runs of formatted text, entities and spaces that are to be kept: few.
    others = found.is_null().arg_true()
    plain = [plain_string(f"{item}</si>".encode()) for item in texts.gather(others)]
    return found.scatter(others, pl.Series(plain, dtype=pl.String)).str.strip_chars()


def plain_styles(archive: zipfile.ZipFile) -> Flags:
    """By cell style: whether numbers in it are surely shown as numbers, not as dates or times."""
    content = archive.read("xl/styles.xml").decode("utf-8")
    forms = re.findall(r'<numFmt numFmtId="(\d+)" formatCode="([^"]*)"', content)
    if content.count("<numFmt ") != len(forms):
        raise UnusualWorkbookError("number formats")
    plain = _PLAIN_FORMATS | {int(number) for number, form in forms if _is_plain(form)}
    styles = re.search(r"<cellXfs[^>]*>(.*?)</cellXfs>", content, re.DOTALL)
    formats = re.findall(r"<xf ([^>]*)>", styles.group(1)) if styles else []
    numbers = [re.search(r'\bnumFmtId="(\d+)"', attributes) for attributes in formats]
    return np.array([number is not None and int(number.group(1)) in plain for number in numbers])


# General, whole and decimal numbers, percentages, fractions, accounts, text (18.8.30).
_PLAIN_FORMATS = frozenset([*range(14), *range(37, 41), 48, 49])
_QUOTED = re.compile(
    r"&quot;.*?&quot;|\\.|\[(?:Red|Black|Blue|White|\$[^\]]*|[<>=][^\]]*)\]|General"
)


def _is_plain(form: str) -> bool:
    return re.search("[A-DF-Za-z]", _QUOTED.sub("", form).replace("&gt;", "")) is None


def sheet_blocks(
    archive: zipfile.ZipFile, member: str, strings: pl.Series, styles: Flags
) -> Iterator[pl.DataFrame]:
    """The rows that are stored, in blocks; columns `c0`, `c1` … and the one-based row in ROW.

    A column that no row of a block fills may be missing from it; cells without a value are "".

    Raises:
        UnusualWorkbookError: When a cell is of a kind that is not read here.
    """
    last_row = 0
    with archive.open(member) as stream:
        for content in _blocks(stream):
            block = _Block(content)
            if block.rows.size and (block.rows[0] <= last_row or (np.diff(block.rows) <= 0).any()):
                raise UnusualWorkbookError("rows are out of order")
            if block.rows.size:
                last_row = int(block.rows[-1])
                yield block.frame(strings, styles)


def _blocks(stream: Any) -> Iterator[bytes]:
    """The bytes between `<sheetData>` and `</sheetData>`, cut after rows."""
    rest = b""
    while b"<sheetData" not in rest:
        more = stream.read(BLOCK_BYTES)
        if not more:
            raise UnusualWorkbookError("no sheet data")
        rest += more
    rest = rest[rest.index(b"<sheetData") :]
    if rest.startswith(b"<sheetData/>"):
        return
    if not rest.startswith(b"<sheetData>"):
        raise UnusualWorkbookError("sheet data")
    rest = rest[len(b"<sheetData>") :]
    while (end := rest.find(b"</sheetData>")) < 0:
        cut = rest.rfind(b"</row>") + len(b"</row>")
        if cut >= len(b"</row>"):
            yield rest[:cut]
            rest = rest[cut:]
        more = stream.read(BLOCK_BYTES)
        if not more:
            raise UnusualWorkbookError("the sheet does not end")
        rest += more
    if end:
        yield rest[:end]


class _Block:
    """The cells of some whole rows, found by the places of their tags."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        # Room for looking a few bytes beyond the last tag.
        self.bytes: Bytes = np.frombuffer(content + b"\0" * 32, dtype=np.uint8)
        tags = np.flatnonzero(self.bytes == ord("<"))
        kind = self.bytes[tags + 1].astype(np.uint16) << 8 | self.bytes[tags + 2]
        opened, value, row, inline = (kind == _code(text) for text in ("c ", "v>", "ro", "is"))
        closed = kind == _code("/c")
        ends, inlines = int((kind == _code("/v")).sum()), int(inline.sum())
        known = opened.sum() + value.sum() + row.sum() + closed.sum() + ends + 4 * inlines
        if known + (kind == _code("/r")).sum() != tags.size or ends != value.sum():
            raise UnusualWorkbookError("cells of other kinds")
        values, inner = np.flatnonzero(value), np.flatnonzero(inline)
        self._check(opened[values - 1] & (kind[values + 1] == _code("/v")) & closed[values + 2])
        self._check(opened[inner - 1])
        spaced = kind[inner + 1] == _code("t ")
        self._check(spaced | (kind[inner + 1] == _code("t>")))
        self._after(tags[inner[spaced] + 1], _SPACED)
        for offset, text in enumerate(("/t", "/i", "/c"), start=2):
            self._check(kind[inner + offset] == _code(text))
        empty = opened.copy()
        empty[values - 1] = False
        empty[inner - 1] = False
        pairs = int(closed.sum()) - values.size - inner.size
        self._check_empty(tags, np.flatnonzero(empty), closed, pairs)
        self.rows, _ = self._numbers(self._after(tags[row], b'<row r="'))
        content_at = np.sort(np.concatenate([values, inner])) if inner.size else values
        self.is_inline = inline[content_at]
        text_at = content_at + self.is_inline
        self.row = (np.cumsum(row) - 1)[content_at - 1]
        self.cell, self.tag_end = tags[content_at - 1], tags[content_at] - 1
        self.start, self.end = tags[text_at] + len("<v>"), tags[text_at + 1]
        self.start[self.is_inline] += np.where(spaced, len(_SPACED) - len("<t>"), 0)
        self._check(self.bytes[self.tag_end] == ord(">"))
        self._check((self.end > self.start) | self.is_inline)
        self._place()

    @staticmethod
    def _check(holds: Flags) -> None:
        if not holds.all():
            raise UnusualWorkbookError("a cell is not built as Excel builds it")

    def _check_empty(self, tags: Places, empty: Places, closed: Flags, pairs: int) -> None:
        """Cells without a value close themselves, or at once."""
        follows = tags[empty + 1]
        itself = (self.bytes[follows - 1] == ord(">")) & (self.bytes[follows - 2] == ord("/"))
        at_once = closed[empty + 1] & ~itself
        self._check(itself | at_once)
        if at_once.sum() != pairs:
            raise UnusualWorkbookError("cells do not end")

    def _after(self, places: Places, text: bytes) -> Places:
        """Check that a text stands at places, and give the places after it."""
        for offset, letter in enumerate(text):
            self._check(self.bytes[places + offset] == letter)
        return places + len(text)

    def _numbers(self, start: Places) -> tuple[Places, Places]:
        """Whole numbers that begin at places and end with a quote, and where they end."""
        number = np.zeros(start.size, dtype=np.int64)
        place = start.copy()
        active = np.ones(start.size, dtype=bool)
        for _digit in range(_MOST_DIGITS):
            letter = self.bytes[place]
            active &= (letter >= ord("0")) & (letter <= ord("9"))
            if not active.any():
                break
            number = np.where(active, number * 10 + letter - ord("0"), number)
            place += active
        self._check((self.bytes[place] == ord('"')) & (place > start))
        return number, place

    def _place(self) -> None:
        """Column, kind and style of every cell with a value."""
        first = self._after(self.cell, b'<c r="')
        letters = [
            self.bytes[first + offset].astype(np.int64) - ord("A") + 1 for offset in (0, 1, 2)
        ]
        upper = [(letter >= 1) & (letter <= 26) for letter in letters]
        self._check(upper[0])
        second, third = upper[1], upper[1] & upper[2]
        column = letters[0]
        column = np.where(second, column * 26 + letters[1], column)
        column = np.where(third, column * 26 + letters[2], column)
        self.column = column - 1
        row, quote = self._numbers(first + 1 + second + third)
        self._check(row == self.rows[self.row])
        same = np.diff(self.row) == 0
        self._check(~same | (np.diff(self.column) > 0))
        end, self.is_string = self._before(self.tag_end, b' t="s"')
        if self.is_inline.any():
            self._check(~(self.is_inline & self.is_string))
            shorter, says_so = self._before(self.tag_end, b' t="inlineStr"')
            self._check(says_so == self.is_inline)
            end = np.where(self.is_inline, shorter, end)
        length = end - quote - 1
        styled = length > 0
        self.style = np.zeros(end.size, dtype=np.int64)
        if styled.any():
            self.style[styled], after = self._numbers(self._after(quote[styled] + 1, b' s="'))
            self._check(after + 1 == end[styled])
        self._check(length >= 0)

    def _before(self, end: Places, text: bytes) -> tuple[Places, Flags]:
        """Where a text ends before places, or begins there: the places without it."""
        start = end - len(text)
        there = start >= 0
        for offset, letter in enumerate(text):
            there &= self.bytes[start + offset] == letter
        return np.where(there, start, end), there

    def _whole(self) -> tuple[Places, Flags]:
        """Values that are written in digits only, and which are."""
        length = self.end - self.start
        number = np.zeros(length.size, dtype=np.int64)
        is_whole = length <= _MOST_DIGITS
        for offset in range(min(int(length.max(initial=0)), _MOST_DIGITS)):
            letter = self.bytes[self.start + offset]
            within = offset < length
            is_whole &= ~within | ((letter >= ord("0")) & (letter <= ord("9")))
            number = np.where(within, number * 10 + letter - ord("0"), number)
        return number, is_whole

    def frame(self, strings: pl.Series, styles: Flags) -> pl.DataFrame:
        """The rows of the block as columns of text."""
        number, is_whole = self._whole()
        texts = self.is_string
        numeric = ~texts & ~self.is_inline
        if not is_whole[texts].all() or (number[texts] >= len(strings)).any():
            raise UnusualWorkbookError("a shared string is missing")
        styles_used = np.flatnonzero(np.bincount(self.style[numeric]))
        if (styles_used >= styles.size).any() or not styles[styles_used].all():
            raise UnusualWorkbookError("dates")
        columns: list[pl.Series] = []
        for place in np.flatnonzero(np.bincount(self.column)):
            chosen = np.flatnonzero(self.column == place)
            cells = self._texts(chosen, number, is_whole, strings)
            if chosen.size < self.rows.size:
                where = np.full(self.rows.size, -1)
                where[self.row[chosen]] = np.arange(chosen.size)
                indices = pl.Series(where)
                cells = cells.gather(indices.set(indices < 0, None)).fill_null("")
            columns.append(cells.alias(f"c{place}"))
        return pl.DataFrame([*columns, pl.Series(ROW, self.rows)])

    def _texts(
        self, chosen: Places, number: Places, is_whole: Flags, strings: pl.Series
    ) -> pl.Series:
        """The cells of one column."""
        shared, inline = self.is_string[chosen], self.is_inline[chosen]
        if shared.all():
            return strings.gather(number[chosen])
        if inline.all():
            return pl.Series(self._inline(chosen), dtype=pl.String).str.strip_chars()
        numeric = ~shared & ~inline
        if numeric.all() and is_whole[chosen].all():
            return pl.Series(number[chosen]).cast(pl.String)
        parts = self._slices(chosen[numeric])
        if not _DECIMAL.fullmatch(b",".join(parts)):
            raise UnusualWorkbookError("a number is none")
        found = text_column(list(map(float, parts)))
        if numeric.all():
            return found
        own = pl.Series(self._inline(chosen[inline]), dtype=pl.String).str.strip_chars()
        indices = number[chosen].copy()
        indices[numeric] = len(strings) + np.arange(len(found))
        indices[inline] = len(strings) + len(found) + np.arange(len(own))
        return pl.concat([strings, found, own], rechunk=True).gather(indices)

    def _slices(self, chosen: Places) -> list[bytes]:
        starts, ends = self.start[chosen].tolist(), self.end[chosen].tolist()
        return [self.content[start:end] for start, end in zip(starts, ends, strict=True)]

    def _inline(self, chosen: Places) -> list[str]:
        """Strings that stand in their cells."""
        texts = b"\0".join(self._slices(chosen)).decode("utf-8")
        if "&" in texts:
            texts = unescape(texts, {"&quot;": '"', "&apos;": "'"})
            if "&" in texts and re.search("&[#a-zA-Z]", texts):
                raise UnusualWorkbookError("characters by number")
        if "\r" in texts or re.search("_x[0-9A-Fa-f]{4}_", texts):
            raise UnusualWorkbookError("unusual strings")
        return texts.split("\0") if chosen.size else []


def _code(text: str) -> int:
    return ord(text[0]) << 8 | ord(text[1])
