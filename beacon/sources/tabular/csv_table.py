"""A CSV as a table of text."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from beacon.core.errors import InputRefusedError, Problem
from beacon.registry.sources import Container
from beacon.sources.tabular.csv_text import CsvText, open_csv, open_csv_prefix, unclosed_quote
from beacon.sources.tabular.tables import (
    HEADER_SEARCH_ROWS,
    NO_HEADER,
    ROW,
    HeaderTest,
    TextTable,
    clean_header,
    is_note_below,
    numbered,
    remark_lines_below,
    without_lines_below,
)

# A row may not be longer; a note of a hundred pages is shorter.
_BLOCK_BYTES = 1 << 24
_SHOWN = 5


def peek_csv(path: Path, container: Container, rows: int) -> list[list[str]]:
    """The first rows of a CSV as lists of tidy strings, for recognising it; blank rows are empty.

    Raises:
        InputRefusedError: When the compressed stream is damaged, or the text is no CSV.
    """
    found: list[list[str]] = []
    try:
        for cells in open_csv_prefix(path, container).records():
            found.append(clean_header(cells))
            if len(found) == rows:
                break
    except csv.Error as error:
        if not found:
            raise _no_csv(path, 1, error) from error
    return found


def distinct_values(
    path: Path, container: Container, header_row: int, width: int, columns: list[int]
) -> set[tuple[str, ...]]:
    """The different values of some columns below a header, in rows that are no notes.

    Raises:
        InputRefusedError: Naming the row in which the text is no CSV.
    """
    text = open_csv(path, container)
    found: set[tuple[str, ...]] = set()
    row = 0
    try:
        for row, cells in enumerate(text.records(), 1):
            if row > header_row and len(cells) > max(*columns, width // 2):
                found.add(tuple(cells[place] for place in columns))
    except csv.Error as error:
        raise _no_csv(path, unclosed_quote(text) or row + 1, error) from error
    return {tuple(clean_header(values)) for values in found}


def read_csv(
    path: Path,
    container: Container,
    is_header: HeaderTest,
    is_optional: Callable[[str], bool] = lambda name: False,
) -> TextTable:
    """Read a CSV strictly: every row must have as many fields as the header.

    Fields may be absent from the end of every row where their headers are empty or optional, and
    lines of notes may stand below the data.

    Raises:
        InputRefusedError: Naming the row that is ragged, the quote that is not closed, or that the
            header was not found.
    """
    text = open_csv(path, container)
    if text.data.count(b'"') % 2:
        _refuse_unclosed_quote(path, text)
    header, header_row, body = _find_header(path, text, is_header)
    if not body.strip():
        raise InputRefusedError(
            [Problem(path.name, "the file has headers but no data.", row=header_row)]
        )
    parsed = _parse(path, text, body, len(header))
    if parsed.usual_width not in (None, len(header)):
        width = parsed.usual_width or 0
        if not all(not name or is_optional(name) for name in header[width:]):
            raise InputRefusedError(_ragged(path, parsed.ragged, len(header), header_row))
        parsed = _parse(path, text, body, width)
    frame = _at_rows(parsed, header_row)
    _refuse_swallowed_rows(path, text, frame, len(header))
    notes = _notes_at_end(parsed, frame, header_row)
    if len(notes) < len(parsed.ragged):
        raise InputRefusedError(_ragged(path, parsed.ragged, len(header), header_row))
    if notes:
        remark_lines_below(path.name, notes[0].number + header_row, len(notes))
    width = frame.width - 1
    if width > len(header):
        frame = _without_empty_columns(path, frame, len(header), header_row)
    empty = [pl.lit("").alias(f"c{place}") for place in range(width, len(header))]
    places = [f"c{place}" for place in range(len(header))]
    frame = frame.with_columns(empty).select(*places, ROW)
    return without_lines_below(TextTable(path.name, header, frame, header_row))


@dataclass(frozen=True)
class _Ragged:
    number: int
    fields: int
    text: str


@dataclass
class _Parsed:
    """Rows of the expected width, and the numbers of the others."""

    frame: pl.DataFrame
    ragged: list[_Ragged] = field(default_factory=list)

    @property
    def usual_width(self) -> int | None:
        """The width of all rows but notes, where none has the one that was expected."""
        filled = self.frame.select((pl.all() != "").any()).row(0) if self.frame.height else ()
        widths = Counter(row.fields for row in self.ragged if row.fields > 2)
        return next(iter(widths)) if len(widths) == 1 and not any(filled) else None


def _find_header(path: Path, text: CsvText, is_header: HeaderTest) -> tuple[list[str], int, bytes]:
    """The header, its row, and what follows it."""
    reader = text.records()
    number = 0
    try:
        for number, cells in enumerate(reader, 1):
            names = clean_header(cells)
            if is_header(names):
                return names, number, _below(text.data, reader.line_num)  # type: ignore[attr-defined]
            if number >= HEADER_SEARCH_ROWS:
                break
    except csv.Error as error:
        raise _no_csv(path, unclosed_quote(text) or number + 1, error) from error
    raise InputRefusedError([Problem(path.name, NO_HEADER, row=1)])


def _below(data: bytes, lines: int) -> bytes:
    place = 0
    for _ in range(lines):
        end = data.find(b"\n", place)
        place = len(data) if end < 0 else end + 1
    return data[place:]


def _parse(path: Path, text: CsvText, body: bytes, width: int) -> _Parsed:
    import pyarrow as pa
    import pyarrow.csv as pacsv

    names = [f"c{place}" for place in range(width)]
    ragged: list[_Ragged] = []

    def remember(row: Any) -> str:
        ragged.append(_Ragged(int(row.number or 0), int(row.actual_columns), str(row.text)))
        return "skip"

    try:
        table = pacsv.read_csv(
            pa.BufferReader(body),
            read_options=pacsv.ReadOptions(
                column_names=names, use_threads=False, block_size=min(_BLOCK_BYTES, len(body) + 1)
            ),
            parse_options=pacsv.ParseOptions(
                delimiter=text.delimiter,
                newlines_in_values=True,
                invalid_row_handler=remember,
                ignore_empty_lines=False,
            ),
            convert_options=pacsv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
            ),
        )
    except (pa.ArrowException, UnicodeDecodeError) as error:
        _refuse_unclosed_quote(path, text)
        raise InputRefusedError(
            [Problem(path.name, f"the text cannot be read as CSV ({error}).")]
        ) from error
    return _Parsed(pl.DataFrame(pl.from_arrow(table)), ragged)


def _at_rows(parsed: _Parsed, header_row: int) -> pl.DataFrame:
    """The rows under their numbers in the file, of which those of other widths are left out."""
    frame = parsed.frame
    if not parsed.ragged:
        return numbered(frame, header_row)
    skipped = {row.number for row in parsed.ragged}
    total = frame.height + len(skipped)
    kept = [number for number in range(1, total + 1) if number not in skipped]
    rows = pl.Series(kept, dtype=pl.Int64)
    found = numbered(frame, 0)
    return found.with_columns(rows.gather(found[ROW] - 1).alias(ROW) + header_row)


def _notes_at_end(parsed: _Parsed, frame: pl.DataFrame, header_row: int) -> list[_Ragged]:
    """Rows of other widths that are notes below the data."""
    last = int(frame[ROW][-1]) - header_row if frame.height else 0
    below = [row for row in parsed.ragged if row.number > last]
    if not below or any(row.fields * 2 >= frame.width for row in below):
        return []
    cells = [next(csv.reader([row.text]), []) for row in below]
    is_note = is_note_below(cells, frame["c0"].to_list(), after_blank=below[0].number - last > 1)
    return below if is_note else []


def _refuse_unclosed_quote(path: Path, text: CsvText) -> None:
    row = unclosed_quote(text)
    if row is not None:
        message = "a quotation mark is opened in this row and not closed."
        raise InputRefusedError([Problem(path.name, message, row)])


def _refuse_swallowed_rows(path: Path, text: CsvText, frame: pl.DataFrame, width: int) -> None:
    """Two stray quotation marks can make one cell of several rows."""
    for name in frame.columns[:-1]:
        cells = frame[name]
        if not cells.str.contains("\n", literal=True).any():
            continue
        many = cells.str.count_matches(text.delimiter, literal=True) >= max(width - 1, 2)
        bad = frame.filter(many & cells.str.contains("\n", literal=True))
        if bad.height:
            message = "a quotation mark in this row makes one cell of several rows."
            raise InputRefusedError([Problem(path.name, message, int(bad[ROW][0]))])


def _without_empty_columns(
    path: Path, frame: pl.DataFrame, width: int, header_row: int
) -> pl.DataFrame:
    extra = frame.columns[width:-1]
    filled = frame.filter(pl.any_horizontal(pl.col(extra) != ""))
    if filled.height:
        ragged = [_Ragged(int(filled[ROW][0]) - header_row, frame.width - 1, "")]
        raise InputRefusedError(_ragged(path, ragged, width, header_row))
    return frame.drop(extra)


def _ragged(path: Path, ragged: list[_Ragged], width: int, rows_above: int) -> Iterator[Problem]:
    for row in ragged[:_SHOWN]:
        yield Problem(
            path.name,
            f"the row has {row.fields} fields where the header has {width}; "
            "the file is cut short or damaged here.",
            row=row.number + rows_above,
            column=f"field {min(row.fields, width)} of {width}",
        )


def _no_csv(path: Path, row: int, error: csv.Error) -> InputRefusedError:
    message = f"the line cannot be read as CSV ({error})."
    if "field larger" in str(error) or "unexpected end" in str(error):
        message = "a quotation mark is opened in this row and not closed, or a cell has no end."
    return InputRefusedError([Problem(path.name, message, row=row)])
