"""Tables on a terminal: no wider than it is, and what is left out is named."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Sequence
from typing import Any

# Below this many rows, what does not fit is written down the page: one line a column.
_FEW_ROWS = 3
_GAP = 2
# Text with spaces may be wrapped to this; a code or a number never is.
_NARROWEST_TEXT = 14
_WIDEST_TEXT = 60


def terminal_width() -> int:
    """Columns of the terminal; `COLUMNS` where it is set, 80 where there is no terminal."""
    return max(shutil.get_terminal_size((80, 24)).columns, 40)


def write_table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Write rows to standard output so that no line is wider than the terminal.

    Three rows or fewer that do not fit beside each other are written down the page. Of more rows,
    what is the same in each is written once, above; of the rest, the last columns that do not fit
    are left out, which standard error says.
    """
    width = terminal_width()
    cells = [[cell_text(value) for value in row] for row in rows]
    numeric = [_is_numeric([row[index] for row in rows]) for index in range(len(columns))]
    natural = [
        max([len(name), *(len(row[index]) for row in cells)]) for index, name in enumerate(columns)
    ]
    least = [
        full if number else _least(name, [row[index] for row in cells], full)
        for index, (name, number, full) in enumerate(zip(columns, numeric, natural, strict=True))
    ]
    if cells and len(cells) <= _FEW_ROWS and _total(natural) > width:
        _write_down_the_page(columns, cells, width)
        return
    if _total(natural) > width:
        same = _alike(cells)
        if same:
            write_pairs([(columns[index], cells[0][index] or "(empty)") for index in same])
            sys.stdout.write("\n")
        kept = [index for index in range(len(columns)) if index not in same]
        columns = [columns[index] for index in kept]
        numeric, natural = [numeric[index] for index in kept], [natural[index] for index in kept]
        least = [least[index] for index in kept]
        cells = [[row[index] for index in kept] for row in cells]
    shown = len(columns)
    while shown > 1 and _total(least[:shown]) > width:
        shown -= 1
    widths = _share_out(least[:shown], natural[:shown], width)
    _write_line(columns[:shown], widths, numeric)
    for row in cells:
        _write_line(row[:shown], widths, numeric)
    if shown < len(columns):
        sys.stdout.flush()
        note = (
            f"{len(columns) - shown} more columns do not fit: {', '.join(columns[shown:])}. "
            "--columns NAME,NAME chooses; --format csv and --json write all."
        )
        sys.stderr.write("\n" + textwrap.fill(note, width, break_on_hyphens=False) + "\n")


def _alike(cells: Sequence[Sequence[str]]) -> list[int]:
    """Columns that say the same in every row, unless all do."""
    count = len(cells[0]) if cells else 0
    same = [index for index in range(count) if len({row[index] for row in cells}) == 1]
    return same if len(same) < count else []


def write_pairs(pairs: Sequence[tuple[str, str]]) -> None:
    """Write names and texts, one pair a line, the texts wrapped beside their names."""
    width = terminal_width()
    left = min(max((len(name) for name, _ in pairs), default=0), width // 3)
    for name, text in pairs:
        lines = _wrapped(text, max(width - left - _GAP, 20))
        sys.stdout.write(f"{name:<{left}}{' ' * _GAP}{lines[0]}".rstrip() + "\n")
        for line in lines[1:]:
            sys.stdout.write(" " * (left + _GAP) + line + "\n")


def cell_text(value: Any) -> str:
    """A value as a table shows it, on one line."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        text = f"{value:,.4f}".rstrip("0").rstrip(".")
        return "0" if text == "-0" else text
    if isinstance(value, bytes):
        return f"<{len(value):,} bytes>"
    return " ".join(str(value).split())


def _is_numeric(values: Sequence[Any]) -> bool:
    known = [value for value in values if value is not None]
    return bool(known) and all(
        isinstance(value, int | float) and not isinstance(value, bool) for value in known
    )


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + _GAP * (len(widths) - 1)


def _least(name: str, texts: Sequence[str], natural: int) -> int:
    """The narrowest that a column of text may be: no word of it is broken, if it can be helped."""
    words = [len(word) for text in (name, *texts) for word in text.split()]
    return min(natural, max(_NARROWEST_TEXT, min(max(words, default=0), _WIDEST_TEXT)))


def _share_out(least: Sequence[int], natural: Sequence[int], width: int) -> list[int]:
    """Give what is left of the width to the columns that want it, evenly."""
    widths = [min(want, width) for want in least]
    left = width - _total(widths)
    while left > 0:
        wanting = [index for index, want in enumerate(natural) if widths[index] < want]
        if not wanting:
            break
        for index in wanting[:left]:
            widths[index] += 1
        left -= min(len(wanting), left)
    return widths


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, break_on_hyphens=False) or [""]


def _write_line(cells: Sequence[str], widths: Sequence[int], numeric: Sequence[bool]) -> None:
    wrapped = [_wrapped(text, width) for text, width in zip(cells, widths, strict=True)]
    for number in range(max(map(len, wrapped))):
        parts = [
            (lines[number] if number < len(lines) else "").rjust(width)
            if numeric[index]
            else (lines[number] if number < len(lines) else "").ljust(width)
            for index, (lines, width) in enumerate(zip(wrapped, widths, strict=True))
        ]
        sys.stdout.write((" " * _GAP).join(parts).rstrip() + "\n")


def _write_down_the_page(columns: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> None:
    """Each row as pairs of name and value, without the empty ones."""
    for number, row in enumerate(rows, start=1):
        if len(rows) > 1:
            sys.stdout.write(f"{'' if number == 1 else chr(10)}row {number} of {len(rows)}\n")
        write_pairs([(name, text) for name, text in zip(columns, row, strict=True) if text])
        empty = [name for name, text in zip(columns, row, strict=True) if not text]
        if empty:
            sys.stdout.write(textwrap.fill(f"empty: {', '.join(empty)}", width) + "\n")
