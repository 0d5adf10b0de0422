"""A table as text: one header, rows of strings, and the row number each came from."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import polars as pl

from beacon.core.errors import Problem
from beacon.sources.remarks import remark
from beacon.sources.tabular.tidy_text import tidy

ROW = "__row"
# Nomis puts 5 lines, ONS workbooks up to 10, an analyst's own copy more above the header.
HEADER_SEARCH_ROWS = 40
NO_HEADER = f"the expected column headers were not found in the first {HEADER_SEARCH_ROWS} rows."

HeaderTest = Callable[[list[str]], bool]


@dataclass(frozen=True)
class TextTable:
    """A table of strings.

    Attributes:
        file: Name of the file it came from.
        header: Column names as the publisher wrote them, with single spaces.
        frame: A column of strings for each header, named `c0`, `c1` …, and the one-based file row
            in ROW.
        header_row: One-based row of the header in the file.
        sheet: The sheet, for spreadsheets.
        preamble: What stands above the header, one text a filled cell, from the top.
    """

    file: str
    header: list[str]
    frame: pl.DataFrame
    header_row: int
    sheet: str | None = None
    preamble: tuple[str, ...] = ()

    @staticmethod
    def text(place: int) -> pl.Expr:
        """The cells of a column of `frame` as they stand in the file."""
        return pl.col(f"c{place}")


def clean_header(cells: Sequence[str]) -> list[str]:
    """Headers with single spaces in place of line breaks, and nothing invisible."""
    return [tidy(cell) for cell in cells]


def join_header(rows: list[list[str]], index: int, count: int) -> list[str]:
    """The header that ends in row `index` and is spread over `count` rows, joined downwards."""
    if count == 1:
        return rows[index]
    above = rows[max(0, index - count + 1) : index + 1]
    width = max(len(row) for row in above)
    return [
        " ".join(row[place] for row in above if place < len(row) and row[place])
        for place in range(width)
    ]


def numbered(frame: pl.DataFrame, rows_above: int) -> pl.DataFrame:
    """A frame with each row's number in the file, without the rows that hold nothing."""
    rows = pl.int_range(rows_above + 1, rows_above + 1 + frame.height, dtype=pl.Int64, eager=True)
    filled = frame.select(
        ~pl.all_horizontal(pl.all().str.strip_chars() == "") if frame.width else pl.lit(False)
    ).to_series()
    return frame.with_columns(rows.alias(ROW)).filter(filled)


def without_notes(table: TextTable, least_filled: int = 3) -> TextTable:
    """Cut the notes below a spreadsheet's data: all after the last row with enough filled cells."""
    full = table.frame.select((_filled() >= least_filled).arg_true().max()).item()
    return replace(table, frame=table.frame.head(0 if full is None else int(full) + 1))


def without_lines_below(table: TextTable) -> TextTable:
    """Cut sources and footnotes below the data, and nothing that could be a row cut short.

    A line below is one with few cells that stands after an empty row or reads like a note.
    """
    frame = table.frame
    if frame.height < 2 or len(table.header) < 3:
        return table
    filled = frame.select(_filled().alias("n")).to_series()
    usual = Counter(filled.to_list()).most_common(1)[0][0]
    end = frame.height
    while end > 1 and filled[end - 1] * 2 < usual and filled[end - 1] <= 2:
        end -= 1
    below = frame.tail(frame.height - end)
    if below.is_empty() or not is_note_below(
        [row[:-1] for row in below.iter_rows()],
        frame["c0"].head(end).to_list(),
        after_blank=below[ROW][0] - frame[ROW][end - 1] > 1,
    ):
        return table
    remark_lines_below(table.file, int(below[ROW][0]), below.height)
    return replace(table, frame=frame.head(end))


def remark_lines_below(file: str, row: int, count: int) -> None:
    """Say which rows were taken for notes."""
    lines = "the line was" if count == 1 else f"this and {count - 1} more lines were"
    message = f"{lines} taken for a note below the table and left out."
    remark(Problem(file, message, row, remedy=""))


_NOTE = re.compile(
    r"(?:sources?|notes?|footnotes?|copyright|contact|data|downloaded|created|published|updated"
    r"|this|these|figures|in order|statistical|licen[cs]ed?|contains|crown|end of|total rows"
    r"|\(c\)|\u00a9|\*|\[|\(?\d+[.)])(?:\W|$)",
    re.IGNORECASE,
)
_FEWEST_WORDS = 5


def is_note_below(
    rows: Sequence[Sequence[str | None]], first_column: Sequence[str], *, after_blank: bool
) -> bool:
    """Whether short rows at the end are notes, and not data cut short.

    Args:
        rows: The cells of the short rows.
        first_column: The first cell of every row of data.
        after_blank: Whether an empty row stands between them and the data.
    """
    first = next((cell for cell in rows[0] if cell and cell.strip()), "").strip()
    if not re.search(r"[^\W\d_]{2}|[*\[\u00a9]", first) or first in set(first_column):
        return False
    if any(shape.startswith(_shape(first)) for shape in set(map(_shape, first_column[:2000]))):
        return False
    return after_blank or bool(_NOTE.match(first)) or len(first.split()) >= _FEWEST_WORDS


def _shape(text: str) -> str:
    """A text with every letter and digit made equal, so that codes of one kind are equal."""
    return re.sub(r"\d", "0", re.sub(r"[A-Z]", "A", re.sub(r"[a-z]", "a", text)))


def _filled() -> pl.Expr:
    cells = pl.exclude(ROW).str.strip_chars() != ""
    return pl.sum_horizontal(cells.cast(pl.Int32))
